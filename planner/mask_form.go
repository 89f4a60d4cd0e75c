package planner

import (
	"reflect"

	"github.com/mxmove/mxmove/config"
)

// form is what masking must know of a type of struct.
type form struct {
	veils []veil // of its fields
	order int    // the field that lists of it are ordered by; -1: none
	inert bool   // nothing in it is ever masked
}

func (m *mask) form(t reflect.Type) form {
	f, known := m.forms[t]
	if known {
		return f
	}
	f = form{order: -1, inert: true}
	key := orderedBy[t]
	if key == "" {
		key = "Address"
	}
	for i := range t.NumField() {
		field := t.Field(i)
		is := veils[t.String()+"."+field.Name]
		f.veils = append(f.veils, is)
		f.inert = f.inert && m.still(field.Type, is)
		if field.Name == key && field.Type.Kind() == reflect.String {
			f.order = i
		}
	}
	m.forms[t] = f
	return f
}

// still reports that masking never changes a value of such a field.
func (m *mask) still(t reflect.Type, is veil) bool {
	switch t {
	case timeType:
		return true
	case secretType, stepType, endpointType:
		return false
	}
	switch t.Kind() {
	case reflect.String:
		return is == plainWord
	case reflect.Struct:
		return m.form(t).inert
	case reflect.Slice, reflect.Pointer:
		return m.still(t.Elem(), is)
	case reflect.Map:
		return m.still(t.Key(), is) && m.still(t.Elem(), is)
	}
	return t.Kind() != reflect.Interface
}

// orderedBy is the field that lists are ordered by, where it is not Address.
var orderedBy = map[reflect.Type]string{
	reflect.TypeFor[Member]():       "Account",
	reflect.TypeFor[Record]():       "Step",
	reflect.TypeFor[Sight]():        "Step",
	reflect.TypeFor[Fact]():         "Step",
	reflect.TypeFor[config.Again](): "Step",
}

// orderOf is what lists of such values are ordered by; "" for all others.
func (m *mask) orderOf(v reflect.Value) string {
	switch {
	case v.Kind() == reflect.String:
		return v.String()
	case v.Kind() != reflect.Struct:
		return ""
	case v.Type() == reflect.TypeFor[config.Acknowledge]():
		return v.FieldByName("Kind").String() + " " + v.FieldByName("Subject").String()
	}
	if i := m.form(v.Type()).order; i >= 0 {
		return v.Field(i).String()
	}
	return ""
}
