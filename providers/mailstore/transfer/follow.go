package transfer

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/config/text"
)

// Remover is a Target that removes single messages.
type Remover interface {
	Target
	// Removes reports whether it can: only with UIDPLUS (RFC 4315) or
	// IMAP4rev2 are no others removed with them.
	Removes() bool
	// Expunge removes those of uids in the selected folder that have \Deleted.
	Expunge(ctx context.Context, uids []uint32) error
}

// follower removes at the target what was deleted at the source after it was
// copied. Of that the source's silence is no proof: it may show only a part of
// its mail, or a message may have moved to a folder not yet carried.
type follower struct {
	*course
	dst    Remover
	oldest time.Time // of all that the source shows
	others []Mapped  // folders that were not yet asked for it
	drops  []*drop
}

// drop is a folder of which the source deleted messages.
type drop struct {
	m      Mapped
	f      *folderState
	gone   []row           // ordered by src
	undone map[uint32]bool // src: \Deleted is ours, and to be taken back
}

// manyListed is from how many messages on a folder may be a window of the
// newest ones, as Yahoo's are: then only what is not older than the oldest
// that shows counts as deleted.
const manyListed = 1000

// follow comes after all folders were carried, so that what moved is at its new
// place before it leaves the old one.
func (r *course) follow(ctx context.Context, mapped []Mapped) error {
	open := slices.ContainsFunc(r.l.st.folders, func(f *folderState) bool { return len(f.removing) > 0 })
	if r.p.Options.Removed <= 0 && !open {
		return nil
	}
	now, err := r.p.Source.Folders(ctx)
	if err != nil {
		return err
	}
	shrunk := slices.DeleteFunc(slices.Clone(mapped), func(m Mapped) bool {
		f, st, ok := r.whereabouts(m, now)
		return !ok || !f.shrunk(st.Messages)
	})
	if len(shrunk) == 0 {
		return nil
	}
	if err := r.open(ctx); err != nil {
		return err
	}
	dst, can := r.dst.(Remover)
	if !can || !dst.Removes() {
		r.note(text.M("copy.follow.uidplus"))
		return nil
	}
	if slices.ContainsFunc(now, func(f Folder) bool { return f.Use == imap.MailboxAttrAll }) {
		r.note(text.M("copy.follow.view"))
		return nil
	}
	fl := &follower{course: r, dst: dst}
	return fl.run(ctx, mapped, shrunk)
}

// whereabouts gives what is known of a folder, if a pass has carried all of it.
func (r *course) whereabouts(m Mapped, now []Folder) (*folderState, Status, bool) {
	i := slices.IndexFunc(now, func(f Folder) bool { return f.Name == m.From.Name })
	f := r.l.st.folderOf[m.From.Name]
	if i < 0 {
		return nil, Status{}, false
	}
	st := now[i].Status
	if f == nil || !f.marked || f.mark.pending > 0 || f.uidValidity == 0 {
		return nil, st, false
	}
	return f, st, st.Known && st.UIDValidity == f.uidValidity
}

func (fl *follower) run(ctx context.Context, mapped, shrunk []Mapped) error {
	for _, m := range shrunk {
		if err := fl.list(ctx, m); err != nil {
			return err
		}
	}
	whole, err := fl.allCarried(ctx, mapped)
	if err != nil {
		return err
	}
	fl.others = slices.DeleteFunc(slices.Clone(mapped), func(m Mapped) bool {
		return slices.ContainsFunc(shrunk, func(s Mapped) bool { return s.From.Name == m.From.Name })
	})
	allowed := whole && fl.within()
	for _, d := range fl.drops {
		if fl.stopped() {
			return ErrStopped
		}
		if err := fl.remove(ctx, d, allowed); err != nil {
			return err
		}
	}
	return nil
}

// dates lists a folder of the source whole, or gives nil.
func (fl *follower) dates(ctx context.Context, m Mapped) (map[uint32]bool, error) {
	o, err := fl.src.Examine(ctx, m.From)
	if err != nil {
		return nil, folderFault(m, err)
	}
	if f := fl.l.st.folderOf[m.From.Name]; f == nil || o.UIDValidity != f.uidValidity {
		return nil, nil
	}
	listed := map[uint32]bool{}
	err = fl.src.Scan(ctx, 1, 0, func(it Item) error {
		listed[it.UID] = true
		if !it.Date.IsZero() && (fl.oldest.IsZero() || it.Date.Before(fl.oldest)) {
			fl.oldest = it.Date
		}
		return nil
	})
	if err != nil || len(listed) != int(o.Messages) {
		return nil, err
	}
	return listed, nil
}

// list finds what a folder of the source shows no more.
func (fl *follower) list(ctx context.Context, m Mapped) error {
	listed, err := fl.dates(ctx, m)
	if err != nil || listed == nil {
		return err
	}
	d := &drop{m: m, f: fl.l.st.folderOf[m.From.Name], undone: map[uint32]bool{}}
	low := ^uint32(0)
	for uid := range listed {
		low = min(low, uid)
	}
	for _, r := range d.f.rows {
		switch again := listed[r.src]; {
		case d.f.removing[r.src] && again:
			d.undone[r.src] = true
		case again || d.f.kept[r.src] > 0:
		case len(listed) >= manyListed && r.src < low:
		default:
			d.gone = append(d.gone, r)
		}
	}
	fl.drops = append(fl.drops, d)
	return nil
}

// allCarried reports whether the source has no message now that was not there
// when its folders were carried: it may be one that moved.
func (fl *follower) allCarried(ctx context.Context, mapped []Mapped) (bool, error) {
	now, err := fl.p.Source.Folders(ctx)
	if err != nil {
		return false, err
	}
	for _, m := range mapped {
		f, st, ok := fl.whereabouts(m, now)
		if st.Known && st.Messages == 0 {
			continue // nothing moved there; the UIDVALIDITY of Courier's empty folders goes with the clock
		}
		if !ok || st.UIDNext == 0 || st.UIDNext > f.mark.next {
			return false, nil
		}
	}
	return !slices.ContainsFunc(now, func(f Folder) bool { return !f.NoSelect && !fl.names[f.Name] }), nil
}

// within reports whether no more is to be removed than a pass may.
func (fl *follower) within() bool {
	n, all := 0, 0
	for _, d := range fl.drops {
		for _, r := range d.gone {
			if r.dst != 0 && r.flags&bitAdopted == 0 {
				n++
			}
		}
	}
	for _, f := range fl.l.st.folderOf {
		all += len(f.rows)
	}
	limit := fl.p.Options.Removed
	if n == 0 || float64(n)*100 <= limit*float64(all) {
		return limit > 0
	}
	if limit > 0 {
		fl.note(text.M("copy.follow.limit", "n", strconv.Itoa(n), "all", strconv.Itoa(all), "limit", strconv.FormatFloat(limit, 'g', 4, 64)))
	}
	return false
}
