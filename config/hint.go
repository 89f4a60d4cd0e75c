package config

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// maxListed bounds how many names a finding lists.
const maxListed = 80

// sayUnknown tells a name that stands for nothing, with the one that was
// probably meant (near is 1), else with those that are known here.
func (l *loader) sayUnknown(s Severity, at Pos, code, written string, known []string, pairs ...string) {
	near, hint := "1", Nearest(strings.ToLower(written), known)
	if hint == "" {
		near, hint = "0", "-"
		if n := len(known); n > 0 && n <= maxListed {
			hint = strings.Join(slices.Sorted(slices.Values(known)), ", ")
		}
	}
	l.say(s, at, code, append(pairs, "name", written, "near", near, "hint", hint)...)
}

// Nearest is the name that was probably meant, or "": at most two edits away,
// and no more than half of what was written.
func Nearest(written string, names []string) string {
	best, least := "", min(3, utf8.RuneCountInString(written)/2+1)
	for _, n := range names {
		if d := distance(written, n, least); d < least {
			best, least = n, d
		}
	}
	return best
}

// distance counts the octets to insert, delete, replace or swap with their
// neighbour to get from a to b; it stops counting at limit.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(next[j-1]+1, row[j]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
