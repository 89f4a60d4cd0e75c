package transfer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/mxmove/mxmove/planner"
)

// full is a ledger's file on a disk that gets full: half of a record is
// written, and then nothing more. The two stores work on.
type full struct {
	*os.File
	writes *int
	sync   bool // ... or the disk gives an error when it is to be synced
}

func (f full) Write(b []byte) (int, error) {
	if *f.writes--; *f.writes < 0 && !f.sync {
		n, _ := f.File.Write(b[:len(b)/2])
		return n, &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
	}
	return f.File.Write(b)
}

func (f full) Sync() error {
	if *f.writes < 0 && f.sync {
		return syscall.EIO
	}
	return f.File.Sync()
}

func TestDiskFullAtEveryWrite(t *testing.T) {
	for i := range 4 {
		for n := 0; ; n++ {
			r := mixed(t, i&1 == 0, true)
			left := n
			l, _, err := openLedger(r.dir, testKey, func(f *os.File) disk { return full{f, &left, i&2 != 0} })
			if err == nil {
				_, err = (&Pass{Source: r.src, Target: r.dst, Ledger: l, Options: r.o, Sleep: noSleep}).Run(t.Context())
				if left < 0 && !isClass(err, planner.Internal) {
					t.Fatalf("write %d: %v", n, err)
				}
				l.Close()
			}
			r.final(fmt.Sprintf("write %d", n))
			if left >= 0 {
				break
			}
		}
	}
}

// Without its ledger a pass recognises all that is there, altered or not, and
// what was refused is refused again.
func TestLedgerDeletedOrCutOff(t *testing.T) {
	for i := range 8 {
		r := mixed(t, i&1 == 0, true)
		if i&2 != 0 {
			r.dst.alter = func(s string) string { return strings.ReplaceAll(s, "\xe9", "X") } // Cyrus
		}
		r.src.deliver("INBOX", "a: caf\xe9\r\n\r\n")
		r.src.deliver("INBOX", "a: caf\xe9\r\n\r\n")
		r.src.deliver("INBOX", "bad: 1\r\n\r\n")
		r.dst.refuse = func(_ *Item, body string) *Refusal {
			if strings.HasPrefix(body, "bad") {
				return &Refusal{Code: "TOOBIG"}
			}
			return nil
		}
		r.run(planner.Tally{Copied: 10, Refused: 1})
		path := filepath.Join(r.dir, ledgerName(testKey.Address))
		if i&4 != 0 {
			os.Truncate(path, 0)
		} else {
			os.Remove(path)
		}
		r.run(planner.Tally{Adopted: 10, Refused: 1})
		r.run(planner.Tally{})
		if files, _ := filepath.Glob(filepath.Join(r.o.Quarantine, "*.eml")); len(files) != 1 {
			t.Errorf("kept %v", files)
		}
	}
}

// A target that tells places now and then, while other mail comes in.
func TestPlacesToldNowAndThen(t *testing.T) {
	r := newRig(t)
	n := 0
	r.dst.refuse = func(*Item, string) *Refusal {
		n++
		r.dst.noUIDPlus = n%3 == 0 || n/100%2 == 1
		return nil
	}
	r.dst.step = func(op string) error {
		if op == "stored" && n%17 == 0 {
			r.dst.deliver("INBOX", "own: mail\r\n\r\n")
		}
		return nil
	}
	for i := range 700 {
		r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i%300))
	}
	r.run(planner.Tally{Copied: 700})
	r.dst.step = nil
	for i := range uint32(700) {
		if i%300 == 7 {
			r.src.setFlags("INBOX", i+1, "$seven")
		}
	}
	r.run(planner.Tally{Flags: 3})
	flagged := 0
	for _, m := range r.dst.folders["INBOX"].msgs {
		if flagged += len(m.flags); len(m.flags) > 0 && m.body != "a: 7\r\n\r\n" {
			t.Errorf("%q has %v", m.body, m.flags)
		}
	}
	if flagged != 3 {
		t.Errorf("%d flagged", flagged)
	}
}

// Twenty mailboxes with messages near the limits share one budget; some are
// stopped or cancelled while they wait for it.
func TestManyPassesShareABudget(t *testing.T) {
	defer goleak.VerifyNone(t)
	budget := NewBudget(3 << 20)
	bodies := make([]string, 6)
	for i := range bodies {
		size := spoolLimit - 100
		if i == 3 {
			size = spoolLimit + 100
		}
		bodies[i] = "a: " + strings.Repeat("x", size+i) + "\r\n\r\n"
	}
	var wg sync.WaitGroup
	for i := range 20 {
		r := newRig(t)
		r.o.Budget = budget
		for _, b := range bodies {
			r.src.deliver("INBOX", b)
		}
		ctx, cancel := context.WithCancel(t.Context())
		r.stop = make(chan struct{})
		r.dst.step = func(op string) error {
			switch time.Sleep(time.Millisecond); {
			case op == "stored" && i%4 == 1:
				cancel()
			case op == "append" && i%4 == 2 && r.stop != nil:
				close(r.stop)
				r.dst.step = nil
			case op == "stored" && i%4 == 3 && len(r.dst.folders["INBOX"].msgs)%2 == 1:
				return gone("test")
			}
			return nil
		}
		wg.Go(func() {
			defer cancel()
			_, _, _, err := r.watched(ctx)
			if i%4 == 0 && err != nil || i%4 == 1 && !errors.Is(err, context.Canceled) || i%4 == 2 && !errors.Is(err, ErrStopped) {
				t.Errorf("%d: %v", i, err)
			}
			r.dst.step, r.stop = nil, nil
			if _, err := r.try(); err != nil {
				t.Error(err)
			}
			if d := cmp.Diff(r.src.shape(), r.dst.shape()); d != "" {
				t.Error(d)
			}
		})
	}
	wg.Wait()
	if budget.free != 3<<20 {
		t.Errorf("%d of the budget are lost", 3<<20-budget.free)
	}
}

// Twenty mailboxes with messages of 50 MB, and many below the limit of what is
// held, need no more than the budget and a little.
func TestMemoryOfGiants(t *testing.T) {
	var peak uint64
	done, watched := make(chan struct{}), make(chan struct{})
	var before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	go func() {
		defer close(watched)
		for {
			select {
			case <-done:
				return
			case <-time.After(2 * time.Millisecond):
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapAlloc)
			}
		}
	}()
	budget := NewBudget(0)
	var wg sync.WaitGroup
	for range 20 {
		r := newRig(t)
		r.o.Budget, r.src.giant = budget, 50<<20
		for range 2 {
			r.src.deliver("INBOX", "giant")
			r.src.deliver("INBOX", "a: 1\r\n\r\n")
		}
		wg.Go(func() {
			if tally, err := r.try(); err != nil || tally.Copied != 4 || tally.Bytes < 100<<20 {
				t.Errorf("%+v, %v", tally, err)
			}
		})
	}
	wg.Wait()
	close(done)
	<-watched
	if held := int64(peak-before.HeapAlloc) >> 20; held > 60 {
		t.Errorf("%d MB held for 2,000 MB", held)
	} else {
		t.Logf("%d MB", held)
	}
}

// counting counts what reaches a ledger's file.
type counting struct {
	*os.File
	writes *int
}

func (c counting) Write(b []byte) (int, error) {
	*c.writes++
	return c.File.Write(b)
}

// Records reach the file in blocks, all of them with Sync; a process that dies
// loses no more than the last outcomes.
func TestLedgerWritesBlocks(t *testing.T) {
	dir, writes := t.TempDir(), 0
	l, _, err := openLedger(dir, testKey, func(f *os.File) disk { return counting{f, &writes} })
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var folders []*folderState
	for i := range 40 {
		f, err := l.bind(fmt.Sprint("F", i), 1, targetRecord{name: fmt.Sprint("F", i), uidValidity: 2}, anew{})
		if err != nil {
			t.Fatal(err)
		}
		folders = append(folders, f)
	}
	if writes > 2 {
		t.Errorf("%d writes for 40 folders", writes)
	}
	if err := l.Sync(); err != nil {
		t.Fatal(err)
	}
	for i := range 4000 {
		if err := l.placed(folders[i/100], uint32(i+1), uint32(i+1), "", 0, [32]byte{byte(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if writes > 45 {
		t.Errorf("%d writes for 4,000 outcomes", writes)
	}
	died, err := ReadLedger(dir, testKey)
	if err != nil || died.Placed() < 4000-2*pendingLimit {
		t.Errorf("%d of 4,000 last, %v", died.Placed(), err)
	}
	if err := l.Sync(); err != nil {
		t.Fatal(err)
	}
	if all, err := ReadLedger(dir, testKey); err != nil || all.Placed() != 4000 {
		t.Errorf("%d of 4,000 last after Sync, %v", all.Placed(), err)
	}
}
