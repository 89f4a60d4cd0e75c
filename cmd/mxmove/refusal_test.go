package main

import "testing"

func TestNextName(t *testing.T) {
	for file, want := range map[string]string{"sat.plan": "sat2.plan", "sat2.plan": "sat3.plan", "a/b9.plan": "a/b10.plan", "20261205.plan": "202612052.plan", "7.plan": "8.plan", "plan": "plan2", "x.y.plan": "x.y2.plan"} {
		if got := nextName(file); got != want {
			t.Errorf("%s: %s, want %s", file, got, want)
		}
	}
}
