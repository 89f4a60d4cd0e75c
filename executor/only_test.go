package executor

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// A run of chosen mailboxes touches no other, and is done when they are.
func TestRunOfChosenMailboxes(t *testing.T) {
	dir, w := world(t, 2)
	r, p := newRun(t, dir, w)
	r.Only = map[string]bool{bob: true}
	if err := r.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.complete(t, bob)
	if c := find[PlanCompared](p)[0]; c.Todo != 1 || c.Aside != 2 || c.Approved != 3 {
		t.Errorf("%+v", c)
	}
	if done := find[StepDone](p); len(done) != 1 || find[Finished](p)[0].Left != 0 {
		t.Errorf("%+v", done)
	}
	again, p := newRun(t, dir, w)
	again.Only = map[string]bool{alice: true, carol: true}
	if err := again.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.complete(t, alice, bob, carol)
	if done := find[StepDone](p); len(done) != 2 {
		t.Errorf("%+v", done)
	}
}

// A row without a credential that was not chosen waits for nobody.
func TestChosenMailboxesAreNotHeldByOthers(t *testing.T) {
	dir, w := world(t, 1)
	w.spec.Roster.Mailboxes[0].SourcePassword = config.Secret{}
	r, p := newRun(t, dir, w)
	r.Only = map[string]bool{bob: true}
	if err := r.Do(t.Context()); err != nil || len(find[StepHeld](p)) != 0 {
		t.Errorf("%v, %v", err, find[StepHeld](p))
	}
}

// What is done exclusively is on record, and not done while a run is at work.
func TestExclusively(t *testing.T) {
	dir, w := world(t, 1)
	r, _ := newRun(t, dir, w)
	if err := r.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := len(kinds(t, r.State))
	n := 0
	do := func() (text.Msg, error) { n++; return text.M("cmd.retry.note", "refused", "1", "mailboxes", "1"), nil }
	if err := Exclusively(r.State, testSelf(w.now), do); err != nil {
		t.Fatal(err)
	}
	lines, err := ReadJournal(r.State)
	if last := lines[len(lines)-1]; err != nil || len(lines) != before+1 || last.Kind != KindNote || last.Msg.Code != "cmd.retry.note" {
		t.Errorf("%v, %+v", err, last)
	}
	wrong := errors.New("no")
	if err := Exclusively(r.State, testSelf(w.now), func() (text.Msg, error) { return text.Msg{}, wrong }); !errors.Is(err, wrong) {
		t.Error(err)
	}
	if got := len(kinds(t, r.State)); got != before+1 {
		t.Errorf("what failed is on record: %d", got)
	}
	l, _, err := takeLock(r.State.Dir, testSelf(w.now))
	if err != nil {
		t.Fatal(err)
	}
	defer l.release()
	var held *Held
	var refused *planner.Refused
	if err := Exclusively(r.State, testSelf(w.now), do); !errors.As(err, &held) && !errors.As(err, &refused) || n != 1 {
		t.Errorf("%v, done %d times", err, n)
	}
}

// A file of the state directory is there as a whole, for its owner only.
func TestStateWrite(t *testing.T) {
	s, err := OpenState(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(s.Verified(), "a.json")
	for _, text := range []string{"one", "two"} {
		if err := s.Write(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		info, _ := os.Stat(path)
		if err != nil || string(b) != text || info.Mode().Perm() != 0o600 {
			t.Errorf("%q, %v, %v", b, info.Mode(), err)
		}
	}
	if err := s.Write(filepath.Join(path, "below"), nil); err == nil {
		t.Error("wrote below a file")
	}
}
