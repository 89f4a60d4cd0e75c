package config

import (
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// set puts an expression's value where a field says.
func (l *loader) set(f *field, e hclsyntax.Expression) {
	at := l.pos(e.Range())
	if f.at != nil {
		*f.at = at
	}
	if s, ok := f.into.(*Secret); ok {
		l.setSecret(f, s, e)
		return
	}
	v, ok := l.eval(e)
	switch {
	case !ok:
	case holdsSecret(v.Type()):
		l.say(Error, at, "secret.misplaced", "name", f.name)
	case v.IsNull():
		l.say(Error, at, "value.null", "name", f.name)
	default:
		l.setPlain(f, v, e)
	}
}

// setSecret takes a reference only. The test is on the value, so that a
// literal is also seen behind a local or a template.
func (l *loader) setSecret(f *field, into *Secret, e hclsyntax.Expression) {
	v, ok := l.eval(e)
	at := l.pos(e.Range())
	switch {
	case !ok:
		if !literal(e) {
			l.secretAt = append(l.secretAt, e.Range())
		}
	case v.IsNull():
		l.say(Error, at, "value.null", "name", f.name)
	case v.Type() != secretType:
		l.secretAt = append(l.secretAt, e.Range())
		l.say(Error, at, "secret.literal", "name", f.name)
	default:
		*into = *v.EncapsulatedValue().(*Secret)
		l.checkSecret(*into, at)
	}
}

// setPlain puts a value where a field says; e is nil for a default.
func (l *loader) setPlain(f *field, v cty.Value, e hclsyntax.Expression) {
	var at Pos
	if e != nil {
		at = l.pos(e.Range())
	}
	switch into := f.into.(type) {
	case *bool:
		if v.Type() != cty.Bool {
			l.wrongType(f.name, "bool", v, at)
			return
		}
		*into = v.True()
	case *int:
		l.setInt(f, into, v, at)
	case *[]string:
		l.setList(f, into, v, e)
	case *map[string]string:
		l.setMap(f, into, v, at)
	case *Share:
		l.setShare(f, into, v, at)
	default:
		if s, ok := l.text(f.name, v, at); ok {
			l.setText(f, s, at)
		}
	}
}

// setText reads what is written in quotes as its type says.
func (l *loader) setText(f *field, s string, at Pos) {
	var ok bool
	switch into := f.into.(type) {
	case *string:
		if l.choice(f.name, f.arg.oneOf, s, at) {
			*into = s
		}
		return
	case *time.Duration:
		*into, ok = parseDuration(s)
	case *time.Time:
		*into, ok = parseMoment(s)
	case *int64:
		if f.arg.typ == typRate {
			*into, ok = parseRate(s)
		} else {
			*into, ok = parseSize(s)
		}
	}
	if !ok {
		l.say(Error, at, "value."+string(f.arg.typ), "name", f.name, "value", s)
	}
}

func (l *loader) wrongType(name, want string, v cty.Value, at Pos) {
	l.say(Error, at, "value.type", "name", name, "want", want, "got", v.Type().FriendlyName())
}

// text takes a string without control characters, which no argument needs.
func (l *loader) text(name string, v cty.Value, at Pos) (string, bool) {
	switch {
	case v.IsNull():
		l.say(Error, at, "value.null", "name", name)
		return "", false
	case v.Type() != cty.String:
		l.wrongType(name, "string", v, at)
		return "", false
	}
	s := v.AsString()
	switch {
	case strings.TrimSpace(s) == "":
		l.say(Error, at, "value.empty", "name", name)
	case strings.ContainsFunc(s, unicode.IsControl):
		l.say(Error, at, "value.control", "name", name)
	default:
		return s, true
	}
	return "", false
}

func (l *loader) choice(name string, oneOf []string, s string, at Pos) bool {
	if oneOf == nil || slices.Contains(oneOf, s) {
		return true
	}
	l.say(Error, at, "value.choice", "name", name, "value", s, "choices", strings.Join(oneOf, ", "))
	return false
}

func (l *loader) setInt(f *field, into *int, v cty.Value, at Pos) {
	if v.Type() != cty.Number {
		l.wrongType(f.name, "number", v, at)
		return
	}
	n, exact := v.AsBigFloat().Int64()
	if exact != big.Exact || n < int64(f.arg.min) || n > int64(f.arg.max) {
		l.say(Error, at, "value.range", "name", f.name, "min", strconv.Itoa(f.arg.min), "max", strconv.Itoa(f.arg.max))
		return
	}
	*into = int(n)
}

func (l *loader) setList(f *field, into *[]string, v cty.Value, e hclsyntax.Expression) {
	at := l.pos(e.Range())
	if t := v.Type(); !t.IsTupleType() && !t.IsListType() && !t.IsSetType() {
		l.wrongType(f.name, "list of string", v, at)
		return
	}
	places, _ := hcl.ExprList(e) // lists have no defaults: e is there
	list := make([]string, 0, v.LengthInt())
	for i, item := range v.AsValueSlice() {
		if len(places) == v.LengthInt() {
			at = l.pos(places[i].Range())
		}
		if s, ok := l.text(f.name, item, at); ok {
			list = append(list, s)
		}
	}
	*into = list
}

func (l *loader) setMap(f *field, into *map[string]string, v cty.Value, at Pos) {
	if t := v.Type(); !t.IsObjectType() && !t.IsMapType() {
		l.wrongType(f.name, "map of string", v, at)
		return
	}
	m := map[string]string{}
	for key, item := range v.AsValueMap() {
		if s, ok := l.text(f.name, item, at); ok {
			m[key] = s
		}
	}
	*into = m
}

// holdsSecret reports whether a value of this type can hold a reference.
func holdsSecret(t cty.Type) bool {
	switch {
	case t == secretType:
		return true
	case t.IsCollectionType():
		return holdsSecret(t.ElementType())
	case t.IsTupleType():
		return slices.ContainsFunc(t.TupleElementTypes(), holdsSecret)
	case t.IsObjectType():
		for _, a := range t.AttributeTypes() {
			if holdsSecret(a) {
				return true
			}
		}
	}
	return false
}
