package wire

import (
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
)

// ValidFlag tells whether a flag may be written to a server: one of the five
// system flags that a client may set, or a keyword that is an RFC 3501 atom
// (section 9, flag-keyword). A server that answers BAD to any other may take
// the rest of an APPEND for commands.
func ValidFlag(f imap.Flag) bool { return systemFlag(f) || validKeyword(f) }

func systemFlag(f imap.Flag) bool {
	for _, s := range [...]imap.Flag{imap.FlagSeen, imap.FlagAnswered, imap.FlagFlagged, imap.FlagDeleted, imap.FlagDraft} {
		if strings.EqualFold(string(f), string(s)) {
			return true
		}
	}
	return false
}

func validKeyword(f imap.Flag) bool {
	for i := range len(f) {
		if ch := f[i]; ch <= ' ' || ch > '~' || strings.IndexByte(`(){%*"\]`, ch) >= 0 {
			return false
		}
	}
	return f != ""
}

// flagList is the list as it is written, or false.
func flagList(flags []imap.Flag) (string, bool) {
	out := make([]string, len(flags))
	for i, f := range flags {
		if !ValidFlag(f) {
			return "", false
		}
		out[i] = string(f)
	}
	return "(" + strings.Join(out, " ") + ")", true
}

// keywords are those that the mailboxes of this server have taken.
type keywords map[string]map[imap.Flag]struct{}

// plainKeyword tells whether a keyword is one that no server's parser can
// take for anything else.
func plainKeyword(f imap.Flag) bool {
	for _, c := range []byte(f) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && c != '$' && c != '_' && c != '-' {
			return false
		}
	}
	return len(f) > 0 && len(f) <= 32
}

// add notes what a mailbox takes.
func (k keywords) add(mailbox string, flags []imap.Flag) {
	if k[mailbox] == nil && len(flags) > 0 {
		k[mailbox] = make(map[imap.Flag]struct{}, len(flags))
	}
	for _, f := range flags {
		k[mailbox][f] = struct{}{}
	}
}

// tried tells whether all flags are known to be taken, or plain words where
// the mailbox takes new ones (PERMANENTFLAGS with \*, RFC 3501, 7.1).
func (k keywords) tried(mailbox string, flags []imap.Flag) bool {
	_, anyPlain := k[mailbox][imap.FlagWildcard]
	for _, f := range flags {
		if _, ok := k[mailbox][f]; !ok && !systemFlag(f) && !(anyPlain && plainKeyword(f)) {
			return false
		}
	}
	return true
}

const dateLayout = `"02-Jan-2006 15:04:05 -0700"` // RFC 3501, 9: date-time

// appendDate writes a date anew.
func appendDate(b []byte, t time.Time) []byte {
	return common(t).AppendFormat(b, dateLayout)
}

// writable tells whether servers' calendars take a date.
func writable(t time.Time) bool {
	t = common(t)
	return t.Unix() >= 0 && t.Year() >= 1970 && t.Year() <= 9999
}

// common replaces zones that cannot be written.
func common(t time.Time) time.Time {
	if _, offset := t.Zone(); offset%60 != 0 || offset > 14*3600 || offset < -14*3600 {
		return t.UTC()
	}
	return t
}
