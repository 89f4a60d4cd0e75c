package mailstore

import (
	"path/filepath"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
	"github.com/mxmove/mxmove/providers/mailstore/wire"
)

// Ledger tells what is on record of a row's copy. It asks no server and
// changes nothing.
func (s *Store) Ledger(address string) (*transfer.LedgerInfo, error) {
	row, err := s.row(address)
	if err != nil {
		return nil, err
	}
	info, err := transfer.Inspect(s.place(row))
	if err != nil {
		return nil, err
	}
	for i := range info.Folders {
		info.Folders[i].From = wire.DecodeName(info.Folders[i].From)
	}
	return info, nil
}

// Retry lets the next pass over a row try refused messages again. It gives how
// many these are, and how many were missing, which every pass asks for. No
// pass may run meanwhile.
func (s *Store) Retry(address string) (refused, missing int, err error) {
	row, err := s.row(address)
	if err != nil {
		return 0, 0, err
	}
	known, err := transfer.ReadLedger(s.place(row))
	if err != nil || len(known.Named()) == 0 {
		return 0, 0, err
	}
	l, _, err := transfer.OpenLedger(s.place(row))
	if err != nil {
		return 0, 0, err
	}
	refused, missing, err = l.Retry()
	if e := l.Close(); err == nil {
		err = e
	}
	return refused, missing, err
}

func (s *Store) row(address string) (config.Mailbox, error) {
	row, ok := s.rows[address]
	if !ok {
		return row, &planner.Fault{Msg: text.M("mailbox.unlisted", "mailbox", address), Class: planner.Internal}
	}
	return row, nil
}

// Deviations lists the messages of a row that are not at the target as they
// are at the source, as far as passes know. It asks no server.
func (s *Store) Deviations(address string) ([]transfer.Deviation, error) {
	row, err := s.row(address)
	if err != nil {
		return nil, err
	}
	l, err := transfer.ReadLedger(s.place(row))
	if err != nil {
		return nil, err
	}
	all := l.Deviations()
	for i := range all {
		all[i].Folder = wire.DecodeName(all[i].Folder)
		if all[i].File != "" {
			all[i].File = filepath.Join(s.options(row).Quarantine, all[i].File)
		}
	}
	return all, nil
}
