package planner

import (
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
)

// Fault is why an act or an observation failed, as an error and as data. Its
// text is the catalogue's; Args hold the server's words where they help.
type Fault struct {
	text.Msg
	Class Class         `json:"class"`
	Wait  time.Duration `json:"wait,omitempty"` // as told by the server
}

// Error gives the code and the values, for logs and tests; people see the
// catalogue's text.
func (f *Fault) Error() string {
	s := f.Code
	for _, k := range sortedKeys(f.Args) {
		s += " " + k + "=" + f.Args[k]
	}
	return s
}

// Class says what a failure means for the work at hand.
type Class string

// The classes. Answers of servers are put into one in one place.
const (
	Credential  Class = "credential"  // wrong password or user: never repeated in this run
	Account     Class = "account"     // the account needs something of a person
	Throttled   Class = "throttled"   // too fast: wait
	Crowded     Class = "crowded"     // too many connections
	Full        Class = "full"        // the target's quota
	Message     Class = "message"     // this message only
	FolderOnly  Class = "folder"      // this folder only
	Gone        Class = "gone"        // the connection: again
	Unreachable Class = "unreachable" // name, route, port or certificate
	Internal    Class = "internal"    // ours, or the state directory's
)

// Tally is what a pass did. All are counts of messages but Bytes and Folders.
type Tally struct {
	Copied   int   `json:"copied"`
	Bytes    int64 `json:"bytes"`
	Adopted  int   `json:"adopted,omitempty"`  // found at the target, not sent again
	Flags    int   `json:"flags,omitempty"`    // messages whose flags were brought up to date
	Folders  int   `json:"folders,omitempty"`  // created at the target
	Refused  int   `json:"refused,omitempty"`  // kept in quarantine, named in the ledger
	Repaired int   `json:"repaired,omitempty"` // of Copied: altered, since the target refused them as they are
	Wrapped  int   `json:"wrapped,omitempty"`  // of Copied: attached to a mail of ours, since the target refused them altered too
	Keywords int   `json:"keywords,omitempty"` // messages that lost a keyword the target does not permit
	Dates    int   `json:"dates,omitempty"`    // messages without a usable INTERNALDATE
	Missing  int   `json:"missing,omitempty"`  // listed by the source, not given
	Removed  int   `json:"removed,omitempty"`  // since the source deleted them after they were copied
	Skipped  int   `json:"skipped,omitempty"`  // left out by the spec (since, folders)
}

// Progress is a pass under way, or with Note only that.
type Progress struct {
	Note     *config.Finding `json:"note,omitempty"`   // what a person should know of it, told once
	Folder   string          `json:"folder,omitempty"` // the source's, for people
	Done     int             `json:"done"`             // messages handled in this pass
	Total    int             `json:"total"`            // messages to handle, as far as known
	Bytes    int64           `json:"bytes"`
	BytesAll int64           `json:"bytes_all"` // estimate
	Waiting  *Fault          `json:"waiting,omitempty"`
}
