package wire

import (
	"context"
	"errors"

	"github.com/emersion/go-imap/v2"
)

var errDraft = errors.New("not written yet")

// Conn is a connection to an IMAP server.
type Conn struct{}

// Dial connects and reads the greeting and the capabilities.
func Dial(ctx context.Context, o Options) (*Conn, error) { return nil, errDraft }

// SignIn tries one mechanism once, then sends ID and reads the capabilities anew.
func (c *Conn) SignIn(ctx context.Context, cr Credentials, id ID) error { return errDraft }

// Caps are the capabilities the server told last.
func (c *Conn) Caps() imap.CapSet { return nil }

// Greeting is the text of the greeting.
func (c *Conn) Greeting() string { return "" }

// Preauth tells whether the server greeted with PREAUTH.
func (c *Conn) Preauth() bool { return false }

// Closed tells whether the connection is of no more use.
func (c *Conn) Closed() bool { return false }

// Close closes the connection without a word.
func (c *Conn) Close() error { return errDraft }

// Logout says goodbye and closes.
func (c *Conn) Logout(ctx context.Context) error { return errDraft }

// Noop keeps the connection alive.
func (c *Conn) Noop(ctx context.Context) error { return errDraft }

// List lists mailboxes; no pattern is "*".
func (c *Conn) List(ctx context.Context, patterns ...string) (*Listing, error) { return nil, errDraft }

// Status asks for the status of mailboxes in one flight; those refused are absent.
func (c *Conn) Status(ctx context.Context, names ...string) (map[string]Status, error) {
	return nil, errDraft
}

// Create makes a mailbox, with a special use where the server takes one.
func (c *Conn) Create(ctx context.Context, name string, use imap.MailboxAttr) error { return errDraft }

// Subscribe adds mailboxes to the subscriptions.
func (c *Conn) Subscribe(ctx context.Context, names ...string) error { return errDraft }

// Select opens a mailbox for writing.
func (c *Conn) Select(ctx context.Context, name string) (Selected, error) { return Selected{}, errDraft }

// Examine opens a mailbox for reading.
func (c *Conn) Examine(ctx context.Context, name string) (Selected, error) {
	return Selected{}, errDraft
}

// Scan lists messages without bodies.
func (c *Conn) Scan(ctx context.Context, o ScanOptions, each func(*Message) error) error {
	return errDraft
}

// Fetch gives messages whole; missing are those that did not come.
func (c *Conn) Fetch(ctx context.Context, uids []uint32, each func(*Message) error) (missing []uint32, err error) {
	return nil, errDraft
}

// Append stores messages; see doc.
func (c *Conn) Append(ctx context.Context, mailbox string, next func() (*Outgoing, error), done func(Appended) error) error {
	return errDraft
}

// Store changes flags.
func (c *Conn) Store(ctx context.Context, changes map[uint32]FlagChange) error { return errDraft }

// DecodeName makes text of a mailbox name.
func DecodeName(name string) string { return name }

// EncodeName makes a mailbox name of text.
func EncodeName(text string) string { return text }

// SplitName gives the decoded levels of a mailbox name.
func SplitName(name string, sep byte) []string { return nil }

// Has tells whether the mailbox has an attribute.
func (m Mailbox) Has(attr imap.MailboxAttr) bool { return false }

// Use is the special use or "".
func (m Mailbox) Use() imap.MailboxAttr { return "" }

// Inbox tells whether it is INBOX under whatever name.
func (m Mailbox) Inbox() bool { return false }

// ValidFlag tells whether a flag may be written.
func ValidFlag(f imap.Flag) bool { return false }
