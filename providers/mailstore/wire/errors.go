package wire

import (
	"errors"
	"fmt"
)

// Errors of Dial and SignIn.
var (
	ErrClearText = errors.New("mode none is for loopback addresses only")
	ErrInjected  = errors.New("octets before the TLS handshake: someone may have put them into the connection")
	ErrNoTLS     = errors.New("the server does not offer STARTTLS")
	ErrNotTLS    = errors.New("the server does not speak TLS on this port")
	ErrPreauth   = errors.New("the server has signed somebody in by itself (PREAUTH)")
	ErrMechanism = errors.New("the server offers no usable way to sign in")
)

// Errors of a connection in use.
var (
	ErrClosed = errors.New("connection is closed")
	// ErrLength says that a literal's length was false: what follows it is not
	// what must follow it. The message that was being read is not whole.
	ErrLength = errors.New("the length of a literal is false")
	// ErrCut says that a server listed fewer messages than it said exist.
	ErrCut = errors.New("the server lists fewer messages than exist")
	// ErrName says that a mailbox name cannot be sent (CR, LF or NUL in it).
	ErrName = errors.New("mailbox name holds CR, LF or NUL")
)

// Refused is the server's NO, BAD or BYE (RFC 3501, 7.1).
type Refused struct {
	Command string // the command's name, without arguments; "greeting" for the greeting
	Status  string // "NO", "BAD" or "BYE"
	Code    string // response code in upper case without brackets and arguments, such as "TOOBIG"; or ""
	Args    string // the response code's arguments, as valid UTF-8; or ""
	Text    string // the server's words, as valid UTF-8
}

// Error gives the server's words.
func (r *Refused) Error() string {
	s := r.Command + ": " + r.Status
	if r.Code != "" {
		s += " [" + r.Code + "]"
	}
	if r.Text != "" {
		s += " " + r.Text
	}
	return s
}

// Gone says that the connection broke: end of file, reset, no answer in time,
// context cancelled. What was under way has an unknown fate.
type Gone struct {
	Doing string // command's name, "connect", "greeting" or "TLS"
	Err   error  // the cause: io.EOF, os.ErrDeadlineExceeded, context.Canceled …
}

// Error says what was going on.
func (g *Gone) Error() string { return fmt.Sprintf("%s: connection lost: %v", g.Doing, g.Err) }

// Unwrap gives the cause.
func (g *Gone) Unwrap() error { return g.Err }

// Malformed says that the server sent what cannot be read as IMAP, even
// leniently, or more than the bounds allow.
type Malformed struct {
	Doing string // command's name
	What  string // what was wrong, without the octets
}

// Error says what was wrong.
func (m *Malformed) Error() string { return m.Doing + ": unreadable answer: " + m.What }

// TooBig says that a message is over the server's APPENDLIMIT (RFC 7889). It
// was not sent.
type TooBig struct{ Size, Limit int64 } // octets

// Error gives both sizes.
func (t *TooBig) Error() string {
	return fmt.Sprintf("message of %d octets is over the server's limit of %d", t.Size, t.Limit)
}

// Invalid says that a flag, a date or a size cannot be written safely. The
// message was not sent.
type Invalid struct{ What string } // "flag", "date" or "size"

// Error says what was invalid.
func (i *Invalid) Error() string { return i.What + " is not valid and was not sent" }

// BatchRefused says that the server answered NO or BAD to messages that shared
// one APPEND (RFC 3502). None of them is stored. Which one was meant is not
// known, so it is no *Refused: each is to be sent again with Outgoing.Alone.
type BatchRefused struct {
	Refused  *Refused
	Messages int // of the batch
}

// Error gives the server's words.
func (b *BatchRefused) Error() string {
	return fmt.Sprintf("batch of %d messages: %v", b.Messages, b.Refused)
}

// BodyError says that the Body of an Outgoing message failed, or was not of
// its Size. The connection was closed within the literal: nothing of that
// message, or of the batch that it was in, is stored.
type BodyError struct {
	Index int
	Err   error
}

// Error says which message failed.
func (e *BodyError) Error() string { return fmt.Sprintf("body of message %d: %v", e.Index, e.Err) }

// Unwrap gives the cause, such as io.ErrUnexpectedEOF.
func (e *BodyError) Unwrap() error { return e.Err }

// Certificate tells why a certificate was not accepted.
type Certificate string

// Why a certificate was not accepted.
const (
	CertificateExpired   Certificate = "expired"   // or not valid yet
	CertificateWrongHost Certificate = "host"      // for other names
	CertificateUnknown   Certificate = "authority" // signed by nobody that is trusted
	CertificateInvalid   Certificate = "invalid"   // anything else
)

// CertificateError says that the server's certificate was not accepted.
type CertificateError struct {
	Reason Certificate
	Host   string // the name that was asked for
	Err    error  // of crypto/x509
}

// Error gives crypto/x509's words.
func (e *CertificateError) Error() string {
	return fmt.Sprintf("certificate of %s is not accepted (%s): %v", e.Host, e.Reason, e.Err)
}

// Unwrap gives crypto/x509's error.
func (e *CertificateError) Unwrap() error { return e.Err }
