package transfer

import (
	"context"

	"github.com/emersion/go-imap/v2"
)

// Ahead is a Target that need not wait for one folder before it goes on with
// the next: what is asked of several folders travels together.
type Ahead interface {
	Target

	// Tells reports whether Placed.UID is to be expected (UIDPLUS, RFC 4315).
	Tells() bool

	// Streams reports whether a message need not wait for the answer to the one
	// before (LITERAL+, RFC 7888).
	Streams() bool

	// Read opens folders for reading, in the order that next gives them, and
	// reads what is asked of each. It asks for several before the first has
	// come. Its error means that what was not ended is not known.
	Read(ctx context.Context, next func() (Reading, bool), to Reader) error

	// Survey opens folders for writing, one after the other. Those that the
	// store refuses have Err.
	Survey(ctx context.Context, folders []Folder) ([]Surveyed, error)

	// AppendAll is Append for messages of many folders, each item with its
	// own. Where next gives nil, nothing is there for now, and it blocks when it
	// is called again. Several messages may be stored as one: then they are refused
	// together, with nothing stored.
	AppendAll(ctx context.Context, next func() (*Item, error), done func(Placed) error) error

	// StoreAll is Store for many folders. Refused is set where not all changes
	// were made.
	StoreAll(ctx context.Context, changes []FolderChanges) error
}

// Builder is a Session that makes many folders in one go.
type Builder interface {
	// Build makes folders in this order and gives each as the store lists it
	// then, with Status; one without Name is not there.
	Build(ctx context.Context, wanted []Wanted) ([]Folder, error)
}

// Wanted is a folder that Build makes.
type Wanted struct {
	Path      []string
	Use       imap.MailboxAttr
	Exists    bool // it is only to be subscribed to
	Subscribe bool
}

// Widener is a Session that may have more than one connection.
type Widener interface {
	// Widen gives another connection, or nil where limits allow none now. Its
	// Close gives it back.
	Widen(ctx context.Context) (Ahead, error)
}

// Reading is what is asked of a folder.
type Reading struct {
	Folder Folder
	From   uint32 // messages from this UID on are given whole; 0: none are
	List   bool   // ... and listed before
	Flags  bool   // messages below From, or all, are listed with their flags
	Since  uint64 // ... only those changed after this MODSEQ, where it is not 0
}

// Reader takes what Read finds, in one goroutine. n counts the readings. An
// error of a method ends Read.
type Reader interface {
	Opened(n int, o Opened) error
	Listed(n int, uid uint32) error
	Flags(n int, it Item) error
	Message(n int, it Item) error // without Body where the store gave none
	Ended(n int, err error) error // all of it came, or the store refused to give it
}

// Surveyed is what Survey found of one folder.
type Surveyed struct {
	Opened
	Err error
}

// FolderChanges are changes of flags in one folder.
type FolderChanges struct {
	Folder  Folder
	Changes map[uint32]FlagChange
	Refused error
}
