package config

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
)

// Digest is the SHA-256, in hex, of what a spec means: not of where things
// stand, in which order, or in which file. Secrets count by their reference.
func Digest(s *Spec) string {
	m := meaning(*s)
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // strings, numbers and text marshalers that cannot fail
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// meaning is s without positions and with its sets in order.
func meaning(s Spec) Spec {
	s.Migration.At = Pos{}
	s.Source, s.Target = sideMeaning(s.Source), sideMeaning(s.Target)
	s.Roster = rosterMeaning(s.Roster)
	if s.History != nil {
		h := *s.History
		h.At, h.Skip = Pos{}, sorted(h.Skip)
		s.History = &h
	}
	return s
}

func sideMeaning(s Side) Side {
	s.At, s.IMAP.At, s.IMAP.Login.At = Pos{}, Pos{}, Pos{}
	s.Aliases = sorted(s.Aliases)
	return s
}

func rosterMeaning(r Roster) Roster {
	r.At, r.Files, r.Skip = Pos{}, nil, sorted(r.Skip)
	r.Mailboxes = slices.Clone(r.Mailboxes)
	for i := range r.Mailboxes {
		r.Mailboxes[i].At = Pos{}
	}
	slices.SortFunc(r.Mailboxes, func(a, b Mailbox) int { return strings.Compare(a.Address, b.Address) })
	return r
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}
