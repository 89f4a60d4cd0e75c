package render

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// checker holds a value against the part of JSON Schema that the generator uses.
type checker struct{ root schema }

func (c checker) check(s schema, v any, path string) []string {
	var bad []string
	if ref, ok := s["$ref"].(string); ok {
		name := strings.TrimPrefix(ref, "#/$defs/")
		return c.check(c.root["$defs"].(schema)[name].(schema), v, path)
	}
	if t, ok := s["type"]; ok && !ofType(t, v) {
		return []string{fmt.Sprintf("%s: %v is not %v", path, v, t)}
	}
	if want, ok := s["const"]; ok && v != want {
		bad = append(bad, fmt.Sprintf("%s: %v, not %v", path, v, want))
	}
	if of, ok := s["enum"].([]any); ok && !slices.Contains(of, v) {
		bad = append(bad, fmt.Sprintf("%s: %v is none of %v", path, v, of))
	}
	if most, ok := s["maximum"].(float64); ok && (v.(float64) > most || v.(float64) < s["minimum"].(float64)) {
		bad = append(bad, fmt.Sprintf("%s: %v is out of range", path, v))
	}
	if s["format"] == "date-time" {
		if _, err := time.Parse(time.RFC3339Nano, v.(string)); err != nil {
			bad = append(bad, path+": "+err.Error())
		}
	}
	switch v := v.(type) {
	case []any:
		for i, one := range v {
			bad = append(bad, c.check(s["items"].(schema), one, fmt.Sprintf("%s[%d]", path, i))...)
		}
	case map[string]any:
		bad = append(bad, c.object(s, v, path)...)
	}
	return bad
}

func (c checker) object(s schema, v map[string]any, path string) []string {
	var bad []string
	required, _ := s["required"].([]any)
	for _, name := range required {
		if _, ok := v[name.(string)]; !ok {
			bad = append(bad, fmt.Sprintf("%s: %s is missing", path, name))
		}
	}
	props, _ := s["properties"].(schema)
	for name, one := range v {
		sub, known := props[name].(schema)
		if !known {
			sub, known = s["additionalProperties"].(schema)
		}
		if known {
			bad = append(bad, c.check(sub, one, path+"."+name)...)
		} else if s["additionalProperties"] == false {
			bad = append(bad, fmt.Sprintf("%s: %s is unknown", path, name))
		}
	}
	cases, _ := s["allOf"].([]any)
	for _, one := range cases {
		one := one.(schema)
		if len(c.check(one["if"].(schema), any(v), path)) == 0 {
			bad = append(bad, c.check(one["then"].(schema), any(v), path)...)
		}
	}
	return bad
}

func ofType(t, v any) bool {
	if list, ok := t.([]any); ok {
		return slices.ContainsFunc(list, func(t any) bool { return ofType(t, v) })
	}
	n, number := v.(float64)
	switch t {
	case "integer":
		return number && n == float64(int64(n))
	case "number":
		return number
	case "null":
		return v == nil
	}
	want := map[any]reflect.Kind{"string": reflect.String, "boolean": reflect.Bool, "array": reflect.Slice, "object": reflect.Map}[t]
	return v != nil && reflect.TypeOf(v).Kind() == want
}
