package smtp

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net"
	"net/smtp"
	"net/textproto"
	"slices"
	"strconv"
	"strings"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// submission is a conversation with a server that takes mail from its users
// (RFC 6409).
type submission struct {
	*talk
	at     config.Service
	server string   // for people
	hide   []string // forms of the password, which no answer is shown with
}

// signIn connects to a submission server and signs in. The password goes over
// TLS with a certificate that is believed, or to this machine.
func (w *World) signIn(ctx context.Context, at config.Service) (*submission, error) {
	if f := w.refused(at); f != nil {
		return nil, f
	}
	s := &submission{at: at, server: net.JoinHostPort(at.Host, strconv.Itoa(at.Port))}
	secret, err := w.o.Secrets.Reveal(ctx, at.Password)
	if err != nil {
		var why *config.SecretError
		if errors.As(err, &why) {
			return nil, &planner.Fault{Msg: why.Msg, Class: planner.Credential}
		}
		return nil, err
	}
	s.hide = forms(at.User, string(secret))
	cfg := &tls.Config{ServerName: at.Host, MinVersion: tls.VersionTLS12}
	if at.CAFile != "" {
		if cfg.RootCAs, err = config.Authorities(w.o.SpecDir, at.CAFile); err != nil {
			return nil, s.fault(planner.Unreachable, "canary-out.unreachable", err)
		}
	}
	if err := s.connect(ctx, w, cfg); err != nil {
		return nil, s.over(ctx, err)
	}
	if err := s.authenticate(string(secret)); err != nil {
		s.end()
		w.refuse(at, err)
		return nil, s.over(ctx, err)
	}
	return s, nil
}

// over is the context's end where that was the reason.
func (s *submission) over(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// connect goes as far as an encrypted connection, unless none was asked for.
func (s *submission) connect(ctx context.Context, w *World, cfg *tls.Config) error {
	soon, cancel := context.WithTimeout(ctx, connect)
	defer cancel()
	conn, err := w.o.Dial(soon, "tcp", s.server)
	if err != nil {
		return s.fault(planner.Unreachable, "canary-out.unreachable", err)
	}
	raw := conn
	s.talk = &talk{host: s.at.Host, release: context.AfterFunc(ctx, func() { raw.Close() })}
	if s.at.TLS == config.TLSImplicit {
		conn = tls.Client(conn, cfg)
	}
	if err := s.greetAs(conn, cfg); err != nil {
		s.release()
		conn.Close()
		return err
	}
	return nil
}

func (s *submission) greetAs(conn net.Conn, cfg *tls.Config) error {
	if err := s.hello(conn); err != nil {
		return s.fault(planner.Unreachable, "canary-out.unreachable", err)
	}
	if s.at.TLS != config.TLSStart {
		return nil
	}
	if offered, _ := s.Extension("STARTTLS"); !offered {
		return s.fault(planner.Unreachable, "canary-out.tls", nil)
	}
	if err := s.StartTLS(cfg); err != nil {
		return s.fault(planner.Unreachable, "canary-out.unreachable", err)
	}
	return nil
}

func (s *submission) authenticate(secret string) error {
	_, offers := s.Extension("AUTH")
	offered := strings.Fields(strings.ToUpper(offers))
	var client *login
	switch {
	case slices.Contains(offered, "PLAIN"):
		client = &login{"PLAIN", []byte("\x00" + s.at.User + "\x00" + secret), nil}
	case slices.Contains(offered, "LOGIN"):
		client = &login{"LOGIN", nil, []string{s.at.User, secret}}
	default:
		f := s.fault(planner.Account, "canary-out.mechanism", nil)
		f.Args["offered"] = strings.Join(offered, " ")
		return f
	}
	err := s.Auth(client)
	var answer *textproto.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &answer):
		return s.fault(planner.Unreachable, "canary-out.unreachable", err)
	case answer.Code < 500:
		return s.again(err)
	}
	return s.fault(planner.Credential, "canary-out.login", err)
}

// login says what a mechanism has to say: PLAIN (RFC 4616), or LOGIN, which
// asks for one thing after the other.
type login struct {
	mechanism string
	initial   []byte
	answers   []string
}

// Start is net/smtp.Auth's.
func (l *login) Start(*smtp.ServerInfo) (string, []byte, error) { return l.mechanism, l.initial, nil }

// Next is net/smtp.Auth's.
func (l *login) Next(_ []byte, more bool) ([]byte, error) {
	switch {
	case !more:
		return nil, nil
	case len(l.answers) == 0:
		return nil, errors.New("the server asks for more than there is")
	}
	answer := l.answers[0]
	l.answers = l.answers[1:]
	return []byte(answer), nil
}

// forms are the ways in which what was sent may be repeated.
func forms(user, secret string) []string {
	coded := base64.StdEncoding.EncodeToString
	return []string{secret, coded([]byte(secret)), coded([]byte("\x00" + user + "\x00" + secret))}
}

// said is an answer as it may be shown.
func (s *submission) said(err error) string {
	said := judge("", err).said
	for _, form := range s.hide {
		if strings.Contains(said, form) {
			return "(not shown: it repeats the secret)"
		}
	}
	return said
}

func (s *submission) fault(class planner.Class, code string, err error) *planner.Fault {
	f := fault(class, code, "server", s.server, "user", s.at.User)
	if err != nil {
		f.Args["said"] = s.said(err)
	}
	return f
}

// again is of an answer that another try may not meet: nothing was taken.
func (s *submission) again(err error) *planner.Fault {
	f := s.fault(planner.Throttled, "canary-out.later", err)
	f.Wait = greylisted
	return f
}
