package wire

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/emersion/go-imap/v2"
)

// Mode is how a connection is protected.
type Mode string

// The modes.
const (
	Implicit Mode = "implicit" // TLS from the first octet (RFC 8314)
	StartTLS Mode = "starttls" // RFC 3501, 6.2.1; the server must offer it
	None     Mode = "none"     // in the clear; loopback addresses only
)

// Options say where and how to connect. Zero durations and sizes stand for
// the defaults.
type Options struct {
	Addr string      // host:port
	Mode Mode        // Implicit if empty
	TLS  *tls.Config // RootCAs, ServerName and the like; certificates are always verified
	// Dial connects; nil is a net.Dialer.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	ConnectTimeout time.Duration // connect, TLS handshake and greeting, each; 30 s
	Timeout        time.Duration // without an octet while an answer is owed; 5 min
	WindowMessages int           // appended messages without an answer; 100, or 4 batches
	WindowBytes    int64         // octets of them; 8 MiB; a larger message goes alone
	BatchMessages  int           // messages that share an APPEND (RFC 3502), which may be refused as *BatchRefused; 1
	BatchBytes     int64         // octets of them; 4 MiB
	Compress       bool          // COMPRESS=DEFLATE after signing in, where it is offered: worth it on slow links only
	SpoolDir       string        // for bodies that come before their UID; os.TempDir()
}

// Mechanism is how to sign in.
type Mechanism string

// The mechanisms. The empty Mechanism is LOGIN, or PLAIN where there is an
// Authzid or LOGIN is disabled.
const (
	Login       Mechanism = "LOGIN"       // RFC 3501, 6.2.3
	Plain       Mechanism = "PLAIN"       // RFC 4616
	XOAuth2     Mechanism = "XOAUTH2"     // Google's and Microsoft's; Secret is the access token
	OAuthBearer Mechanism = "OAUTHBEARER" // RFC 7628; Secret is the access token
	Preauth     Mechanism = "PREAUTH"     // accept what the server did by itself
)

// Credentials sign in. They print without the secret.
type Credentials struct {
	Mechanism Mechanism
	User      string
	Authzid   string // whose mailbox, if not User's (PLAIN only)
	Secret    string // password, client authorization code or token
}

// Format writes the mechanism only.
func (c Credentials) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "credentials (%s)", c.Mechanism)
}

// ID is what the client says of itself (RFC 2971). Empty fields are left out.
type ID struct{ Name, Version, Vendor, SupportEmail, SupportURL string }

// Namespace is one entry of NAMESPACE (RFC 2342).
type Namespace struct {
	Prefix string // as the server gave it, such as "INBOX."
	Sep    byte   // 0: flat
}

// Listing is what List found.
type Listing struct {
	// Personal is empty where the server does not tell; then names have no
	// prefix and the separator is a Mailbox's.
	Personal, Other, Shared []Namespace
	Mailboxes               []Mailbox // in the order of the server, each name once
}

// Mailbox is one line of LIST (RFC 3501, 7.2.2; RFC 5258, 6154).
type Mailbox struct {
	Name       string             // the octets that the server gave
	Sep        byte               // hierarchy separator; 0: flat
	Attrs      []imap.MailboxAttr // in the registered spelling
	Subscribed bool
	Status     Status // where LIST-STATUS gives it (RFC 5819)
}

// Status is what STATUS told. Zero values mean that it did not tell.
type Status struct {
	Known       bool // Messages, UIDNext and UIDValidity are the server's words
	Messages    uint32
	UIDNext     uint32
	UIDValidity uint32
	ModSeq      uint64 // HIGHESTMODSEQ; 0: no CONDSTORE (RFC 7162)
	Size        int64  // octets; RFC 8438; 0: not told
}

// Selected is what SELECT or EXAMINE told.
type Selected struct {
	Messages    uint32 // EXISTS
	UIDValidity uint32 // 0: not told
	UIDNext     uint32 // 0: not told (Courier)
	ModSeq      uint64 // HIGHESTMODSEQ; 0: none, or NOMODSEQ
	Flags       []imap.Flag
	Permanent   []imap.Flag // PERMANENTFLAGS; where the server does not tell, Flags (RFC 3501, 7.1)
	ReadOnly    bool
}

// ScanOptions say which messages Scan lists.
type ScanOptions struct {
	From  uint32 // first UID; 0 is 1
	Since uint64 // only those changed after this MODSEQ (RFC 7162, 3.1.4.1); ignored without CONDSTORE
}

// Message is one message of a FETCH response. It, its Flags and its Body are
// valid until the callback returns.
type Message struct {
	UID      uint32
	Flags    []imap.Flag // as the server wrote them, in its order; never to be sent on unchecked
	Date     time.Time   // INTERNALDATE with its zone; zero: absent or unreadable
	ModSeq   uint64      // 0: not told
	Size     int64       // RFC822.SIZE, which may lie; 0: not told
	Body     io.Reader   // Fetch only; also an io.WriterTo; gives BodySize octets, or an error
	BodySize int64       // octets of Body, exactly
	Odd      bool        // the response was not as the RFC has it, and was read all the same
}

// Outgoing is a message for Append.
type Outgoing struct {
	Flags   []imap.Flag // system flags and atoms only; others are refused as *Invalid
	Date    time.Time   // 1970 to 9999; zero: the server's clock
	Size    int64       // octets of Body, exactly
	Body    io.Reader
	Sync    bool   // use a synchronising literal whatever the server offers; so it goes alone
	Mailbox string // where it goes, if not to Append's mailbox
	Alone   bool   // share no command with others: to be set after *BatchRefused, and where the Body may break off
}

// Appended is the fate of one message.
type Appended struct {
	Index       int           // 0 for the first that next gave
	UIDValidity uint32        // APPENDUID (RFC 4315); 0 with UID 0
	UID         uint32        // 0: stored, but the server did not tell where
	Took        time.Duration // from the last octet of its command to the answer; 0: it was not sent whole
	Err         error         // not stored: *Refused, *BatchRefused, *TooBig or *Invalid
}

// FlagChange is what Store does to a message. A flag that is not valid is
// refused as *Invalid.
type FlagChange struct{ Add, Remove []imap.Flag }
