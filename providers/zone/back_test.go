package zone

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/providertest/peer"
	"github.com/mxmove/mxmove/providers/zone/wire"
)

// undo is what the journal keeps of a step that is about to be carried out.
func undo(t *testing.T, op planner.Op) planner.Undo {
	t.Helper()
	u := planner.UndoOf(op, planner.Snapshot{})
	if u == nil {
		t.Fatalf("nothing takes %s back", planner.IDOf(op))
	}
	return *u
}

// The former MX comes back in one change, only while ours stands, and is waited
// for; terms of SPF come and go beside what others added.
func TestRecordsComeBack(t *testing.T) {
	l := newLive(t, peer.KindBIND)
	mx := undo(t, mxOp())
	former := []string{"10 mx.old.test"}
	l.must(mxOp())
	if got := code(l.do(planner.Wait{For: "authoritative", On: "acme.test", Values: former})); got != "zone.behind" {
		t.Error(got)
	}
	l.must(mx)
	l.must(mx) // it is in effect
	l.want("MX", 3600, former...)
	l.must(planner.Wait{For: "authoritative", On: "acme.test", Values: former})
	if got := code(l.do(planner.Wait{For: "authoritative", On: "acme.test"})); got != "zone.behind" {
		t.Error(got)
	}
	other := mxOp()
	other.New.Values = []string{"10 mx.third.test"}
	l.must(other)
	if got := code(l.do(mx)); got != "zone.changed" {
		t.Errorf("another's value: %s", got)
	}
	l.want("MX", 3600, "10 mx.third.test")

	set := planner.RRset{Zone: "acme.test", Name: "new.acme.test", Type: "TXT"}
	begun := planner.SetRecords{Old: set, New: set, Add: []string{"include:new.test"}, In: planner.Prepare}
	begun.New.Values = []string{"v=spf1 include:new.test ~all"}
	if u := undo(t, begun); len(u.Op.(planner.SetRecords).Add)+len(u.Op.(planner.SetRecords).Remove) > 0 {
		t.Errorf("a record that was begun is not removed whole: %+v", u)
	}
	edit := begun
	edit.Old.Values = []string{"v=spf1 ~all"}
	back := undo(t, edit).Op.(planner.SetRecords)
	if !slices.Equal(back.Remove, edit.Add) || back.In != planner.Retire {
		t.Errorf("%+v", back)
	}
	l.must(begun)
	l.must(undo(t, begun))
	r, err := (&wire.Client{}).Ask(t.Context(), netip.MustParseAddrPort(l.primary.At()), wire.Question{Name: "new.acme.test", Type: "TXT"})
	if err != nil || len(r.Set("new.acme.test", "TXT")) > 0 {
		t.Errorf("%+v %v", r, err)
	}
}
