package mailstore

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
)

// isBack reports a copy from the target to the source.
func (s *Store) isBack(op planner.CopyMailbox, row config.Mailbox) bool {
	return op.From == s.endpoint(s.target, row) && op.To == s.endpoint(s.source, row)
}

// backKey is of the ledger of what was carried back, which lies apart.
func (s *Store) backKey(row config.Mailbox) (dir string, key transfer.Key) {
	key = s.key(row)
	key.From, key.To = key.To, key.From
	return filepath.Join(s.o.Ledger, "back"), key
}

// carryBack carries to the source what arrived at the target since a time and
// is no copy of ours. Neither side's folders are read for what the records of
// the way there explain, and our copies that somebody filed elsewhere are known
// by their content, so nothing of that is doubled, or brought back after its
// owner deleted it. Flags that changed at the target stay there.
func (s *Store) carryBack(ctx context.Context, row config.Mailbox, op planner.CopyMailbox, stop <-chan struct{}, progress func(planner.Progress)) (planner.Tally, error) {
	there, err := transfer.ReadLedger(s.o.Ledger, s.key(row))
	if err != nil {
		return planner.Tally{}, err
	}
	p, err := s.open(ctx, row, stop)
	if err != nil {
		return planner.Tally{}, err
	}
	defer p.close()
	home, err := homes(ctx, p.source, there)
	if err != nil {
		return planner.Tally{}, err
	}
	ledger, notes, err := transfer.OpenLedger(s.backKey(row))
	if err != nil {
		return planner.Tally{}, err
	}
	defer ledger.Close()
	tell(progress, notes)
	o := s.options(row)
	o.Since, o.Skip, o.Map, o.Below, o.Pinned = op.Arrived, nil, nil, nil, home
	o.Quarantine, o.Answers = filepath.Join(o.Quarantine, "back"), &s.source.answers
	copied := func() (map[[sha256.Size]byte]bool, error) { return transfer.Copied(s.o.Ledger, s.key(row)) }
	pass := &transfer.Pass{
		Source: &veiled{p.target, there.PlacedAt, &filed{copied: copied, back: ledger, arrived: op.Arrived}},
		Target: &veiled{p.source, there.PlacedFrom, nil},
		Ledger: ledger, Options: o, Progress: progress, Stop: stop, Sleep: s.o.Sleep,
	}
	tally, err := pass.Run(ctx)
	tally.Skipped = 0 // what is older was there before
	tell(progress, pass.Notes())
	return tally, err
}

// homes says of each folder at the target, by its name, from which of the
// source's its mail came: the first, where several went to one.
func homes(ctx context.Context, source transfer.Session, there *transfer.Ledger) (map[string][]string, error) {
	folders, err := source.Folders(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(folders, func(a, b transfer.Folder) int { return slices.Compare(a.Path, b.Path) })
	home := map[string][]string{}
	for _, f := range folders {
		if to, ok := there.GoneTo(f.Name); ok && home[to] == nil && !f.NoSelect {
			home[to] = f.Path
		}
	}
	return home, nil
}

// veiled is a mailbox without the messages that records explain.
type veiled struct {
	transfer.Session
	hidden func(folder string, uidValidity uint32) []uint32 // in order
	ours   *filed                                           // nil: their places tell all
}

// filed knows our copies that somebody filed elsewhere, or copied, at the
// target: by their content.
type filed struct {
	copied  func() (map[[sha256.Size]byte]bool, error)
	back    *transfer.Ledger
	arrived time.Time
	hashes  map[[sha256.Size]byte]bool // of what was copied there; nil: not read yet
}

// Open gives a connection.
func (v *veiled) Open(ctx context.Context) (transfer.Target, error) {
	t, err := v.Session.Open(ctx)
	if err != nil {
		return nil, err
	}
	return &veiledFolder{Target: t, veiled: v}, nil
}

// veiledFolder is a connection with a folder open.
type veiledFolder struct {
	transfer.Target
	veiled *veiled
	uids   []uint32 // hidden ones of the folder
	known  []uint32 // that were carried before
}

// Examine opens a folder for reading only.
func (v *veiledFolder) Examine(ctx context.Context, f transfer.Folder) (transfer.Opened, error) {
	o, err := v.Target.Examine(ctx, f)
	v.enter(f.Name, o.UIDValidity)
	return o, err
}

// Select opens a folder for writing.
func (v *veiledFolder) Select(ctx context.Context, f transfer.Folder) (transfer.Opened, error) {
	o, err := v.Target.Select(ctx, f)
	v.enter(f.Name, o.UIDValidity)
	return o, err
}

func (v *veiledFolder) enter(folder string, uidValidity uint32) {
	v.uids = v.veiled.hidden(folder, uidValidity)
	if ours := v.veiled.ours; ours != nil {
		v.known = ours.back.PlacedFrom(folder, uidValidity)
	}
}

// Scan lists what is not hidden.
func (v *veiledFolder) Scan(ctx context.Context, from uint32, since uint64, each func(transfer.Item) error) error {
	var items []transfer.Item
	var fresh []uint32
	err := v.Target.Scan(ctx, from, since, func(it transfer.Item) error {
		if has(v.uids, it.UID) {
			return nil
		}
		if ours := v.veiled.ours; ours != nil && !has(v.known, it.UID) && (it.Date.IsZero() || !it.Date.Before(ours.arrived)) {
			fresh = append(fresh, it.UID)
		}
		items = append(items, it)
		return nil
	})
	if err != nil {
		return err
	}
	copies, err := v.copies(ctx, fresh)
	if err != nil {
		return err
	}
	for _, it := range items {
		if copies[it.UID] {
			continue
		}
		if err := each(it); err != nil {
			return err
		}
	}
	return nil
}

// copies reads messages and tells which of them are copies of ours.
func (v *veiledFolder) copies(ctx context.Context, uids []uint32) (map[uint32]bool, error) {
	if len(uids) == 0 {
		return nil, nil
	}
	ours := v.veiled.ours
	if ours.hashes == nil {
		var err error
		if ours.hashes, err = ours.copied(); err != nil {
			return nil, err
		}
	}
	copies := map[uint32]bool{}
	for chunk := range slices.Chunk(uids, batch) {
		_, err := v.Target.Fetch(ctx, chunk, func(it transfer.Item) error {
			if it.Body == nil {
				return nil
			}
			h := sha256.New()
			if _, err := io.Copy(h, it.Body); err != nil {
				return err
			}
			copies[it.UID] = ours.hashes[[sha256.Size]byte(h.Sum(nil))]
			return nil
		})
		var no *transfer.Refusal
		if err != nil && !errors.As(err, &no) { // what is not given is the pass's to tell
			return nil, err
		}
	}
	return copies, nil
}

func has(uids []uint32, uid uint32) bool {
	_, ok := slices.BinarySearch(uids, uid)
	return ok
}
