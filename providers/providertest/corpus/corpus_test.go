package corpus

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/providers/providertest/peer"
)

func TestMessagesAreTheManifests(t *testing.T) {
	messages := Messages(t)
	if len(messages) != 1337 {
		t.Errorf("%d messages", len(messages))
	}
	features := map[string]int{}
	for _, m := range messages {
		if hasBareLF(m.Raw) || hasBareCR(m.Raw) {
			t.Errorf("%s has a bare CR or LF", m.Name)
		}
		for _, f := range m.Features {
			features[f]++
		}
	}
	for _, want := range []string{"nul", "8bit-header", "8bit-body", "no-message-id", "no-final-newline", "line-over-998", "depth-5", "defects", "cr", "lf", "crlf"} {
		if features[want] == 0 {
			t.Errorf("no message with %s", want)
		}
	}
}

func TestTheArchiveIsTheManifests(t *testing.T) {
	dir, err := dataDir()
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := os.ReadFile(filepath.Join(dir, "MANIFEST.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(string(manifest)), "\n")[1:] {
		columns := strings.Split(line, "\t")
		sums[columns[0]] = columns[1]
	}
	checked := 0
	for _, m := range Messages(t) {
		if !m.Has("crlf") || m.Has("mixed-newlines") || m.Has("lf") || m.Has("cr") {
			continue // its line ends were changed
		}
		sum := sha256.Sum256(m.Raw)
		if hex.EncodeToString(sum[:]) != sums[m.Name] {
			t.Errorf("%s is not what the manifest has", m.Name)
		}
		checked++
	}
	if checked < 200 {
		t.Errorf("only %d messages checked", checked)
	}
}

func TestNasty(t *testing.T) {
	byName := map[string]Message{}
	for _, m := range Nasty() {
		if _, twice := byName[m.Name]; twice {
			t.Errorf("two are named %s", m.Name)
		}
		byName[m.Name] = m
	}
	if !bytes.Equal(byName["duplicate-1"].Raw, byName["duplicate-2"].Raw) {
		t.Error("the duplicates differ")
	}
	if bytes.Equal(byName["duplicate-1"].Raw, byName["same-message-id"].Raw) {
		t.Error("same-message-id is a third duplicate")
	}
	for name, size := range map[string]int{"empty": 0, "one-octet": 1, "large": 5 << 20} {
		if got := len(byName[name].Raw); got != size {
			t.Errorf("%s has %d octets, want %d", name, got, size)
		}
	}
	for name, part := range map[string]string{"nul": "\x00", "header-gbk": "\xd6\xd0", "header-latin-1": "\xe9", "commands": "\r\nx EXPUNGE\r\n"} {
		if !bytes.Contains(byName[name].Raw, []byte(part)) {
			t.Errorf("%s has no %q", name, part)
		}
	}
	if bytes.Contains(bytes.ToLower(byName["no-message-id"].Raw), []byte("message-id:")) {
		t.Error("no-message-id has one")
	}
	for name, bare := range map[string]bool{"bare-cr": hasBareCR(byName["bare-cr"].Raw), "bare-lf": hasBareLF(byName["bare-lf"].Raw)} {
		if !bare {
			t.Errorf("%s is not", name)
		}
	}
}

func TestNames(t *testing.T) {
	for text, name := range map[string]string{
		"INBOX":         "INBOX",
		"其他文件夹":         "&UXZO1mWHTvZZOQ-",
		"R&D":           "R&-D",
		"a&&中-b":        "a&-&-&Ti0--b",
		"\U0001F600":    "&2D3eAA-",
		"~peter/台北/日本語": "~peter/&U,BTFw-/&ZeVnLIqe-", // RFC 3501 section 5.1.3
	} {
		if got := encodeName(text); got != name {
			t.Errorf("encodeName(%q) = %q, want %q", text, got, name)
		}
		if got, err := decodeName(name); err != nil || got != text {
			t.Errorf("decodeName(%q) = %q, %v", name, got, err)
		}
	}
	for _, broken := range []string{"a&abc", "&A-", "&!!-"} {
		if got, err := decodeName(broken); err == nil {
			t.Errorf("decodeName(%q) = %q", broken, got)
		}
	}
	for _, text := range []string{`say "hi"`, `a\b`, ``, `\"`} {
		if got := unquote(quote(text)); got != text {
			t.Errorf("unquote(quote(%q)) = %q", text, got)
		}
	}
}

func servers() map[peer.Kind]func(testing.TB, peer.Options) *peer.Server {
	return map[peer.Kind]func(testing.TB, peer.Options) *peer.Server{
		peer.KindDovecot: peer.Dovecot, peer.KindCyrus: peer.Cyrus, peer.KindCourier: peer.Courier,
	}
}

// expected is what Dump must give of a tree whose mail the server keeps.
func expected(tree []Folder) Mailbox {
	want := Mailbox{}
	for _, f := range tree {
		box := Box{Subscribed: f.Subscribed}
		for _, m := range f.Mail {
			box.Mail = append(box.Mail, Of(m))
		}
		want[strings.Join(f.Path, "/")] = box
	}
	return want
}

func TestSeedAndDump(t *testing.T) {
	tree := Sample(t, 60, peer.KindDovecot, peer.KindCyrus, peer.KindCourier)
	want := expected(tree)
	for kind, start := range servers() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			server := start(t, peer.Options{Users: map[string]string{"alice@held.test": `a "pw" \ 1`}})
			if refused := Seed(t, server, "alice@held.test", tree); refused != nil {
				t.Errorf("refused: %v", refused)
			}
			got := Dump(t, server, "alice@held.test")
			if kind != peer.KindCourier && got["Sent"].Use != `\Sent` {
				t.Errorf("the special use of Sent is %q", got["Sent"].Use)
			}
			for path, box := range got {
				box.Use = ""
				got[path] = box
			}
			delete(got, "Junk") // made by the server
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the server has (+):\n%s", diff)
			}
		})
	}
}

// TestFaithfulIsMeasured gives each server mail of every kind and compares
// with Message.Faithful.
func TestFaithfulIsMeasured(t *testing.T) {
	steps := map[peer.Kind]int{peer.KindDovecot: 1, peer.KindCyrus: 6, peer.KindCourier: 16} // by their speed
	for kind, start := range servers() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			server := start(t, peer.Options{})
			var mail []Mail
			for i, m := range Messages(t) {
				if i%steps[kind] == 0 || m.Has("nul") || m.Has("8bit-header") || m.Has("bad-first-line") || m.Has("no-final-newline") {
					mail = append(mail, Mail{Message: m})
				}
			}
			for _, m := range Nasty() {
				mail = append(mail, Mail{Message: m})
			}
			refused := map[string]bool{}
			for _, name := range Seed(t, server, "bob", []Folder{{Path: []string{"Box"}, Mail: mail}}) {
				refused[name] = true
			}
			stored := Dump(t, server, "bob")["Box"].Mail
			if len(stored)+len(refused) != len(mail) {
				t.Fatalf("%d sent, %d stored, %d refused", len(mail), len(stored), len(refused))
			}
			compareFaithful(t, kind, mail, refused, stored)
		})
	}
}

func compareFaithful(t *testing.T, kind peer.Kind, mail []Mail, refused map[string]bool, stored []Stored) {
	t.Helper()
	unfaithful := 0
	for _, m := range mail {
		same := false
		if !refused[m.Name] {
			same = stored[0].SHA256 == hash(m.Raw)
			stored = stored[1:]
		}
		if same != m.Faithful(kind) {
			t.Errorf("%s %v: kept: %v, Faithful: %v, refused: %v", m.Name, m.Features, same, m.Faithful(kind), refused[m.Name])
		}
		if !same {
			unfaithful++
		}
	}
	t.Logf("%d of %d changed or refused", unfaithful, len(mail))
	if unfaithful == 0 {
		t.Error("nothing was changed or refused: the nasty mails are not nasty")
	}
}

func TestDumpSeesChanges(t *testing.T) {
	server := peer.Dovecot(t, peer.Options{})
	tree := Sample(t, 20, peer.KindDovecot)
	Seed(t, server, "alice", tree)
	before := Dump(t, server, "alice")
	if diff := cmp.Diff(before, Dump(t, server, "alice")); diff != "" {
		t.Errorf("reading has changed it:\n%s", diff)
	}
	changes := []struct{ name, command, path string }{
		{"a flag", `STORE 1 +FLAGS (Changed)`, "INBOX"},
		{"the subscription", `SUBSCRIBE Drafts`, "Drafts"},
		{"a folder", `CREATE New`, "New"},
		{"a copy", `COPY 1 Empty`, "Empty"},
	}
	for _, change := range changes {
		s := signIn(t, server, "alice")
		s.ok("SELECT INBOX")
		s.ok(change.command)
		s.close()
		after := Dump(t, server, "alice")
		if cmp.Equal(before[change.path], after[change.path]) && len(before) == len(after) {
			t.Errorf("%s is not seen", change.name)
		}
		before = after
	}
	if empty := Dump(t, server, "bob"); len(empty["INBOX"].Mail) != 0 {
		t.Errorf("bob has %d mails", len(empty["INBOX"].Mail))
	}
}
