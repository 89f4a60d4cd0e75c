package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func keyOf(folder, body, flags string, date int64) key {
	m := mail{folder: folder, raw: []byte(body), flags: strings.Fields(flags)}
	k := m.key()
	k.date = date
	return k
}

func TestCompareSeesEverything(t *testing.T) {
	want := manifest{keyOf("INBOX", "a", `\Seen`, 1): 2, keyOf("Sent", "b", "", 2): 1}
	for name, change := range map[string]func(manifest){
		"1 kinds of message missing":   func(m manifest) { delete(m, keyOf("Sent", "b", "", 2)) },
		"2 messages instead of 3":      func(m manifest) { m[keyOf("INBOX", "a", `\Seen`, 1)] = 1 },
		"4 messages instead of 3":      func(m manifest) { m[keyOf("INBOX", "a", `\Seen`, 1)] = 3 },
		"1 that should not be there [": func(m manifest) { m[keyOf("INBOX", "c", "", 1)] = 1 },
		"[Archive ":                    func(m manifest) { delete(m, keyOf("Sent", "b", "", 2)); m[keyOf("Archive", "b", "", 2)] = 1 },
		`(\Answered)`:                  func(m manifest) { delete(m, keyOf("Sent", "b", "", 2)); m[keyOf("Sent", "b", `\Answered`, 2)] = 1 },
		"() 3]":                        func(m manifest) { delete(m, keyOf("Sent", "b", "", 2)); m[keyOf("Sent", "b", "", 3)] = 1 },
	} {
		got := maps.Clone(want)
		change(got)
		if err := compare("u", want, got); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := compare("u", want, maps.Clone(want)); err != nil {
		t.Error(err)
	}
}

func TestWithoutKeywords(t *testing.T) {
	m := manifest{keyOf("INBOX", "a", `$Forwarded \Seen`, 1): 1, keyOf("INBOX", "a", `\Seen`, 1): 2}
	if got := m.systemOnly(); got[keyOf("INBOX", "a", `\Seen`, 1)] != 3 || len(got) != 1 {
		t.Errorf("%v", got)
	}
}

func TestTUIDIsNotCountedIn(t *testing.T) {
	const plain = "From: a\r\nTo: b\r\n\r\nX-TUID: of the body\r\n"
	for _, with := range []string{
		"X-TUID: abcDEF123456\r\n" + plain,
		"From: a\r\nX-TUID: abcDEF123456\r\nTo: b\r\n\r\nX-TUID: of the body\r\n",
		"From: a\r\nTo: b\r\nX-TUID: abcDEF123456\r\n\r\nX-TUID: of the body\r\n",
	} {
		if hashWithoutTUID([]byte(with)) != hashWithoutTUID([]byte(plain)) || hashWithoutTUID([]byte(plain)) != (mail{raw: []byte(plain)}).key().hash {
			t.Errorf("%q", with)
		}
	}
	for _, other := range []string{strings.Replace(plain, "of the", "of", 1), "no header", strings.Replace(plain, "To: b", "To: c", 1)} {
		if hashWithoutTUID([]byte(other)) == hashWithoutTUID([]byte(plain)) {
			t.Errorf("%q is the same", other)
		}
	}
}

// What is done to a mailbox behind the benchmark's back is found.
func TestVerifyFindsWhatIsLostOrAltered(t *testing.T) {
	b := sites(t)
	user := tiny().users()[0]
	inbox := filepath.Join(b.from.mail(), user, "Maildir", "cur")
	files, err := filepath.Glob(filepath.Join(inbox, "*"))
	if err != nil || len(files) != 3 {
		t.Fatalf("%v, %v", files, err)
	}
	content, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(files[0])
	if err != nil {
		t.Fatal(err)
	}
	restore := func() {
		if err := os.WriteFile(files[0], content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(files[0], info.ModTime(), info.ModTime()); err != nil {
			t.Fatal(err)
		}
	}
	altered := bytes.Replace(content, []byte("Subject: m"), []byte("Subject: M"), 1)
	if err := os.WriteFile(files[0], altered, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(files[0], info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	want(t, b, "24 messages instead of 24; 1 kinds of message missing")
	restore()
	want(t, b, "")
	if err := os.Remove(files[1]); err != nil {
		t.Fatal(err)
	}
	want(t, b, "23 messages instead of 24; 1 kinds")
}

func want(t *testing.T, b *bench, text string) {
	t.Helper()
	err := verify(t.Context(), b.from, b.holds, tool{keywords: true})
	if (err == nil) != (text == "") || err != nil && !strings.Contains(err.Error(), text) {
		t.Errorf("%v instead of %q", err, text)
	}
}

func TestADeltaIsKnownAndUndone(t *testing.T) {
	b := sites(t)
	p := tiny()
	for n := range 2 {
		err := b.altered(t.Context(), p, n+1, func(holds map[string]manifest) error {
			for user, m := range holds {
				if m.total() != 24+8 {
					return fmt.Errorf("%s has %d", user, m.total())
				}
				if err := compare(user, b.holds[user], m); err == nil || !strings.Contains(err.Error(), `\Flagged`) {
					return fmt.Errorf("nothing is flagged: %w", err)
				}
			}
			return verify(t.Context(), b.from, holds, tool{keywords: true})
		})
		if err != nil {
			t.Fatal(err)
		}
		want(t, b, "")
	}
	if d := deltaOf(population{messages: 1000, folders: eight}); d.fresh != 1 || d.flagged != 2 {
		t.Errorf("%+v", d)
	}
	if d := deltaOf(population{messages: 50_000, folders: one}); d.fresh != 500 || d.flagged != 1000 {
		t.Errorf("%+v", d)
	}
}
