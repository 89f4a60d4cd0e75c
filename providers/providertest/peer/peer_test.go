package peer

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func kinds() map[Kind]func(testing.TB, Options) *Server {
	return map[Kind]func(testing.TB, Options) *Server{KindDovecot: Dovecot, KindCyrus: Cyrus, KindCourier: Courier}
}

func TestEachServerKeepsMailOverARestart(t *testing.T) {
	for kind, start := range kinds() {
		t.Run(string(kind), func(t *testing.T) {
			s := start(t, Options{Users: map[string]string{"alice@held.test": "pw a", "bob": "bob-pw"}})
			c := signIn(t, s, "alice@held.test")
			folders := text(c.ok(`LIST "" "*"`))
			for _, name := range append([]string{"INBOX"}, specialFolders...) {
				if !strings.Contains(folders, name) {
					t.Errorf("no %s in %s", name, folders)
				}
			}
			if status := c.store(message); !strings.HasPrefix(status, "OK") {
				t.Fatal(status)
			}
			port := s.Port
			began := time.Now()
			s.Stop()
			stopped := time.Now()
			if _, err := net.Dial("tcp", s.Addr()); err == nil {
				t.Error("it still serves after Stop")
			}
			s.Start()
			t.Logf("stop %v, start %v", stopped.Sub(began), time.Since(stopped))
			if s.Port != port {
				t.Errorf("port %d became %d", port, s.Port)
			}
			c = signIn(t, s, "alice@held.test")
			c.ok("SELECT INBOX")
			if got := text(c.ok("FETCH 1 BODY.PEEK[TEXT]")); !strings.Contains(got, "still here") {
				t.Errorf("the message is gone: %s", got)
			}
			other := signIn(t, s, "bob")
			if got := text(other.ok("STATUS INBOX (MESSAGES)")); !strings.Contains(got, "MESSAGES 0") {
				t.Errorf("bob has mail that is not his: %s", got)
			}
		})
	}
}

func TestEachServerRefusesAWrongPassword(t *testing.T) {
	for kind, start := range kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			c := dial(t, start(t, Options{}), nil)
			if status, _ := c.do("LOGIN alice wrong"); !strings.HasPrefix(status, "NO") {
				t.Errorf("a wrong password gives %s", status)
			}
		})
	}
}

func TestEachServerSpeaksTLS(t *testing.T) {
	for kind, start := range kinds() {
		t.Run(string(kind), func(t *testing.T) {
			s := start(t, Options{TLS: true})
			implicit := dial(t, s, s.TLSConfig())
			implicit.ok("LOGIN alice alice-pw")

			c := dial(t, s, nil)
			c.ok("STARTTLS")
			c.conn = tls.Client(c.conn, s.TLSConfig())
			c.lines = bufio.NewReader(c.conn)
			c.ok("LOGIN alice alice-pw")

			conn, err := tls.Dial("tcp", net.JoinHostPort(s.Host, strconv.Itoa(s.TLSPort)), &tls.Config{ServerName: s.Host})
			if err == nil {
				_ = conn.Close()
				t.Error("the certificate is trusted by the system")
			}
		})
	}
}

func TestServersSideBySide(t *testing.T) {
	one, two := Dovecot(t, Options{}), Dovecot(t, Options{Format: "mdbox", Separator: ".", Prefix: "INBOX."})
	if one.Port == two.Port {
		t.Fatalf("both have port %d", one.Port)
	}
	if status := signIn(t, one, "alice").store(message); !strings.HasPrefix(status, "OK") {
		t.Fatal(status)
	}
	c := signIn(t, two, "alice")
	if got := text(c.ok("STATUS INBOX (MESSAGES)")); !strings.Contains(got, "MESSAGES 0") {
		t.Errorf("the servers share mail: %s", got)
	}
	if got := text(c.ok("NAMESPACE")); !strings.Contains(got, `(("INBOX." "."))`) {
		t.Errorf("separator and prefix: %s", got)
	}
	one.Stop()
	c.ok("NOOP")
}

func TestMasters(t *testing.T) {
	options := Options{Masters: map[string]string{"migrate": "m-pw"}}
	t.Run("dovecot", func(t *testing.T) {
		s := Dovecot(t, options)
		dial(t, s, nil).ok(`LOGIN "alice*migrate" m-pw`)
		dial(t, s, nil).ok("AUTHENTICATE PLAIN %s", plain("alice", "migrate", "m-pw"))
		if status, _ := dial(t, s, nil).do(`LOGIN "alice*migrate" alice-pw`); !strings.HasPrefix(status, "NO") {
			t.Errorf("the user's password opens the master's login: %s", status)
		}
	})
	t.Run("cyrus", func(t *testing.T) {
		s := Cyrus(t, options)
		dial(t, s, nil).ok("LOGIN alice alice-pw") // makes the INBOX
		c := dial(t, s, nil)
		c.ok("AUTHENTICATE PLAIN %s", plain("alice", "migrate", "m-pw"))
		c.ok("SELECT INBOX")
	})
}

func plain(user, master, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(user + "\x00" + master + "\x00" + password))
}

func TestLimits(t *testing.T) {
	large := message + strings.Repeat("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd\r\n", 64<<4)
	for _, test := range []struct {
		name    string
		start   func(testing.TB, Options) *Server
		options Options
		want    string
	}{
		{"dovecot-size", Dovecot, Options{MaxMessage: 32 << 10}, "[LIMIT]"},
		{"dovecot-quota", Dovecot, Options{Quota: 32 << 10}, "[OVERQUOTA]"},
		{"cyrus-size", Cyrus, Options{MaxMessage: 32 << 10}, "[TOOBIG]"},
		{"cyrus-quota", Cyrus, Options{Quota: 32 << 10}, "Over quota"},
		{"courier-quota", Courier, Options{Quota: 32 << 10}, "exceeded"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := signIn(t, test.start(t, test.options), "alice")
			if status := c.store(message); !strings.HasPrefix(status, "OK") {
				t.Errorf("a small message: %s", status)
			}
			if status := c.store(large); !strings.HasPrefix(status, "NO") || !strings.Contains(status, test.want) {
				t.Errorf("a message of %d octets: %s, want %s", len(large), status, test.want)
			}
		})
	}
}

func TestExtraLinesWin(t *testing.T) {
	dovecot := Dovecot(t, Options{Extra: []string{"imap_capability = IMAP4rev1 NAMESPACE"}})
	if got := text(signIn(t, dovecot, "alice").ok("CAPABILITY")); strings.Contains(got, "LITERAL+") {
		t.Errorf("dovecot: %s", got)
	}
	courier := Courier(t, Options{Extra: []string{"IMAP_CAPABILITY='IMAP4rev1 X-OWN'"}})
	if got := text(signIn(t, courier, "alice").ok("CAPABILITY")); !strings.Contains(got, "X-OWN") {
		t.Errorf("courier: %s", got)
	}
	cyrus := Cyrus(t, Options{Extra: []string{"munge8bit: no"}, AltNamespace: true, Separator: "/"})
	c := signIn(t, cyrus, "alice")
	if status := c.store("Subject: \xd6\xd0\r\n" + message); !strings.HasPrefix(status, "OK") {
		t.Fatal(status)
	}
	c.ok("SELECT INBOX")
	if got := text(c.ok("FETCH 1 BODY.PEEK[HEADER]")); !strings.Contains(got, "\xd6\xd0") {
		t.Errorf("cyrus changes the header's octets: %q", got)
	}
	if got := text(c.ok("NAMESPACE")); !strings.Contains(got, `NAMESPACE (("" "/"))`) {
		t.Errorf("cyrus: %s", got)
	}
}

func TestBase(t *testing.T) {
	base, err := os.MkdirTemp("/dev/shm", "mxt-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Remove(base); err != nil {
			t.Errorf("the server has left something: %v", err)
		}
	})
	if err := os.Chmod(base, 0o755); err != nil {
		t.Fatal(err)
	}
	s := Dovecot(t, Options{Base: base})
	if status := signIn(t, s, "alice").store(message); !strings.HasPrefix(status, "OK") {
		t.Fatal(status)
	}
	for _, name := range []string{"dovecot.conf", "run/master.pid", "mail/alice/Maildir/cur"} {
		if _, err := os.Stat(filepath.Join(s.Dir(), name)); err != nil || !strings.HasPrefix(s.Dir(), base) {
			t.Errorf("%s: %v", s.Dir(), err)
		}
	}
}

func TestUsersEditedBetweenStopAndStart(t *testing.T) {
	for kind, start := range kinds() {
		t.Run(string(kind), func(t *testing.T) {
			s := start(t, Options{})
			s.Stop()
			s.Users["carol@held.test"] = "carol-pw"
			s.Start()
			signIn(t, s, "carol@held.test").ok("SELECT INBOX")
		})
	}
}

func TestNothingIsLeft(t *testing.T) {
	dirs := map[string]int{}
	t.Run("servers", func(t *testing.T) {
		for _, start := range kinds() {
			s := start(t, Options{})
			signIn(t, s, "alice")
			dirs[s.dir] = s.Port
		}
	})
	for dir, port := range dirs {
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("%s is left: %v", dir, err)
		}
		if !portIsFree(port) {
			t.Errorf("port %d is still in use", port)
		}
	}
}
