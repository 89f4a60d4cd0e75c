package render

import (
	"bytes"
	"cmp"
	"encoding"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

const schemaFile = "plan.schema.json"

// allOps has one op of each kind.
func allOps() []planner.Op {
	set := planner.RRset{Zone: "acme.test", Name: "acme.test", Type: "MX", Values: []string{"10 mx.new.test"}, TTL: 60}
	ttl := planner.SetTTL{Set: set, New: 60}
	return []planner.Op{planner.Task{Name: "bind-domain", On: "acme.test", Args: map[string]string{"corp": "wwB"}}, planner.SetOption{Corp: "wwB", Account: "a", Option: "imap", On: true},
		ttl, planner.ArchiveMailbox{Corp: "wwB", Address: "a@acme.test", Path: "p"}, planner.Inventory{What: "tags", Corp: "wwB"},
		planner.PutMember{Corp: "wwB", Account: "a", Address: "a@acme.test", Departments: []string{"x"}, Create: true},
		planner.PutShared{Corp: "wwB", Address: "s@acme.test"}, planner.PutGroup{Corp: "wwB", Address: "g@acme.test", Members: []string{"a@acme.test"}},
		planner.SetEnabled{Corp: "wwB", Account: "a"}, planner.SetSeat{Corp: "wwB", Account: "a", VIP: true, In: planner.Drain},
		planner.Notify{Template: "restart-client", To: "a@acme.test"}, planner.CopyMailbox{Address: "a@acme.test", Wave: "w", In: planner.Copy},
		planner.WizardCopy{Corp: "wwB"}, planner.DropMailbox{Address: "a@acme.test", Copied: planner.Radius{Mailboxes: 1}},
		planner.HoldDirectory{Domain: "acme.test", Corps: []string{"wwB"}}, planner.FinishWizard{Corp: "wwB", Abandons: []string{"a@acme.test"}},
		planner.MergeTenants{From: "wwA", Into: "wwB", Creator: "z", Erases: planner.Radius{Mailboxes: 3, Unobserved: 1}},
		planner.UpgradeTenant{From: "wwA", Into: "wwB", Mode: 2, Accounts: 7, Company: "Acme", Administrator: "z"},
		planner.MoveCustomers{From: "wwA", Into: "wwB", Accounts: map[string]string{"a": "b"}, Relations: 12},
		planner.SetRecords{Old: set, New: set, In: planner.Cutover}, planner.ProbeMX{Domain: "acme.test"}, planner.Canary{Domain: "acme.test", To: "a@acme.test"},
		planner.CanaryOut{Domain: "acme.test", From: "a@acme.test", To: "b@out.test", In: planner.Cutover, Message: "<1@acme.test>", Begun: time.Unix(1e9, 0).UTC()},
		planner.CanaryArrival{Domain: "acme.test", From: "a@acme.test", To: "b@out.test", ByHand: true, Message: "<1@acme.test>", Sent: time.Unix(1e9, 0).UTC()},
		planner.RemovePlaced{Address: "a@acme.test", From: "imap://a@new.test:993", Kept: "imap://a@old.test:993", AtMost: planner.Radius{Mailboxes: 1, Messages: 7}},
		planner.TryAppend{On: "imap://imap.new.test:993", Addresses: []string{"alice@acme.test"}},
		planner.Wait{For: "caches", On: "acme.test", Least: time.Hour, In: planner.Cutover}, planner.Compare{What: "members", Corp: "wwB"},
		planner.PutTags{Corp: "wwB"}, planner.Restore{Of: planner.IDOf(ttl), Op: ttl},
		planner.Undo{Of: planner.IDOf(planner.SetSeat{Corp: "wwB", Account: "a", VIP: true}), In: planner.Retire, Op: planner.SetSeat{Corp: "wwB", Account: "a", In: planner.Retire}}}
}

// everyKind is a plan with a step of each kind.
func everyKind() *planner.Plan {
	plan := mergeSite(true, 9)
	plan.Steps = nil
	for i, op := range allOps() {
		plan.Steps = append(plan.Steps, planner.Step{ID: planner.IDOf(op), Op: op, Work: i%2 == 0, Estimate: time.Minute})
	}
	plan.Stamp("")
	return plan
}

type schema = map[string]any

// generator makes the schema of what package json writes.
type generator struct{ defs schema }

func (g *generator) plan() schema {
	root := g.object(reflect.TypeFor[planner.Plan]())
	root["$schema"], root["title"] = "https://json-schema.org/draft/2020-12/schema", fmt.Sprintf("mxmove plan, format %d", planner.Format)
	root["properties"].(schema)["format"] = schema{"const": planner.Format}
	root["$defs"] = g.defs
	return root
}

func (g *generator) ref(t reflect.Type) schema {
	name := strings.ReplaceAll(t.String(), "*", "")
	if g.defs[name] == nil {
		g.defs[name] = schema{} // for types that hold themselves
		g.defs[name] = g.object(t)
	}
	return schema{"$ref": "#/$defs/" + name}
}

func (g *generator) of(t reflect.Type) schema {
	switch t {
	case reflect.TypeFor[time.Time]():
		return schema{"type": "string", "format": "date-time"}
	case reflect.TypeFor[time.Duration]():
		return schema{"type": "integer", "description": "nanoseconds"}
	case reflect.TypeFor[planner.Tri]():
		return schema{"type": []any{"null", "boolean"}}
	case reflect.TypeFor[planner.Phase]():
		return schema{"type": "integer", "minimum": 0, "maximum": int(planner.Retire)}
	}
	if t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) {
		return schema{"type": "string"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return g.of(t.Elem())
	case reflect.Struct:
		return g.ref(t)
	case reflect.Slice:
		return schema{"type": []any{"array", "null"}, "items": g.of(t.Elem())}
	case reflect.Map:
		return schema{"type": []any{"object", "null"}, "additionalProperties": g.of(t.Elem())}
	case reflect.String:
		return schema{"type": "string"}
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.Float64:
		return schema{"type": "number"}
	}
	return schema{"type": "integer"}
}

func (g *generator) object(t reflect.Type) schema {
	props, required := schema{}, []any{}
	g.fields(t, props, &required)
	s := schema{"type": "object", "properties": props, "required": required, "additionalProperties": false}
	switch t {
	case reflect.TypeFor[planner.Step]():
		g.withOp(s, allOps())
	case reflect.TypeFor[planner.Restore]():
		g.withOp(s, []planner.Op{planner.SetTTL{}, planner.SetOption{}, planner.SetRecords{}, planner.HoldDirectory{}})
	case reflect.TypeFor[planner.Undo]():
		g.withOp(s, []planner.Op{planner.SetRecords{}, planner.PutMember{}, planner.PutShared{}, planner.PutGroup{}, planner.SetEnabled{}, planner.SetSeat{}})
	}
	return s
}

func (g *generator) fields(t reflect.Type, props schema, required *[]any) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			g.fields(f.Type, props, required)
		case name == "-" || !f.IsExported():
		default:
			props[name] = g.of(f.Type)
			if !strings.Contains(opts, "omit") {
				*required = append(*required, name)
			}
		}
	}
}

// withOp adds the op and what it is by its kind.
func (g *generator) withOp(s schema, ops []planner.Op) {
	var kinds, cases []any
	slices.SortFunc(ops, func(a, b planner.Op) int { return cmp.Compare(a.Kind(), b.Kind()) })
	for _, op := range ops {
		kinds = append(kinds, op.Kind())
		cases = append(cases, schema{"if": schema{"properties": schema{"kind": schema{"const": op.Kind()}}},
			"then": schema{"properties": schema{"op": g.ref(reflect.TypeOf(op))}}})
	}
	s["properties"].(schema)["kind"], s["properties"].(schema)["op"] = schema{"enum": kinds}, schema{"type": "object"}
	s["required"], s["allOf"] = append(s["required"].([]any), "kind", "op"), cases
}

// The schema in the repository is that of the plans that this version writes.
func TestSchemaIsCurrent(t *testing.T) {
	got, err := json.MarshalIndent((&generator{defs: schema{}}).plan(), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(schemaFile, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s is of another format: raise planner.Format if an old reader could take a plan for something else, then go test -run Schema -update", schemaFile)
	}
}

func schemaOnDisk(t *testing.T) checker {
	t.Helper()
	b, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var root schema
	if err := json.Unmarshal(b, &root); err != nil {
		t.Fatal(err)
	}
	return checker{root}
}

func TestPlansFollowTheSchema(t *testing.T) {
	c := schemaOnDisk(t)
	var kinds []string
	for _, op := range allOps() {
		kinds = append(kinds, op.Kind())
	}
	slices.Sort(kinds)
	if !slices.Equal(kinds, planner.Kinds()) {
		t.Errorf("kinds %v, the planner has %v", kinds, planner.Kinds())
	}
	rich := planner.Build(spec(), snapshot(), now)
	bare := planner.Build(&config.Spec{}, planner.Snapshot{}, now)
	for i, plan := range []*planner.Plan{fiveSite(), mergeSite(true, 9), mergeSite(false, 9), everyKind(), rich, bare} {
		for _, bad := range c.check(c.root, decoded(t, plan), "plan") {
			t.Errorf("plan %d: %s", i, bad)
		}
	}
}

func decoded(t *testing.T, plan *planner.Plan) map[string]any {
	t.Helper()
	b, err := planner.Encode(plan)
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// What is no plan does not follow the schema.
func TestSchemaRefuses(t *testing.T) {
	c := schemaOnDisk(t)
	first := func(v map[string]any) map[string]any { return v["steps"].([]any)[0].(map[string]any) }
	for name, spoil := range map[string]func(v map[string]any){
		"higher format":     func(v map[string]any) { v["format"] = 2.0 },
		"no spec":           func(v map[string]any) { delete(v, "spec") },
		"unknown field":     func(v map[string]any) { v["force"] = true },
		"unknown kind":      func(v map[string]any) { first(v)["kind"] = "drop-everything" },
		"op of other kind":  func(v map[string]any) { first(v)["kind"] = "merge-tenants" },
		"no op":             func(v map[string]any) { delete(first(v), "op") },
		"ID is a number":    func(v map[string]any) { first(v)["id"] = 7.0 },
		"part of a step":    func(v map[string]any) { first(v)["estimate"] = 1.5 },
		"time is no time":   func(v map[string]any) { v["observed"].(map[string]any)["at"] = "yesterday" },
		"phase there isn't": func(v map[string]any) { kindOf(v, "wait")["in"] = 7.0 },
		"member is a word":  func(v map[string]any) { kindOf(v, "put-member")["create"] = "yes" },
	} {
		v := decoded(t, everyKind())
		spoil(v)
		if len(c.check(c.root, v, "plan")) == 0 {
			t.Errorf("%s is taken for a plan", name)
		}
	}
}

// kindOf finds the op of the first step of a kind.
func kindOf(v map[string]any, kind string) map[string]any {
	for _, s := range v["steps"].([]any) {
		if s := s.(map[string]any); s["kind"] == kind {
			return s["op"].(map[string]any)
		}
	}
	return nil
}
