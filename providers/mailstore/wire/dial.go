package wire

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// Dial connects, protects the connection as o.Mode says, and reads the
// greeting and the capabilities. Errors: *CertificateError, *Refused (the
// greeting was BYE or NO, or STARTTLS was refused), *Gone, *Malformed,
// ErrClearText, ErrNoTLS, ErrInjected, ErrPreauth (before STARTTLS).
func Dial(ctx context.Context, o Options) (*Conn, error) {
	o = o.withDefaults()
	host, _, err := net.SplitHostPort(o.Addr)
	if err != nil {
		return nil, fmt.Errorf("address is not host:port: %w", err)
	}
	switch o.Mode {
	case Implicit, StartTLS, None:
	default:
		return nil, fmt.Errorf("unknown mode %q", o.Mode)
	}
	if o.Mode == None && !loopbackName(host) {
		return nil, ErrClearText
	}
	nc, err := connect(ctx, o)
	if err != nil {
		return nil, err
	}
	c := newConn(nc, o)
	err = c.run(ctx, "greeting", func() error { return c.open(ctx, host) })
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	c.g.allow(o.Timeout)
	return c, nil
}

func connect(ctx context.Context, o Options) (net.Conn, error) {
	dctx, cancel := context.WithTimeout(ctx, o.ConnectTimeout)
	defer cancel()
	nc, err := o.Dial(dctx, "tcp", o.Addr)
	if err != nil {
		return nil, &Gone{Doing: "connect", Err: err}
	}
	if a, ok := nc.RemoteAddr().(*net.TCPAddr); ok && o.Mode == None && !a.IP.IsLoopback() {
		_ = nc.Close()
		return nil, ErrClearText
	}
	return nc, nil
}

func loopbackName(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

func (c *Conn) open(ctx context.Context, host string) error {
	if c.opt.Mode == Implicit {
		if err := c.secure(ctx, host); err != nil {
			return err
		}
	}
	if err := c.greet(); err != nil {
		return err
	}
	if c.opt.Mode == StartTLS {
		if err := c.startTLS(ctx, host); err != nil {
			return err
		}
	}
	if c.caps == nil {
		return c.simple("CAPABILITY", "CAPABILITY")
	}
	return nil
}

// greet reads lines until one is a greeting. NO without a tag is how IceWarp
// turns away.
func (c *Conn) greet() error {
	c.doing = "greeting"
	for range 10 {
		var l line
		if err := l.read(c.r, false); err != nil {
			return err
		}
		s := strings.TrimLeft(string(l.text), "* \t")
		g := parseCond(s)
		switch g.status {
		case "OK", "PREAUTH":
			c.greeting, c.preauth = readable(g.text), g.status == "PREAUTH"
			c.coremail = strings.Contains(g.text, "Coremail")
			if g.code == "CAPABILITY" {
				c.setCaps(g.args)
			}
			return nil
		case "BYE", "NO", "BAD":
			c.bye = g.refused("greeting")
			return c.bye
		}
	}
	return &Malformed{What: "no IMAP greeting"}
}

// startTLS forgets what was said in the clear (RFC 3501, 6.2.1).
func (c *Conn) startTLS(ctx context.Context, host string) error {
	if c.preauth { // STARTTLS is not allowed any more: someone may have put it there
		return ErrPreauth
	}
	if c.caps == nil {
		if err := c.simple("CAPABILITY", "CAPABILITY"); err != nil {
			return err
		}
	}
	if !c.caps.Has(imap.CapStartTLS) {
		return ErrNoTLS
	}
	if err := c.simple("STARTTLS", "STARTTLS"); err != nil {
		return err
	}
	if c.r.r < c.r.w {
		return ErrInjected
	}
	c.caps, c.bye = nil, nil
	return c.secure(ctx, host)
}

func (c *Conn) secure(ctx context.Context, host string) error {
	cfg := &tls.Config{}
	if c.opt.TLS != nil {
		cfg = c.opt.TLS.Clone()
	}
	if cfg.ServerName == "" {
		cfg.ServerName = host
	}
	cfg.InsecureSkipVerify = false
	c.doing = "TLS"
	tc := tls.Client(c.g, cfg)
	hctx, cancel := context.WithTimeout(ctx, c.opt.ConnectTimeout)
	defer cancel()
	if err := tc.HandshakeContext(hctx); err != nil {
		return handshakeError(err, cfg.ServerName)
	}
	c.over(tc)
	return nil
}

func handshakeError(err error, host string) error {
	var verify *tls.CertificateVerificationError
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	var unknown x509.UnknownAuthorityError
	var header tls.RecordHeaderError
	out := &CertificateError{Reason: CertificateInvalid, Host: host, Err: err}
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		out.Reason = CertificateExpired
	case errors.As(err, &name):
		out.Reason = CertificateWrongHost
	case errors.As(err, &unknown):
		out.Reason = CertificateUnknown
	case errors.As(err, &verify):
	case errors.As(err, &header):
		return &Gone{Doing: "TLS", Err: fmt.Errorf("%w: %w", ErrNotTLS, err)}
	default:
		return &Gone{Doing: "TLS", Err: err}
	}
	return out
}
