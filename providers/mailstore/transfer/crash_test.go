package transfer

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// fragile is a ledger's file on a machine that may lose power: after the
// crash nothing more is written, and what was not synced may be lost.
type fragile struct {
	*os.File
	mu     sync.Mutex
	synced int64
	size   int64
	at     func(op string) error
}

func (f *fragile) Write(b []byte) (int, error) {
	if err := f.at("ledger write"); err != nil {
		n, _ := f.File.Write(b[:len(b)/2])
		f.grow(n)
		return n, err
	}
	n, err := f.File.Write(b)
	f.grow(n)
	return n, err
}

func (f *fragile) grow(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.size += int64(n)
}

func (f *fragile) Sync() error {
	if err := f.at("ledger sync"); err != nil {
		return err
	}
	f.mu.Lock()
	f.synced = f.size
	f.mu.Unlock()
	return f.at("ledger synced")
}

// fault lets a pass meet an error at its n-th step, on either side or at its
// ledger.
type fault struct {
	n, at int
	err   error
	stuck bool // a crash: nothing works any more
	met   string
	mu    chan struct{}
}

func (f *fault) step(op string) error {
	f.mu <- struct{}{}
	defer func() { <-f.mu }()
	f.n++
	if f.n == f.at || f.stuck && f.n > f.at {
		if f.met == "" {
			f.met = op
		}
		return f.err
	}
	return nil
}

// broken runs a pass with a fault at step n, and reports whether it was met.
// How much of what was not synced is lost is drawn from n.
func (r *rig) broken(n int, err error) (met string) {
	r.t.Helper()
	return r.brokenBy(n, err, func(p *Pass) error { _, err := p.Run(r.t.Context()); return err })
}

// brokenBy is broken with another run of the pass.
func (r *rig) brokenBy(n int, err error, run func(*Pass) error) (met string) {
	r.t.Helper()
	f := &fault{at: n, err: err, stuck: errors.Is(err, errCrash), mu: make(chan struct{}, 1)}
	var file *fragile
	l, _, oerr := openLedger(r.dir, testKey, func(o *os.File) disk {
		info, _ := o.Stat()
		at := f.step
		if !f.stuck {
			at = func(string) error { return nil }
		}
		file = &fragile{File: o, synced: info.Size(), size: info.Size(), at: at}
		return file
	})
	if oerr == nil {
		r.src.step = func(op string) error { return f.step("source " + op) }
		r.dst.step = func(op string) error { return f.step("target " + op) }
		p := &Pass{Source: r.src, Target: r.dst, Ledger: l, Options: r.o, Sleep: noSleep}
		rerr := run(p)
		r.src.step, r.dst.step = nil, nil
		if f.met == "" && rerr != nil {
			r.t.Fatalf("step %d: no fault, but %v", n, rerr)
		}
		if f.met != "" && !f.stuck && rerr != nil {
			r.t.Fatalf("step %d (%s): a lost connection ended the pass: %v", n, f.met, rerr)
		}
		if !f.stuck {
			l.Close()
			return f.met
		}
	}
	if f.met != "" {
		file.mu.Lock()
		defer file.mu.Unlock()
		lost := file.size - file.synced
		os.Truncate(filepath.Join(r.dir, ledgerName(testKey.Address)), file.synced+lost*int64(n%4)/3)
	}
	file.File.Close()
	return f.met
}

// mixed is a mailbox with all that makes copying hard.
func mixed(t testing.TB, uidPlus, alter bool) *rig {
	r := newRig(t)
	r.dst.noUIDPlus = !uidPlus
	r.src.deliver("INBOX", "a: dup\r\n\r\n", imap.FlagSeen)
	r.src.deliver("INBOX", "a: dup\r\n\r\n")
	r.src.deliver("INBOX", "a: 1\r\n\r\nno end", imap.FlagFlagged, "$key")
	r.src.deliver("INBOX", "a: 2\r\n\r\n")
	r.src.deliver("INBOX", "a: dup\r\n\r\n")
	r.src.deliver("Sub/Box", "a: 1\r\n\r\n", imap.FlagSeen)
	r.src.deliver("Sub/Box", "a: big\r\n\r\n"+strings.Repeat("z", spoolLimit)+"\r\n")
	r.src.deliver("Sub/Box", "a: 3\r\n\r\n")
	r.src.folders["Sub/Box"].Subscribed = true
	r.dst.deliver("INBOX", "own: mail\r\n\r\n")
	if alter {
		r.dst.alter = func(s string) string { return strings.TrimSuffix(s, "\r\n") + "\r\n" }
	}
	return r
}

// settled is what the target must hold in the end, folded as the target
// alters it.
func (r *rig) settled() []string {
	all := []string{}
	for _, s := range r.src.shape() {
		if r.dst.alter != nil {
			s = strings.Replace(s, `no end"`, `no end\r\n"`, 1)
		}
		all = append(all, s)
	}
	return all
}

// final runs passes until nothing is left, and compares.
func (r *rig) final(what string) {
	r.t.Helper()
	if _, err := r.try(); err != nil {
		r.t.Fatalf("%s: %v", what, err)
	}
	appends := r.dst.appends
	if tally, err := r.try(); err != nil || r.dst.appends != appends || tally.Copied+tally.Adopted != 0 {
		r.t.Fatalf("%s: a second pass had work: %+v, %v", what, tally, err)
	}
	r.dst.remove("INBOX", 1) // the target's own mail
	var got []string
	for _, s := range r.dst.shape() {
		if s != "Sub/ subscribed=false" {
			got = append(got, s)
		}
	}
	if d := cmp.Diff(r.settled(), got); d != "" {
		r.t.Fatalf("%s: lost or doubled (-source +target): %s", what, d)
	}
}

func TestBrokenAtEveryStep(t *testing.T) {
	faults := map[string]error{"crash": errCrash, "gone": gone("test")}
	for name, err := range faults {
		for i := range 6 {
			uidPlus, alter, plain := i&1 == 0, i&2 != 0, i < 4
			t.Run(fmt.Sprintf("%s uidplus=%v alter=%v plain=%v", name, uidPlus, alter, plain), func(t *testing.T) {
				kinds := map[string]bool{}
				for n := 1; ; n++ {
					r := mixed(t, uidPlus || !plain, alter)
					r.src.plain, r.dst.plain = plain, plain
					met := r.broken(n, err)
					kinds[met] = true
					r.final(fmt.Sprintf("step %d, %s", n, met))
					if met == "" {
						break
					}
				}
				t.Logf("%v", slices.Sorted(maps.Keys(kinds)))
				if len(kinds) < 15 {
					t.Errorf("only these were tried: %v", kinds)
				}
			})
		}
	}
}

func TestBrokenTwice(t *testing.T) {
	for n := 3; n < 80; n += 5 {
		for m := 3; m < 60; m += 7 {
			r := mixed(t, n%4 == 1, true)
			r.src.plain = m%2 == 0
			met := r.broken(n, errCrash)
			again := r.broken(m, errCrash)
			r.final(fmt.Sprintf("steps %d, %d: %s, %s", n, m, met, again))
		}
	}
}

// TestAnyHistory lets mail arrive, flags change and passes break in any
// order; in the end the target holds the source's mail, each message once.
func TestAnyHistory(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t)
		r.dst.noUIDPlus = rapid.Bool().Draw(rt, "without UIDPLUS")
		r.src.plain = rapid.Bool().Draw(rt, "nothing goes ahead")
		r.src.noCondstore = rapid.Bool().Draw(rt, "without CONDSTORE")
		folders := []string{"INBOX", "A", "A/B"}
		flags := rapid.SliceOfDistinct(rapid.SampledFrom([]imap.Flag{imap.FlagSeen, imap.FlagFlagged, "$k"}), func(f imap.Flag) imap.Flag { return f })
		for range rapid.IntRange(1, 12).Draw(rt, "events") {
			path := rapid.SampledFrom(folders).Draw(rt, "folder")
			f := r.src.folder(path)
			switch rapid.IntRange(0, 5).Draw(rt, "event") {
			case 0, 1:
				for range rapid.IntRange(1, 4).Draw(rt, "arrive") {
					r.src.deliver(path, "a: "+rapid.SampledFrom([]string{"x", "y", "z"}).Draw(rt, "body")+"\r\n\r\n", flags.Draw(rt, "flags")...)
				}
			case 2:
				if len(f.msgs) > 0 {
					r.src.setFlags(path, rapid.SampledFrom(f.msgs).Draw(rt, "message").uid, flags.Draw(rt, "flags")...)
				}
			case 3:
				r.broken(rapid.IntRange(1, 60).Draw(rt, "step"), rapid.SampledFrom([]error{errCrash, gone("test")}).Draw(rt, "fault"))
			case 5:
				r.dst.folder(path).validity += 10 // the target counts anew
			case 4:
				for _, m := range f.msgs { // the source counts anew
					m.uid += 10
				}
				f.next, f.validity, f.modSeq = f.next+10, f.validity+1, f.modSeq+1
			}
		}
		if _, err := r.try(); err != nil {
			rt.Fatal(err)
		}
		r.try()
		if d := cmp.Diff(bodies(r.src), bodies(r.dst)); d != "" {
			rt.Fatalf("lost or doubled (-source +target): %s", d)
		}
	})
}

// bodies counts what is in each folder, without flags.
func bodies(s *memStore) map[string]int {
	n := map[string]int{}
	for p, f := range s.folders {
		for _, m := range f.msgs {
			n[p+" "+m.body]++
		}
	}
	return n
}

// A flag that changed between the crash and the next pass must reach a message
// whose answer was lost.
func TestFlagsAfterALostAnswer(t *testing.T) {
	for n := 1; ; n++ {
		r := newRig(t)
		for i := range 3 {
			r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i), imap.FlagSeen, imap.FlagDraft)
		}
		met := r.broken(n, errCrash)
		for uid := range 3 {
			r.src.setFlags("INBOX", uint32(uid+1), imap.FlagFlagged, imap.FlagSeen)
		}
		if _, err := r.try(); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(r.src.shape(), r.dst.shape()); d != "" {
			t.Fatalf("step %d, %s: %s", n, met, d)
		}
		if met == "" {
			break
		}
	}
}

// What was at the target before us keeps a person's flags, also when a crash
// left open whether we sent that message.
func TestAdoptedFlagsAfterACrash(t *testing.T) {
	for n := 1; ; n++ {
		r := newRig(t)
		for i := range 3 {
			r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i), imap.FlagSeen)
		}
		r.dst.deliver("INBOX", "a: 1\r\n\r\n", imap.FlagFlagged)
		met := r.broken(n, errCrash)
		if _, err := r.try(); err != nil {
			t.Fatal(err)
		}
		if got := r.dst.folders["INBOX"].msgs; len(got) != 3 || !cmp.Equal(got[0].flags, []imap.Flag{imap.FlagFlagged}) {
			t.Fatalf("step %d, %s: %d messages, flags %v", n, met, len(got), got[0].flags)
		}
		if met == "" {
			break
		}
	}
}

func TestQuarantineSurvivesACrash(t *testing.T) {
	for n := 1; ; n++ {
		r := newRig(t)
		for i := range 4 {
			r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i), "$key")
		}
		r.dst.refuse = func(it *Item, body string) *Refusal {
			if strings.HasPrefix(body, "a: 2") {
				return &Refusal{Text: "no", Bad: len(it.Flags) > 0}
			}
			return nil
		}
		met := r.broken(n, errCrash)
		tally, err := r.try()
		if err != nil {
			t.Fatal(n, met, err)
		}
		files, _ := filepath.Glob(filepath.Join(r.o.Quarantine, "*.eml"))
		if len(r.dst.folders["INBOX"].msgs) != 3 || len(files) != 1 {
			t.Fatalf("step %d, %s: %+v, files %v", n, met, tally, files)
		}
		if b, _ := os.ReadFile(files[0]); !bytes.Equal(b, []byte("a: 2\r\n\r\n")) {
			t.Fatalf("kept %q", b)
		}
		if met == "" {
			break
		}
	}
}
