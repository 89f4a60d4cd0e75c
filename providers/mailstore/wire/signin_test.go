package wire

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
)

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func TestSignIn(t *testing.T) {
	id := ID{Name: "mxmove", Version: "1", Vendor: "v", SupportEmail: "s@example.org"}
	told := "C: w2 ID (\"name\" \"mxmove\" \"version\" \"1\" \"vendor\" \"v\" \"support-email\" \"s@example.org\")\nS: * ID (\"name\" NIL)\nS: w2 OK\n"
	caps := told + "\n"
	caps = strings.Replace(caps, "S: * ID", "C: w3 CAPABILITY\nS: * ID", 1) + "S: * CAPABILITY IMAP4rev1 MOVE\nS: w3 OK\n"
	plain := b64("\x00u\x00p")
	for _, tc := range []struct {
		name, caps string
		cr         Credentials
		script     string
	}{
		{"LOGIN, capabilities in the answer", "IMAP4rev1 ID", Credentials{User: "u", Secret: `p"\`},
			"C: w1 LOGIN \"u\" \"p\\\"\\\\\"\nS: w1 OK [CAPABILITY IMAP4rev1 MOVE] in\n" + told},
		{"LOGIN, capabilities before it", "IMAP4rev1 ID", Credentials{User: "u", Secret: "p"},
			"C: w1 LOGIN \"u\" \"p\"\nS: * CAPABILITY IMAP4rev1 MOVE\nS: w1 OK u authenticated (Success)\n" + told},
		{"LOGIN, no capabilities", "IMAP4rev1 AUTH=PLAIN", Credentials{User: "u", Secret: "p"},
			"C: w1 LOGIN \"u\" \"p\"\nS: w1 OK Success login ok\n" + caps},
		{"LOGIN, literals", "IMAP4rev1", Credentials{User: "ü", Secret: "a\r\nb"},
			"C: w1 LOGIN {2}\nS: + \nC: ü {4}\nS~ \"+\\r\\n\"\nC: a\nC: b\nS: w1 OK [CAPABILITY IMAP4rev1 MOVE]\n" + told},
		{"ID refused", "IMAP4rev1", Credentials{User: "u", Secret: "p"},
			"C: w1 LOGIN \"u\" \"p\"\nS: w1 OK [CAPABILITY IMAP4rev1 MOVE]\n" + strings.Replace(strings.Replace(told, "w2 OK", "w2 BAD what", 1), "S: * ID (\"name\" NIL)\n", "", 1)},
		{"PLAIN, initial response", "IMAP4rev1 SASL-IR AUTH=PLAIN LOGINDISABLED", Credentials{User: "u", Secret: "p"},
			"C: w1 AUTHENTICATE PLAIN " + plain + "\nS: w1 OK [CAPABILITY IMAP4rev1 MOVE]\n" + told},
		{"PLAIN on Coremail", "IMAP4rev1 SASL-IR AUTH=PLAIN X-CM-EXT-1", Credentials{Mechanism: Plain, User: "u", Secret: "p"},
			"C: w1 AUTHENTICATE PLAIN\nS: + \nC: " + plain + "\nS: w1 OK [CAPABILITY IMAP4rev1 MOVE]\n" + told},
		{"PLAIN for another", "IMAP4rev1 AUTH=PLAIN", Credentials{User: "admin", Authzid: "u", Secret: "p"},
			"C: w1 AUTHENTICATE PLAIN\nS: +\nC: " + b64("u\x00admin\x00p") + "\nS: w1 OK [CAPABILITY IMAP4rev1 MOVE]\n" + told},
		{"XOAUTH2", "IMAP4rev1 SASL-IR AUTH=XOAUTH2", Credentials{Mechanism: XOAuth2, User: "u", Secret: "tok"},
			"C: w1 AUTHENTICATE XOAUTH2 " + b64("user=u\x01auth=Bearer tok\x01\x01") + "\nS: w1 OK [CAPABILITY IMAP4rev1 MOVE]\n" + told},
		{"OAUTHBEARER", "IMAP4rev1 AUTH=OAUTHBEARER", Credentials{Mechanism: OAuthBearer, User: "u", Secret: "tok"},
			"C: w1 AUTHENTICATE OAUTHBEARER\nS: + \nC: " + b64("n,a=u,\x01auth=Bearer tok\x01\x01") + "\nS: w1 OK [CAPABILITY IMAP4rev1 MOVE]\n" + told},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := talk(t, tc.caps, tc.script)
			if err := c.SignIn(context.Background(), tc.cr, id); err != nil {
				t.Fatal(err)
			}
			if got := c.Caps(); !got.Has(imap.CapMove) || len(got) != 2 {
				t.Errorf("capabilities are %v", got)
			}
			_ = c.Noop(context.Background()) // until the answer to ID is there, and the script at its end
		})
	}
}

func TestSignInRefused(t *testing.T) {
	oauth := "S: + " + b64(`{"status":"401"}`) + "\n"
	secret := "hunter2-secret"
	for _, tc := range []struct {
		name, caps string
		mech       Mechanism
		script     string
		code, text string
	}{
		{"LOGIN", "IMAP4rev1", Login, "C: w1 LOGIN \"u\" \"" + secret + "\"\nS: w1 NO [AUTHENTICATIONFAILED] no", "AUTHENTICATIONFAILED", "no"},
		{"GBK", "IMAP4rev1", Login, "C: w1 LOGIN \"u\" \"" + secret + "\"\nS~ \"w1 NO \\xc3\\xdc\\xc2\\xeb\\r\\n\"", "", "密码"},
		{"echoed", "IMAP4rev1", Login, "C: w1 LOGIN \"u\" \"" + secret + "\"\nS: w1 NO what is LOGIN u " + secret + "?", "", "(not shown: it repeats the secret)"},
		{"echoed in base64", "IMAP4rev1 AUTH=PLAIN SASL-IR", Plain, "C: w1 AUTHENTICATE PLAIN " + b64("\x00u\x00"+secret) + "\nS: w1 NO bad: " + b64("\x00u\x00"+secret), "", "(not shown: it repeats the secret)"},
		{"challenge, XOAUTH2", "IMAP4rev1 AUTH=XOAUTH2 SASL-IR", XOAuth2, "C: w1 AUTHENTICATE XOAUTH2 " + b64("user=u\x01auth=Bearer "+secret+"\x01\x01") + "\n" + oauth + "C: \nS: w1 NO AUTHENTICATE failed.", "", "AUTHENTICATE failed."},
		{"challenge, OAUTHBEARER", "IMAP4rev1 AUTH=OAUTHBEARER SASL-IR", OAuthBearer, "C: w1 AUTHENTICATE OAUTHBEARER " + b64("n,a=u,\x01auth=Bearer "+secret+"\x01\x01") + "\n" + oauth + "C: AQ==\nS: w1 NO failed", "", "failed"},
		{"challenge, PLAIN", "IMAP4rev1 AUTH=PLAIN SASL-IR", Plain, "C: w1 AUTHENTICATE PLAIN " + b64("\x00u\x00"+secret) + "\nS: + abc\nC: *\nS: w1 NO cancelled", "", "cancelled"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := talk(t, tc.caps, tc.script)
			err := c.SignIn(context.Background(), Credentials{Mechanism: tc.mech, User: "u", Secret: secret}, ID{})
			no := refusedAs(t, err, "NO", tc.code)
			if no.Text != tc.text || strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, no), secret) {
				t.Errorf("%#v", no)
			}
			if c.Closed() {
				t.Error("NO closed the connection")
			}
			if len(c.Caps()) != len(strings.Fields(tc.caps)) {
				t.Errorf("capabilities were lost: %v", c.Caps())
			}
		})
	}
}

// TestSignInNotTried: a mechanism that cannot work is not sent at all, since
// each failure counts.
func TestSignInNotTried(t *testing.T) {
	for _, tc := range []struct {
		caps string
		cr   Credentials
	}{
		{"IMAP4rev1 LOGINDISABLED", Credentials{User: "u", Secret: "p"}},
		{"IMAP4rev1 LOGINDISABLED AUTH=PLAIN", Credentials{Mechanism: Login, User: "u", Secret: "p"}},
		{"IMAP4rev1 AUTH=PLAIN", Credentials{Mechanism: XOAuth2, User: "u", Secret: "p"}},
		{"IMAP4rev1", Credentials{User: "u", Authzid: "a", Secret: "p"}},
		{"IMAP4rev1 AUTH=CRAM-MD5", Credentials{Mechanism: "CRAM-MD5", User: "u", Secret: "p"}},
		{"IMAP4rev1", Credentials{Mechanism: Preauth}},
	} {
		c := talk(t, tc.caps, "E")
		if err := c.SignIn(context.Background(), tc.cr, ID{}); !errors.Is(err, ErrMechanism) {
			t.Errorf("%s %v: %v", tc.caps, tc.cr, err)
		}
		_ = c.Close()
	}
}

func TestSignInBroken(t *testing.T) {
	cr := Credentials{User: "u", Secret: "p"}
	login := "C: w1 LOGIN \"u\" \"p\"\n"
	c := talk(t, "IMAP4rev1", login)
	var gone *Gone
	if err := c.SignIn(context.Background(), cr, ID{}); !errors.As(err, &gone) || gone.Doing != "LOGIN" || !c.Closed() {
		t.Errorf("closed: %v", err)
	}
	c = talk(t, "IMAP4rev1", login+"S: * BYE [UNAVAILABLE] later")
	refusedAs(t, c.SignIn(context.Background(), cr, ID{}), "BYE", "UNAVAILABLE")
	c = talk(t, "IMAP4rev1", login+"S: * BYE out\nS: w1 NO [LIMIT] Rate limit hit.")
	refusedAs(t, c.SignIn(context.Background(), cr, ID{}), "NO", "LIMIT")
	if !c.Closed() {
		t.Error("BYE did not close")
	}
	c = talk(t, "IMAP4rev1", login+"S: + more?\nE")
	var odd *Malformed
	if err := c.SignIn(context.Background(), cr, ID{}); !errors.As(err, &odd) {
		t.Errorf("unasked continuation: %v", err)
	}
	if err := c.SignIn(context.Background(), cr, ID{}); !errors.Is(err, ErrClosed) {
		t.Errorf("used again: %v", err)
	}
}

func TestCredentialsDoNotPrint(t *testing.T) {
	cr := Credentials{Mechanism: Plain, User: "u", Secret: "hunter2"}
	for _, s := range []string{fmt.Sprint(cr), fmt.Sprintf("%+v", cr), fmt.Sprintf("%#v", &cr), fmt.Sprintf("%s %q", cr, []Credentials{cr})} {
		if strings.Contains(s, "hunter2") {
			t.Error(s)
		}
	}
}

func TestIDList(t *testing.T) {
	if got := (ID{}).list(); got != "NIL" {
		t.Error(got)
	}
	if got := (ID{Name: "a\"b", Vendor: "x\r\ny", SupportURL: "https://example.org"}).list(); got != `("name" "a\"b" "support-url" "https://example.org")` {
		t.Error(got)
	}
}
