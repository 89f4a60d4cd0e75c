package mailstore_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/memory/imapd"
	"github.com/mxmove/mxmove/providers/providertest/peer"
)

// seen signs in to both sides of the first row and gives why the source could
// not be seen.
func seen(t *testing.T, source config.IMAP) *planner.Fault {
	t.Helper()
	target, err := imapd.Start(imapd.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { target.Close() })
	target.AddUser("alice@acme.test", goodPassword)
	spec := specOf(source, at(target.Host(), target.Port()), "alice")
	snap, err := open(spec, t.TempDir()).Observe(t.Context(), planner.Signed)
	if err != nil {
		t.Fatal(err)
	}
	if f := snap.Mailboxes[0].Target.Seen.Err; f != nil {
		t.Fatalf("target: %v", f)
	}
	return snap.Mailboxes[0].Source.Seen.Err
}

func TestWaysToSignInToDovecot(t *testing.T) {
	t.Parallel()
	s := peer.Dovecot(t, peer.Options{TLS: true,
		Users: map[string]string{"alice@acme.test": goodPassword}, Masters: map[string]string{"migrate": goodPassword}})
	admin := config.SecretRef("env:ANY")
	for _, c := range []struct {
		name  string
		mode  string
		login config.Login
	}{
		{"password, implicit TLS", config.TLSImplicit, config.Login{Kind: config.LoginPassword}},
		{"password, STARTTLS", config.TLSStart, config.Login{Kind: config.LoginPassword}},
		{"master user", config.TLSImplicit, config.Login{Kind: config.LoginMaster, User: "migrate", Separator: "*", Password: admin}},
		{"PLAIN for another", config.TLSImplicit, config.Login{Kind: config.LoginPlain, User: "migrate", Password: admin}},
	} {
		t.Run(c.name, func(t *testing.T) {
			source := config.IMAP{Host: "localhost", Port: s.TLSPort, TLS: c.mode, CAFile: s.CAFile, Login: c.login, Limits: config.Limits{Connections: 2}}
			if c.mode == config.TLSStart {
				source.Port = s.Port
			}
			if f := seen(t, source); f != nil {
				t.Error(f)
			}
		})
	}
}

func TestWhyASourceCannotBeSeen(t *testing.T) {
	plain, err := imapd.Start(imapd.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	plain.AddUser("alice@acme.test", badPassword)
	closed, _ := net.Listen("tcp", "127.0.0.1:0")
	closed.Close()
	expired, expiredCA := tlsServer(t, "localhost", time.Now().Add(-time.Hour))
	wrong, wrongCA := tlsServer(t, "other.test", time.Now().Add(time.Hour))
	unknown, _ := tlsServer(t, "localhost", time.Now().Add(time.Hour))
	secure := func(port int, ca string) config.IMAP {
		s := at("localhost", port)
		s.TLS, s.CAFile = config.TLSImplicit, ca
		return s
	}
	missing := at("127.0.0.1", plain.Port())
	missing.Login = config.Login{Kind: config.LoginMaster, User: "m", Separator: "*", Password: config.SecretRef("file:absent")}
	noTLS := at("127.0.0.1", plain.Port())
	noTLS.TLS = config.TLSStart
	for _, c := range []struct {
		name   string
		source config.IMAP
		code   string
		class  planner.Class
	}{
		{"wrong password", at("127.0.0.1", plain.Port()), "login.refused", planner.Credential},
		{"nobody listens", at("127.0.0.1", closed.Addr().(*net.TCPAddr).Port), "server.unreachable.refused", planner.Unreachable},
		{"expired certificate", secure(expired, expiredCA), "server.certificate.expired", planner.Unreachable},
		{"certificate for another", secure(wrong, wrongCA), "server.certificate.name", planner.Unreachable},
		{"unknown authority", secure(unknown, ""), "server.certificate.unknown", planner.Unreachable},
		{"no STARTTLS", noTLS, "server.tls", planner.Unreachable},
		{"secret without a file", missing, "secret.unreadable", planner.Credential},
		{"token command fails", oauth(at("127.0.0.1", plain.Port()), "false"), "token.failed", planner.Account},
		{"no way to sign in", oauth(at("127.0.0.1", plain.Port()), "echo", "token"), "login.mechanism", planner.Account},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := seen(t, c.source)
			if f == nil || f.Code != c.code || f.Class != c.class {
				t.Fatalf("%+v, want %s of class %s", f, c.code, c.class)
			}
			for _, lang := range []text.Lang{text.English, text.Chinese} {
				for _, part := range []string{".what", ".why", ".do"} {
					said := text.Load(lang).Text(text.Msg{Code: f.Code + part, Args: f.Args})
					if strings.Contains(said, "{") || strings.Contains(said, goodPassword) {
						t.Errorf("%s %s: %s", lang, part, said)
					}
				}
			}
		})
	}
}

func oauth(s config.IMAP, command ...string) config.IMAP {
	s.Login = config.Login{Kind: config.LoginOAuth2, Command: command}
	return s
}

// tlsServer listens with a certificate for a name, valid until a time, and
// gives its authority's file.
func tlsServer(t *testing.T, name string, until time.Time) (port int, ca string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: until.Add(-24 * time.Hour), NotAfter: until, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	ca = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.(*tls.Conn).Handshake() // the client's refusal is what is looked at
			c.Close()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port, ca
}

// The token comes from a command that is told the login by environment.
func TestXOAuth2TokenFromACommand(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := make(chan string, 1)
	go serveXOAuth2(l, got)
	source := oauth(at("127.0.0.1", l.Addr().(*net.TCPAddr).Port), "sh", "-c", `echo "token-of-$MXMOVE_LOGIN"`)
	if f := seen(t, source); f != nil {
		t.Errorf("%+v", f)
	}
	want := "user=alice@acme.test\x01auth=Bearer token-of-alice@acme.test\x01\x01"
	if said := <-got; said != want {
		t.Errorf("said %q, want %q", said, want)
	}
}

// serveXOAuth2 plays a server with an empty INBOX.
func serveXOAuth2(l net.Listener, got chan<- string) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		fmt.Fprint(c, "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] ready\r\n")
		for lines := bufio.NewScanner(c); lines.Scan(); {
			words := strings.Fields(lines.Text())
			switch strings.ToUpper(words[1]) {
			case "AUTHENTICATE":
				b, _ := base64.StdEncoding.DecodeString(words[3])
				got <- string(b)
			case "LIST":
				fmt.Fprint(c, "* LIST () \"/\" INBOX\r\n")
			case "STATUS":
				fmt.Fprint(c, "* STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 1)\r\n")
			}
			fmt.Fprintf(c, "%s OK done\r\n", words[0])
		}
		c.Close()
	}
}
