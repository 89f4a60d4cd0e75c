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

// keywords are those that a mailbox of this server has taken.
type keywords struct {
	mailbox string
	taken   map[imap.Flag]struct{}
}

// of starts anew for another mailbox.
func (k *keywords) of(mailbox string) {
	if k.taken == nil || k.mailbox != mailbox {
		k.mailbox, k.taken = mailbox, map[imap.Flag]struct{}{}
	}
}

func (k *keywords) add(flags []imap.Flag) {
	for _, f := range flags {
		k.taken[f] = struct{}{}
	}
}

// tried tells whether all flags are known to be taken.
func (k *keywords) tried(flags []imap.Flag) bool {
	for _, f := range flags {
		if _, ok := k.taken[f]; !ok && !systemFlag(f) {
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
