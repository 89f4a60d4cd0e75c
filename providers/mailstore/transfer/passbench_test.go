package transfer

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
)

// off is a ledger's file that keeps nothing.
type off struct{}

func (off) ReadAt([]byte, int64) (int, error) { return 0, io.EOF }
func (off) Write(b []byte) (int, error)       { return len(b), nil }
func (off) Sync() error                       { return nil }
func (off) Close() error                      { return nil }

// BenchmarkPass copies between two stores in memory, with the ledger on disk
// and without: what lies between the two is all that it costs.
func BenchmarkPass(b *testing.B) {
	for name, wrap := range map[string]func(*os.File) disk{
		"ledger":    func(f *os.File) disk { return f },
		"no ledger": func(f *os.File) disk { f.Close(); return off{} },
	} {
		b.Run(name, func(b *testing.B) {
			r := newRig(b)
			for i := range 5000 {
				r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n%s", i, strings.Repeat("x", 12<<10)), imap.FlagSeen)
			}
			b.ReportAllocs()
			for b.Loop() {
				r.dst = newMem("INBOX")
				l, _, err := openLedger(b.TempDir(), testKey, wrap)
				if err == nil {
					_, err = (&Pass{Source: r.src, Target: r.dst, Ledger: l, Sleep: noSleep}).Run(b.Context())
					err = errors.Join(err, l.Close())
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(5000*b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}
