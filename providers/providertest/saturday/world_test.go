// Package saturday moves a domain between real servers, with its mail coming
// in throughout.
package saturday

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/providers/providertest/closednet"
	"github.com/mxmove/mxmove/providers/providertest/corpus"
	"github.com/mxmove/mxmove/providers/providertest/peer"
)

// The addresses of the closed Internet. The root's is that of the real one,
// since the program knows no other.
const (
	rootAt, ns1At, ns2At, cacheAt = "198.41.0.4", "192.0.2.53", "198.51.100.53", "192.0.2.54"
	oldMXAt, newMXAt              = "192.0.2.25", "203.0.113.25"
)

const (
	domain    = "acme.test"
	boxes     = 20
	seeded    = 8 // messages of each mailbox before it all begins
	password  = "pw"
	programIn = "MXMOVE_PROGRAM"
)

var tsig = base64.StdEncoding.EncodeToString([]byte("a key of thirty-two octets, or so"))

const rootZone = `. 3600 IN SOA a.root. admin.root. 1 3600 600 86400 60
. 3600 IN NS a.root.
a.root. 3600 IN A 198.41.0.4
acme.test. 3600 IN NS ns1.acme.test.
acme.test. 3600 IN NS ns2.acme.test.
ns1.acme.test. 3600 IN A 192.0.2.53
ns2.acme.test. 3600 IN A 198.51.100.53
mx.old.test. 3600 IN A 192.0.2.25
mx.new.test. 3600 IN A 203.0.113.25
spf.old.test. 3600 IN TXT "v=spf1 ip4:192.0.2.25 -all"
spf.new.test. 3600 IN TXT "v=spf1 ip4:203.0.113.25 -all"
`

// acmeZone has a TTL that lets a cache fall behind, and a test end.
const acmeZone = `$ORIGIN acme.test.
@ 3600 IN SOA ns1.acme.test. admin.acme.test. 7 3600 600 86400 5
@ 3600 IN NS ns1.acme.test.
@ 3600 IN NS ns2.acme.test.
ns1 3600 IN A 192.0.2.53
ns2 3600 IN A 198.51.100.53
@ 5 IN MX 10 mx.old.test.
@ 5 IN TXT "v=spf1 include:spf.old.test ~all"
_dmarc 5 IN TXT "v=DMARC1; p=none"
`

// world is two mail services, the domain's DNS, and everybody who writes to it.
type world struct {
	t              *testing.T
	dir            string // of the migration
	home           string // whose git knows who plans
	source, target *peer.Server
	ns1            *peer.Names
	old, new       *mailroom
	senders        *senders
}

// enter goes into a network namespace, in which a test is run again; false: it
// was. What must come from outside is fetched before.
func enter(t *testing.T) bool {
	t.Helper()
	var more []string
	if os.Getenv(programIn) == "" {
		for _, k := range []peer.Kind{peer.KindDovecot, peer.KindBIND, peer.KindKnot, peer.KindUnbound} {
			if err := peer.Install(k); err != nil {
				t.Fatal(err)
			}
		}
		program := filepath.Join(t.TempDir(), "mxmove")
		if out, err := exec.Command("go", "build", "-o", program, "../../../cmd/mxmove").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		more = []string{programIn + "=" + program}
	}
	return closednet.Enter(t, more, rootAt, ns1At, ns2At, cacheAt, oldMXAt, newMXAt)
}

// address of the n-th mailbox, from 1.
func address(n int) string { return fmt.Sprintf("u%02d@%s", n, domain) }

func newWorld(t *testing.T, tail time.Duration) *world {
	users := map[string]string{}
	for n := range boxes {
		users[address(n+1)] = password
	}
	w := &world{t: t, dir: t.TempDir(), home: t.TempDir(), source: peer.Dovecot(t, peer.Options{Users: users, TLS: true}), target: peer.Dovecot(t, peer.Options{Users: users, TLS: true})}
	peer.StartNames(t, peer.KindBIND, peer.NamesOptions{Zone: ".", Key: tsig, Text: rootZone, Addr: rootAt, Port: 53})
	second := ns2At + ":53"
	w.ns1 = peer.StartNames(t, peer.KindBIND, peer.NamesOptions{Zone: domain, Key: tsig, Text: acmeZone, Addr: ns1At, Port: 53, Tell: second})
	peer.StartNames(t, peer.KindKnot, peer.NamesOptions{Zone: domain, Key: tsig, Addr: ns2At, Port: 53, From: w.ns1.At()})
	peer.StartNames(t, peer.KindUnbound, peer.NamesOptions{Zone: domain, Addr: cacheAt, Port: 53, From: w.ns1.At()})
	w.old, w.new = openMailroom(t, oldMXAt, w.source), openMailroom(t, newMXAt, w.target)
	w.senders = newSenders(t)
	w.seed()
	if err := os.WriteFile(filepath.Join(w.home, ".gitconfig"), []byte("[user]\n\temail = zhang.wei@acme.test\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.trust("old-ca.pem", w.source)
	w.trust("new-ca.pem", w.target)
	w.write("main.hcl", spec(w.source.TLSPort, w.target.TLSPort, tail))
	rows := "address,source_password,target_password\n"
	for n := range boxes {
		rows += address(n+1) + ",env:MAIL_PW,env:MAIL_PW\n"
	}
	w.write("members.csv", rows)
	return w
}

// seed gives every mailbox mail from before, which the senders know of.
func (w *world) seed() {
	for n := range boxes {
		to := address(n + 1)
		folders := []corpus.Folder{{Path: []string{"INBOX"}}, {Path: []string{"Projects", "2026"}, Subscribed: true}}
		for i := range seeded {
			m := w.senders.write(to)
			f := &folders[i%2]
			f.Mail = append(f.Mail, corpus.Mail{Message: corpus.Message{Raw: m}, Flags: []string{`\Seen`}, Date: time.Date(2026, 1, 1, 0, 0, i, 0, time.UTC)})
		}
		corpus.Seed(w.t, w.source, to, folders)
	}
}

func (w *world) write(name, content string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// trust keeps the authority of a server's certificate in the migration's
// directory.
func (w *world) trust(name string, s *peer.Server) {
	w.t.Helper()
	b, err := os.ReadFile(s.CAFile)
	if err != nil {
		w.t.Fatal(err)
	}
	w.write(name, string(b))
}

func spec(source, target int, tail time.Duration) string {
	side := func(kind, more, ca string, port int) string {
		return fmt.Sprintf("%s \"imap\" {\n%s  imap {\n    host    = \"127.0.0.1\"\n    port    = %d\n    ca_file = %q\n    login \"password\" {}\n  }\n}\n\n", kind, more, port, ca)
	}
	return "migration \"acme\" {}\n\n" + side("source", "  domain = \"acme.test\"\n\n", "old-ca.pem", source) + side("target", "", "new-ca.pem", target) +
		fmt.Sprintf(`roster {
  files = ["members.csv"]
}

history {}

cutover {
  opens     = "%s"
  closes    = "%s"
  start     = "unattended"
  tail      = "%s"
  approvals = 0
  resolvers = ["%s"]

  zone "acme.test" "rfc2136" {
    server   = "ns1.acme.test"
    key_name = "cutover"
    key      = env("TSIG_KEY")
    mx       = ["10 mx.new.test"]
    spf {
      add    = ["include:spf.new.test"]
      remove = ["include:spf.old.test"]
    }
  }
}
`, time.Now().Add(-time.Hour).Format(time.RFC3339), time.Now().Add(8*time.Hour).Format(time.RFC3339), tail, cacheAt)
}

// attended has somebody approve the plan, and somebody at a terminal start the
// freeze.
func (w *world) attended() {
	w.t.Helper()
	cmd := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "li.si")
	cmd.Dir = w.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Fatalf("%v\n%s", err, out)
	}
	public, err := os.ReadFile(filepath.Join(w.dir, "li.si.pub"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.write("allowed_signers", "li.si@acme.test "+string(public))
	main, err := os.ReadFile(filepath.Join(w.dir, "main.hcl"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.write("main.hcl", strings.NewReplacer("  start     = \"unattended\"\n", "", "  approvals = 0\n", "  approvers = \"allowed_signers\"\n").Replace(string(main)))
}

// command is the program as a person calls it, in the migration's directory.
func (w *world) command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Getenv(programIn), args...)
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "TSIG_KEY="+tsig, "MAIL_PW="+password, "TZ=UTC", "LC_ALL=", "LANG=",
		"HOME="+w.home, "XDG_CONFIG_HOME="+w.home)
	return cmd
}

// must runs the program to its end.
func (w *world) must(args ...string) string {
	w.t.Helper()
	out, err := w.command(args...).CombinedOutput()
	if err != nil {
		w.t.Fatalf("mxmove %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// counted gives how often each of the senders' messages lies in the mailboxes
// of a server, whatever the folder.
func (w *world) counted(s *peer.Server) map[string]int {
	n := map[string]int{}
	for i := range boxes {
		for _, box := range corpus.Dump(w.t, s, address(i+1)) {
			for _, m := range box.Mail {
				n[address(i+1)+" "+m.SHA256]++
			}
		}
	}
	return n
}

// once fails unless every message that was ever written lies at a server
// exactly once, and nothing else does.
func (w *world) once(s *peer.Server) {
	w.t.Helper()
	have, lost, doubled := w.counted(s), 0, 0
	all := w.senders.all()
	for key, id := range all {
		switch have[key] {
		case 0:
			lost++
			w.t.Logf("lost: %s", id)
		case 1:
		default:
			doubled++
			w.t.Logf("%d times: %s", have[key], id)
		}
		delete(have, key)
	}
	if lost+doubled+len(have) > 0 {
		w.t.Errorf("of %d messages %d are lost, %d doubled; %d are nobody's", len(all), lost, doubled, len(have))
	}
}
