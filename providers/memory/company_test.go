package memory_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/memory"
)

func set(kind string, ttl uint32, values ...string) planner.RRset {
	return planner.RRset{Zone: "acme.test", Name: "acme.test", Type: kind, TTL: ttl, Values: values}
}

// company is a world with a tenant, a zone and a clock that can be moved.
func company(procedure string) (*memory.World, *config.Spec, *time.Time) {
	spec, now := acme("alice"), clock()
	spec.Target.Kind, spec.Target.CorpID, spec.Target.Procedure = "wecom", "wwB", procedure
	spec.Target.Archive = &config.Archive{Path: "archive"}
	spec.Roster.Mailboxes[0].TargetPassword = config.SecretRef("env:PW")
	spec.Cutover = &config.Cutover{Zones: []config.Zone{{Domain: "acme.test", MX: []string{"10 new"}}}}
	w := memory.New(spec, func() time.Time { return now })
	w.PutSet(set("MX", 3600, "10 old"))
	return w, spec, &now
}

func do(t *testing.T, w *memory.World, op planner.Op) *planner.Fault {
	t.Helper()
	_, err := w.Do(t.Context(), op, nil, nil)
	var f *planner.Fault
	if err != nil && !errors.As(err, &f) {
		t.Fatal(err)
	}
	return f
}

// Senders go on using what they cached, and the wait lasts as long.
func TestCachesOutliveASwitch(t *testing.T) {
	w, _, now := company("history")
	w.PutAccount(planner.Member{Account: "alice", Address: alice})
	if side := w.Send(alice, mail(1)); side != memory.Source {
		t.Fatalf("before the switch mail goes to the %v", side)
	}
	swap := planner.SetRecords{Old: set("MX", 0, "10 old"), New: set("MX", 0, "10 new"), In: planner.Cutover}
	if f := do(t, w, swap); f != nil {
		t.Fatal(f)
	}
	if side := w.Send(alice, mail(2)); side != memory.Source {
		t.Errorf("a cached MX is forgotten at once")
	}
	wait := planner.Wait{For: "caches", On: "acme.test"}
	if f := do(t, w, wait); f == nil || f.Wait != time.Hour {
		t.Errorf("the wait is %+v, not an hour", f)
	}
	*now = now.Add(time.Hour)
	if f := do(t, w, wait); f != nil {
		t.Error(f)
	}
	if side := w.Send(alice, mail(3)); side != memory.Target {
		t.Errorf("after the TTL mail goes to the %v", side)
	}
}

// A set is replaced only while it holds what was planned.
func TestRecordsAreComparedAndSwapped(t *testing.T) {
	w, _, _ := company("history")
	w.PutSet(set("MX", 60, "10 third"))
	f := do(t, w, planner.SetRecords{Old: set("MX", 0, "10 old"), New: set("MX", 0, "10 new")})
	if f == nil || f.Code != "memory.changed" {
		t.Errorf("fault %v", f)
	}
	if got := w.Set("acme.test", "acme.test MX").Values; !cmp.Equal(got, []string{"10 third"}) {
		t.Errorf("overwritten: %v", got)
	}
}

// A press erases, moves and counts; what no archive holds is lost.
func TestPressesDestroy(t *testing.T) {
	w, _, _ := company("merge")
	w.PutAccount(planner.Member{Account: "alice", Address: "alice@trial.test"})
	w.Deliver(memory.Source, alice, "INBOX", mail(1))
	w.Deliver(memory.Target, alice, "INBOX", mail(2))
	do(t, w, planner.ArchiveMailbox{Corp: "wwB", Address: alice})
	w.Deliver(memory.Target, alice, "INBOX", mail(3))
	press := planner.MergeTenants{From: "wwA", Into: "wwB"}
	do(t, w, press)
	do(t, w, press)
	want := memory.Tally{Erased: 2, Lost: 1, Presses: 1, Twice: 1}
	if diff := cmp.Diff(want, w.Tally()); diff != "" {
		t.Error(diff)
	}
	if n := len(w.Dump(memory.Target, alice)["INBOX"]); n != 1 || !w.Pressed(planner.IDOf(press)) {
		t.Errorf("%d messages at the target", n)
	}
}

// What is ordered to fail fails so often, before or after its effect; acts
// that are blind are not shown.
func TestFaultsAndSights(t *testing.T) {
	w, _, _ := company("history")
	ttl := planner.SetTTL{Set: set("MX", 0), New: 300}
	for _, lost := range []bool{false, true} {
		w.PutSet(set("MX", 3600, "10 old"))
		w.FailKind("set-ttl", 1, lost)
		if f := do(t, w, ttl); f == nil {
			t.Error("it did not fail")
		}
		if got := w.Set("acme.test", "acme.test MX").TTL == 300; got != lost {
			t.Errorf("lost %v: took effect %v", lost, got)
		}
		if f := do(t, w, ttl); f != nil {
			t.Error(f)
		}
	}
	shows := func() (done, seen bool) {
		s, err := w.Observe(t.Context(), planner.Signed)
		if err != nil {
			t.Fatal(err)
		}
		return planner.Shown(planner.Task{Name: "bind-domain", On: "acme.test"}, s)
	}
	if done, seen := shows(); done || !seen {
		t.Errorf("not done: done %v, seen %v", done, seen)
	}
	do(t, w, planner.Task{Name: "bind-domain", On: "acme.test"})
	if done, seen := shows(); !done || !seen {
		t.Errorf("done: done %v, seen %v", done, seen)
	}
	w.Blind("task", true)
	if _, seen := shows(); seen {
		t.Error("a blind act is shown")
	}
}

// Each kind of op is carried out, again without harm.
func TestEveryKindIsCarriedOut(t *testing.T) {
	w, spec, _ := company("history")
	w.PutAccount(planner.Member{Account: "alice", Enabled: planner.No, IMAP: planner.No, VIP: planner.No})
	ops := []planner.Op{
		planner.SetOption{Corp: "wwB", Account: "alice", Option: "imap", On: true}, planner.SetEnabled{Account: "alice", Enabled: true},
		planner.SetSeat{Account: "alice", VIP: true}, planner.PutMember{Account: "alice", Address: alice, Create: true},
		planner.PutMember{Account: "bob", Address: "bob@acme.test", Create: true},
		planner.PutShared{Address: "info@acme.test", Users: []string{"alice"}, Create: true}, planner.PutGroup{Address: "all@acme.test", Create: true},
		planner.Notify{Template: "enter-password", To: alice}, planner.Inventory{What: "tags", Corp: "wwA"}, planner.PutTags{Corp: "wwA"},
		planner.WizardCopy{Corp: "wwB", Addresses: []string{alice}}, planner.DropMailbox{Address: alice}, planner.RemovePlaced{Address: alice, AtMost: planner.Radius{Messages: 9}}, planner.HoldDirectory{Domain: "acme.test"},
		planner.FinishWizard{Corp: "wwB"}, planner.ProbeMX{Domain: "acme.test", Addresses: []string{alice}}, planner.Canary{Domain: "acme.test"},
		planner.CanaryOut{Domain: "acme.test", Message: "<1@acme.test>"}, planner.CanaryArrival{Domain: "acme.test", Message: "<1@acme.test>"},
		planner.Compare{What: "members"}, planner.MoveCustomers{From: "wwA", Into: "wwB"}, planner.UpgradeTenant{From: "wwA", Into: "wwB"},
		planner.Restore{Op: planner.SetOption{Account: "bob", Option: "imap"}}, planner.Wait{For: "authoritative", On: "acme.test"},
	}
	if f := do(t, w, planner.CanaryArrival{Domain: "acme.test", Message: "<1@acme.test>"}); f == nil {
		t.Error("a mail that nobody sent has arrived")
	}
	w.Deliver(memory.Source, alice, "INBOX", mail(1))
	for _, op := range ops {
		for range 2 {
			if f := do(t, w, op); f != nil {
				t.Errorf("%s: %v", op.Kind(), f)
			}
		}
	}
	s, err := w.Observe(t.Context(), planner.Signed)
	if err != nil {
		t.Fatal(err)
	}
	want := []planner.Member{
		{Account: "alice", Address: alice, Enabled: planner.Yes, VIP: planner.Yes, IMAP: planner.Yes},
		{Account: "bob", Address: "bob@acme.test", Enabled: planner.Yes, VIP: planner.No, IMAP: planner.No},
	}
	if diff := cmp.Diff(want, s.Target.Tenant.Members); diff != "" {
		t.Error(diff)
	}
	if len(s.Target.Tenant.Shared) != 1 || len(s.Target.Tenant.Groups) != 1 || w.Tally().Tags != 1 {
		t.Errorf("%+v", s.Target.Tenant)
	}
	if n := len(w.Dump(memory.Target, spec.Roster.Mailboxes[0].Address)["INBOX"]); n != 1 {
		t.Errorf("the vendor's copy doubled mail: %d", n)
	}
}
