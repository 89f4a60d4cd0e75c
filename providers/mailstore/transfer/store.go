// Package transfer copies a mailbox from one store to another: append-only
// ledger, passes, verification. It knows messages and folders, no protocol.
package transfer

import (
	"context"
	"io"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/planner"
)

// Folder is a folder of a mailbox as its store lists it.
type Folder struct {
	Name       string           // the octets that LIST gave; for Create the store makes them from Path
	Path       []string         // decoded levels below the personal namespace, NFC; INBOX is {"INBOX"}
	Delimiter  string           // the hierarchy separator that LIST gave; "": flat
	Use        imap.MailboxAttr // SPECIAL-USE (RFC 6154) or "": \Sent, \Drafts …; \All and \Flagged are views, never copied to
	NoSelect   bool             // \Noselect or \NonExistent: holds no mail
	Subscribed bool
	Status     Status
}

// Status is what a store tells of a folder without opening it. Zero values
// mean that it did not tell, so absent is not empty: see Known.
type Status struct {
	Known       bool // Messages, UIDNext and UIDValidity are the store's words
	Messages    uint32
	UIDNext     uint32
	UIDValidity uint32
	ModSeq      uint64 // HIGHESTMODSEQ; 0: no CONDSTORE
	Size        int64  // STATUS=SIZE (RFC 8438); 0: not told
}

// Opened is a folder in use.
type Opened struct {
	Status
	Permanent []imap.Flag // PERMANENTFLAGS; holds imap.FlagWildcard where new keywords may be made
}

// Item is a message.
type Item struct {
	UID    uint32
	Flags  []imap.Flag // as given: validated by Sanitize before they are written
	Date   time.Time   // INTERNALDATE with its zone; zero: unreadable or absent
	ModSeq uint64
	Size   int64     // of Body, exactly; in Scan results RFC822.SIZE, which may lie
	Body   io.Reader // Fetch and Append only; valid until the callback returns
	Sync   bool      // Append: send with a synchronising literal, alone
	Alone  bool      // AppendAll: share no command with others
	Folder *Folder   // AppendAll only: where it goes
}

// Placed is the fate of one appended message.
type Placed struct {
	Item        Item          // as it was given, without Body
	UID         uint32        // at the target; 0: stored, but the store did not tell where (no UIDPLUS)
	UIDValidity uint32        // 0 with UID 0
	Took        time.Duration // from its last octet to the answer; 0: not known
	Err         error         // the store's refusal of this message (a *Refusal); others go on
}

// Refusal is a store's definite no. Nothing was stored.
type Refusal struct {
	Code string // response code without brackets, such as TOOBIG, or ""
	Text string // the store's words, made valid UTF-8
	Bad  bool   // BAD: it may have been about what we sent, not about the message

	Class planner.Class // Message or FolderOnly where the words tell what they are about; else ""
	Final bool          // about what the message is, not how it is written: virus, spam, size; it is not altered
}

// Error gives the store's words.
func (r *Refusal) Error() string {
	if r.Code != "" {
		return "[" + r.Code + "] " + r.Text
	}
	return r.Text
}

// FlagChange is what UID STORE brings about.
type FlagChange struct{ Add, Remove []imap.Flag }

// Session is a signed-in mailbox on one side. Errors are *planner.Fault by
// their class, but for Refusal.
type Session interface {
	// Folders lists the personal namespace, with Status where it is cheap.
	Folders(ctx context.Context) ([]Folder, error)
	// Create makes the folder Path and gives it as the store lists it then.
	// One that exists already is success. use is asked for where the store can.
	Create(ctx context.Context, path []string, use imap.MailboxAttr) (Folder, error)
	// Subscribe adds the folder to the subscriptions.
	Subscribe(ctx context.Context, f Folder) error
	// Open gives a connection; it may be a new one. After an error of class
	// Gone the connection is of no use and Open gives another.
	Open(ctx context.Context) (Target, error)
	Close() error
}

// Source reads the messages of one folder at a time.
type Source interface {
	// Examine opens a folder for reading only.
	Examine(ctx context.Context, f Folder) (Opened, error)
	// Scan lists messages of the opened folder from UID from on, in ascending
	// order of UID, without bodies. With since > 0 it gives only those changed
	// after that MODSEQ, where the store can; otherwise all.
	Scan(ctx context.Context, from uint32, since uint64, each func(Item) error) error
	// Fetch gives the messages of uids whole. Bodies stream; each is called
	// in the order of arrival. missing are the asked UIDs that did not come
	// or came without a body. With a Refusal the store refused to give them:
	// all the rest came.
	Fetch(ctx context.Context, uids []uint32, each func(Item) error) (missing []uint32, err error)
	Close() error
}

// Target also writes.
type Target interface {
	Source
	// Select opens a folder for writing.
	Select(ctx context.Context, f Folder) (Opened, error)
	// Append stores messages in the selected folder, in the order of next,
	// pipelined where the store allows it, until next gives io.EOF, and calls
	// done once for each, in that order. A Refusal with Bad ends it: the
	// connection is dropped, and what was in flight behind it has an unknown
	// fate. On any error the fate of messages without done is unknown.
	Append(ctx context.Context, next func() (*Item, error), done func(Placed) error) error
	// Store changes flags of messages in the selected folder.
	Store(ctx context.Context, changes map[uint32]FlagChange) error
}
