package transfer

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/planner"
)

// HomeFlags carries to the source what people changed of flags at the target,
// of messages that a pass placed there. It is three-way, as passes are: base is
// what both sides had by the ledger of the way there, and a flag is written only
// where the source still has what base has. What it wrote is base from then on.
//
// \Deleted stays where it was set: mail that is deleted at the target is kept.
type HomeFlags struct {
	Source, Target Session
	Ledger         *Ledger // of the way there
	Seen           *FlagsSeen
	Stop           <-chan struct{}

	srcFolders, dstFolders map[string]Folder
	src, dst               Target
	tally                  planner.Tally
}

// FlagsSeen is what one run leaves for the next in the same process. The zero
// value is of use.
type FlagsSeen struct {
	folders map[string]Status // of the target, when all in them was dealt with
	shown   map[string]bool   // flags that the target shows where it was sent them, in lower case
}

// flagged is a message whose flags the target shows otherwise than base.
type flagged struct {
	row
	add, remove []imap.Flag
}

// Run carries out one pass. Errors are ErrStopped, the context's, or
// *planner.Fault; after any of them another Run goes on.
func (h *HomeFlags) Run(ctx context.Context) (planner.Tally, error) {
	if h.Seen.folders == nil {
		h.Seen.folders, h.Seen.shown = map[string]Status{}, map[string]bool{}
	}
	changed, err := h.look(ctx)
	for _, f := range slices.SortedFunc(maps.Keys(changed), func(a, b *folderState) int { return int(a.id) - int(b.id) }) {
		if err == nil {
			err = h.write(ctx, f, changed[f])
		}
	}
	if e := h.Ledger.Sync(); e != nil && err == nil {
		err = ledgerFault(h.Ledger.path, h.Ledger.address, e)
	}
	if err != nil {
		clear(h.Seen.folders)
	}
	return h.tally, err
}

// look finds what changed at the target.
func (h *HomeFlags) look(ctx context.Context) (changed map[*folderState][]flagged, err error) {
	if h.srcFolders, err = named(ctx, h.Source); err != nil {
		return nil, err
	}
	if h.dstFolders, err = named(ctx, h.Target); err != nil {
		return nil, err
	}
	if h.dst, err = h.Target.Open(ctx); err != nil {
		return nil, err
	}
	defer h.dst.Close()
	changed = map[*folderState][]flagged{}
	for _, f := range h.Ledger.st.folderOf {
		to, there := h.dstFolders[f.target.name]
		_, here := h.srcFolders[f.name]
		if !there || !here || len(f.rows) == 0 || h.unchanged(f, to.Status) {
			continue
		}
		if h.stopped() {
			return nil, ErrStopped
		}
		list, err := h.folder(ctx, f, to)
		if isClass(err, planner.FolderOnly) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if len(list) > 0 {
			changed[f] = list
		}
	}
	for f, list := range changed { // when all flags that the target keeps are known
		for i, x := range list {
			list[i].remove = slices.DeleteFunc(x.remove, func(fl imap.Flag) bool { return !h.Seen.shown[lower(fl)] })
		}
		changed[f] = slices.DeleteFunc(list, func(x flagged) bool { return len(x.add)+len(x.remove) == 0 })
	}
	return changed, nil
}

func named(ctx context.Context, s Session) (map[string]Folder, error) {
	list, err := s.Folders(ctx)
	by := map[string]Folder{}
	for _, f := range list {
		by[f.Name] = f
	}
	return by, err
}

// unchanged reports whether a folder is as an earlier run left it.
func (h *HomeFlags) unchanged(f *folderState, now Status) bool {
	was, ok := h.Seen.folders[f.name]
	return ok && now.Known && now.ModSeq > 0 && now.ModSeq == was.ModSeq && now.UIDValidity == was.UIDValidity
}

// folder lists a folder of the target.
func (h *HomeFlags) folder(ctx context.Context, f *folderState, to Folder) ([]flagged, error) {
	o, err := h.dst.Examine(ctx, to)
	if err != nil || o.UIDValidity != f.target.uidValidity || o.UIDNext > 0 && o.UIDNext < f.target.top {
		return nil, err // UIDs mean other messages than before
	}
	brought, err := h.brought(f)
	if err != nil {
		return nil, err
	}
	by := make(map[uint32]row, len(f.rows))
	for _, r := range f.rows {
		by[r.dst] = r
	}
	var list []flagged
	err = h.dst.Scan(ctx, 1, 0, func(it Item) error {
		if r, ok := by[it.UID]; ok {
			if x := h.differs(r, it, brought); len(x.add)+len(x.remove) > 0 {
				list = append(list, x)
			}
		}
		return nil
	})
	h.Seen.folders[f.name] = o.Status
	return list, err
}

// brought gives the flags that adopted messages had when they were found at
// the target: they may never have been those of the source.
func (h *HomeFlags) brought(f *folderState) (map[uint32][]imap.Flag, error) {
	if !slices.ContainsFunc(f.rows, func(r row) bool { return r.flags&bitAdopted != 0 }) {
		return nil, nil
	}
	by := map[uint32][]imap.Flag{}
	err := h.Ledger.each(func(rec record) error {
		if r, ok := rec.(foreignRecord); ok && r.target == f.target.id {
			by[r.uid] = keyFlags(h.Ledger.st.flagSets[r.flags])
		}
		return nil
	})
	return by, err
}

// differs compares what the target shows with base.
func (h *HomeFlags) differs(r row, it Item, brought map[uint32][]imap.Flag) flagged {
	is, _ := Sanitize(it.Flags, nil)
	base := keyFlags(h.Ledger.st.flagSets[r.set()])
	for _, fl := range is {
		if contains(base, fl) {
			h.Seen.shown[lower(fl)] = true
		}
	}
	x := flagged{r, less(is, base), less(base, is)}
	was, adopted := brought[r.dst]
	adopted = adopted && r.flags&bitAdopted != 0
	out := func(fl imap.Flag, gone bool) bool {
		keyword := fl[0] != '\\'
		return fl == imap.FlagDeleted ||
			adopted && contains(was, fl) != contains(base, fl) ||
			keyword && gone && r.flags&bitKeywords != 0 ||
			keyword && !gone && !h.uses(fl)
	}
	x.add = slices.DeleteFunc(x.add, func(fl imap.Flag) bool { return out(fl, false) })
	x.remove = slices.DeleteFunc(x.remove, func(fl imap.Flag) bool { return out(fl, true) })
	return x
}

// uses reports whether a keyword is one that the source has somewhere, or that
// every mail program knows: servers set others by themselves.
func (h *HomeFlags) uses(fl imap.Flag) bool {
	return strings.EqualFold(string(fl), string(imap.FlagForwarded)) ||
		slices.ContainsFunc(h.Ledger.st.flagSets, func(set string) bool { return contains(keyFlags(set), fl) })
}

func contains(flags []imap.Flag, fl imap.Flag) bool {
	return slices.ContainsFunc(flags, func(g imap.Flag) bool { return strings.EqualFold(string(fl), string(g)) })
}

func lower(fl imap.Flag) string { return strings.ToLower(string(fl)) }

func (h *HomeFlags) stopped() bool {
	select {
	case <-h.Stop:
		return true
	default:
		return false
	}
}
