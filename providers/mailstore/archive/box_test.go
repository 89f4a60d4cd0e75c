package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
)

func clock() time.Time { return time.Date(2026, 12, 5, 20, 0, 0, 0, time.UTC) }

func begin(t *testing.T, dir string, step func(op, name string) error) *Box {
	t.Helper()
	b, err := open(dir, "li.si@acme.test", "imap://li.si@imap.test:993", clock, step)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

var when = time.Date(2024, 2, 29, 23, 59, 7, 0, time.FixedZone("", -(3*3600+30*60)))

// put appends bodies to a folder, which it makes, with one flag each.
func put(t *testing.T, b *Box, path []string, bodies ...string) error {
	t.Helper()
	f, err := b.Create(t.Context(), path, "")
	if err != nil {
		return err
	}
	c, _ := b.Open(t.Context())
	if _, err := c.Select(t.Context(), f); err != nil {
		return err
	}
	i, told := 0, 0
	err = c.Append(t.Context(), func() (*transfer.Item, error) {
		if i == len(bodies) {
			return nil, io.EOF
		}
		i++
		return &transfer.Item{Flags: []imap.Flag{imap.FlagSeen, "$Forwarded", "Wichtig"}, Date: when,
			Size: int64(len(bodies[i-1])), Body: strings.NewReader(bodies[i-1])}, nil
	}, func(p transfer.Placed) error { told++; return p.Err })
	if err == nil && told != len(bodies) {
		t.Errorf("%d of %d told", told, len(bodies))
	}
	return err
}

// shape is everything that a box gives out.
func shape(t *testing.T, b *Box) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	folders, err := b.Folders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		key := fmt.Sprintf("%q %s %v", f.Path, f.Use, f.Subscribed)
		all[key] = []string{}
		c, _ := b.Open(t.Context())
		if _, err := c.Examine(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		var uids []uint32
		if err := c.Scan(t.Context(), 1, 0, func(it transfer.Item) error { uids = append(uids, it.UID); return nil }); err != nil {
			t.Fatal(err)
		}
		missing, err := c.Fetch(t.Context(), uids, func(it transfer.Item) error {
			body, err := io.ReadAll(it.Body)
			all[key] = append(all[key], fmt.Sprint(string(body), it.Size, it.Flags, it.Date.Format(time.RFC3339)))
			return err
		})
		if err != nil || len(missing) > 0 {
			t.Fatal(missing, err)
		}
	}
	return all
}

// What is kept is given out as it was, now and after it was opened again.
func TestWhatIsKeptComesBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "li.si@acme.test")
	b := begin(t, dir, nil)
	paths := [][]string{{"INBOX"}, {"Sent"}, {"sent"}, {"客户", "a/b", "c.d"}, {"a.b"}, {"a", "b"}, {strings.Repeat("长", 200)}, {strings.Repeat("长", 200) + "x"}, {"  "}, {"con:*?"}}
	for i, p := range paths {
		if err := put(t, b, p, fmt.Sprintf("first %d", i), "", "\x00\xff\r\n.\r\nFrom \r\n"); err != nil {
			t.Fatal(p, err)
		}
	}
	folders, _ := b.Folders(t.Context())
	if err := b.Subscribe(t.Context(), folders[1]); err != nil {
		t.Fatal(err)
	}
	want := shape(t, b)
	if len(want) != len(paths) {
		t.Errorf("%d folders of %d", len(want), len(paths))
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	for name, reopen := range map[string]func() (*Box, error){
		"read": func() (*Box, error) { return Read(dir) },
		"open": func() (*Box, error) { return Open(dir, "li.si@acme.test", "", clock) },
	} {
		again, err := reopen()
		if err != nil {
			t.Fatal(name, err)
		}
		if d := cmp.Diff(want, shape(t, again)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if again.Address() != "li.si@acme.test" || again.From() != "imap://li.si@imap.test:993" {
			t.Errorf("%s: %s %s", name, again.Address(), again.From())
		}
		again.Close()
	}
	r, err := Verify(t.Context(), dir, nil)
	if err != nil || !r.Whole() || r.Proven != 3*len(paths) || r.Messages != r.Proven {
		t.Errorf("%+v, %v", r, err)
	}
}

// Only the owner may read, and nothing can be run.
func TestFilesAreTheOwnersOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "li.si@acme.test")
	b := begin(t, dir, nil)
	if err := put(t, b, []string{"Sent"}, "x"); err != nil {
		t.Fatal(err)
	}
	if err := b.Keep(Pass{Began: clock(), ReadBack: clock()}, &Report{Messages: 1}); err != nil {
		t.Fatal(err)
	}
	n := 0
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		n++
		st, err := d.Info()
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700 | fs.ModeDir
		}
		if err == nil && st.Mode() != want {
			t.Errorf("%s: %v", name, st.Mode())
		}
		return err
	})
	if err != nil || n < 10 {
		t.Error(n, err)
	}
}

// Flags are in the manifest and, as letters, in the file's name; changed ones
// leave one line a message.
func TestFlagsAreKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "li.si@acme.test")
	b := begin(t, dir, nil)
	if err := put(t, b, []string{"INBOX"}, "one", "two"); err != nil {
		t.Fatal(err)
	}
	if got := curNames(t, dir); !strings.HasSuffix(got[0], ":2,PS") {
		t.Errorf("%q", got)
	}
	folders, _ := b.Folders(t.Context())
	c, _ := b.Open(t.Context())
	if _, err := c.Select(t.Context(), folders[0]); err != nil {
		t.Fatal(err)
	}
	if err := c.Store(t.Context(), map[uint32]transfer.FlagChange{
		1: {Add: []imap.Flag{imap.FlagAnswered, "neu"}, Remove: []imap.Flag{imap.FlagSeen, "wichtig"}}, 9: {Add: []imap.Flag{imap.FlagSeen}}}); err != nil {
		t.Fatal(err)
	}
	got := shape(t, b)
	if !strings.Contains(got[`["INBOX"]  false`][0], `[$Forwarded \Answered neu]`) {
		t.Errorf("%v", got)
	}
	if names := curNames(t, dir); !slices.ContainsFunc(names, func(n string) bool { return strings.HasSuffix(n, ":2,PR") }) {
		t.Errorf("%q", names)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	m, err := readManifest(dir)
	if err != nil || len(m.lines) != 1+1+2 || len(m.damaged) > 0 {
		t.Errorf("%+v, %v", m, err)
	}
	again, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(got, shape(t, again)); d != "" {
		t.Error(d)
	}
}

func curNames(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, "cur"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

var errKilled = errors.New("killed")

// Killed before any act on the disk, an archive opens again, holds nothing
// twice, nothing in half and all that was told to be kept; and the next pass
// over the same mail makes it whole.
func TestKilledAtEveryStep(t *testing.T) {
	bodies := []string{"one", "two", strings.Repeat("three", 5000), "four"}
	for kill := 1; ; kill++ {
		dir := filepath.Join(t.TempDir(), "li.si@acme.test")
		var n atomic.Int64 // the steps of reading and of keeping go side by side
		err := fill(t, dir, bodies, func(op, name string) error {
			if n.Add(1) >= int64(kill) {
				return fmt.Errorf("%w before %s %s", errKilled, op, name)
			}
			return nil
		})
		died := err != nil
		if died && !strings.Contains(err.Error(), errKilled.Error()) {
			t.Fatalf("%d: %v", kill, err)
		}
		if !died && kill < 15 {
			t.Fatalf("only %d steps", kill)
		}
		if err := fill(t, dir, bodies, nil); err != nil {
			t.Fatalf("%d: again: %v", kill, err)
		}
		r, err := Verify(t.Context(), dir, nil)
		if err != nil || !r.Whole() || r.Messages != 2*len(bodies) {
			t.Fatalf("%d: %+v, %v", kill, r, err)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "*", "tmp", "*")); len(left) > 0 {
			t.Errorf("%d: left %v", kill, left)
		}
		if !died {
			return
		}
	}
}

// fill brings bodies to two folders as a pass does: what is there is not sent
// again. Then it changes a flag and closes.
func fill(t *testing.T, dir string, bodies []string, step func(op, name string) error) error {
	b, err := open(dir, "li.si@acme.test", "imap://x", clock, step)
	if err != nil {
		return err
	}
	defer b.Close()
	for _, path := range [][]string{{"INBOX"}, {"Sent"}} {
		var todo []string
		for _, body := range bodies {
			have := slices.ContainsFunc(b.folders, func(f *folder) bool {
				return slices.Equal(f.Path, path) && slices.ContainsFunc(f.mail, func(m *message) bool { return m.Size == int64(len(body)) && strings.Contains(read(t, b, f, m), body) })
			})
			if !have {
				todo = append(todo, body)
			}
		}
		if err := put(t, b, path, todo...); err != nil {
			return err
		}
	}
	c := &conn{b: b, f: b.folders[0]}
	if err := c.Store(t.Context(), map[uint32]transfer.FlagChange{1: {Add: []imap.Flag{imap.FlagFlagged}}}); err != nil {
		return err
	}
	return b.Close()
}

func read(t *testing.T, b *Box, f *folder, m *message) string {
	body, err := os.ReadFile(b.path(f, m.at))
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// A flipped bit, a missing file, a file too many, a longer one, and a line of
// the manifest that somebody edited: each is found and named.
func TestVerifyFinds(t *testing.T) {
	flip := func(name string) error {
		b, err := os.ReadFile(name)
		if err == nil {
			b[len(b)/2] ^= 4
			err = os.WriteFile(name, b, 0o600)
		}
		return err
	}
	for name, c := range map[string]struct {
		harm   func(dir, file string) error
		kind   string
		proven int
	}{
		"bit":     {func(_, file string) error { return flip(file) }, Changed, 2},
		"longer":  {func(_, file string) error { return os.WriteFile(file, []byte("the second"), 0o600) }, Changed, 2},
		"missing": {func(_, file string) error { return os.Remove(file) }, Missing, 2},
		"extra":   {func(_, file string) error { return os.WriteFile(file[:len(file)-10]+"other", nil, 0o600) }, Extra, 3},
		"line":    {func(dir, _ string) error { return edit(dir, `"size":6`, `"size":7`) }, Manifest, 2},
		"flags":   {func(dir, _ string) error { return edit(dir, "Wichtig", "Wichtik") }, Manifest, 3},
		"gone":    {func(dir, _ string) error { return cutLine(dir, 3) }, Manifest, 2},
		"tail":    {func(dir, _ string) error { return cutLine(dir, 4) }, Extra, 2},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "li.si@acme.test")
			b := begin(t, dir, nil)
			if err := put(t, b, []string{"INBOX"}, "first", "second", "the third"); err != nil {
				t.Fatal(err)
			}
			b.Close()
			names := curNames(t, dir)
			second := slices.IndexFunc(names, func(n string) bool { return strings.Contains(n, "U2_") })
			if err := c.harm(dir, filepath.Join(dir, "cur", names[second])); err != nil {
				t.Fatal(err)
			}
			r, err := Verify(t.Context(), dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			if r.Whole() || r.Proven != c.proven || !slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.Kind == c.kind }) {
				t.Errorf("%+v", r)
			}
		})
	}
}

func edit(dir, old, by string) error {
	name := filepath.Join(dir, manifestName)
	b, err := os.ReadFile(name)
	if err == nil {
		err = os.WriteFile(name, bytes.Replace(b, []byte(old), []byte(by), 1), 0o600)
	}
	return err
}

func cutLine(dir string, i int) error {
	name := filepath.Join(dir, manifestName)
	b, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	lines := bytes.SplitAfter(b, []byte("\n"))
	return os.WriteFile(name, bytes.Join(slices.Delete(lines, i, i+1), nil), 0o600)
}

// What is damaged is given up: the next pass finds the folder anew and keeps it
// again, and the damaged file is put aside.
func TestDamagedMailIsKeptAnew(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "li.si@acme.test")
	b := begin(t, dir, nil)
	if err := put(t, b, []string{"INBOX"}, "first", "second"); err != nil {
		t.Fatal(err)
	}
	before := b.folders[0].Validity
	if err := os.WriteFile(b.path(b.folders[0], b.folders[0].mail[0].at), []byte("fIrst"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := b.Verify(t.Context(), nil); err != nil || r.Proven != 1 {
		t.Fatal(r, err)
	}
	if err := b.GiveUp(); err != nil {
		t.Fatal(err)
	}
	if n, _ := b.Count(); n != 1 || b.folders[0].Validity == before {
		t.Errorf("%d messages, validity %d", n, b.folders[0].Validity)
	}
	if err := put(t, b, []string{"INBOX"}, "first"); err != nil {
		t.Fatal(err)
	}
	r, err := b.Verify(t.Context(), nil)
	if err != nil || !r.Whole() || r.Proven != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	if aside, _ := os.ReadDir(filepath.Join(dir, damagedName)); len(aside) != 1 {
		t.Errorf("%v", aside)
	}
}

func TestOtherArchivesAreLeftAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "x")
	begin(t, dir, nil).Close()
	for name, c := range map[string]struct {
		harm func() error
		do   func() error
		code string
	}{
		"other":   {func() error { return nil }, func() error { _, err := Open(dir, "wang.wu@acme.test", "", clock); return err }, "archive.other"},
		"none":    {func() error { return nil }, func() error { _, err := Read(dir + "none"); return err }, "archive.none"},
		"damaged": {func() error { return edit(dir, "imap://", "imap:/ ") }, func() error { _, err := Open(dir, "li.si@acme.test", "", clock); return err }, "archive.damaged"},
		"newer":   {func() error { return edit(dir, `"format":1`, `"format":2`) }, func() error { _, err := Read(dir); return err }, "archive.newer"},
	} {
		was, err := os.ReadFile(filepath.Join(dir, manifestName))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.harm(); err != nil {
			t.Fatal(err)
		}
		var f *planner.Fault
		if err := c.do(); !errors.As(err, &f) || f.Code != c.code {
			t.Errorf("%s: %v", name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, manifestName), was, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// The record tells the rate at which mail came between two passes.
func TestPassesAreOnRecord(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "x")
	b := begin(t, dir, nil)
	if p, err := LastPass(dir); err != nil || p != (Pass{}) {
		t.Error(p, err)
	}
	for i, n := range []int{100, 106, 106} {
		p := Pass{Began: clock().Add(time.Duration(i) * 2 * time.Hour), ReadBack: clock().Add(time.Duration(i)*2*time.Hour + time.Minute)}
		if err := b.Keep(p, &Report{Messages: n, Bytes: 5, Head: "h"}); err != nil {
			t.Fatal(err)
		}
		got, err := LastPass(dir)
		p.Messages, p.Bytes, p.Head, p.PerHour = n, 5, b.Head(), []float64{0, 3, 0}[i]
		head, failed := Head(dir)
		if err != nil || got != p || failed != nil || head != p.Head {
			t.Errorf("%+v, want %+v, %v", got, p, err)
		}
	}
}

// A source that ends too early leaves nothing, and a run that is called off
// keeps what was told.
func TestAppendThatEnds(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "x")
	b := begin(t, dir, nil)
	f, err := b.Create(t.Context(), []string{"INBOX"}, "")
	if err != nil {
		t.Fatal(err)
	}
	c, _ := b.Open(t.Context())
	if _, err := c.Select(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	err = c.Append(t.Context(), func() (*transfer.Item, error) {
		return &transfer.Item{Size: 10, Body: strings.NewReader("short")}, nil
	}, func(transfer.Placed) error { return nil })
	var fa *planner.Fault
	if !errors.As(err, &fa) || fa.Class != planner.Gone {
		t.Error(err)
	}
	calls, told := 0, 0
	err = c.Append(t.Context(), func() (*transfer.Item, error) {
		if calls++; calls > 3 {
			return nil, context.Canceled
		}
		return &transfer.Item{Size: 1, Body: strings.NewReader("x")}, nil
	}, func(transfer.Placed) error { told++; return nil })
	if err == nil || told != 3 {
		t.Error(told, err)
	}
	if n, _ := b.Count(); n != 3 {
		t.Error(n)
	}
}
