package planner

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Each step that can be taken back has its inverse, by what is there before;
// what cannot, has none.
func TestUndoOf(t *testing.T) {
	set := func(values ...string) RRset {
		return RRset{Zone: "acme.test", Name: "acme.test", Type: "TXT", Values: values}
	}
	snap := Snapshot{At: time.Unix(1e9, 0).UTC(), Target: Side{Tenant: &Tenant{
		Members: []Member{{Account: "bob", Address: "bob@trial.test"}},
		Shared:  []PutShared{{Address: "info@acme.test", Users: []string{"zoe", "bob"}}},
		Groups:  []PutGroup{{Address: "all@acme.test", Members: []string{"bob@acme.test"}, Allow: "members"}},
	}}}
	for name, c := range map[string]struct {
		op, back Op
		in       Phase
	}{
		"mx":             {SetRecords{Old: set("o"), New: set("n"), In: Cutover}, SetRecords{Old: set("n"), New: set("o"), In: Cutover}, Cutover},
		"terms added":    {SetRecords{Old: set("v=spf1 a"), New: set("v=spf1 b a"), Add: []string{"b"}, In: Prepare}, SetRecords{Old: set("v=spf1 b a"), New: set("v=spf1 a"), Remove: []string{"b"}, In: Retire}, Retire},
		"terms removed":  {SetRecords{Old: set("v=spf1 a"), New: set("v=spf1"), Remove: []string{"a"}, In: Retire}, SetRecords{Old: set("v=spf1"), New: set("v=spf1 a"), Add: []string{"a"}, In: Prepare}, Prepare},
		"record begun":   {SetRecords{Old: set(), New: set("v=spf1 b ~all"), Add: []string{"b"}, In: Prepare}, SetRecords{Old: set("v=spf1 b ~all"), New: set(), In: Retire}, Retire},
		"temporary":      {SetRecords{New: set("x"), Temporary: true, In: Prepare}, nil, 0},
		"account made":   {PutMember{Corp: "ww", Account: "alice", Address: "alice@acme.test", Create: true}, SetEnabled{Corp: "ww", Account: "alice"}, Retire},
		"address put":    {PutMember{Corp: "ww", Account: "bob", Address: "bob@acme.test", Was: "bob@trial.test"}, PutMember{Corp: "ww", Account: "bob", Address: "bob@trial.test", Was: "bob@acme.test"}, Retire},
		"first address":  {PutMember{Corp: "ww", Account: "bob", Address: "bob@acme.test", Create: true}, nil, 0},
		"aliases":        {PutMember{Corp: "ww", Account: "bob", Address: "bob@acme.test", Aliases: []string{"b@acme.test"}}, nil, 0},
		"enabled":        {SetEnabled{Corp: "ww", Account: "bob", Enabled: true}, SetEnabled{Corp: "ww", Account: "bob"}, Retire},
		"seat":           {SetSeat{Corp: "ww", Account: "bob", VIP: true, In: Provision}, SetSeat{Corp: "ww", Account: "bob", In: Retire}, Retire},
		"shared changed": {PutShared{Corp: "ww", Address: "info@acme.test", Users: []string{"bob"}}, PutShared{Corp: "ww", Address: "info@acme.test", Users: []string{"bob", "zoe"}}, Retire},
		"shared made":    {PutShared{Corp: "ww", Address: "new@acme.test", Users: []string{"bob"}, Create: true}, PutShared{Corp: "ww", Address: "new@acme.test", Users: []string{}}, Retire},
		"group changed":  {PutGroup{Corp: "ww", Address: "all@acme.test", Members: []string{"x@acme.test"}}, PutGroup{Corp: "ww", Address: "all@acme.test", Members: []string{"bob@acme.test"}, Allow: "members"}, Retire},
		"notice":         {Notify{Template: "t", To: "bob@acme.test"}, nil, 0},
		"copy":           {CopyMailbox{Address: "bob@acme.test"}, nil, 0},
		"press":          {MergeTenants{From: "a", Into: "b"}, nil, 0},
		"an undo":        {Undo{Of: "set-seat ww/bob @1", Op: SetSeat{Corp: "ww", Account: "bob"}}, nil, 0},
	} {
		u := UndoOf(c.op, snap)
		if c.back == nil || u == nil {
			if c.back != nil || u != nil {
				t.Errorf("%s: %+v", name, u)
			}
			continue
		}
		if d := cmp.Diff(c.back, u.Op); d != "" || u.In != c.in || u.Of != IDOf(c.op) || !u.Since.Equal(snap.At) {
			t.Errorf("%s: %+v\n%s", name, u, d)
		}
	}
}

// What is on record comes back from the journal; unknown kinds are refused.
func TestUndoIsKept(t *testing.T) {
	u := Undo{Of: "set-seat ww/bob @1", In: Retire, Since: time.Unix(1e9, 0).UTC(), Op: SetSeat{Corp: "ww", Account: "bob"}}
	b, err := json.Marshal(Record{Step: u.Of, Intent: 3, Outcome: 4, Undo: &u})
	if err != nil {
		t.Fatal(err)
	}
	var r Record
	if err := json.Unmarshal(b, &r); err != nil || cmp.Diff(u, *r.Undo) != "" {
		t.Fatalf("%v %s", err, b)
	}
	for _, bad := range []string{`{"of":"x y @1","in":6,"kind":"notify","op":{}}`, `{"of":"x y @1","in":6,"kind":"set-seat","op":{"more":1}}`, `{"of":"x y @1","in":9,"kind":"set-seat","op":{}}`} {
		if err := json.Unmarshal([]byte(bad), &Undo{}); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
	later := u
	later.Since = u.Since.Add(time.Hour)
	if again := r.Keep(later); !again.Undo.Since.Equal(u.Since) {
		t.Errorf("the first intent was %v, not %v", u.Since, again.Undo.Since)
	}
	if undone := r.Undone(); undone.Intent+undone.Outcome != 0 {
		t.Errorf("%+v", undone)
	}
	made := Undo{Of: "put-member a@acme.test @1", Op: SetEnabled{Corp: "ww", Account: "a"}}
	if still := (Record{Intent: 3, Outcome: 4, Undo: &made}).Undone(); still.Outcome != 4 {
		t.Errorf("an account that was made is still there: %+v", still)
	}
}

// What the world shows decides whether there is something to take back.
func TestWhatStands(t *testing.T) {
	set := func(v ...string) RRset { return RRset{Zone: "z", Name: "z", Type: "MX", Values: v} }
	mx := SetRecords{Old: set("10 new.test"), New: set("10 old.test", "20 b.test"), In: Cutover}
	spf := SetRecords{Old: set("v=spf1 b"), New: set("v=spf1"), Remove: []string{"b"}}
	zone := func(r RRset) index {
		return indexOf(Snapshot{Zones: []Zone{{Name: "z", Seen: Seen{At: time.Unix(1, 0)}, Sets: []RRset{r}}}})
	}
	tenant := func(tn Tenant) index {
		tn.Seen = Seen{At: time.Unix(1, 0)}
		return indexOf(Snapshot{Target: Side{Tenant: &tn}})
	}
	group := Undo{Wrote: []string{"a", "b"}, Op: PutGroup{Address: "g", Members: []string{"a"}}}
	members := func(m ...string) index { return tenant(Tenant{Groups: []PutGroup{{Address: "g", Members: m}}}) }
	for name, c := range map[string]struct {
		u    Undo
		x    index
		want stand
	}{
		"ours":              {Undo{Op: mx}, zone(set("10 NEW.test.")), standsOurs},
		"back":              {Undo{Op: mx}, zone(set("20 b.test", "10 old.test")), standsBack},
		"half":              {Undo{Op: mx}, zone(set("20 b.test", "10 new.test")), standsOurs},
		"another's":         {Undo{Op: mx}, zone(set("10 third.test")), standsOther},
		"none":              {Undo{Op: mx}, zone(set()), standsOther},
		"unseen":            {Undo{Op: mx}, index{}, standsUnseen},
		"terms there":       {Undo{Op: spf}, zone(RRset{Zone: "z", Name: "z", Type: "MX", Values: []string{"v=spf1 b c"}}), standsOurs},
		"terms gone":        {Undo{Op: spf}, zone(RRset{Zone: "z", Name: "z", Type: "MX", Values: []string{"v=spf1 c"}}), standsBack},
		"enabled":           {Undo{Op: SetEnabled{Account: "a"}}, tenant(Tenant{Members: []Member{{Account: "a", Enabled: Yes}}}), standsOurs},
		"disabled":          {Undo{Op: SetEnabled{Account: "a"}}, tenant(Tenant{Members: []Member{{Account: "a", Enabled: No}}}), standsBack},
		"account gone":      {Undo{Op: SetEnabled{Account: "a"}}, tenant(Tenant{}), standsBack},
		"seat unknown":      {Undo{Op: SetSeat{Account: "a"}}, tenant(Tenant{Members: []Member{{Account: "a"}}}), standsUnseen},
		"enabled unknown":   {Undo{Op: SetEnabled{Account: "a"}}, tenant(Tenant{Members: []Member{{Account: "a"}}}), standsUnseen},
		"address":           {Undo{Op: PutMember{Account: "a", Address: "o", Was: "n"}}, tenant(Tenant{Members: []Member{{Account: "a", Address: "n"}}}), standsOurs},
		"address another's": {Undo{Op: PutMember{Account: "a", Address: "o", Was: "n"}}, tenant(Tenant{Members: []Member{{Account: "a", Address: "x"}}}), standsOther},
		"group ours":        {group, members("b", "a"), standsOurs},
		"group back":        {group, members("a"), standsBack},
		"group another's":   {group, members("a", "c"), standsOther},
		"directory unseen":  {group, index{}, standsUnseen},
	} {
		if got := standOf(c.u, c.x); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

// Where the world cannot show whether a thing was taken back, the word of who
// did it counts; where it can, only that.
func TestTookBack(t *testing.T) {
	put := IDOf(PutMember{Corp: "ww", Account: "carol", Address: "carol@acme.test", Create: true})
	u := Undo{Of: put, In: Retire, Op: SetEnabled{Corp: "ww", Account: "carol"}}
	rec := Record{Step: put, Intent: 3, Outcome: 4, Undo: &u}
	for name, c := range map[string]struct {
		enabled    Tri
		said       int // number of the word
		void, gone bool
		want       bool
	}{
		"enabled":                   {enabled: Yes},
		"enabled, whatever is said": {enabled: Yes, said: 9},
		"disabled":                  {enabled: No, want: true},
		"gone":                      {gone: true, want: true},
		"not told":                  {},
		"not told, said":            {said: 9, want: true},
		"said of the time before":   {said: 2},
		"said, and void":            {said: 9, void: true},
	} {
		s := Snapshot{Target: Side{Tenant: &Tenant{Seen: Seen{At: now, How: "sheet"}}}, Records: []Record{rec}}
		if !c.gone {
			s.Target.Tenant.Members = []Member{{Account: "carol", Enabled: c.enabled}}
		}
		if c.said > 0 {
			s.Records = append(s.Records, Record{Step: IDOf(u), Outcome: c.said})
			s.Facts = []Fact{{Step: IDOf(u), Finished: c.said, Void: c.void}}
		}
		if got := tookBack(rec, indexOf(s)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Who does a thing by hand takes it back by hand.
func TestPeopleTakeBackWhatTheyDo(t *testing.T) {
	s := Snapshot{People: []string{"set-enabled"}}
	enable, seat := Op(SetEnabled{Corp: "ww", Account: "a", Enabled: true}), Op(SetSeat{Corp: "ww", Account: "a"})
	for op, want := range map[Op]bool{enable: true, seat: false, MergeTenants{Into: "ww"}: true} {
		if s.ByPerson(op) != want {
			t.Errorf("%s: %v", op.Kind(), !want)
		}
	}
	if !s.ByPerson(Undo{Of: IDOf(enable), Op: SetEnabled{Corp: "ww", Account: "a"}}) || s.ByPerson(Undo{Of: IDOf(seat), Op: seat}) {
		t.Error("an undo")
	}
	if s.ByPerson(Restore{Of: "x", Op: HoldDirectory{Domain: "acme.test"}}) {
		t.Error("a watch of our own is ended by people")
	}
}
