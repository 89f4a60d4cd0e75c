package transfer

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"maps"
	"slices"
	"strconv"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// taking removes at the target what passes placed there.
type taking struct {
	*follower
	stays map[string]int // messages that are left, by catalogue code
}

// Why a copy stays, as catalogue codes.
const (
	staysNowhere = "copy.remove.nowhere" // its UID means nothing any more
	staysSource  = "copy.remove.source"  // the source does not show the same any more
	staysContent = "copy.remove.content" // it is not as it was placed
	staysAdopted = "copy.remove.adopted" // a pass found it there
	staysFlags   = "copy.remove.flags"   // a person changed its flags, and the source does not have that
)

// takeBatch is how many messages are compared, and then removed, at once.
const takeBatch = 200

// TakeAway removes at the target what passes placed there, on the way back:
// by UID, under the UIDVALIDITY of the records, and only what is read on both
// sides and has there the content on record. What was at the target before,
// and what the source does not hold, stays. Each batch is on record before the
// first command; a run that was broken off is finished by the next, and taken
// back by a pass forward, which copies anew what was removed. More than atMost
// are not removed: that is a Fault and nothing is done.
func (p *Pass) TakeAway(ctx context.Context, atMost int) (planner.Tally, error) {
	r := p.course()
	p.notes = nil
	t := &taking{follower: &follower{course: r}}
	err := r.again(ctx, func() error { t.stays = map[string]int{}; return t.all(ctx, atMost) })
	r.drop()
	if e := p.Ledger.Sync(); e != nil && (err == nil || errors.Is(err, ErrStopped)) {
		err = e
	}
	for _, code := range slices.Sorted(maps.Keys(t.stays)) {
		r.note(text.M(code, "n", strconv.Itoa(t.stays[code])))
	}
	return r.tally, r.fault(err)
}

func (t *taking) all(ctx context.Context, atMost int) error {
	folders := slices.SortedFunc(maps.Values(t.l.st.folderOf), func(a, b *folderState) int { return cmp.Compare(a.id, b.id) })
	n := 0
	for _, f := range folders {
		n += len(placedBy(f))
	}
	if n > atMost {
		return &planner.Fault{Class: planner.Internal, Msg: text.M("copy.remove.beyond", "n", strconv.Itoa(n), "most", strconv.Itoa(atMost))}
	}
	if n == 0 {
		return nil
	}
	t.report(func(p *planner.Progress) { p.Total = n })
	source, target, err := t.list(ctx)
	if err != nil {
		return err
	}
	if err := t.open(ctx); err != nil {
		return err
	}
	dst, can := t.course.dst.(Remover)
	if !can || !dst.Removes() {
		t.note(text.M("copy.remove.uidplus", "n", strconv.Itoa(n)))
		return nil
	}
	t.dst = dst
	for _, f := range folders {
		err := t.folder(ctx, f, folderNamed(source, f.name), folderNamed(target, f.target.name))
		if isClass(err, planner.FolderOnly) || isRefusal(err) {
			t.stays[staysNowhere] += len(placedBy(f))
			err = nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// list hides the follower's.
func (t *taking) list(ctx context.Context) (source, target []Folder, err error) {
	return t.course.list(ctx)
}

func folderNamed(all []Folder, name string) *Folder {
	i := slices.IndexFunc(all, func(f Folder) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return &all[i]
}

// placedBy are the rows of what a pass placed.
func placedBy(f *folderState) (rows []row) {
	for _, r := range f.rows {
		if r.flags&bitAdopted == 0 {
			rows = append(rows, r)
		}
	}
	return rows
}

// folder takes away what is at the target of one folder of the source.
func (t *taking) folder(ctx context.Context, f *folderState, from, to *Folder) error {
	rows := placedBy(f)
	if n := len(f.rows) - len(rows); n > 0 {
		t.stays[staysAdopted] += n
	}
	if len(rows) == 0 {
		return nil
	}
	if from == nil || to == nil {
		t.stays[staysNowhere] += len(rows)
		return nil
	}
	src, err := t.src.Examine(ctx, *from)
	if err != nil {
		return err
	}
	dst, err := t.dst.Select(ctx, *to)
	if err != nil {
		return err
	}
	if f.uidValidity == 0 || src.UIDValidity != f.uidValidity || dst.UIDValidity != f.target.uidValidity || dst.UIDNext > 0 && dst.UIDNext < f.target.top {
		t.stays[staysNowhere] += len(rows)
		return nil
	}
	there := map[uint32]Item{}
	if err := t.dst.Scan(ctx, 1, 0, func(it Item) error { there[it.UID] = it; return nil }); err != nil {
		return err
	}
	hashes, err := t.hashes(f)
	if err != nil {
		return err
	}
	for chunk := range slices.Chunk(rows, takeBatch) {
		if t.stopped() {
			return ErrStopped
		}
		if err := t.batch(ctx, f, chunk, there, hashes); err != nil {
			return err
		}
		t.report(func(p *planner.Progress) { p.Folder = pathText(from.Path); p.Done += len(chunk) })
	}
	return nil
}

// hashes gives what is on record of a folder's messages, by source UID.
func (t *taking) hashes(f *folderState) (map[uint32][sha256.Size]byte, error) {
	by := make(map[uint32][sha256.Size]byte, len(f.rows))
	err := t.l.each(func(rec record) error {
		if r, ok := rec.(placedRecord); ok && r.folder == f.id {
			for i, w := range r.rows {
				by[w.src] = r.hashes[i]
			}
		}
		return nil
	})
	return by, err
}

// batch removes those of some messages that are proven to be at the source.
func (t *taking) batch(ctx context.Context, f *folderState, rows []row, there map[uint32]Item, hashes map[uint32][sha256.Size]byte) error {
	var wanted []row
	var gone []uint32
	for _, r := range rows {
		it, is := there[r.dst]
		switch {
		case r.dst == 0:
			t.stays[staysNowhere]++
		case !is && f.removing[r.src]: // by an earlier run
			gone = append(gone, r.src)
		case !is: // by its owner
		case t.changed(f, r, it):
			t.stays[staysFlags]++
		default:
			wanted = append(wanted, r)
		}
	}
	if len(gone) > 0 {
		if err := t.l.put(removalsOf(f, removed, gone)...); err != nil {
			return err
		}
		t.count(func(tally *planner.Tally) { tally.Removed += len(gone) })
	}
	proven, err := t.prove(ctx, f, wanted, hashes)
	if err != nil || len(proven) == 0 {
		return err
	}
	if err := t.l.put(f.unsettle()...); err != nil {
		return err
	}
	before := t.tally.Removed
	if err := t.expunge(ctx, f, proven); err != nil {
		return err
	}
	if left := len(proven) - (t.tally.Removed - before); left > 0 {
		t.stays[staysContent] += left
	}
	return nil
}

// changed reports whether a message has a flag that a person set at the target
// and that is not on record as being at the source, too.
func (t *taking) changed(f *folderState, r row, it Item) bool {
	is, _ := Sanitize(it.Flags, nil)
	home := HomeFlags{Ledger: t.l}
	return slices.ContainsFunc(less(is, keyFlags(t.l.st.flagSets[r.set()])), func(fl imap.Flag) bool {
		return fl != imap.FlagDeleted && (fl[0] == '\\' || home.uses(fl)) || fl == imap.FlagDeleted && !f.removing[r.src]
	})
}

// unsettle makes the next pass forward list all of a folder: what is removed is
// to be copied anew then.
func (f *folderState) unsettle() []record {
	if !f.marked || f.mark.pending > 0 {
		return nil
	}
	m := f.mark
	m.pending = 1
	recs := []record{markRecord{f.id, m}} // it ends open intents: they are written again
	for _, i := range f.intents {
		recs = append(recs, intentRecord{f.id, i.next, []span{i.span}})
	}
	return recs
}
