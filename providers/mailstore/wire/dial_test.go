package wire

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
)

func TestGreetings(t *testing.T) {
	caps := "\nC: w1 CAPABILITY\nS: * CAPABILITY IMAP4rev1 ID\nS: w1 OK done"
	for _, tc := range []struct{ name, script, text, cap string }{
		{"capabilities", "S: * OK [CAPABILITY IMAP4 IMAP4rev1 ID AUTH=PLAIN NAMESPACE] QQMail XMIMAP4Server ready", "QQMail XMIMAP4Server ready", "NAMESPACE"},
		{"no capabilities", "S: * OK AliYun IMAP Server Ready" + caps, "AliYun IMAP Server Ready", "ID"},
		{"brackets that are no code", "S: * OK Coremail System IMap Server Ready(163com[726cd87d])" + caps, "Coremail System IMap Server Ready(163com[726cd87d])", "ID"},
		{"base64 in brackets", "S: * OK The Microsoft Exchange IMAP4 service is ready. [TQBXAEgAUAB=]" + caps, "The Microsoft Exchange IMAP4 service is ready. [TQBXAEgAUAB=]", "ID"},
		{"lower case", "S: * ok [capability imap4rev1 id] hi", "hi", "ID"},
		{"two blanks, LF alone", `S~ "*  OK [CAPABILITY IMAP4rev1 ID] x\n"`, "x", "ID"},
		{"GBK", `S~ "* OK [CAPABILITY IMAP4rev1 ID] \xc4\xe3\xba\xc3\x1b[31m\r\n"`, "你好 [31m", "ID"},
		{"untagged CAPABILITY first", "S: * CAPABILITY IMAP4rev1\nS: * OK [CAPABILITY IMAP4rev1 ID] late", "late", "ID"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := Dial(context.Background(), Options{Addr: serve(t, nil, tc.script), Mode: None})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if c.Greeting() != tc.text || !c.Caps().Has(imap.Cap(tc.cap)) || c.Preauth() {
				t.Errorf("greeting %q, capabilities %v", c.Greeting(), c.Caps())
			}
		})
	}
}

func TestGreetingRefused(t *testing.T) {
	for _, tc := range []struct{ script, status, code, text string }{
		{"S: * BYE [UNAVAILABLE] too many", "BYE", "UNAVAILABLE", "too many"},
		{"S:  NO LOGOUT Intrusion prevention active for 192.0.2.1", "NO", "", "LOGOUT Intrusion prevention active for 192.0.2.1"},
	} {
		_, err := Dial(context.Background(), Options{Addr: serve(t, nil, tc.script), Mode: None})
		if no := refusedAs(t, err, tc.status, tc.code); no.Text != tc.text || no.Command != "greeting" {
			t.Errorf("%#v", no)
		}
	}
}

func TestGreetingAbsent(t *testing.T) {
	var gone *Gone
	_, err := Dial(context.Background(), Options{Addr: serve(t, nil, ""), Mode: None})
	if !errors.As(err, &gone) || !errors.Is(err, io.EOF) || gone.Doing != "greeting" {
		t.Errorf("closed at once: %v", err)
	}
	_, err = Dial(context.Background(), Options{Addr: serve(t, nil, "E"), Mode: None, ConnectTimeout: 50 * time.Millisecond})
	if !errors.As(err, &gone) || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("silence: %v", err)
	}
	var odd *Malformed
	http := "S: HTTP/1.1 400 Bad Request\n"
	_, err = Dial(context.Background(), Options{Addr: serve(t, nil, http+http+http+http+http+http+http+http+http+http), Mode: None})
	if !errors.As(err, &odd) {
		t.Errorf("another protocol: %v", err)
	}
}

func TestPreauth(t *testing.T) {
	script := "S: * PREAUTH [CAPABILITY IMAP4rev1 ID STARTTLS] hello\n"
	c, err := Dial(context.Background(), Options{Addr: serve(t, nil, script+"C: w1 ID (\"name\" \"x\")\nS: * ID NIL\nS: w1 OK"), Mode: None})
	if err != nil || !c.Preauth() {
		t.Fatal(err)
	}
	if err := c.SignIn(context.Background(), Credentials{User: "u", Secret: "p"}, ID{}); err != ErrPreauth {
		t.Errorf("a signed-in stranger was taken for u: %v", err)
	}
	if err := c.SignIn(context.Background(), Credentials{Mechanism: Preauth}, ID{Name: "x"}); err != nil {
		t.Error(err)
	}
	_ = c.Noop(context.Background()) // until the script is at its end
	_ = c.Close()
	_, err = Dial(context.Background(), Options{Addr: serve(t, nil, script+"E"), Mode: StartTLS})
	if err != ErrPreauth {
		t.Errorf("PREAUTH before STARTTLS: %v", err)
	}
}

func TestClearTextOnlyOnLoopback(t *testing.T) {
	dialled := false
	dial := func(context.Context, string, string) (net.Conn, error) {
		dialled = true
		return nil, errors.New("dialled")
	}
	for _, addr := range []string{"imap.example.org:143", "192.0.2.1:143", "localhost.example.org:143"} {
		if _, err := Dial(context.Background(), Options{Addr: addr, Mode: None, Dial: dial}); err != ErrClearText || dialled {
			t.Errorf("%s: %v", addr, err)
		}
	}
	if _, err := Dial(context.Background(), Options{Addr: "localhost:143", Mode: None, Dial: dial}); err == nil || !dialled {
		t.Error("localhost was not dialled")
	}
	if _, err := Dial(context.Background(), Options{Addr: "localhost", Dial: dial}); err == nil {
		t.Error("an address without port was taken")
	}
	if _, err := Dial(context.Background(), Options{Addr: "localhost:1", Mode: "clear", Dial: dial}); err == nil {
		t.Error("an unknown mode was taken")
	}
}

func TestStartTLS(t *testing.T) {
	ca := newAuthority(t)
	cfg := &tls.Config{RootCAs: ca.pool}
	hello := "S: * OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] hi\nC: w1 STARTTLS\n"
	addr := serve(t, ca.server(t, nil), hello+"S: w1 OK go\nTLS\nC: w2 CAPABILITY\nS: * CAPABILITY IMAP4rev1 ID\nS: w2 OK\nE")
	c, err := Dial(context.Background(), Options{Addr: addr, Mode: StartTLS, TLS: cfg})
	if err != nil {
		t.Fatal(err)
	}
	if caps := c.Caps(); caps.Has(imap.CapLoginDisabled) || !caps.Has(imap.CapID) {
		t.Errorf("what was said in the clear counts: %v", caps)
	}
	_ = c.Close()

	_, err = Dial(context.Background(), Options{Addr: serve(t, nil, hello+`S~ "w1 OK go\r\nw2 OK [CAPABILITY IMAP4rev1] injected\r\n"`+"\nE"), Mode: StartTLS, TLS: cfg})
	if err != ErrInjected {
		t.Errorf("injection: %v", err)
	}
	_, err = Dial(context.Background(), Options{Addr: serve(t, nil, hello+"S: w1 NO not now\nE"), Mode: StartTLS, TLS: cfg})
	refusedAs(t, err, "NO", "")
	_, err = Dial(context.Background(), Options{Addr: serve(t, nil, "S: * OK [CAPABILITY IMAP4rev1] hi\nE"), Mode: StartTLS, TLS: cfg})
	if err != ErrNoTLS {
		t.Errorf("no STARTTLS: %v", err)
	}
}

func TestCertificates(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	for _, tc := range []struct {
		name   string
		server *tls.Config
		client *tls.Config
		reason Certificate
	}{
		{"good", ca.server(t, nil), &tls.Config{RootCAs: ca.pool}, ""},
		{"verified whatever the caller says", other.server(t, nil), &tls.Config{RootCAs: ca.pool, InsecureSkipVerify: true}, CertificateUnknown},
		{"stranger", other.server(t, nil), &tls.Config{RootCAs: ca.pool}, CertificateUnknown},
		{"expired", ca.server(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) }), &tls.Config{RootCAs: ca.pool}, CertificateExpired},
		{"other host", ca.server(t, func(c *x509.Certificate) { c.IPAddresses = nil; c.DNSNames = []string{"mx.example"} }), &tls.Config{RootCAs: ca.pool}, CertificateWrongHost},
		{"not for servers", ca.server(t, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }), &tls.Config{RootCAs: ca.pool}, CertificateInvalid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			script := "TLS\nS: * OK [CAPABILITY IMAP4rev1] hi"
			c, err := Dial(context.Background(), Options{Addr: serve(t, tc.server, script), TLS: tc.client})
			if tc.reason == "" {
				if err != nil {
					t.Fatal(err)
				}
				_ = c.Close()
				return
			}
			var bad *CertificateError
			if !errors.As(err, &bad) || bad.Reason != tc.reason || bad.Host != "127.0.0.1" {
				t.Errorf("error is %#v: %v", err, err)
			}
		})
	}
}

func TestNoTLSOnThePort(t *testing.T) {
	_, err := Dial(context.Background(), Options{Addr: serve(t, nil, "S: * OK hi")})
	if !errors.Is(err, ErrNotTLS) {
		t.Error(err)
	}
}

func TestCancelledDial(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(30*time.Millisecond, cancel)
	_, err := Dial(ctx, Options{Addr: serve(t, nil, "E"), Mode: None})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
