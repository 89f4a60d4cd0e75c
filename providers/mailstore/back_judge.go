package mailstore

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
)

// atHome are messages of the target that were found to be at the source, by
// folder: they are not read again in this process. It is safe for concurrent
// use.
type atHome struct {
	mu   sync.Mutex
	uids map[string]map[uint32]bool
}

func (a *atHome) has(key string, uid uint32) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.uids[key][uid]
}

func (a *atHome) put(key string, uids map[uint32]bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for uid := range uids {
		if a.uids == nil {
			a.uids = map[string]map[uint32]bool{}
		}
		if a.uids[key] == nil {
			a.uids[key] = map[uint32]bool{}
		}
		a.uids[key][uid] = true
	}
}

// foundling is a message of the target that no record explains.
type foundling struct {
	transfer.Item
	print transfer.Fingerprint
}

// judge reads messages of the target and tells which of them the source has,
// or gave: by what was copied and carried, then by what is there. What cannot
// be read is left to the pass, which tells of it.
func (f *targetFolder) judge(ctx context.Context, fresh []transfer.Item) (map[uint32]bool, error) {
	if len(fresh) == 0 {
		return nil, nil
	}
	w := f.way
	carried, err := w.records()
	if err != nil {
		return nil, err
	}
	there := map[uint32]bool{}
	var open []foundling
	read, err := prints(ctx, f.Target, fresh)
	if err != nil {
		return nil, err
	}
	for _, x := range read {
		if w.copies.Holds(x.print) || carried.Holds(x.print) {
			there[x.UID] = true
		} else {
			open = append(open, x)
		}
	}
	if len(open) > 0 && w.home != nil {
		if err := w.home.look(ctx, open); err != nil {
			return nil, err
		}
	}
	for _, x := range open {
		if w.found.Holds(x.print) {
			there[x.UID] = true
		}
	}
	w.store.atHome.put(f.key, there)
	return there, nil
}

// records reads what was copied, and what was carried back so far.
func (w *way) records() (carried *transfer.Known, err error) {
	if w.copies == nil {
		if w.copies, err = transfer.Copied(w.store.o.Ledger, w.store.key(w.row)); err != nil {
			return nil, err
		}
	}
	carried = &transfer.Known{}
	return carried, carried.Learn(w.back)
}

// prints reads messages.
func prints(ctx context.Context, from transfer.Source, items []transfer.Item) (read []foundling, err error) {
	by := map[uint32]transfer.Item{}
	uids := make([]uint32, len(items))
	for i, it := range items {
		uids[i], by[it.UID] = it.UID, it
	}
	for chunk := range slices.Chunk(uids, batch) {
		_, err := from.Fetch(ctx, chunk, func(it transfer.Item) error {
			if it.Body == nil {
				return nil
			}
			p := transfer.NewFingerprinter()
			if _, err := io.Copy(p, it.Body); err != nil {
				return err
			}
			read = append(read, foundling{by[it.UID], p.Sum()})
			return nil
		})
		var no *transfer.Refusal
		if err != nil && !errors.As(err, &no) {
			return nil, err
		}
	}
	return read, nil
}

// look reads of all folders of the source what messages may be, and opens its
// own again: what no record explains there is the pass's to adopt.
func (f *sourceFolder) look(ctx context.Context, open []foundling) error {
	w := f.way
	if w.read == nil {
		w.read = map[string]map[uint32]bool{}
	}
	folders, err := w.source.Folders(ctx)
	if err != nil {
		return err
	}
	like := likenessOf(open)
	for _, folder := range folders {
		if folder.NoSelect || folder.Use == imap.MailboxAttrFlagged {
			continue
		}
		err := f.lookInto(ctx, folder, like)
		var fault *planner.Fault
		if errors.As(err, &fault) && fault.Class == planner.FolderOnly {
			continue // rather twice than not at all
		}
		if err != nil {
			return err
		}
	}
	_, err = f.Target.Select(ctx, f.folder)
	return err
}

func (f *sourceFolder) lookInto(ctx context.Context, folder transfer.Folder, like likeness) error {
	w := f.way
	o, err := f.Target.Examine(ctx, folder)
	if err != nil {
		return err
	}
	if w.read[folder.Name] == nil {
		w.read[folder.Name] = map[uint32]bool{}
	}
	copied, carried := w.there.PlacedFrom(folder.Name, o.UIDValidity), w.back.PlacedAt(folder.Name, o.UIDValidity)
	own := folder.Name == f.folder.Name
	var items []transfer.Item
	err = f.Target.Scan(ctx, 1, 0, func(it transfer.Item) error {
		ours := has(copied, it.UID)
		if !ours && own || has(carried, it.UID) || w.read[folder.Name][it.UID] || !like.may(it, ours) {
			return nil
		}
		w.read[folder.Name][it.UID] = true
		items = append(items, it)
		return nil
	})
	if err != nil {
		return err
	}
	read, err := prints(ctx, f.Target, items)
	for _, x := range read {
		w.found.Add(x.print)
	}
	return err
}

// likeness says which messages of the source are worth reading for what is at
// the target.
type likeness struct {
	dates map[int64]bool // Unix seconds
	sizes []int64        // in order
}

func likenessOf(open []foundling) likeness {
	l := likeness{dates: map[int64]bool{}}
	for _, x := range open {
		if !x.Date.IsZero() {
			l.dates[x.Date.Unix()] = true
		}
		l.sizes = append(l.sizes, x.print.Size)
	}
	slices.Sort(l.sizes)
	return l
}

// may reports whether a message of the source may be one of them. A copy of
// ours that is not known by its octets was altered by the target; who files it
// keeps its date (RFC 9051 section 6.4.7). For others the size counts, which
// servers tell a little wrong, such as by line ends.
func (l likeness) may(it transfer.Item, ours bool) bool {
	if !it.Date.IsZero() && l.dates[it.Date.Unix()] {
		return true
	}
	slack := it.Size/16 + 64
	at, _ := slices.BinarySearch(l.sizes, it.Size-slack)
	return !ours && at < len(l.sizes) && l.sizes[at] <= it.Size+slack
}
