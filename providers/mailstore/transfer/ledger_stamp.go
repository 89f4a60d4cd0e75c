package transfer

import (
	"os"
	"path/filepath"
)

// Stamp tells a ledger's file from what it was and what it will be: every
// write moves it. Zero: there is no file, or none that can be read.
type Stamp struct {
	Size int64 `json:"size,omitempty"` // octets
	Time int64 `json:"time,omitempty"` // of the last write, in nanoseconds since 1970
}

// StampOf gives that of a mailbox's ledger under dir.
func StampOf(dir, address string) Stamp {
	info, err := os.Stat(filepath.Join(dir, ledgerName(address)))
	if err != nil {
		return Stamp{}
	}
	return Stamp{info.Size(), info.ModTime().UnixNano()}
}

// Summary is a ledger in short: enough for what asks no server.
type Summary struct {
	Started bool `json:"started,omitempty"` // see Ledger.Started
	Placed  int  `json:"placed,omitempty"`
	Named   int  `json:"named,omitempty"`   // messages refused or missing
	Altered int  `json:"altered,omitempty"` // messages repaired or wrapped
}

// Summary of the ledger as it stands.
func (l *Ledger) Summary() Summary {
	return Summary{Started: l.Started(), Placed: l.Placed(), Named: len(l.Named()), Altered: l.Altered()}
}
