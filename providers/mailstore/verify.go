package mailstore

import (
	"context"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
)

// Verify reads a mailbox whole on both sides and compares; it writes nothing.
// The ledger only labels what differs. Errors are *planner.Fault or the
// context's; the report then tells of what was compared before.
func (s *Store) Verify(ctx context.Context, address string, progress func(planner.Progress)) (*transfer.Report, error) {
	return s.VerifySample(ctx, address, nil, progress)
}

// VerifySample is Verify of a sample; nil: of all messages.
func (s *Store) VerifySample(ctx context.Context, address string, sample *transfer.Sampling, progress func(planner.Progress)) (*transfer.Report, error) {
	row, ok := s.rows[address]
	if !ok {
		return nil, &planner.Fault{Msg: text.M("mailbox.unlisted", "mailbox", address), Class: planner.Internal}
	}
	p, err := s.open(ctx, row, nil)
	if err != nil {
		return nil, err
	}
	defer p.close()
	ledger, err := transfer.ReadLedger(s.o.Ledger, s.key(row))
	if err != nil {
		return nil, err
	}
	return transfer.Verify(ctx, transfer.VerifyInput{
		Source: p.source, Target: p.target, Mapping: s.mapping(row, ledger), Since: s.since, Now: s.o.Now(),
		Sample: sample, Scratch: s.o.Scratch, Evidence: ledger, Progress: progress,
	})
}

// mapping is how the passes map folders, but for the target's delimiter, which
// its listing tells.
func (s *Store) mapping(row config.Mailbox, ledger *transfer.Ledger) transfer.MapOptions {
	o := s.options(row)
	return transfer.MapOptions{Map: o.Map, Skip: o.Skip, Below: o.Below, Pinned: ledger.Pinned()}
}
