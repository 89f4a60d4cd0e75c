package transfer

import (
	"bytes"
	"slices"
)

// pair is a source message with the target message that is the same mail.
type pair struct {
	source, target *message
	altered        []string // codes of what is different in the octets
}

// match pairs messages one to one: first those of the same octets, then those
// whose difference is one that servers are known to make. Among several of
// one content, those of one date and flags go together. What it pairs it marks
// as used.
func match(source, target []*message) []pair {
	exact := func(m *message) []byte { return m.print.Exact[:] }
	canonical := func(m *message) []byte { return m.print.Canonical[:] }
	pairs := matchBy(source, target, exact, func(*message, *message) ([]string, bool) { return nil, true })
	return append(pairs, matchBy(unused(source), unused(target), canonical, func(s, t *message) ([]string, bool) {
		codes := Explain(s.print, t.print)
		return codes, codes != nil
	})...)
}

type accept func(s, t *message) (altered []string, ok bool)

// matchBy walks both sides in the order of key and pairs within equal keys.
func matchBy(source, target []*message, key func(*message) []byte, ok accept) []pair {
	byKey := func(a, b *message) int { return bytes.Compare(key(a), key(b)) }
	source, target = slices.Clone(source), slices.Clone(target)
	slices.SortStableFunc(source, byKey)
	slices.SortStableFunc(target, byKey)
	var pairs []pair
	for len(source) > 0 && len(target) > 0 {
		switch c := byKey(source[0], target[0]); {
		case c < 0:
			source = source[1:]
		case c > 0:
			target = target[1:]
		default:
			s, t := run(source, byKey), run(target, byKey)
			pairs = append(pairs, matchSame(source[:s], target[:t], ok)...)
			source, target = source[s:], target[t:]
		}
	}
	return pairs
}

// run is the number of messages at the start that are equal by key.
func run(m []*message, byKey func(a, b *message) int) int {
	n := 1
	for n < len(m) && byKey(m[0], m[n]) == 0 {
		n++
	}
	return n
}

// likeness is what messages of one content are told apart by.
type likeness struct {
	date  int64
	flags string
}

// maxCandidates bounds the tries for a message among others of its canonical
// form, of which there may be very many.
const maxCandidates = 16

func matchSame(source, target []*message, ok accept) []pair {
	var pairs []pair
	for _, like := range []func(*message) likeness{
		func(m *message) likeness { return likeness{m.date, m.flags.key} },
		func(m *message) likeness { return likeness{date: m.date} },
		func(*message) likeness { return likeness{} },
	} {
		waiting := map[likeness][]*message{}
		for _, t := range slices.Backward(target) {
			if !t.used {
				waiting[like(t)] = append(waiting[like(t)], t)
			}
		}
		for _, s := range source {
			if s.used {
				continue
			}
			list := waiting[like(s)]
			for i := len(list) - 1; i >= max(0, len(list)-maxCandidates); i-- {
				if altered, good := ok(s, list[i]); good {
					s.used, list[i].used = true, true
					pairs = append(pairs, pair{s, list[i], altered})
					waiting[like(s)] = slices.Delete(list, i, i+1)
					break
				}
			}
		}
	}
	return pairs
}

func unused(all []*message) []*message {
	var rest []*message
	for _, m := range all {
		if !m.used {
			rest = append(rest, m)
		}
	}
	return rest
}
