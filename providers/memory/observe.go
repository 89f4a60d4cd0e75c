package memory

import (
	"maps"
	"slices"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// observe fills in what is beside mail.
func (w *World) observe(s *planner.Snapshot) {
	now := planner.Seen{At: s.At, How: "api"}
	s.Can = planner.Kinds()
	if w.tenanted() {
		t := w.co.tenant
		t.Seen, t.Corp = now, w.spec.Target.CorpID
		for _, a := range slices.Sorted(maps.Keys(w.co.members)) {
			t.Members = append(t.Members, *w.co.members[a])
		}
		for _, a := range slices.Sorted(maps.Keys(w.co.shared)) {
			t.Shared = append(t.Shared, w.co.shared[a])
		}
		for _, a := range slices.Sorted(maps.Keys(w.co.groups)) {
			t.Groups = append(t.Groups, w.co.groups[a])
		}
		s.Target.Tenant = &t
	}
	if w.co.source != nil {
		t := *w.co.source
		t.Seen = now
		s.Source.Tenant = &t
	}
	if w.co.customers != nil {
		c := *w.co.customers
		c.Seen = now
		s.Customers = &c
	}
	s.Zones, s.Archived = w.observeZones(s.At), w.observeArchives(s.At)
	for _, op := range planner.Acts(w.spec, *s) {
		if id := planner.IDOf(op); !w.co.blind[op.Kind()] {
			s.Sights = append(s.Sights, planner.Sight{Step: id, Done: w.co.done[id], Seen: now})
		}
	}
}

func (w *World) observeZones(at time.Time) []planner.Zone {
	var zones []planner.Zone
	for _, name := range slices.Sorted(maps.Keys(w.co.zones)) {
		z := planner.Zone{Name: name, Seen: planner.Seen{At: at, How: "dns"}}
		if w.co.unseen[name] {
			z.Seen.Err = fault(planner.Unreachable, "memory.silent", "zone", name)
			zones = append(zones, z)
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(w.co.zones[name])) {
			z.Sets = append(z.Sets, w.co.set(name, key))
		}
		zones = append(zones, z)
	}
	return zones
}

// observeArchives shows the target's mailboxes that a stored password opens.
func (w *World) observeArchives(at time.Time) []planner.Mailbox {
	if w.spec.Target.Archive == nil {
		return nil
	}
	var list []planner.Mailbox
	for _, row := range w.spec.Roster.Mailboxes {
		if row.TargetPassword.IsZero() && w.spec.Target.IMAP.Login.Kind != config.LoginMaster {
			continue
		}
		kept := w.co.archives[row.TargetAddress]
		seen := planner.Seen{At: at, How: "imap"}
		m := planner.Mailbox{Address: row.TargetAddress, Source: planner.Store{Seen: seen}}
		if p, ok := w.co.passes[row.TargetAddress]; ok {
			m.Target.Seen, m.ReadBack, m.PerHour = planner.Seen{At: p.at, How: "archive"}, p.at, p.perHour
		}
		for _, f := range w.boxes[row.Address].side[Target].folders {
			m.Source.Messages += len(f.messages)
			for _, msg := range f.messages {
				m.Source.Bytes += int64(len(msg.Body))
				if _, ok := kept[string(msg.Body)]; !ok {
					m.Behind.Messages++
					m.Behind.Bytes += int64(len(msg.Body))
				}
			}
		}
		for body := range kept {
			m.Target.Messages++
			m.Target.Bytes += int64(len(body))
		}
		list = append(list, m)
	}
	return list
}
