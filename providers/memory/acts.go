package memory

import (
	"context"
	"slices"
	"strings"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

type zoneSpec = config.Zone

// act carries out an op that is no pass over a mailbox.
func (w *World) act(ctx context.Context, op planner.Op) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.co.faults[op.Kind()]
	failing := f != nil && f.times > 0
	if failing {
		f.times--
	}
	if failing && !f.lost {
		return fault(planner.Gone, "memory.act", "kind", op.Kind(), "subject", op.Subject())
	}
	if err := w.effect(op); err != nil {
		return err
	}
	if failing {
		return fault(planner.Gone, "memory.act", "kind", op.Kind(), "subject", op.Subject())
	}
	return nil
}

// effect changes the maps. What is in effect already is success.
func (w *World) effect(op planner.Op) error {
	switch o := op.(type) {
	case planner.SetTTL:
		if r := w.co.zones[o.Set.Zone][o.Set.Key()]; r != nil {
			r.ttl = o.New
		}
	case planner.SetRecords:
		return w.setRecords(o)
	case planner.Restore:
		return w.restore(o)
	case planner.Undo:
		return w.effect(o.Op)
	case planner.Wait:
		return w.wait(o)
	case planner.ProbeMX:
		return w.probe(o)
	case planner.Canary:
		w.resolve(o.Domain)
	case planner.CanaryOut:
		w.co.canaries[o.Message]++
	case planner.CanaryArrival:
		return w.canary(o)
	case planner.ArchiveMailbox:
		w.archive(o)
	case planner.TryAppend:
		return w.tryAppend(o)
	case planner.Inventory:
		w.co.lists[o.Subject()] = true
	case planner.Notify:
		w.co.notices = append(w.co.notices, o)
	case planner.PutTags:
		w.co.tags[o.Corp] = true
	case planner.Task:
		w.co.done[planner.IDOf(op)] = true
	case planner.WizardCopy:
		w.co.done[planner.IDOf(op)] = true
		for _, a := range o.Addresses {
			w.vendorCopies(w.boxes[a])
		}
	case planner.HoldDirectory, planner.DropMailbox, planner.Compare: // only told
	default:
		if w.person(op) || w.press(op) {
			return nil
		}
		return fault(planner.Internal, "memory.kind", "kind", op.Kind())
	}
	return nil
}

// person does what is about accounts.
func (w *World) person(op planner.Op) bool {
	switch o := op.(type) {
	case planner.PutMember:
		m := w.co.members[o.Account]
		if m != nil && len(o.Aliases) > 0 {
			m.Aliases = slices.Compact(slices.Sorted(slices.Values(slices.Concat(m.Aliases, o.Aliases))))
			return true
		}
		if m == nil {
			m = &planner.Member{Account: o.Account, Name: o.Name, Enabled: planner.Yes, VIP: planner.No, IMAP: planner.No}
			w.co.members[o.Account] = m
		}
		if w.spec.Target.Procedure == "history" {
			m.Address = o.Address
		} else if m.Address == "" {
			m.Address = o.Account + "@trial.test"
		}
	case planner.PutShared:
		o.Create = false
		w.co.shared[o.Address] = o
	case planner.PutGroup:
		o.Create = false
		w.co.groups[o.Address] = o
	case planner.SetEnabled:
		w.member(o.Account).Enabled = planner.TriOf(o.Enabled)
	case planner.SetSeat:
		w.member(o.Account).VIP = planner.TriOf(o.VIP)
	case planner.SetOption:
		w.member(o.Account).IMAP = planner.TriOf(o.On)
	default:
		return false
	}
	return true
}

// member is an account; one that is gone takes changes nobody sees.
func (w *World) member(account string) *planner.Member {
	if m := w.co.members[account]; m != nil {
		return m
	}
	return &planner.Member{}
}

// press does what the world offers once.
func (w *World) press(op planner.Op) bool {
	id := planner.IDOf(op)
	switch op.(type) {
	case planner.MergeTenants, planner.UpgradeTenant:
		if w.co.pressed[id] == 0 {
			w.erase()
		}
	case planner.MoveCustomers:
		if w.co.customers != nil {
			w.co.customers.Relations = nil
		}
	case planner.FinishWizard:
	default:
		return false
	}
	w.co.pressed[id]++
	w.co.done[id] = true
	return true
}

// erase destroys the target's mail and brings the source's.
func (w *World) erase() {
	for _, row := range w.spec.Roster.Mailboxes {
		b := w.boxes[row.Address]
		kept := w.co.archives[row.TargetAddress]
		for _, f := range b.side[Target].folders {
			for _, m := range f.messages {
				w.co.erased++
				if _, ok := kept[string(m.Body)]; !ok {
					w.co.lost++
				}
			}
		}
		b.side[Target].folders = map[string]*folder{"INBOX": {next: 1}}
		w.vendorCopies(b)
		account := row.Account
		if account == "" {
			account, _, _ = strings.Cut(row.TargetAddress, "@")
		}
		if w.co.members[account] == nil {
			w.co.members[account] = &planner.Member{Account: account, Name: row.Name, Enabled: planner.Yes, VIP: planner.No}
		}
		w.member(account).Address = row.TargetAddress
	}
}

// vendorCopies brings what is not at the target yet.
func (w *World) vendorCopies(b *box) {
	for path, f := range b.side[Source].folders {
		to := b.side[Target].folder(path)
		for _, m := range f.messages {
			if !slices.ContainsFunc(to.messages, func(have Message) bool { return string(have.Body) == string(m.Body) }) {
				to.add(m)
			}
		}
	}
}

// setRecords is compare-and-swap on values.
func (w *World) setRecords(o planner.SetRecords) error {
	key := o.New.Key()
	is := w.co.set(o.New.Zone, key)
	switch {
	case len(o.Add)+len(o.Remove) > 0:
		w.write(o.New.Zone, key, terms(is.Values, o))
	case o.Temporary, same(is.Values, o.Old.Values), same(is.Values, o.New.Values):
		w.write(o.New.Zone, key, o.New.Values)
	default:
		return fault(planner.Internal, "memory.changed", "set", key)
	}
	return nil
}

// terms edits the first record that has terms: the SPF one.
func terms(values []string, o planner.SetRecords) []string {
	out := slices.Clone(values)
	i := slices.IndexFunc(out, func(v string) bool { return strings.HasPrefix(v, "v=spf1") })
	if i < 0 {
		return o.New.Values
	}
	f := slices.DeleteFunc(strings.Fields(out[i]), func(t string) bool { return slices.Contains(o.Remove, t) })
	for _, t := range o.Add {
		if !slices.Contains(f, t) {
			f = slices.Insert(f, 1, t)
		}
	}
	out[i] = strings.Join(f, " ")
	return out
}

func same(a, b []string) bool {
	norm := func(list []string) []string {
		var out []string
		for _, v := range list {
			out = append(out, strings.ToLower(strings.Join(strings.Fields(v), " ")))
		}
		slices.Sort(out)
		return out
	}
	return slices.Equal(norm(a), norm(b))
}

func (w *World) write(zone, key string, values []string) {
	if w.co.zones[zone] == nil {
		w.co.zones[zone] = map[string]*rrset{}
	}
	r := w.co.zones[zone][key]
	if r == nil {
		r = &rrset{ttl: 3600}
		w.co.zones[zone][key] = r
	}
	r.values = slices.Clone(values)
}

// restore writes one field back, only where ours still stands.
func (w *World) restore(o planner.Restore) error {
	switch back := o.Op.(type) {
	case planner.SetRecords:
		key := back.New.Key()
		if is := w.co.set(back.New.Zone, key); same(is.Values, back.Old.Values) {
			w.write(back.New.Zone, key, back.New.Values)
			if back.New.TTL > 0 { // an executor that restores whole sets
				w.co.zones[back.New.Zone][key].ttl = back.New.TTL
			}
		}
		return nil
	case planner.HoldDirectory:
		return nil
	}
	return w.effect(o.Op)
}

// wait fails with the time that is left.
func (w *World) wait(o planner.Wait) error {
	if o.For != "caches" {
		return nil
	}
	c, now := w.co.cached[o.On], w.now()
	known := w.toTarget(c.values)
	if len(o.Values) > 0 {
		known = same(c.values, o.Values)
	}
	if c.until.After(now) && !known {
		f := fault(planner.Throttled, "memory.cached", "domain", o.On)
		f.Wait = c.until.Sub(now)
		return f
	}
	return nil
}

// canary looks for a mail among those that left.
func (w *World) canary(o planner.CanaryArrival) error {
	if !o.ByHand && w.co.canaries[o.Message] == 0 {
		return fault(planner.Account, "memory.canary", "message", o.Message)
	}
	return nil
}

func (w *World) probe(o planner.ProbeMX) error {
	for _, a := range o.Addresses {
		if w.tenanted() && !o.RefusalOK && w.accountOf(a) == nil {
			return fault(planner.Account, "memory.no-row", "address", a)
		}
	}
	return nil
}
