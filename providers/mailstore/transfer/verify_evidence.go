package transfer

import (
	"time"

	"github.com/emersion/go-imap/v2"
)

// Evidence is what the passes put on record. Verify finds differences without
// it and only then asks, so a wrong record can hide nothing but its own label.
type Evidence interface {
	// Fate tells what became of a source message, by the folder's Name; false:
	// no pass has dealt with it.
	Fate(folder string, uidValidity, uid uint32) (Fate, bool)
	// Passed tells of the last finished pass over a source folder; false: none.
	Passed(folder string) (Passed, bool)
}

// Fate is what the passes know of one source message.
type Fate struct {
	Refused     string      // why the target does not have it, as a catalogue code or the target's words; "": it was not refused
	Missing     bool        // the source listed it and did not give it
	UIDValidity uint32      // of the target folder it was placed in; 0 with UID 0
	UID         uint32      // at the target; 0: not known
	Adopted     bool        // it was at the target before
	Written     bool        // Flags are as last written at the target
	Flags       []imap.Flag //
	Keywords    bool        // keywords were dropped, which the target does not take
	Date        bool        // the date was dropped, which the target does not take
	Mended      *Mended     // it was altered, since the target refused it
}

// Passed is the last finished pass over a source folder.
type Passed struct {
	Began       time.Time // zero: not known
	UIDValidity uint32    // of the source folder
	UIDNext     uint32    // of the source folder when the pass listed it; 0: not known
	Subscribed  bool      // the target's folder was subscribed
}
