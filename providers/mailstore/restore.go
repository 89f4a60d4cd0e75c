package mailstore

import (
	"context"
	"net/url"
	"path/filepath"

	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/archive"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
)

// Restore brings the mail of an archive into the mailbox of a row at the
// target, below a folder if one is named. It reads the archive first, and
// leaves out what is not as it was written; the report names it. What is in the
// mailbox already is recognised by its content and not doubled.
func (s *Store) Restore(ctx context.Context, dir, address string, below []string, stop <-chan struct{}, progress func(planner.Progress)) (planner.Tally, *archive.Report, error) {
	row, err := s.row(address)
	if err != nil {
		return planner.Tally{}, nil, err
	}
	box, err := archive.Read(dir)
	if err != nil {
		return planner.Tally{}, nil, err
	}
	report, err := readBack(ctx, box, stop, func(planner.Progress) {})
	if err != nil {
		return planner.Tally{}, report, err
	}
	if err := s.target.slots.acquire(ctx, stop); err != nil {
		return planner.Tally{}, report, err
	}
	to := s.target.session(ctx, s.target.account(row), stop)
	defer to.Close()
	if dir, err = filepath.Abs(dir); err != nil {
		return planner.Tally{}, report, err
	}
	key := transfer.Key{Lineage: s.o.Lineage, Address: box.Address(), From: planner.Endpoint("file:" + dir), To: s.endpoint(s.target, row)}
	ledger, notes, err := transfer.OpenLedger(filepath.Join(s.o.Ledger, "restore", url.PathEscape(row.TargetAddress)), key)
	if err != nil {
		return planner.Tally{}, report, err
	}
	defer ledger.Close()
	tell(progress, notes)
	pass := &transfer.Pass{Source: box, Target: to, Ledger: ledger, Progress: progress, Stop: stop, Sleep: s.o.Sleep,
		Options: transfer.Options{MapOptions: transfer.MapOptions{Below: below}, Budget: s.budget,
			Quarantine: filepath.Join(s.o.Quarantine, row.Address)}}
	tally, err := pass.Run(ctx)
	tell(progress, pass.Notes())
	return tally, report, err
}
