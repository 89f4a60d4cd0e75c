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
	s.Guards.At = Pos{}
	s.Cutover = cutoverMeaning(s.Cutover)
	s.Acknowledged, s.Again = slices.Clone(s.Acknowledged), slices.Clone(s.Again)
	for i := range s.Acknowledged {
		s.Acknowledged[i].At, s.Acknowledged[i].AtMost.At = Pos{}, Pos{}
	}
	for i := range s.Again {
		s.Again[i].At = Pos{}
	}
	s.Customers = customersMeaning(s.Customers)
	return s
}

func cutoverMeaning(c *Cutover) *Cutover {
	if c == nil {
		return nil
	}
	m := *c
	m.At, m.Accept.At, m.Accept.Mailboxes = Pos{}, Pos{}, sorted(m.Accept.Mailboxes)
	m.Opens, m.Closes = m.Opens.UTC(), m.Closes.UTC()
	m.Zones = slices.Clone(m.Zones)
	for i := range m.Zones {
		z := &m.Zones[i]
		z.At, z.SPF.At = Pos{}, Pos{}
		z.MX, z.SPF.Add, z.SPF.Remove = sorted(z.MX), sorted(z.SPF.Add), sorted(z.SPF.Remove)
	}
	m.Canaries = slices.Clone(m.Canaries)
	for i := range m.Canaries {
		k := &m.Canaries[i]
		k.At, k.Submission.At = Pos{}, Pos{}
		if k.Arrival != nil {
			inbox := *k.Arrival
			inbox.At, k.Arrival = Pos{}, &inbox
		}
	}
	return &m
}

func customersMeaning(c *Customers) *Customers {
	if c == nil {
		return nil
	}
	m := *c
	m.At, m.JoinCodes = Pos{}, sorted(m.JoinCodes)
	if m.Contract != nil {
		contract := *m.Contract
		contract.At, m.Contract = Pos{}, &contract
	}
	return &m
}

func sideMeaning(s Side) Side {
	s.At, s.IMAP.At, s.IMAP.Login.At = Pos{}, Pos{}, Pos{}
	s.Aliases = sorted(s.Aliases)
	s.IMAP.Limits.Hours = slices.Clone(s.IMAP.Limits.Hours)
	for i := range s.IMAP.Limits.Hours {
		s.IMAP.Limits.Hours[i].At = Pos{}
	}
	s.APIs = slices.Clone(s.APIs)
	for i := range s.APIs {
		s.APIs[i].At = Pos{}
	}
	if s.Seats != nil {
		s.Seats = &Seats{VIP: s.Seats.VIP}
	}
	if s.Directory != nil {
		s.Directory = &Directory{Sheet: s.Directory.Sheet}
	}
	if s.Archive != nil {
		s.Archive = &Archive{Path: s.Archive.Path}
	}
	return s
}

func rosterMeaning(r Roster) Roster {
	r.At, r.Files, r.Skip = Pos{}, nil, sorted(r.Skip)
	r.Mailboxes = slices.Clone(r.Mailboxes)
	for i := range r.Mailboxes {
		r.Mailboxes[i].At = Pos{}
	}
	slices.SortFunc(r.Mailboxes, func(a, b Mailbox) int { return strings.Compare(a.Address, b.Address) })
	r.Shared, r.Groups, r.Leavers = slices.Clone(r.Shared), slices.Clone(r.Groups), slices.Clone(r.Leavers)
	for i := range r.Shared {
		r.Shared[i].At = Pos{}
	}
	for i := range r.Groups {
		r.Groups[i].At = Pos{}
	}
	for i := range r.Leavers {
		r.Leavers[i].At = Pos{}
	}
	return r
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}
