package planner

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/config/text"
)

// everyOp is one op of each kind, with every field filled in.
func everyOp() []Op {
	mx := RRset{Zone: "acme.test", Name: "acme.test", Type: "MX", Line: "default", Values: []string{"5 a"}, TTL: 60}
	ttl := SetTTL{Set: RRset{Zone: "acme.test", Name: "acme.test", Type: "MX"}, New: 300}
	return []Op{
		Task{"bind-domain", "acme.test", map[string]string{"corp": "wwB"}},
		SetOption{"wwB", "alice", "imap", true}, ttl,
		ArchiveMailbox{"wwB", "alice@acme.test", "imap://a@old.test:993", "archive", Freeze}, Inventory{"tags", "wwA"},
		PutMember{"wwB", "alice", "alice@acme.test", "old@acme.test", "Alice", []string{"Sales"}, []string{"ali@acme.test"}, true, true},
		PutShared{"wwB", "info@acme.test", "Info", []string{"alice"}, true},
		PutGroup{"wwB", "all@acme.test", "All", []string{"alice@acme.test"}, "members", true},
		SetEnabled{"wwB", "alice", true}, SetSeat{"wwB", "alice", true, Drain}, Notify{"enter-password", "alice@acme.test", Prepare},
		CopyMailbox{"alice@acme.test", "imap://a@old.test:993", "imap://a@new.test:993", "bob@acme.test", "pilot", Drain, time.Time{}},
		WizardCopy{"wwB", []string{"alice@acme.test"}}, DropMailbox{"alice@acme.test", Radius{1, 2, 3, 4}},
		RemovePlaced{"alice@acme.test", "imap://a@new.test:993", "imap://a@old.test:993", Radius{1, 2, 3, 4}},
		HoldDirectory{"acme.test", []string{"wwA", "wwB"}}, FinishWizard{"wwB", []string{"alice@acme.test"}},
		MergeTenants{"wwA", "wwB", "zhang", Radius{1, 2, 3, 4}},
		UpgradeTenant{"wwA", "wwB", 2, "Acme", "admin", 3, Radius{1, 2, 3, 4}},
		MoveCustomers{"wwA", "wwB", map[string]string{"a": "b"}, 7},
		SetRecords{Old: mx, New: mx, Add: []string{"a"}, Remove: []string{"b"}, Temporary: true, In: Cutover},
		ProbeMX{"acme.test", []string{"alice@acme.test"}, true}, Canary{"acme.test", "alice@acme.test"},
		CanaryOut{"acme.test", "alice@acme.test", "a@out.test", Drain, "<1@acme.test>", time.Unix(1e9, 0).UTC()},
		CanaryArrival{"acme.test", "alice@acme.test", "a@out.test", true, "<1@acme.test>", time.Unix(1e9, 0).UTC()},
		TryAppend{"imap://new.test:993", []string{"alice@acme.test"}},
		Wait{"caches", "acme.test", time.Hour, Drain, []string{"10 mx.old.test"}}, Compare{"members", "wwB"}, PutTags{"wwB"},
		Restore{Of: IDOf(ttl), Op: ttl},
		Undo{Of: "put-group all@acme.test @1", In: Retire, Since: time.Unix(1e9, 0).UTC(), Wrote: []string{"a"}, Op: PutGroup{"wwB", "all@acme.test", "All", []string{"b"}, "", false}},
	}
}

// Each op comes back from its JSON as it was, with the same ID, and its undo
// has a text in the catalogue.
func TestEveryOp(t *testing.T) {
	cat := text.Load(text.Chinese)
	var kinds []string
	for _, op := range everyOp() {
		kinds = append(kinds, op.Kind())
		b, err := json.Marshal(Step{ID: IDOf(op), Op: op})
		if err != nil {
			t.Fatal(err)
		}
		var back Step
		if err := json.Unmarshal(b, &back); err != nil {
			t.Errorf("%s: %v", op.Kind(), err)
			continue
		}
		if diff := cmp.Diff(op, back.Op); diff != "" {
			t.Errorf("%s:\n%s", op.Kind(), diff)
		}
		if !cat.Has(op.Traits().Undo) {
			t.Errorf("%s: no text for %s", op.Kind(), op.Traits().Undo)
		}
		if id := IDOf(op); id.Kind() != op.Kind() || id.Subject() != op.Subject() || op.Subject() == "" {
			t.Errorf("the parts of %s do not come back", id)
		}
		unknown := strings.Replace(string(b), `"op":{`, `"op":{"force":true,`, 1)
		if err := json.Unmarshal([]byte(unknown), &back); err == nil {
			t.Errorf("%s: an unknown field was taken", op.Kind())
		}
	}
	slices.Sort(kinds)
	if diff := cmp.Diff(Kinds(), kinds); diff != "" {
		t.Errorf("kinds without a sample:\n%s", diff)
	}
}

// What a step meets is not in its ID, what it does is.
func TestIdentity(t *testing.T) {
	mx := func(ttl uint32, values ...string) RRset {
		return RRset{Zone: "z.test", Name: "z.test", Type: "MX", Values: values, TTL: ttl}
	}
	for name, c := range map[string]struct {
		a, b Op
		same bool
	}{
		"ttl lowered to":        {SetTTL{mx(1), 300}, SetTTL{mx(9), 60}, true},
		"ttl of another set":    {SetTTL{mx(1), 300}, SetTTL{RRset{Zone: "z.test", Name: "y.test", Type: "MX"}, 300}, false},
		"creator":               {MergeTenants{"a", "b", "x", Radius{}}, MergeTenants{"a", "b", "y", Radius{Messages: 3}}, true},
		"another tenant":        {MergeTenants{"a", "b", "x", Radius{}}, MergeTenants{"a", "c", "x", Radius{}}, false},
		"replaced value":        {SetRecords{Old: mx(1, "a"), New: mx(1, "n")}, SetRecords{Old: mx(1, "b"), New: mx(1, "n")}, false},
		"ttl of replaced value": {SetRecords{Old: mx(1, "a"), New: mx(1, "n")}, SetRecords{Old: mx(7, "a"), New: mx(9, "n")}, true},
		"spf result":            {SetRecords{Old: mx(1, "a"), New: mx(1, "a x"), Add: []string{"x"}}, SetRecords{Old: mx(1, "b"), New: mx(1, "b x"), Add: []string{"x"}}, true},
		"spf term":              {SetRecords{New: mx(1), Add: []string{"x"}}, SetRecords{New: mx(1), Remove: []string{"x"}}, false},
		"abandoned":             {FinishWizard{"a", []string{"x"}}, FinishWizard{"a", nil}, true},
		"least wait":            {Wait{"caches", "d", 1, Drain, nil}, Wait{"caches", "d", 2, Drain, nil}, true},
		"accounts to upgrade":   {UpgradeTenant{From: "a", Accounts: 3}, UpgradeTenant{From: "a", Accounts: 4}, true},
		"a try of a canary":     {CanaryOut{From: "a", To: "b", In: Drain, Message: "<1>", Begun: time.Unix(1, 0)}, CanaryOut{From: "a", To: "b", In: Cutover}, true},
		"another canary":        {CanaryOut{From: "a", To: "b"}, CanaryOut{From: "b", To: "a"}, false},
		"a canary's arrival":    {CanaryArrival{From: "a", To: "b", Message: "<1>", Sent: time.Unix(1, 0)}, CanaryArrival{From: "a", To: "b"}, true},
		"seen by a person":      {CanaryArrival{From: "a", To: "b", ByHand: true}, CanaryArrival{From: "a", To: "b"}, false},
		"value put back":        {Restore{"s @1", SetTTL{mx(0), 1}}, Restore{"s @1", SetTTL{mx(0), 2}}, true},
	} {
		if got := IDOf(c.a) == IDOf(c.b); got != c.same {
			t.Errorf("%s: the same ID: %v, want %v", name, got, c.same)
		}
	}
}

func TestTri(t *testing.T) {
	for v, want := range map[Tri]string{Unknown: "null", No: "false", Yes: "true"} {
		b, err := json.Marshal(v)
		var back Tri
		if err != nil || string(b) != want || json.Unmarshal(b, &back) != nil || back != v {
			t.Errorf("%d: %s, back as %d, %v", v, b, back, err)
		}
	}
	var v Tri
	if json.Unmarshal([]byte("1"), &v) == nil {
		t.Error("a number was taken")
	}
}

// The kinds that keep their IDs when masked are those whose IDs no name can
// stand in: found out by masking a sample of each kind.
func TestImpersonalKinds(t *testing.T) {
	m := newMask([]byte("0123456789abcdef"))
	for _, op := range everyOp() {
		v := reflect.New(reflect.TypeOf(op)).Elem()
		v.Set(reflect.ValueOf(op))
		for i := range v.NumField() { // each field by itself holds a person's name
			switch f := v.Field(i); {
			case f.Kind() == reflect.String:
				f.SetString("zcanary@acme.test")
			case f.Type() == reflect.TypeFor[[]string]():
				f.Set(reflect.ValueOf([]string{"zcanary@acme.test"}))
			}
		}
		named := v.Interface().(Op)
		if _, ok := op.(Task); ok {
			named = op // its kind is its name, from a closed table
		}
		stays := slices.Contains(impersonal, op.Kind())
		if same := IDOf(maskOf(m, named)) == IDOf(named); same != stays && op.Kind() != restoreKind {
			t.Errorf("%s: masking leaves its ID %v, the list of impersonal kinds has it %v", op.Kind(), same, stays)
		}
	}
}
