package mailstore

import (
	"context"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
)

// takeAway removes at the target what passes placed there of a mailbox, once
// flags that changed there are at the source.
func (s *Store) takeAway(ctx context.Context, op planner.RemovePlaced, stop <-chan struct{}, progress func(planner.Progress)) (planner.Tally, error) {
	row, listed := s.rows[op.Address]
	if !listed || op.From != s.endpoint(s.target, row) || op.Kept != s.endpoint(s.source, row) {
		return planner.Tally{}, &planner.Fault{Msg: text.M("mailbox.unlisted", "mailbox", op.Address), Class: planner.Internal}
	}
	p, err := s.open(ctx, row, stop)
	if err != nil {
		return planner.Tally{}, err
	}
	defer p.close()
	flags, err := s.flagsBack(ctx, row, p, stop, 0)
	if err != nil {
		return planner.Tally{Flags: flags}, err
	}
	ledger, notes, err := transfer.OpenLedger(s.o.Ledger, s.key(row))
	if err != nil {
		return planner.Tally{Flags: flags}, err
	}
	defer ledger.Close()
	tell(progress, notes)
	pass := &transfer.Pass{Source: p.source, Target: p.target, Ledger: ledger, Options: s.options(row),
		Progress: progress, Stop: stop, Sleep: s.o.Sleep}
	tally, err := pass.TakeAway(ctx, op.AtMost.Messages)
	tell(progress, pass.Notes())
	tally.Flags = flags
	return tally, err
}
