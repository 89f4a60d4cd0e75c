package transfer

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// What may have been sent is found at once, however scattered its UIDs are.
func TestAttempts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []intent
		for range rapid.IntRange(0, 20).Draw(t, "intents") {
			s := span{rapid.Uint32Range(1, 50).Draw(t, "first"), rapid.Uint32Range(1, 20).Draw(t, "count")}
			all = append(all, intent{s, rapid.Uint32Range(1, 5).Draw(t, "next")})
		}
		a := attemptsOf(all)
		for src := range uint32(80) {
			for dst := range uint32(7) {
				want := slices.ContainsFunc(all, func(s intent) bool { return src >= s.first && src < s.first+s.count && dst >= s.next })
				if a.may(src, dst) != want {
					t.Fatalf("%d at %d: %v", src, dst, !want)
				}
			}
		}
	})
	var many []intent
	for i := range uint32(200_000) {
		many = append(many, intent{span{2 * i, 1}, 1})
	}
	a, start := attemptsOf(many), time.Now()
	for i := range uint32(200_000) {
		if a.may(2*i+1, 7) {
			t.Fatal(i)
		}
	}
	if d := time.Since(start); d > time.Second {
		t.Errorf("%v", d)
	}
}
