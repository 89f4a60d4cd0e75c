package memory_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func messageID(body []byte) string {
	_, rest, _ := strings.Cut(string(body), "Message-ID: <")
	id, _, _ := strings.Cut(rest, ">")
	return id
}

func mail(n int) memory.Message {
	return memory.Message{Body: fmt.Appendf(nil, "Message-ID: <%d>\r\n\r\nhello", n), Date: clock().AddDate(0, 0, -n)}
}

func op(spec *config.Spec, address string) planner.Op {
	for _, s := range planner.Build(spec, planner.Snapshot{}, time.Time{}).Steps {
		if s.Op.Subject() == address {
			return s.Op
		}
	}
	return nil
}

const alice = "alice@acme.test"

func run(t testing.TB, w *memory.World, spec *config.Spec) (planner.Tally, error) {
	return w.Do(t.Context(), op(spec, alice), make(chan struct{}), func(planner.Progress) {})
}

// Whichever call fails, before or after its effect, the next run completes
// the copy and nothing is doubled.
func TestEveryFailureIsResumed(t *testing.T) {
	make20 := func() (*memory.World, *config.Spec) {
		spec := acme("alice")
		w := memory.New(spec, clock)
		for n := range 20 {
			w.Deliver(memory.Source, alice, []string{"INBOX", "A/B"}[n%2], mail(n%17)) // three exact duplicates
		}
		return w, spec
	}
	clean, spec := make20()
	clean.Fail(alice)
	if _, err := run(t, clean, spec); err != nil {
		t.Fatal(err)
	}
	want := bodies(clean)
	for call := 1; call <= clean.Calls(alice); call++ {
		for _, lost := range []bool{false, true} {
			w, spec := make20()
			w.Fail(alice, memory.Failure{Call: call, Lost: lost})
			first, err := run(t, w, spec)
			f := (*planner.Fault)(nil)
			if !errors.As(err, &f) || f.Class != planner.Gone {
				t.Fatalf("call %d: error %v, want a fault of class gone", call, err)
			}
			second, err := run(t, w, spec)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, bodies(w)); diff != "" {
				t.Errorf("call %d, lost %v (-want +got):\n%s", call, lost, diff)
			}
			if n := first.Copied + second.Copied + second.Adopted; n != 20 {
				t.Errorf("call %d, lost %v: copied %d, then %d and adopted %d", call, lost, first.Copied, second.Copied, second.Adopted)
			}
		}
	}
}

func bodies(w *memory.World) map[string]int {
	n := map[string]int{}
	for path, messages := range w.Dump(memory.Target, alice) {
		for _, m := range messages {
			n[path+" "+string(m.Body)]++
		}
	}
	return n
}

// For every plan and every course of events, what is built later is never
// beyond the plan, and in the end nothing has work.
func TestPlansStand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := acme("alice", "bob")
		w := memory.New(spec, clock)
		records := map[planner.StepID]planner.Record{}
		plan := build(t, w, spec, records)
		for i := range rapid.IntRange(1, 12).Draw(t, "events") {
			address := spec.Roster.Mailboxes[rapid.IntRange(0, 1).Draw(t, "who")].Address
			event(t, w, spec, records, address, i)
			now := build(t, w, spec, records)
			if beyond := planner.Beyond(now, plan); len(beyond) > 0 || len(now.Steps) != len(plan.Steps) {
				t.Fatalf("steps changed: beyond %v", beyond)
			}
		}
		for _, row := range spec.Roster.Mailboxes {
			w.Fail(row.Address)
			carryOut(t, w, spec, records, row.Address)
		}
		for _, s := range build(t, w, spec, records).Steps {
			if s.Work {
				t.Fatalf("%s still has work", s.ID)
			}
		}
	})
}

func event(t *rapid.T, w *memory.World, spec *config.Spec, records map[planner.StepID]planner.Record, address string, i int) {
	switch rapid.SampledFrom([]string{"mail", "flags", "gone", "fail", "pass"}).Draw(t, "event") {
	case "mail":
		w.Deliver(memory.Source, address, rapid.SampledFrom([]string{"INBOX", "X", "X/Y"}).Draw(t, "folder"), mail(i))
	case "flags":
		w.ChangeFlags(memory.Source, address, "INBOX", 1, rapid.SampledFrom([]string{`\Seen`, `\Flagged`, "kw"}).Draw(t, "flag"))
	case "gone":
		w.Remove(memory.Source, address, "INBOX", 1)
	case "fail":
		w.Fail(address, memory.Failure{Call: rapid.IntRange(1, 6).Draw(t, "call"), Lost: rapid.Bool().Draw(t, "lost")})
		carryOut(t, w, spec, records, address)
	case "pass":
		carryOut(t, w, spec, records, address)
	}
}

func carryOut(t *rapid.T, w *memory.World, spec *config.Spec, records map[planner.StepID]planner.Record, address string) {
	o := op(spec, address)
	r := records[planner.IDOf(o)]
	r.Step, r.Intent, r.Failed = planner.IDOf(o), r.Intent+2, nil
	tally, err := w.Do(context.Background(), o, make(chan struct{}), func(planner.Progress) {})
	r.Tally.Copied += tally.Copied
	if err == nil {
		r.Outcome = r.Intent
	} else if !errors.As(err, &r.Failed) {
		t.Fatal(err)
	}
	records[r.Step] = r
}

func build(t *rapid.T, w *memory.World, spec *config.Spec, records map[planner.StepID]planner.Record) *planner.Plan {
	s, err := w.Observe(context.Background(), planner.Signed)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		s.Records = append(s.Records, r)
	}
	return planner.Build(spec, s, clock())
}

func TestRefusedMessagesAreCountedAndOthersGoOn(t *testing.T) {
	spec := acme("alice")
	w := memory.New(spec, clock)
	for n := range 3 {
		w.Deliver(memory.Source, alice, "INBOX", mail(n))
	}
	w.Refuse(alice, mail(1).Body)
	tally, err := run(t, w, spec)
	if err != nil || tally.Copied != 2 || tally.Refused != 1 {
		t.Fatalf("tally %+v, error %v; want 2 copied, 1 refused", tally, err)
	}
	s, err := w.Observe(t.Context(), planner.Recorded)
	if err != nil {
		t.Fatal(err)
	}
	if m := s.Mailboxes[0]; m.State != planner.Partial || m.Quarantined != 1 || m.Behind != (planner.Gap{}) {
		t.Errorf("state %s, quarantined %d, behind %+v; want partial, 1, nothing", m.State, m.Quarantined, m.Behind)
	}
	if again, err := run(t, w, spec); err != nil || again.Refused != 0 {
		t.Errorf("the second run tried it again: %+v, %v", again, err)
	}
}

func TestSpecIsObeyed(t *testing.T) {
	spec := acme("alice")
	spec.History.Since = "2026-12-01"
	spec.History.Skip = []string{"Junk"}
	spec.History.Map = map[string]string{"Sent Items": "Sent"}
	w := memory.New(spec, clock)
	w.Deliver(memory.Source, alice, "INBOX", mail(0))
	w.Deliver(memory.Source, alice, "INBOX", mail(30)) // older than since
	w.Deliver(memory.Source, alice, "Junk", mail(0))
	w.Deliver(memory.Source, alice, "Sent Items", mail(1))
	tally, err := run(t, w, spec)
	if err != nil || tally.Copied != 2 || tally.Skipped != 2 {
		t.Fatalf("tally %+v, error %v; want 2 copied, 2 skipped", tally, err)
	}
	want := map[string]int{"INBOX " + string(mail(0).Body): 1, "Sent " + string(mail(1).Body): 1}
	if diff := cmp.Diff(want, bodies(w)); diff != "" {
		t.Error(diff)
	}
}

func TestSlowWorldsHeedTheContext(t *testing.T) {
	spec := acme("alice")
	w := memory.New(spec, clock)
	w.Slow(time.Hour)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := w.Do(ctx, op(spec, alice), make(chan struct{}), func(planner.Progress) {})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the context's", err)
	}
}

// Two passes over one mailbox at once come out as one after the other.
func TestConcurrentUse(t *testing.T) {
	spec := acme("alice", "bob", "carol")
	w := memory.New(spec, clock)
	for _, row := range spec.Roster.Mailboxes {
		for n := range 30 {
			w.Deliver(memory.Source, row.Address, "INBOX", mail(n))
		}
	}
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			o := op(spec, spec.Roster.Mailboxes[i%3].Address)
			if _, err := w.Do(t.Context(), o, make(chan struct{}), func(planner.Progress) {}); err != nil {
				t.Error(err)
			}
			if _, err := w.Observe(t.Context(), planner.Signed); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, row := range spec.Roster.Mailboxes {
		if n := len(w.Dump(memory.Target, row.Address)["INBOX"]); n != 30 {
			t.Errorf("%s: %d messages, want 30", row.Address, n)
		}
	}
}

func TestDumpIsACopy(t *testing.T) {
	spec := acme("alice")
	w := memory.New(spec, clock)
	w.Deliver(memory.Source, alice, "INBOX", mail(1))
	w.Dump(memory.Source, alice)["INBOX"][0].Body[0] = 'X'
	if got := w.Dump(memory.Source, alice)["INBOX"][0].Body; !bytes.Equal(got, mail(1).Body) {
		t.Errorf("the world was changed through a dump: %q", got)
	}
}
