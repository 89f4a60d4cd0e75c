package transfer

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/planner"
)

// A folder whose name the target does not take is named; the others go on.
func TestNamesThatTheTargetRefuses(t *testing.T) {
	r := newRig(t)
	bad := []string{" lead", "trail ", ".dot", "/", strings.Repeat("long", 60), "Parent/x", "ctl\x01"}
	for i, name := range append([]string{"INBOX", "Z"}, bad...) {
		f := r.src.folder(name)
		if name == "/" {
			f.Path = []string{"/"}
		}
		f.msgs = nil
		r.src.deliver(name, fmt.Sprintf("a: %d\r\n\r\n", i))
	}
	r.dst.refuseName = func(path []string) bool {
		return path[0] == "Parent" || strings.ContainsAny(path[0], " .\x01/") || len(path[0]) > 200
	}
	tally, err := r.try()
	if !isClass(err, planner.FolderOnly) || tally.Copied < 2 {
		t.Fatalf("%+v, %v", tally, err)
	}
	var f *planner.Fault
	if !errors.As(err, &f) || f.Code != "copy.folders" || f.Args["said"] != "Invalid mailbox name" {
		t.Fatalf("%+v", err)
	}
	for _, name := range []string{" lead", ".dot", "Parent/x"} {
		if !strings.Contains(f.Args["folders"], name) {
			t.Errorf("%q is not in %q", name, f.Args["folders"])
		}
	}
	r.dst.refuseName = nil
	if _, err := r.try(); err != nil {
		t.Fatal(err)
	}
	if got := len(r.dst.shape()) - len(r.dst.folders); got != 2+len(bad) {
		t.Errorf("%d messages", got)
	}
}

// INBOX.INBOX of a server whose prefix is "INBOX." is not the INBOX.
func TestAFolderCalledLikeTheInbox(t *testing.T) {
	r := newRig(t)
	for name, path := range map[string][]string{"INBOX": {"INBOX"}, "INBOX.INBOX": {"INBOX"}, "INBOX.INBOX.x": {"INBOX", "x"}, "INBOX.x": {"x"}} {
		r.src.folder(name).Path = path
		r.src.folders[name].Delimiter = "."
		r.src.deliver(name, "a: "+name+"\r\n\r\n")
	}
	r.dst.folders["INBOX"].Delimiter = "/"
	r.run(planner.Tally{Copied: 4})
	r.run(planner.Tally{})
	where := map[string]bool{}
	for name, f := range r.dst.folders {
		for _, m := range f.msgs {
			where[name+" "+strings.TrimSpace(m.body)] = true
		}
	}
	if !where["INBOX a: INBOX"] || where["INBOX a: INBOX.INBOX"] || !where["x a: INBOX.x"] || len(where) != 4 {
		t.Errorf("%v", where)
	}
}

// A target folder that is made anew while messages go to it gets all of them.
func TestMadeAnewInTheMiddle(t *testing.T) {
	for _, uidPlus := range []bool{true, false} {
		r := newRig(t)
		r.dst.noUIDPlus = !uidPlus
		for i := range 40 {
			r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i))
		}
		n := 0
		r.dst.step = func(op string) error {
			if n++; op == "append" && n > 30 && n < 33 {
				f := r.dst.folders["INBOX"]
				f.validity += 100
				f.msgs, f.next = nil, 1
				if !uidPlus {
					return gone("deleted") // what else would tell it
				}
			}
			return nil
		}
		if _, err := r.try(); err != nil {
			t.Fatal(err)
		}
		r.dst.step = nil
		if _, err := r.try(); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(bodies(r.src), bodies(r.dst)); d != "" {
			t.Error(d)
		}
	}
}

// Stores that never tell UIDNEXT, with and without UIDPLUS.
func TestWithoutUIDNext(t *testing.T) {
	for _, uidPlus := range []bool{true, false} {
		r := mixed(t, uidPlus, true)
		r.src.noNext, r.dst.noNext = true, true
		for n := 1; n < 120; n += 3 {
			r.broken(n, errCrash)
		}
		r.final("without UIDNEXT")
		r.src.deliver("INBOX", "a: new\r\n\r\n")
		r.run(planner.Tally{Copied: 1})
		r.src.remove("INBOX", r.src.folders["INBOX"].next-1)
		r.src.deliver("INBOX", "a: newer\r\n\r\n")
		r.run(planner.Tally{Copied: 1})
		r.run(planner.Tally{})
	}
}

// A source without UIDVALIDITY promises nothing: what is at the target is
// recognised by content each time.
func TestWithoutUIDValidity(t *testing.T) {
	r := newRig(t)
	f := r.src.folders["INBOX"]
	f.validity = 0
	for i := range 5 {
		r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i))
	}
	r.run(planner.Tally{Copied: 5})
	r.src.remove("INBOX", 2) // UIDs are places in the folder
	r.src.deliver("INBOX", "a: new\r\n\r\n")
	for i, m := range f.msgs {
		m.uid = uint32(i + 1)
	}
	f.next = 6
	r.run(planner.Tally{Copied: 1, Adopted: 4})
	if n := len(r.dst.folders["INBOX"].msgs); n != 6 {
		t.Errorf("%d messages", n)
	}
}

// A message without a date is never too old.
func TestSinceAndMessagesWithoutDate(t *testing.T) {
	r := newRig(t)
	r.o.Since = time.Unix(1800000000, 0)
	r.src.deliver("INBOX", "a: old\r\n\r\n")
	r.src.deliver("INBOX", "a: no date\r\n\r\n").date = time.Time{}
	r.run(planner.Tally{Copied: 1, Skipped: 1, Dates: 1})
	r.src.deliver("INBOX", "a: old too\r\n\r\n")
	r.run(planner.Tally{Skipped: 1})
	r.o.Since = time.Time{}
	r.run(planner.Tally{Copied: 2})
	r.same()
}
