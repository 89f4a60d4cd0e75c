package mailstore

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
)

// way is one pass of the way back, and what it knows of both sides.
type way struct {
	store  *Store
	row    config.Mailbox
	there  *transfer.Ledger // of the way there
	back   *transfer.Ledger
	source transfer.Session
	since  time.Time // what came to the target before it may have been there before us

	home   *sourceFolder // where mail goes that is carried now
	copies *transfer.Known
	found  transfer.Known             // at the source, of what was read
	read   map[string]map[uint32]bool // by folder
	before map[string]int             // by folder: was there before the first pass
}

// notes tells what is left at the target.
func (w *way) notes() []config.Finding {
	n := 0
	for _, k := range w.before {
		n += k
	}
	if n == 0 {
		return nil
	}
	return []config.Finding{{Severity: config.Warning, Subject: w.row.Address,
		Msg: text.M("copy.back.before", "n", strconv.Itoa(n), "folders", strconv.Itoa(len(w.before)))}}
}

// veiled is a mailbox without the messages that records explain.
type veiled struct {
	transfer.Session
	open func(transfer.Target) transfer.Target
}

// Open gives a connection.
func (v *veiled) Open(ctx context.Context) (transfer.Target, error) {
	t, err := v.Session.Open(ctx)
	if err != nil {
		return nil, err
	}
	return v.open(t), nil
}

// sourceFolder is a connection to the source; it does not show what was copied
// from there.
type sourceFolder struct {
	transfer.Target
	way    *way
	folder transfer.Folder
	hidden []uint32
}

func (w *way) sourceFolder(t transfer.Target) transfer.Target {
	return &sourceFolder{Target: t, way: w}
}

// Select opens a folder for writing.
func (f *sourceFolder) Select(ctx context.Context, at transfer.Folder) (transfer.Opened, error) {
	o, err := f.Target.Select(ctx, at)
	f.folder, f.hidden, f.way.home = at, f.way.there.PlacedFrom(at.Name, o.UIDValidity), f
	return o, err
}

// Scan lists what is not hidden.
func (f *sourceFolder) Scan(ctx context.Context, from uint32, since uint64, each func(transfer.Item) error) error {
	return f.Target.Scan(ctx, from, since, func(it transfer.Item) error {
		if has(f.hidden, it.UID) {
			return nil
		}
		return each(it)
	})
}

// targetFolder is a connection to the target; it shows what is to be carried
// back, or was.
type targetFolder struct {
	transfer.Target
	way    *way
	folder string
	hidden []uint32 // placed by us
	known  []uint32 // carried before
	before uint32   // UIDs below it are from before the first pass
	key    string   // of the folder in one UIDVALIDITY
}

func (w *way) targetFolder(t transfer.Target) transfer.Target {
	return &targetFolder{Target: t, way: w}
}

// Examine opens a folder for reading only.
func (f *targetFolder) Examine(ctx context.Context, at transfer.Folder) (transfer.Opened, error) {
	o, err := f.Target.Examine(ctx, at)
	w, v := f.way, o.UIDValidity
	f.folder, f.hidden, f.known = at.Name, w.there.PlacedAt(at.Name, v), w.back.PlacedFrom(at.Name, v)
	f.before = w.there.Before(at.Name, v, w.since.Add(planner.ArrivedSlack))
	f.key = w.row.Address + "\x00" + at.Name + "\x00" + strconv.FormatUint(uint64(v), 10)
	return o, err
}

// Scan lists what is not hidden.
func (f *targetFolder) Scan(ctx context.Context, from uint32, since uint64, each func(transfer.Item) error) error {
	var items, fresh []transfer.Item
	before := 0
	err := f.Target.Scan(ctx, from, since, func(it transfer.Item) error {
		switch {
		case has(f.hidden, it.UID) || f.way.store.atHome.has(f.key, it.UID):
			return nil
		case it.UID < f.before && !it.Date.IsZero() && it.Date.Before(f.way.since):
			before++
			return nil
		case !has(f.known, it.UID):
			fresh = append(fresh, it)
		}
		items = append(items, it)
		return nil
	})
	if err != nil {
		return err
	}
	f.stays(before)
	there, err := f.judge(ctx, fresh)
	if err != nil {
		return err
	}
	for _, it := range items {
		if there[it.UID] {
			continue
		}
		if err := each(it); err != nil {
			return err
		}
	}
	return nil
}

// stays counts what is not carried.
func (f *targetFolder) stays(n int) {
	if n == 0 {
		return
	}
	if f.way.before == nil {
		f.way.before = map[string]int{}
	}
	f.way.before[f.folder] = max(f.way.before[f.folder], n)
}

func has(uids []uint32, uid uint32) bool {
	_, ok := slices.BinarySearch(uids, uid)
	return ok
}
