package mailstore

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
)

// Trace looks for mail of a row on both sides, by headers, and tells what
// became of it; it writes nothing. Errors are *planner.Fault or the context's.
func (s *Store) Trace(ctx context.Context, address string, q transfer.Query, progress func(planner.Progress)) (*transfer.Trace, error) {
	row, err := s.row(address)
	if err != nil {
		return nil, err
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
	t, err := transfer.FindMail(ctx, transfer.TraceInput{Source: p.source, Target: p.target, Mapping: s.mapping(row, ledger),
		Since: s.since, Ledger: ledger, Query: q, Progress: progress})
	if err != nil {
		return nil, err
	}
	for i := range t.Found {
		if h := s.o.Spec.History; h != nil && strings.HasPrefix(t.Found[i].Where.Code, "trace.excluded.") {
			t.Found[i].Where.Args = text.Args{"at": h.At.String(), "since": h.Since}
		}
		if w := &t.Found[i].Where; w.Args["file"] != "" && w.Args["file"] != "-" {
			w.Args["file"] = filepath.Join(s.options(row).Quarantine, w.Args["file"])
		}
	}
	return t, nil
}
