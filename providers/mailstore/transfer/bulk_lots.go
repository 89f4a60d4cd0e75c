package transfer

import "slices"

// lots are the folders that bulk carries: those that only this source folder
// goes to, and whose ledger leaves no question open. tells says whether the
// target tells where it puts a message.
func (r *course) lots(mapped []Mapped, tells bool) []*lot {
	shared := map[string]int{}
	for _, m := range mapped {
		shared[m.ToFolder.Name]++
	}
	var lots []*lot
	for _, m := range mapped {
		if r.whole[m.From.Name] || shared[m.ToFolder.Name] > 1 || r.unchanged(m) {
			continue
		}
		if reading, ok := r.reading(m); ok && (tells || reading.From == 0) {
			c := r.newCarry(m)
			c.from = Opened{Status: m.From.Status}
			lots = append(lots, &lot{carry: c, dropped: true, reading: reading, limit: m.From.Status.UIDNext})
		}
	}
	return lots
}

// reading says what is to be read of a folder; false: it is carry's.
func (r *course) reading(m Mapped) (Reading, bool) {
	st, name := m.From.Status, m.From.Name
	f, t := r.l.st.folderOf[name], r.l.st.targetOf[m.ToFolder.Name]
	asked := Reading{Folder: m.From}
	switch {
	case !m.Exists || !st.Known || st.UIDValidity == 0 || st.UIDNext == 0:
		return asked, false
	case len(r.stages[name]) > 0 || len(r.deaths[name]) > 0:
		return asked, false
	case f == nil:
		if st.Messages > 0 {
			asked.From = 1
		}
		return asked, t == nil
	case f.target != t || !f.plain(st):
		return asked, false
	}
	if st.UIDNext > f.mark.next {
		asked.From, asked.List = f.mark.next, true
		if !r.l.unmixed(f, r.names) {
			return asked, false
		}
	}
	if counted := st.ModSeq > 0 && f.mark.modSeq > 0; !counted {
		asked.Flags = len(f.rows) > 0
	} else if st.ModSeq != f.mark.modSeq {
		asked.Flags, asked.Since = true, f.mark.modSeq
	}
	return asked, true
}

// plain reports whether a pass came to the end of the folder, left nothing
// out, and the folder has only grown since, as its status tells.
func (f *folderState) plain(st Status) bool {
	m := f.mark
	return f.marked && m.pending == 0 && m.since == 0 && m.skipped == 0 && m.next > 0 &&
		len(f.problems) == 0 && len(f.intents) == 0 && f.uidValidity == st.UIDValidity && st.UIDNext >= m.next
}

// unmixed reports whether no new message of a folder can be at the target
// already: see gather.
func (l *Ledger) unmixed(f *folderState, listed map[string]bool) bool {
	g := l.gather(f, listed)
	return len(f.target.foreign) == 0 && len(g.before) == 0 && len(g.gone) == 0 &&
		!slices.ContainsFunc(f.rows, func(r row) bool { return r.dst == 0 })
}

// settle deals with folders of which nothing is to be read, as the listing
// told of both sides: neither is opened.
func (b *bulk) settle() error {
	var rest []*lot
	for _, l := range b.lots {
		if l.reading.From > 0 || l.reading.Flags || !l.m.ToFolder.Status.Known {
			rest = append(rest, l)
			continue
		}
		if err := b.begin(l, Surveyed{Opened: Opened{Status: l.m.ToFolder.Status}}); err != nil {
			return err
		}
		if l.dropped {
			continue
		}
		if err := b.carried(l); err != nil {
			return err
		}
	}
	b.lots = rest
	return nil
}

// survey opens the target's folders, binds them to the ledger, and writes the
// intent for all of them.
func (b *bulk) survey() error {
	folders := make([]Folder, len(b.lots))
	for i, l := range b.lots {
		folders[i] = l.m.ToFolder
	}
	found, err := b.dst.Survey(b.ctx, folders)
	if err != nil {
		return err
	}
	for i, l := range b.lots {
		if err := b.begin(l, found[i]); err != nil {
			return err
		}
	}
	b.intended = &gate{done: make(chan struct{})}
	go func() {
		b.intended.err = b.l.Sync()
		close(b.intended.done)
	}()
	return nil
}

// begin binds a folder to the ledger, if the target is as the ledger left it.
func (b *bulk) begin(l *lot, s Surveyed) error {
	known := b.l.st.folderOf[l.m.From.Name]
	switch {
	case s.Err != nil || s.UIDValidity == 0 || s.UIDNext == 0:
		return nil
	case known == nil && l.reading.From > 0 && s.Messages > 0:
		return nil // there may be something to adopt
	case known != nil && (s.UIDValidity != known.target.uidValidity || s.UIDNext < known.target.top):
		return nil
	case known != nil && l.reading.From > 0 && s.UIDNext > known.target.looked:
		return nil
	}
	l.dropped, l.to = false, s.Opened
	var err error
	l.f, err = b.l.bind(l.m.From.Name, l.from.UIDValidity,
		targetRecord{name: l.m.ToFolder.Name, path: l.m.To, uidValidity: s.UIDValidity}, anew{})
	if err != nil || l.reading.From == 0 {
		return err
	}
	if known == nil && s.UIDNext > 1 {
		if err := b.l.put(lookedRecord{l.f.target.id, s.UIDNext}); err != nil {
			return err
		}
	}
	return b.l.put(intentRecord{folder: l.f.id, next: s.UIDNext,
		spans: []span{{first: l.reading.From, count: l.limit - l.reading.From}}})
}
