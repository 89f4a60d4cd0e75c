package mailstore_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore"
	"github.com/mxmove/mxmove/providers/memory/imapd"
	"github.com/mxmove/mxmove/providers/providertest/suite"
)

// fakeTime moves only by sleeping. A sleep is a little of real time, too: the
// server's side of a connection that was dropped needs some to end.
type fakeTime struct {
	mu    sync.Mutex
	at    time.Time
	slept time.Duration
}

func (c *fakeTime) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *fakeTime) sleep(ctx context.Context, d time.Duration) error {
	time.Sleep(min(d/5, 100*time.Millisecond)) // what a server still does goes on meanwhile
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.slept = c.at.Add(d), c.slept+d
	return ctx.Err()
}

func (h *inProcess) at(c *fakeTime) *mailstore.Store {
	return mailstore.New(mailstore.Options{
		Spec: h.spec, Secrets: config.NewSecrets(h.state, func(string) string { return goodPassword }, nil), SpecDir: h.state, Lineage: "test",
		Ledger: filepath.Join(h.state, "ledger"), Quarantine: filepath.Join(h.state, "quarantine"), Now: c.now, Sleep: c.sleep,
	})
}

func (h *inProcess) try(world *mailstore.Store, address string) (planner.Tally, error) {
	for _, step := range planner.Build(h.spec, planner.Snapshot{At: time.Now()}, time.Now()).Steps {
		if step.Op.Subject() == address {
			return world.Do(context.Background(), step.Op, make(chan struct{}), func(planner.Progress) {})
		}
	}
	return planner.Tally{}, errors.New("no step for " + address)
}

// A copy takes as long as the slower side's rate allows.
func TestACopyKeepsToTheRate(t *testing.T) {
	t.Parallel()
	for _, side := range []string{"source", "target"} {
		h := newInProcess(t)
		limits := &h.spec.Source.IMAP.Limits
		if side == "target" {
			limits = &h.spec.Target.IMAP.Limits
		}
		limits.Hours = []config.Hours{{From: "00:00", To: "24:00", Rate: 10_000}}
		u, size := h.user(suite.Source, "alice@acme.test"), 0
		for i := range 40 {
			body := fmt.Appendf(nil, "Message-ID: <m%d@acme.test>\r\n\r\n%5000d\r\n", i, i)
			u.Add(imapd.Message{Date: time.Unix(1.7e9, 0), Body: body}, "INBOX")
			size += len(body)
		}
		c := &fakeTime{at: time.Date(2026, 12, 3, 9, 0, 0, 0, time.UTC)}
		tally, err := h.try(h.at(c), "alice@acme.test")
		if err != nil || tally.Copied != 40 {
			t.Fatalf("%+v, %v", tally, err)
		}
		due := time.Duration(size) * time.Second / 10_000
		if c.slept < due-time.Second-time.Millisecond || c.slept > due {
			t.Errorf("%s: %d octets at 10,000 a second waited %v, due %v", side, size, c.slept, due)
		}
	}
}

// What a server asks of one account is told with its end, keeps everybody from
// asking that account earlier, and concerns no other.
func TestAHintIsObeyed(t *testing.T) {
	t.Parallel()
	h := newInProcess(t)
	h.fill("alice", 5)
	h.fill("bob", 5)
	c := &fakeTime{at: time.Now()}
	world := h.at(c)
	h.servers[suite.Source].Fail(imapd.Fault{Login: "alice@acme.test", Command: "UID FETCH", Act: imapd.Refuse,
		Text: "Request is throttled. Suggested Backoff Time: 299961 milliseconds"})
	var f *planner.Fault
	if _, err := h.try(world, "alice@acme.test"); !errors.As(err, &f) || f.Class != planner.Throttled || f.Wait != 299961*time.Millisecond {
		t.Fatalf("%v", err)
	}
	before := h.servers[suite.Source].Count("alice@acme.test", "LOGIN")
	c.sleep(t.Context(), time.Minute)
	if _, err := h.try(world, "alice@acme.test"); !errors.As(err, &f) || f.Wait != 239961*time.Millisecond {
		t.Errorf("asked a minute later: %v, %v", err, f.Wait)
	}
	if got := h.servers[suite.Source].Count("alice@acme.test", "LOGIN"); got != before {
		t.Errorf("%d sign-ins before the time", got-before)
	}
	if tally, err := h.try(world, "bob@acme.test"); err != nil || tally.Copied != 5 {
		t.Errorf("bob: %+v, %v", tally, err)
	}
	c.sleep(t.Context(), 4*time.Minute)
	if tally, err := h.try(world, "alice@acme.test"); err != nil || tally.Copied+tally.Adopted != 5 {
		t.Errorf("afterwards: %+v, %v", tally, err)
	}
}

// A server that starts anew in the middle of a copy is waited for.
func TestAServerThatStartsAnewIsWaitedFor(t *testing.T) {
	h := newInProcess(t)
	h.fill("alice", 5)
	h.servers[suite.Target].Fail(imapd.Fault{Command: "APPEND", After: 2, Act: imapd.DropAfter})
	h.servers[suite.Target].Fail(imapd.Fault{Command: "LOGIN", After: 1, Act: imapd.DropBefore})
	tally, err := h.try(h.at(&fakeTime{at: time.Now()}), "alice@acme.test")
	if err != nil || tally.Copied+tally.Adopted != 5 {
		t.Errorf("%+v, %v", tally, err)
	}
	if got := len(h.user(suite.Target, "alice@acme.test").Messages("INBOX")); got != 5 {
		t.Errorf("%d messages at the target", got)
	}
}

// "Too many connections" lowers what is asked of the server, and is no fault
// of the account.
func TestCrowdedIsLearnt(t *testing.T) {
	h := newInProcess(t)
	h.servers[suite.Source].Fail(imapd.Fault{Command: "LOGIN", Act: imapd.Refuse, Text: "[UNAVAILABLE] Too many connections from your host"})
	world := open(h.spec, h.state)
	var f *planner.Fault
	if _, err := h.try(world, "alice@acme.test"); !errors.As(err, &f) || f.Class != planner.Crowded {
		t.Fatalf("%v", err)
	}
	var wg sync.WaitGroup
	most := make(chan struct{}, 1) // the one that the server is known to bear
	for _, m := range h.spec.Roster.Mailboxes {
		wg.Go(func() {
			_, err := world.Verify(t.Context(), m.Address, func(planner.Progress) {
				select {
				case most <- struct{}{}:
					time.Sleep(time.Millisecond)
					<-most
				default:
					t.Error("two at once")
				}
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
