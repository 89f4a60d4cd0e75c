package transfer

import (
	"context"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// remove takes a folder's messages away, or takes back what an earlier pass
// began.
func (fl *follower) remove(ctx context.Context, d *drop, allowed bool) error {
	if len(d.gone)+len(d.undone) == 0 {
		return nil
	}
	to, err := fl.dst.Select(ctx, d.m.ToFolder)
	if err != nil {
		return folderFault(d.m, err)
	}
	if to.UIDValidity != d.f.target.uidValidity {
		return nil
	}
	there := map[uint32]Item{}
	err = fl.dst.Scan(ctx, 1, 0, func(it Item) error { there[it.UID] = it; return nil })
	if err != nil {
		return err
	}
	if err := fl.takeBack(ctx, d, there, allowed); err != nil || !allowed {
		return err
	}
	rows, fates, err := fl.sort(ctx, d, there)
	if err != nil {
		return err
	}
	for fate, uids := range fates {
		if err := fl.l.put(removalsOf(d.f, fate, uids)...); err != nil {
			return err
		}
	}
	for chunk := range slices.Chunk(rows, 2000) {
		if fl.stopped() {
			return ErrStopped
		}
		if err := fl.expunge(ctx, d.f, chunk); err != nil {
			return err
		}
	}
	return nil
}

// sort parts a folder's messages that are gone at the source into those to
// remove and those that stay, or are gone here, too, by their fate.
func (fl *follower) sort(ctx context.Context, d *drop, there map[uint32]Item) (rows []row, fates map[byte][]uint32, err error) {
	fates = map[byte][]uint32{}
	for _, r := range d.gone {
		it, is := there[r.dst]
		kept, err := fl.keeps(d.f, r, it, is), error(nil)
		old := kept == 0 && is && fl.hidden(it.Date)
		for ; err == nil && old && len(fl.others) > 0; old = fl.hidden(it.Date) {
			_, err = fl.dates(ctx, fl.others[0])
			fl.others = fl.others[1:]
		}
		switch {
		case err != nil:
			return nil, nil, err
		case kept > 0:
			fates[keptFirst+byte(kept)-1] = append(fates[keptFirst+byte(kept)-1], r.src)
		case !is:
			fates[removed] = append(fates[removed], r.src)
		case old:
			fl.note(text.M("copy.follow.window", "folder", pathText(d.m.From.Path)))
		default:
			rows = append(rows, r)
		}
	}
	return rows, fates, nil
}

// keeps says why a message must stay.
func (fl *follower) keeps(f *folderState, r row, it Item, is bool) Kept {
	switch {
	case r.flags&bitAdopted != 0:
		return KeptAdopted
	case r.dst == 0:
		return KeptNowhere
	case !is:
		return 0
	case !fl.untouched(f, r, it):
		return KeptTouched
	case r.flags&bitDate != 0 || it.Date.IsZero():
		return KeptUndated
	}
	return 0
}

// hidden reports whether a message is older than all that the source shows:
// then it may only be out of sight, as behind a window of 30 days.
func (fl *follower) hidden(date time.Time) bool {
	return fl.oldest.IsZero() || date.Before(fl.oldest)
}

// untouched reports whether the target shows the flags that were written
// last, but for \Deleted where that may be ours.
func (fl *follower) untouched(f *folderState, r row, it Item) bool {
	is, _ := Sanitize(it.Flags, nil)
	was := keyFlags(fl.l.st.flagSets[r.set()])
	if r.flags&bitKeywords != 0 { // some were not taken
		was = less(was, less(was, append(systemOnly(was), is...)))
	}
	if f.removing[r.src] {
		is = less(is, []imap.Flag{imap.FlagDeleted})
		was = less(was, []imap.Flag{imap.FlagDeleted})
	}
	return len(less(is, was))+len(less(was, is)) == 0
}

// expunge removes messages of one folder: the intent is on the disk before the
// first command.
func (fl *follower) expunge(ctx context.Context, f *folderState, rows []row) error {
	src, dst, changes := make([]uint32, len(rows)), make([]uint32, len(rows)), map[uint32]FlagChange{}
	for i, r := range rows {
		src[i], dst[i] = r.src, r.dst
		changes[r.dst] = FlagChange{Add: []imap.Flag{imap.FlagDeleted}}
	}
	if err := fl.l.put(removalsOf(f, removing, src)...); err != nil {
		return err
	}
	if err := fl.l.Sync(); err != nil {
		return err
	}
	err := fl.dst.Store(ctx, changes)
	if err == nil {
		err = fl.dst.Expunge(ctx, dst)
	}
	if err != nil && !isRefusal(err) {
		return err
	}
	left := map[uint32]bool{}
	wanted := slices.Clone(dst)
	slices.Sort(wanted)
	err = fl.dst.Scan(ctx, wanted[0], 0, func(it Item) error {
		if _, ok := slices.BinarySearch(wanted, it.UID); ok {
			left[it.UID] = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	return fl.settleRemoval(ctx, f, rows, left)
}

// settleRemoval records what became of messages; those left are kept as they
// were.
func (fl *follower) settleRemoval(ctx context.Context, f *folderState, rows []row, left map[uint32]bool) error {
	fates, back := map[byte][]uint32{}, map[uint32]FlagChange{}
	for _, r := range rows {
		fate := byte(removed)
		if left[r.dst] {
			fate = keptFirst + byte(KeptRefused) - 1
			fl.restores(back, r)
		}
		fates[fate] = append(fates[fate], r.src)
	}
	if len(back) > 0 {
		if err := fl.dst.Store(ctx, back); err != nil && !isRefusal(err) {
			return err
		}
	}
	n := len(fates[removed])
	for fate, uids := range fates {
		if err := fl.l.put(removalsOf(f, fate, uids)...); err != nil {
			return err
		}
	}
	if n > 0 {
		fl.count(func(t *planner.Tally) { t.Removed += n })
	}
	return nil
}

// restores takes \Deleted back, unless the source had set it.
func (fl *follower) restores(back map[uint32]FlagChange, r row) {
	if d := []imap.Flag{imap.FlagDeleted}; len(less(d, keyFlags(fl.l.st.flagSets[r.set()]))) > 0 {
		back[r.dst] = FlagChange{Remove: d}
	}
}

// takeBack undoes what an earlier pass began to remove, and this one may not.
func (fl *follower) takeBack(ctx context.Context, d *drop, there map[uint32]Item, allowed bool) error {
	back := map[uint32]FlagChange{}
	var rows []row
	for _, r := range d.f.rows {
		if !d.undone[r.src] && (allowed || !d.f.removing[r.src]) {
			continue
		}
		rows = append(rows, r)
		if _, is := there[r.dst]; is {
			fl.restores(back, r)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	if len(back) > 0 {
		if err := fl.dst.Store(ctx, back); err != nil && !isRefusal(err) {
			return err
		}
	}
	var gone, stay []uint32
	for _, r := range rows {
		if _, is := there[r.dst]; is {
			stay = append(stay, r.src)
		} else {
			gone = append(gone, r.src)
		}
	}
	recs := removalsOf(d.f, removed, gone)
	if len(gone) > 0 {
		recs = append(recs, d.f.unsettle()...) // what shows again is copied again
	}
	return fl.l.put(append(recs, removalsOf(d.f, free, stay)...)...)
}
