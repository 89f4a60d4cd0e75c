package mailstore_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore"
	"github.com/mxmove/mxmove/providers/memory/imapd"
	"github.com/mxmove/mxmove/providers/providertest/suite"
)

var verifyMails = flag.Int("verify-mails", 5_000, "how many messages TestVerifyOfVeryMany compares")

// mostHeld is what verify may hold of a mailbox of any size that it reads over
// the wire from two servers.
const mostHeld = 64 << 20

// However many messages there are, verify reads them all and holds little.
func TestVerifyOfVeryMany(t *testing.T) {
	h := newInProcess(t)
	const address = "alice@acme.test"
	for i := range *verifyMails {
		m := imapd.Message{Date: time.Unix(1.7e9+int64(i), 0), Body: fmt.Appendf(nil, "Message-ID: <m%d@acme.test>\r\n\r\n%d\r\n", i, i/2*2)}
		h.user(suite.Source, address).Add(m, "INBOX")
		if i != *verifyMails/2 {
			h.user(suite.Target, address).Add(m, "INBOX")
		}
	}
	scratch := filepath.Join(h.state, "scratch")
	world := mailstore.New(mailstore.Options{
		Spec: h.spec, Secrets: config.NewSecrets(h.state, func(string) string { return goodPassword }, nil), SpecDir: h.state, Lineage: "test", Version: "test",
		Ledger: filepath.Join(h.state, "ledger"), Scratch: scratch, Now: time.Now,
	})
	before, began := lives(), time.Now()
	peak, read, every := before, 0, *verifyMails/4
	report, err := world.Verify(t.Context(), address, func(planner.Progress) {
		if read++; read%every == 0 {
			peak = max(peak, lives())
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	peak = max(peak, lives())
	t.Logf("%d messages on both sides in %v, %d KiB held", *verifyMails, time.Since(began).Round(time.Millisecond), (peak-before)>>10)
	if c := report.Counts; c.Source != *verifyMails || c.Proven != *verifyMails-1 || c.Behind+c.Unexplained != 1 || read != 2**verifyMails-1 {
		t.Errorf("%+v, %d bodies", c, read)
	}
	if peak-before > mostHeld {
		t.Errorf("held %d MiB, at most %d", (peak-before)>>20, mostHeld>>20)
	}
	if left, _ := os.ReadDir(scratch); len(left) > 0 {
		t.Errorf("%d files are left", len(left))
	}
}

func lives() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
