package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// key is what two copies of a message have in common.
type key struct {
	folder string // levels joined by "/"
	hash   [32]byte
	flags  string // sorted, with blanks between
	date   int64  // INTERNALDATE, seconds
}

// manifest counts the messages of a mailbox.
type manifest map[key]int

func (m manifest) total() int {
	n := 0
	for _, count := range m {
		n += count
	}
	return n
}

// systemOnly is the manifest as a tool leaves it that drops keywords.
func (m manifest) systemOnly() manifest {
	out := manifest{}
	for k, n := range m {
		flags := slices.DeleteFunc(strings.Fields(k.flags), func(f string) bool { return !strings.HasPrefix(f, `\`) })
		k.flags = strings.Join(flags, " ")
		out[k] += n
	}
	return out
}

// compare says how a mailbox differs from what it should hold; nil: not at all.
func compare(user string, want, got manifest) error {
	var missing, extra []key
	for k := range maps.Keys(want) {
		if got[k] < want[k] {
			missing = append(missing, k)
		}
	}
	for k := range maps.Keys(got) {
		if got[k] > want[k] {
			extra = append(extra, k)
		}
	}
	if len(missing)+len(extra) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %d messages instead of %d; %d kinds of message missing%s, %d that should not be there%s",
		user, got.total(), want.total(), len(missing), examples(missing), len(extra), examples(extra))
}

func examples(keys []key) string {
	slices.SortFunc(keys, func(a, b key) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	var out strings.Builder
	for _, k := range keys[:min(3, len(keys))] {
		fmt.Fprintf(&out, " [%s %x (%s) %d]", k.folder, k.hash[:4], k.flags, k.date)
	}
	return out.String()
}
