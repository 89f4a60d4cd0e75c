package transfer

import (
	"context"
	"slices"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/planner"
)

// write brings changes to a folder of the source, and puts them on record.
func (h *HomeFlags) write(ctx context.Context, f *folderState, list []flagged) error {
	if len(list) == 0 {
		return nil
	}
	src, err := h.Source.Open(ctx)
	if err != nil {
		return err
	}
	defer src.Close()
	h.src = src
	o, err := src.Select(ctx, h.srcFolders[f.name])
	if isClass(err, planner.FolderOnly) {
		return nil
	}
	if err != nil || o.UIDValidity != f.uidValidity {
		return err
	}
	shows, err := h.shows(ctx, list)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(x flagged) bool { _, ok := shows[x.src]; return !ok }) // deleted there since
	for chunk := range slices.Chunk(list, 500) {
		if h.stopped() {
			return ErrStopped
		}
		done, err := h.store(ctx, chunk, shows, o.Permanent)
		if err != nil {
			return err
		}
		if err := h.record(f, done); err != nil {
			return err
		}
	}
	return nil
}

// shows gives the flags that the source has of messages.
func (h *HomeFlags) shows(ctx context.Context, list []flagged) (map[uint32][]imap.Flag, error) {
	wanted := map[uint32]bool{}
	first := ^uint32(0)
	for _, x := range list {
		wanted[x.src], first = true, min(first, x.src)
	}
	is := map[uint32][]imap.Flag{}
	err := h.src.Scan(ctx, first, 0, func(it Item) error {
		if wanted[it.UID] {
			is[it.UID] = it.Flags
		}
		return nil
	})
	return is, err
}

// store writes what the source does not show already; done are those that it
// shows now. What it cannot keep is left out.
func (h *HomeFlags) store(ctx context.Context, list []flagged, shows map[uint32][]imap.Flag, permanent []imap.Flag) (done []flagged, err error) {
	changes := map[uint32]FlagChange{}
	for i, x := range list {
		list[i].add, _ = Sanitize(x.add, permanent)
		add := less(list[i].add, shows[x.src])
		remove := slices.DeleteFunc(slices.Clone(x.remove), func(fl imap.Flag) bool { return !contains(shows[x.src], fl) })
		if len(add)+len(remove) > 0 {
			changes[x.src] = FlagChange{Add: add, Remove: remove}
		}
	}
	if len(changes) == 0 {
		return list, nil
	}
	err = h.src.Store(ctx, changes)
	refused := map[uint32]bool{}
	if isRefusal(err) { // of one of many: each by itself
		err = nil
		for uid, change := range changes {
			if e := h.src.Store(ctx, map[uint32]FlagChange{uid: change}); isRefusal(e) {
				refused[uid] = true
			} else if e != nil {
				return nil, e
			}
		}
	}
	h.tally.Flags += len(changes) - len(refused)
	return slices.DeleteFunc(slices.Clone(list), func(x flagged) bool { return refused[x.src] }), err
}

// record makes what both sides have now the base.
func (h *HomeFlags) record(f *folderState, list []flagged) error {
	by := map[string][]uint32{}
	for _, x := range list {
		set := append(less(keyFlags(h.Ledger.st.flagSets[x.set()]), x.remove), x.add...)
		set, _ = Sanitize(set, nil)
		key := flagKey(set)
		if h.Ledger.admits(key) {
			by[key] = append(by[key], x.src)
		}
	}
	for key, uids := range by {
		if err := h.Ledger.flagged(f, uids, key); err != nil {
			return ledgerFault(h.Ledger.path, h.Ledger.address, err)
		}
	}
	return nil
}
