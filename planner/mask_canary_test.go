package planner_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// planter fills every field of a value: a person's name of its own in each that
// is not said to stay as it is, see decided.
type planter struct {
	stays []string
	n     int
}

const canary = "zcanary"

func (p *planter) name() string {
	p.n++
	return fmt.Sprintf("%s%d@acme.test", canary, p.n)
}

// words are what a field's strings are filled with; keys, those of a map.
func (p *planter) words(field string) (words string, keys bool) {
	switch _, short, _ := strings.Cut(field, "."); {
	case short == "Msg.Args", field == "planner.Customers.JoinCodes": // keys are names of values, and codes
		return p.name(), false
	case slices.Contains(p.stays, short):
		return "stays", false
	}
	return p.name(), true
}

func (p *planter) fill(v reflect.Value, field string) {
	switch v.Type() {
	case reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(start))
		return
	case reflect.TypeFor[config.Secret]():
		v.Set(reflect.ValueOf(config.SecretRef("env:" + canary)))
		return
	case reflect.TypeFor[planner.StepID]():
		v.SetString("copy-mailbox " + p.name() + " @0badcafe")
		return
	case reflect.TypeFor[planner.Endpoint]():
		v.SetString("imap://" + strings.ReplaceAll(p.name(), "@", "%40") + "@old.test:993")
		return
	}
	switch v.Kind() {
	case reflect.String:
		words, _ := p.words(field)
		v.SetString(words)
	case reflect.Struct:
		for i := range v.NumField() {
			p.fill(v.Field(i), v.Type().String()+"."+v.Type().Field(i).Name)
		}
	case reflect.Interface: // the op of an Undo
		op := reflect.New(reflect.TypeFor[planner.PutMember]()).Elem()
		p.fill(op, "planner.PutMember")
		v.Set(op)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		p.fill(v.Elem(), field)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		p.fill(v.Index(0), field)
		p.fill(v.Index(1), field)
	case reflect.Map:
		p.fillMap(v, field)
	}
}

func (p *planter) fillMap(v reflect.Value, field string) {
	key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
	key.SetString("key")
	if words, keys := p.words(field); keys {
		key.SetString(words)
	}
	p.fill(value, field)
	if value.Kind() == reflect.Slice { // the codes' owners
		for i := range value.Len() {
			value.Index(i).SetString(p.name())
		}
	}
	v.Set(reflect.MakeMap(v.Type()))
	v.SetMapIndex(key, value)
}

// A name in any field, of this version's or of the next one's, that nobody said
// may stay is not in a masked snapshot, nor in the spec to plan from it.
func TestNoNameSurvivesMasking(t *testing.T) {
	p := &planter{stays: strings.Fields(decided)}
	plan := &planner.Plan{Spec: &config.Spec{}}
	p.fill(reflect.ValueOf(plan.Spec).Elem(), "")
	p.fill(reflect.ValueOf(&plan.Observed).Elem(), "")
	if p.n < 60 {
		t.Fatalf("only %d names are planted", p.n)
	}
	for _, procedure := range []string{"", "history", "merge", "upgrade"} {
		plan.Spec.Target.Procedure, plan.Spec.Target.Mode, plan.Spec.History.Mover = procedure, 2, "mxmove"
		f, err := planner.MaskSnapshot(plan, salt, "")
		if err != nil {
			t.Fatal(err)
		}
		b, err := planner.EncodeSnapshot(f)
		if err != nil {
			t.Fatal(err)
		}
		masked, err := f.SpecFor(plan.Spec)
		if err != nil {
			t.Fatal(err)
		}
		out, err := planner.Encode(planner.Build(masked, f.Observed, start))
		if err != nil {
			t.Fatal(err)
		}
		for what, s := range map[string]string{"snapshot": string(b), "plan": string(out)} {
			if at := strings.Index(s, canary); at >= 0 {
				t.Errorf("%s, %q: %s", what, procedure, s[max(0, at-200):min(len(s), at+40)])
			}
		}
	}
}
