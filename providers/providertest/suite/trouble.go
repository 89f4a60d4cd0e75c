package suite

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/planner"
)

// many messages are more than any world carries between two looks at stop.
const many = 400

func unknownAddressIsAFault(t *testing.T, b *bench) {
	op := b.op(b.first).(planner.CopyMailbox)
	op.Address = "nobody@nowhere.test"
	_, err := b.world.Do(t.Context(), op, make(chan struct{}), func(planner.Progress) {})
	if f := (*planner.Fault)(nil); !errors.As(err, &f) {
		t.Errorf("error %v, want a *planner.Fault", err)
	}
}

func wrongPasswordStopsOneOnly(t *testing.T, b *bench) {
	b.fill(b.first, "INBOX", 0, 3)
	b.fill(b.other, "INBOX", 3, 6)
	b.BreakPassword(b.first, true)
	b.restart()
	_, err := b.do(t.Context(), b.first, make(chan struct{}), func(planner.Progress) {})
	f := (*planner.Fault)(nil)
	if !errors.As(err, &f) || f.Class != planner.Credential {
		t.Fatalf("error %v, want a fault of class credential", err)
	}
	b.copy(b.other)
	b.same(b.other)
	s := b.observe(planner.Signed)
	broken, _ := s.Mailbox(b.first)
	if err := broken.Source.Seen.Err; err == nil || err.Class != planner.Credential {
		t.Errorf("observed %v of a source that cannot be signed in to, want a fault of class credential", err)
	}
	if fine, _ := s.Mailbox(b.other); !fine.Source.Seen.Known() || !fine.Target.Seen.Known() {
		t.Errorf("the other mailbox was not seen: %+v", fine)
	}
	b.BreakPassword(b.first, false)
	b.restart()
	b.copy(b.first)
	b.same(b.first)
}

func stopBeforeStart(t *testing.T, b *bench) {
	b.fill(b.first, "INBOX", 0, 3)
	stop := make(chan struct{})
	close(stop)
	tally, err := b.do(t.Context(), b.first, stop, func(planner.Progress) {})
	if !errors.Is(err, planner.ErrStopped) {
		t.Errorf("error %v, want planner.ErrStopped", err)
	}
	again := b.copy(b.first)
	b.same(b.first)
	if n := tally.Copied + again.Copied; n != 3 {
		t.Errorf("%d messages copied in both runs, want 3", n)
	}
}

func stopThenResume(t *testing.T, b *bench) {
	b.fill(b.first, "INBOX", 0, many)
	stop := make(chan struct{})
	var once sync.Once
	first, err := b.do(t.Context(), b.first, stop, func(p planner.Progress) {
		if p.Done > 0 {
			once.Do(func() { close(stop) })
		}
	})
	if err != nil && !errors.Is(err, planner.ErrStopped) {
		t.Fatalf("error %v, want planner.ErrStopped", err)
	}
	if err == nil && first.Copied != many {
		t.Errorf("no error, but %d of %d copied", first.Copied, many)
	}
	b.restart()
	second := b.copy(b.first)
	b.same(b.first)
	if n := first.Copied + second.Copied; n != many {
		t.Errorf("%d + %d messages copied, want %d together", first.Copied, second.Copied, many)
	}
}

func cancelThenResume(t *testing.T, b *bench) {
	b.fill(b.first, "INBOX", 0, many)
	b.fill(b.first, "Other", many, many+20)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	first, err := b.do(ctx, b.first, make(chan struct{}), func(p planner.Progress) {
		if p.Done > 0 {
			cancel()
		}
	})
	if err == nil && first.Copied != many+20 {
		t.Errorf("no error, but %d of %d copied", first.Copied, many+20)
	}
	b.restart()
	second := b.copy(b.first)
	b.same(b.first)
	if done := first.Copied + second.Copied; done > many+20 {
		t.Errorf("%d + %d messages copied: more than the %d there are", first.Copied, second.Copied, many+20)
	}
	b.restart()
	if third := b.copy(b.first); third.Copied != 0 {
		t.Errorf("the third run copied %d messages", third.Copied)
	}
}

func recordedNeverSignsIn(t *testing.T, b *bench) {
	b.fill(b.first, "INBOX", 0, 2)
	b.observe(planner.Recorded)
	if n := b.SignIns(); n != 0 {
		t.Fatalf("%d sign-ins", n)
	}
	b.copy(b.first)
	before := b.SignIns()
	if before == 0 {
		t.Fatal("the harness counts no sign-ins of a copy, so this case proves nothing")
	}
	b.restart()
	s := b.observe(planner.Recorded)
	if n := b.SignIns() - before; n != 0 {
		t.Errorf("%d sign-ins", n)
	}
	if m, _ := s.Mailbox(b.first); m.State != planner.InStep || m.Behind != (planner.Gap{}) {
		t.Errorf("by the records the mailbox is %s and behind by %+v, want in-step", m.State, m.Behind)
	}
	if m, _ := s.Mailbox(b.other); m.State != planner.NotStarted || m.Source.Seen.Known() {
		t.Errorf("a mailbox that nobody looked at is %s, seen %+v", m.State, m.Source.Seen)
	}
}

func signedCounts(t *testing.T, b *bench) {
	b.fill(b.first, "INBOX", 0, 4)
	b.fill(b.first, "A/B", 4, 7)
	s := b.observe(planner.Signed)
	if len(s.Mailboxes) != len(b.Spec().Roster.Mailboxes) {
		t.Fatalf("%d mailboxes observed, %d rows", len(s.Mailboxes), len(b.Spec().Roster.Mailboxes))
	}
	m, _ := s.Mailbox(b.first)
	if m.Source.Messages != 7 || m.Target.Messages != 0 || m.Behind.Messages != 7 || m.State != planner.NotStarted {
		t.Errorf("source %d, target %d, behind %d, %s; want 7, 0, 7, not-started",
			m.Source.Messages, m.Target.Messages, m.Behind.Messages, m.State)
	}
	if !m.Source.Seen.Known() || !m.Target.Seen.Known() || m.Source.Login == "" {
		t.Errorf("not seen: %+v", m)
	}
	b.copy(b.first)
	b.fill(b.first, "INBOX", 7, 9)
	b.restart()
	m, _ = b.observe(planner.Signed).Mailbox(b.first)
	if m.Source.Messages != 9 || m.Target.Messages != 7 || m.Behind.Messages != 2 {
		t.Errorf("source %d, target %d, behind %d; want 9, 7, 2", m.Source.Messages, m.Target.Messages, m.Behind.Messages)
	}
}

func observingWritesNothing(t *testing.T, b *bench) {
	b.fill(b.first, "INBOX", 0, 3)
	b.fill(b.first, "Only/Here", 3, 5)
	b.Put(Target, b.first, "INBOX", letter(50))
	dump := func() map[string][]line {
		all := map[string][]line{}
		for side, name := range map[Side]string{Source: "source ", Target: "target "} {
			for folder, messages := range b.Dump(side, b.first) {
				all[name+folder] = lines(messages)
			}
		}
		return all
	}
	before := dump()
	b.observe(planner.Recorded)
	b.observe(planner.Signed)
	if diff := cmp.Diff(before, dump()); diff != "" {
		t.Errorf("observing changed something (-before +after):\n%s", diff)
	}
}
