package mailstore

import (
	"context"
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

// carryBack carries to the source what is at the target and neither a copy of
// ours nor at the source, whatever its date: mail arrives, and people put old
// mail there. Neither side's folders are read for what the records of the way
// there explain; all else is told by its content, so nothing is doubled that
// somebody filed elsewhere, or brought back after its owner deleted it. What the
// target held before the first pass stays there, and is counted. Then flags come.
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
	o.Since, o.Skip, o.Map, o.Below, o.Pinned = time.Time{}, nil, nil, nil, home
	o.Quarantine, o.Answers = filepath.Join(o.Quarantine, "back"), &s.source.answers
	w := &way{store: s, row: row, there: there, back: ledger, source: p.source, since: op.Arrived}
	pass := &transfer.Pass{
		Source: &veiled{p.target, w.targetFolder},
		Target: &veiled{p.source, w.sourceFolder},
		Ledger: ledger, Options: o, Progress: progress, Stop: stop, Sleep: s.o.Sleep,
	}
	tally, err := pass.Run(ctx)
	tell(progress, append(pass.Notes(), w.notes()...))
	if err == nil {
		tally.Flags, err = s.flagsBack(ctx, row, p, stop, tally.Flags)
	}
	return tally, err
}

// flagsBack carries flags that changed at the target; n were carried by the
// pass. Records that are not whole say nothing of who changed what.
func (s *Store) flagsBack(ctx context.Context, row config.Mailbox, p *pair, stop <-chan struct{}, n int) (int, error) {
	info, err := transfer.Inspect(s.o.Ledger, s.key(row))
	if err != nil || info.Check != transfer.LedgerWhole && info.Check != transfer.LedgerTorn {
		return n, err
	}
	there, _, err := transfer.OpenLedger(s.o.Ledger, s.key(row))
	if err != nil {
		return n, err
	}
	defer there.Close()
	seen, _ := s.flagsSeen.LoadOrStore(row.Address, &transfer.FlagsSeen{})
	home := &transfer.HomeFlags{Source: p.source, Target: p.target, Ledger: there, Seen: seen.(*transfer.FlagsSeen), Stop: stop}
	tally, err := home.Run(ctx)
	return n + tally.Flags, err
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
