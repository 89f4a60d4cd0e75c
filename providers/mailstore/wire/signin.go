package wire

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-sasl"
)

const maxInitial = 900 // octets of an initial response on the command line (RFC 4959, 3, and servers' line limits)

// SignIn tries one mechanism once: each failure counts as a failed login and
// may lock the account. Then it sends ID, without which NetEase opens no
// mailbox ("Unsafe Login"), and reads the capabilities if they were not told. A
// refusal of ID is no failure, and nobody waits for its answer: it travels with the next command; a refusal to
// sign in is a *Refused whose text never holds the secret.
func (c *Conn) SignIn(ctx context.Context, cr Credentials, id ID) error {
	mech, err := c.mechanism(cr)
	if err != nil {
		return err
	}
	return c.run(ctx, string(mech), func() error {
		if err := c.authenticate(mech, cr); err != nil {
			return withoutSecret(err, cr)
		}
		c.doing = "ID"
		c.send(&command{name: "ID", text: "ID " + id.list()})
		if c.caps == nil {
			if err := tolerate(c.simple("CAPABILITY", "CAPABILITY")); err != nil {
				return err
			}
		}
		if c.opt.Compress && c.caps.Has(capCompress) {
			return c.compress()
		}
		return nil // ID goes with the next command
	})
}

// mechanism settles which one to use, before anything is sent.
func (c *Conn) mechanism(cr Credentials) (Mechanism, error) {
	mech := cr.Mechanism
	if mech == "" {
		mech = Login
		if cr.Authzid != "" || c.caps.Has(imap.CapLoginDisabled) {
			mech = Plain
		}
	}
	switch {
	case c.preauth != (mech == Preauth):
		if c.preauth {
			return "", ErrPreauth
		}
		return "", ErrMechanism
	case mech == Login && c.caps.Has(imap.CapLoginDisabled), cr.Authzid != "" && mech != Plain:
		return "", ErrMechanism
	case mech == Preauth, mech == Login:
		return mech, nil
	case !c.caps.Has(imap.AuthCap(string(mech))):
		return "", ErrMechanism
	}
	return mech, nil
}

func (c *Conn) authenticate(mech Mechanism, cr Credentials) error {
	old := c.caps
	c.caps = nil
	var err error
	switch mech {
	case Preauth:
		c.caps = old
		return nil
	case Login:
		err = c.login(cr)
	default:
		ir, e := initial(mech, cr)
		if e != nil {
			return e
		}
		err = c.sasl(mech, ir, old.Has(imap.CapSASLIR) && !c.coremail)
	}
	if err != nil {
		c.caps = old
	}
	return err
}

func initial(mech Mechanism, cr Credentials) (ir []byte, err error) {
	switch mech {
	case Plain:
		_, ir, err = sasl.NewPlainClient(cr.Authzid, cr.User, cr.Secret).Start()
	case OAuthBearer:
		o := &sasl.OAuthBearerOptions{Username: cr.User, Token: cr.Secret}
		_, ir, err = sasl.NewOAuthBearerClient(o).Start()
	case XOAuth2: // https://developers.google.com/workspace/gmail/imap/xoauth2-protocol
		ir = []byte("user=" + cr.User + "\x01auth=Bearer " + cr.Secret + "\x01\x01")
	default:
		err = ErrMechanism
	}
	return ir, err
}

// login sends quoted strings, or literals for what cannot be quoted.
func (c *Conn) login(cr Credentials) error {
	parts := []string{"LOGIN"}
	for _, s := range []string{cr.User, cr.Secret} {
		last := len(parts) - 1
		if plainText(s) {
			q, err := quote(s)
			if err != nil {
				return err
			}
			parts[last] += " " + q
		} else {
			parts[last] += fmt.Sprintf(" {%d}", len(s))
			parts = append(parts, s)
		}
	}
	return c.dialogue("LOGIN", parts[0], func(string) (string, error) {
		if len(parts) < 2 {
			return "", errUnasked
		}
		parts = parts[1:]
		return parts[0], nil
	})
}

func plainText(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// sasl carries out AUTHENTICATE (RFC 3501, 6.2.2).
func (c *Conn) sasl(mech Mechanism, ir []byte, initialAllowed bool) error {
	b, text, sent := base64.StdEncoding.EncodeToString(ir), "AUTHENTICATE "+string(mech), false
	if initialAllowed && len(b) < maxInitial {
		text, sent = text+" "+b, true
	}
	asked := 0
	return c.dialogue("AUTHENTICATE "+string(mech), text, func(string) (string, error) {
		if asked++; asked > 3 {
			return "", errUnasked
		}
		switch {
		case !sent:
			sent = true
			return b, nil
		case mech == OAuthBearer: // the error is told; RFC 7628, 3.2.3
			return "AQ==", nil
		case mech == XOAuth2:
			return "", nil
		}
		return "*", nil // cancels
	})
}

var errUnasked = errors.New("the server asks for more than there is")

// dialogue sends one command whose rest the server asks for.
func (c *Conn) dialogue(name, text string, cont func(string) (string, error)) error {
	cmd := &command{name: name, text: text}
	c.send(cmd)
	for {
		if err := c.flush(); err != nil {
			return err
		}
		r, err := c.next()
		switch {
		case err != nil:
			return err
		case r.kind == '+':
			more, err := cont(r.line.rest())
			if err != nil {
				return &Malformed{What: err.Error()}
			}
			_, _ = c.w.WriteString(more)
			_, _ = c.w.WriteString("\r\n")
		case r.kind == 't' && r.num == cmd.tag:
			c.answer(cmd, r.line.rest())
			return cmd.err
		}
	}
}

// withoutSecret blanks out a refusal that repeats what was sent.
func withoutSecret(err error, cr Credentials) error {
	var no *Refused
	if !errors.As(err, &no) || cr.Secret == "" {
		return err
	}
	forms := []string{cr.Secret, readable(cr.Secret), base64.StdEncoding.EncodeToString([]byte(cr.Secret))}
	if q, qerr := quote(cr.Secret); qerr == nil {
		forms = append(forms, q[1:len(q)-1])
	}
	for _, m := range []Mechanism{Plain, OAuthBearer, XOAuth2} {
		if ir, ierr := initial(m, cr); ierr == nil {
			forms = append(forms, base64.StdEncoding.EncodeToString(ir))
		}
	}
	for _, form := range forms {
		if form != "" && strings.Contains(no.Text+no.Args+no.Code, form) {
			no.Code, no.Args, no.Text = "", "", "(not shown: it repeats the secret)"
		}
	}
	return err
}

// list is the argument of the ID command. NIL, if nothing is said.
func (id ID) list() string {
	var out []string
	for _, f := range [][2]string{
		{"name", id.Name}, {"version", id.Version}, {"vendor", id.Vendor},
		{"support-email", id.SupportEmail}, {"support-url", id.SupportURL},
	} {
		if q, err := quote(f[1]); err == nil && f[1] != "" && plainText(f[1]) {
			out = append(out, `"`+f[0]+`" `+q)
		}
	}
	if out == nil {
		return "NIL"
	}
	return "(" + strings.Join(out, " ") + ")"
}
