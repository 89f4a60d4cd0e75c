package transfer

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
)

// manyMails is a mailbox of n small messages that are made when asked for:
// the mailbox itself takes no memory.
type manyMails struct {
	vStore
	n      int
	folder string
	less   uint32 // every such message is not there; 0: none
	look   func() // at each message
}

func (s *manyMails) Folders(context.Context) ([]Folder, error) {
	f := listed(s.folder)[0]
	f.Status = Status{Known: true, Messages: uint32(s.n), UIDValidity: 7, UIDNext: uint32(s.n) + 1}
	return []Folder{f}, nil
}

func (s *manyMails) Open(context.Context) (Target, error) { return &manyConn{store: s}, nil }

type manyConn struct {
	vConn
	store *manyMails
}

func (c *manyConn) Examine(context.Context, Folder) (Opened, error) {
	return Opened{Status: Status{UIDValidity: 7}}, nil
}

func (c *manyConn) Select(context.Context, Folder) (Opened, error) {
	return c.Examine(context.Background(), Folder{})
}

func (c *manyConn) item(uid uint32) Item {
	return Item{UID: uid, Flags: []imap.Flag{imap.FlagSeen}, Date: vDay.Add(time.Duration(uid) * time.Second)}
}

func (c *manyConn) Scan(_ context.Context, from uint32, _ uint64, each func(Item) error) error {
	for uid := from; uid <= uint32(c.store.n); uid++ {
		if less := c.store.less; less > 0 && uid%less == 0 {
			continue
		}
		if err := each(c.item(uid)); err != nil {
			return err
		}
	}
	return nil
}

func (c *manyConn) Fetch(_ context.Context, uids []uint32, each func(Item) error) ([]uint32, error) {
	for _, uid := range uids {
		it := c.item(uid)
		body := fmt.Sprintf("Subject: %d\r\n\r\n%d\r\n", uid, uid)
		it.Size, it.Body = int64(len(body)), strings.NewReader(body)
		if err := each(it); err != nil {
			return nil, err
		}
		c.store.look()
	}
	return nil, nil
}

// scale weighs what lives on the heap from time to time.
type scale struct {
	mu           sync.Mutex
	every, count int
	before, peak uint64
}

func newScale(every int) *scale {
	s := &scale{every: every}
	s.before = weigh()
	return s
}

func weigh() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func (s *scale) look() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.count++; s.count%s.every == 0 {
		s.peak = max(s.peak, weigh())
	}
}

func (s *scale) most() uint64 { return max(s.peak, s.before) - s.before }

// weighingEvidence places every message, and looks when it is asked.
type weighingEvidence struct{ *scale }

func (e weighingEvidence) Fate(_ string, _, uid uint32) (Fate, bool) {
	e.look()
	return Fate{UIDValidity: 7, UID: uid}, true
}

func (e weighingEvidence) Passed(string) (Passed, bool) { return Passed{}, false }

// verifyMany compares n messages in source with n in target, of which some are
// not there, and tells the most memory that it held.
func verifyMany(t testing.TB, n int, source, target string, less uint32) (*Report, uint64) {
	t.Helper()
	dir := t.TempDir()
	s := newScale(n / 4)
	r, err := Verify(t.Context(), VerifyInput{Scratch: dir, Evidence: weighingEvidence{s},
		Source: &manyMails{n: n, folder: source, look: s.look}, Target: &manyMails{n: n, folder: target, less: less, look: s.look}})
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%d files are left", len(left))
	}
	return r, s.most()
}

// What verify holds does not grow with the mail: of what is the same, of what
// is lost, and of what was moved into another folder.
func TestVerifyInBoundedMemory(t *testing.T) {
	const few, many, bound = 20_000, 100_000, 16 << 20
	for _, c := range []struct {
		name, source, target string
		less                 uint32
		want                 func(n int) Counts
	}{
		{"the same", "A", "A", 0, func(n int) Counts { return Counts{Source: n, Target: n, Proven: n} }},
		{"every second lost", "A", "A", 2, func(n int) Counts { return Counts{Source: n, Target: n / 2, Proven: n / 2, Explained: n / 2} }},
		{"all moved", "A", "B", 0, func(n int) Counts { return Counts{Source: n, Target: n, Explained: n} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			held := map[int]uint64{}
			for _, n := range []int{few, many} {
				r, most := verifyMany(t, n, c.source, c.target, c.less)
				if r.Counts != c.want(n) {
					t.Errorf("of %d: %+v", n, r.Counts)
				}
				held[n] = most
			}
			t.Logf("%d held %d KiB, %d held %d KiB", few, held[few]>>10, many, held[many]>>10)
			if held[many] > bound || held[many] > held[few]+held[few]/2+2<<20 {
				t.Errorf("%d messages held %d KiB, %d held %d KiB", few, held[few]>>10, many, held[many]>>10)
			}
		})
	}
}

// BenchmarkVerify is of small messages; what servers do is not in it.
func BenchmarkVerify(b *testing.B) {
	const n = 20_000
	look := func() {}
	for b.Loop() {
		r, err := Verify(b.Context(), VerifyInput{Scratch: b.TempDir(),
			Source: &manyMails{n: n, folder: "A", look: look}, Target: &manyMails{n: n, folder: "A", look: look}})
		if err != nil || r.Counts.Proven != n {
			b.Fatal(err, r.Counts)
		}
	}
	b.ReportAllocs()
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}
