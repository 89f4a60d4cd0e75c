// Package mailstore is the world of two IMAP servers: it signs in to
// mailboxes, counts them, and carries them from one to the other.
package mailstore

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
	"github.com/mxmove/mxmove/providers/mailstore/wire"
)

// side is one server and how to get into its mailboxes.
type side struct {
	name    string // source or target
	imap    config.IMAP
	addr    string // host:port
	dir     string // the spec's, for ca_file and the token command
	secrets *config.Secrets
	environ []string
	id      wire.ID
	now     func() time.Time
	slots   *slots
	bucket  bucket
	answers transfer.Answers

	denied    denied
	told      told
	greetings greetings
	partings  partings
	greeting  atomic.Pointer[string] // of the last connection
}

func newSide(name string, at config.IMAP, o Options) *side {
	if o.Sleep == nil {
		o.Sleep = timerSleep
	}
	return &side{
		name: name, imap: at, dir: o.SpecDir, secrets: o.Secrets, environ: o.Environ,
		addr: net.JoinHostPort(at.Host, strconv.Itoa(at.Port)),
		id:   wire.ID{Name: "mxmove", Version: o.Version, Vendor: "mxmove", SupportURL: "https://github.com/mxmove/mxmove"},
		now:  o.Now, slots: newSlots(at.Limits.Connections, o.Now),
		bucket: bucket{limits: at.Limits, now: o.Now, sleep: o.Sleep},
	}
}

// account is a mailbox on one side: the login, and where its password is.
type account struct {
	mailbox  string // address of the row
	login    string
	password config.Secret
	column   string // of the roster, for what to do when it is missing
}

func (s *side) account(m config.Mailbox) account {
	if s.name == "source" {
		return account{m.Address, m.SourceLogin, m.SourcePassword, "source_password"}
	}
	return account{m.Address, m.TargetLogin, m.TargetPassword, "target_password"}
}

// batch is how many messages share a command: more make nothing faster.
const batch = 100

// dial connects without signing in.
func (s *side) dial(ctx context.Context) (*wire.Conn, error) {
	if s.absent() {
		return nil, s.because("server.none", planner.Account, "side", s.name)
	}
	cfg, err := s.tlsConfig()
	if err != nil {
		return nil, s.because("server.certificate.unknown", planner.Unreachable, "reason", err.Error())
	}
	c, err := wire.Dial(ctx, wire.Options{Addr: s.addr, Mode: wire.Mode(s.imap.TLS), TLS: cfg, BatchMessages: batch, Compress: s.imap.Compress})
	if err == nil {
		said := c.Greeting()
		s.greeting.Store(&said)
	}
	return c, s.fault("", err)
}

func (s *side) tlsConfig() (*tls.Config, error) {
	cfg := &tls.Config{ServerName: s.imap.Host, MinVersion: tls.VersionTLS12}
	if s.imap.CAFile == "" {
		return cfg, nil
	}
	var err error
	cfg.RootCAs, err = config.Authorities(s.dir, s.imap.CAFile)
	return cfg, err
}

// signIn connects and signs in to a mailbox, unless it was refused before.
func (s *side) signIn(ctx context.Context, a account) (*wire.Conn, error) {
	if f := cmp.Or(s.denied.before(a.login), s.told.before(a.login, s.now())); f != nil {
		return nil, f
	}
	cr, err := s.credentials(ctx, a)
	if err != nil {
		return nil, err
	}
	defer s.denied.alone(s.imap.Login)()
	if s.denied.hopeless(s.imap.Login) {
		return nil, s.because("login.admin", planner.Credential, "login", s.imap.Login.User)
	}
	s.partings.wait(ctx, a.login)
	c, err := s.enter(ctx, a, cr)
	s.denied.after(a.login, err)
	return c, err
}

// signInOn signs in on a connection, and closes it if that fails.
func (s *side) signInOn(ctx context.Context, c *wire.Conn, a account, cr wire.Credentials) (_ *wire.Conn, err error) {
	if cr.Mechanism, err = s.mechanism(c.Caps()); err == nil {
		err = c.SignIn(ctx, cr, s.id)
	}
	if err != nil {
		c.Close()
		if errors.Is(err, wire.ErrMechanism) {
			return nil, s.because("login.mechanism", planner.Account, "kind", s.imap.Login.Kind, "offered", offers(c.Caps()))
		}
		return nil, s.fault(a.login, err)
	}
	s.greetings.signed(c.Caps(), s.now())
	return c, nil
}

// offers lists the ways to sign in that a server tells.
func offers(caps imap.CapSet) string {
	var words []string
	for c := range caps {
		if c == imap.CapLoginDisabled || strings.HasPrefix(string(c), "AUTH=") {
			words = append(words, string(c))
		}
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

// credentials reveals the secret of an account, as late as possible.
func (s *side) credentials(ctx context.Context, a account) (wire.Credentials, error) {
	l := s.imap.Login
	switch l.Kind {
	case config.LoginOAuth2:
		token, err := s.token(ctx, a.login)
		return wire.Credentials{User: a.login, Secret: token}, err
	case config.LoginMaster:
		secret, err := s.reveal(ctx, l.Password, a)
		return wire.Credentials{User: a.login + l.Separator + l.User, Secret: secret}, err
	case config.LoginPlain:
		secret, err := s.reveal(ctx, l.Password, a)
		return wire.Credentials{User: l.User, Authzid: a.login, Secret: secret}, err
	}
	secret, err := s.reveal(ctx, a.password, a)
	return wire.Credentials{User: a.login, Secret: secret}, err
}

func (s *side) reveal(ctx context.Context, secret config.Secret, a account) (string, error) {
	if secret.IsZero() {
		return "", s.because("credential.missing", planner.Credential,
			"login", a.login, "mailbox", a.mailbox, "column", a.column)
	}
	b, err := s.secrets.Reveal(ctx, secret)
	var why *config.SecretError
	if errors.As(err, &why) {
		return "", &planner.Fault{Msg: why.Msg, Class: planner.Credential}
	}
	return string(b), err
}

// mechanism is the one to try: each failure counts as a failed login.
func (s *side) mechanism(caps imap.CapSet) (wire.Mechanism, error) {
	switch s.imap.Login.Kind {
	case config.LoginPlain:
		return wire.Plain, nil
	case config.LoginOAuth2:
		if m := s.imap.Login.Mechanism; m != "" {
			return wire.Mechanism(strings.ToUpper(m)), nil
		}
		if caps.Has(imap.AuthCap("OAUTHBEARER")) && !caps.Has(imap.AuthCap("XOAUTH2")) {
			return wire.OAuthBearer, nil
		}
		return wire.XOAuth2, nil
	}
	return "", nil // LOGIN, or PLAIN where LOGIN is disabled
}

// maxToken bounds an access token, in octets.
const maxToken = 64 << 10

// token runs the command that prints an access token. The login is told by
// environment, so that no shell sees it; what the command prints is shown
// nowhere.
func (s *side) token(ctx context.Context, login string) (string, error) {
	words := s.imap.Login.Command
	fail := func(reason string) error {
		return &planner.Fault{Class: planner.Account,
			Msg: text.M("token.failed", "login", login, "command", words[0], "reason", reason)}
	}
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Dir = s.dir
	cmd.Env = append(slices.Clone(s.environ), "MXMOVE_LOGIN="+login)
	out, err := cmd.Output()
	out = bytes.TrimSpace(out)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		return "", fail(err.Error())
	case len(out) == 0:
		return "", fail("no output")
	case len(out) > maxToken:
		return "", fail("too much output")
	}
	return string(out), nil
}
