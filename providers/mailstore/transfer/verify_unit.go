package transfer

import "context"

// judging is a unit while its mail is compared.
type judging struct {
	*verifier
	u            *unit
	boxes        []*box
	target       *box
	from, to     *bins
	lost, others *shelf // that have no match: of the source, and of the target but for what is doubled
}

// judge matches the mail of a unit, gives every pair its verdict, and keeps
// what has no match until all folders were read.
func (v *verifier) judge(ctx context.Context, u *unit, boxes []*box, target *box) error {
	if v.unreadFolders(u, boxes, target) {
		return nil
	}
	j := &judging{verifier: v, u: u, boxes: boxes, target: target, lost: v.newShelf(), others: v.newShelf()}
	all := target.size()
	for _, b := range boxes {
		all = max(all, b.size())
	}
	j.from, j.to = newBins(v.scratch, v.sets, all), newBins(v.scratch, v.sets, all)
	defer j.from.close()
	defer j.to.close()
	defer j.lost.close()
	defer j.others.close()
	if err := j.spread(); err != nil {
		return err
	}
	if err := j.match(); err != nil {
		return err
	}
	if err := j.look(ctx); err != nil {
		return err
	}
	return j.others.each(v.aside(v.extra, u.reports[0], v.path(u.target.Path)))
}

// spread puts what was read into bins, and names what was not.
func (j *judging) spread() error {
	for i, b := range j.boxes {
		fr := j.u.reports[i]
		fr.Counts.Source, fr.Counts.LeftOut = b.size(), b.leftOut
		err := b.shelf.each(func(m *message) error {
			m.box = int32(i)
			switch {
			case m.read:
				return j.from.add(*m)
			case !m.gone:
				j.report.message(fr, *m, unreadVerdict())
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	j.u.reports[0].Counts.Target = j.target.size()
	if j.target.shelf == nil {
		return nil
	}
	return j.target.shelf.each(func(m *message) error {
		switch {
		case m.read:
			return j.to.add(*m)
		case !m.gone:
			j.unreadThere(j.u, *m)
		}
		return nil
	})
}

// match pairs the messages of each bin.
func (j *judging) match() error {
	var left, right []message
	double := j.aside(j.extra, j.u.reports[0], j.path(j.u.target.Path))
	for bin := range binCount {
		var source, there []*message
		var err error
		if left, source, err = j.from.load(bin, left); err != nil {
			return err
		}
		if right, there, err = j.to.load(bin, right); err != nil {
			return err
		}
		for _, p := range match(source, there) {
			j.pair(j.u, j.boxes, j.target, p, verdict{})
		}
		doubled, others := split(source, unused(there))
		for _, m := range doubled {
			m.doubled = true
			if err := double(m); err != nil {
				return err
			}
		}
		if err := put(j.lost, unused(source)); err != nil {
			return err
		}
		if err := put(j.others, others); err != nil {
			return err
		}
	}
	return nil
}

func put(on *shelf, all []*message) error {
	for _, m := range all {
		if err := on.add(*m); err != nil {
			return err
		}
	}
	return nil
}

// look finds what is damaged among what has no match, and keeps the rest.
func (j *judging) look(ctx context.Context) error {
	if j.lost.n == 0 || j.others.n == 0 {
		return j.lost.each(func(m *message) error { return j.keepOne(j.u, j.boxes, j.target, m) })
	}
	var lost, others []message
	into := func(all *[]message) func(*message) error {
		return func(m *message) error { *all = append(*all, *m); return nil }
	}
	if err := j.lost.each(into(&lost)); err != nil {
		return err
	}
	if err := j.others.each(into(&others)); err != nil {
		return err
	}
	source, there := pointers(lost), pointers(others)
	found, err := j.mended(ctx, j.u, j.boxes, j.target, source, there)
	if err != nil {
		return err
	}
	if err := j.more(found, unused(there)); err != nil {
		return err
	}
	if err := j.damaged(ctx, j.u, j.boxes, j.target, unused(source), unused(there)); err != nil {
		return err
	}
	j.others.close()
	if err := put(j.others, unused(there)); err != nil {
		return err
	}
	return j.keep(j.u, j.boxes, j.target, unused(source))
}
