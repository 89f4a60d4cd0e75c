package transfer

import (
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
)

// What a source says is never echoed: Dovecot 2.3 runs the literal of an
// APPEND whose flags or date it does not like as commands.

// systemFlags are those of RFC 9051 section 2.3.2 that a client may set.
var systemFlags = map[string]imap.Flag{
	`\answered`: imap.FlagAnswered, `\deleted`: imap.FlagDeleted, `\draft`: imap.FlagDraft,
	`\flagged`: imap.FlagFlagged, `\seen`: imap.FlagSeen,
}

const (
	keywordLimit  = 1000 // octets of one keyword
	keywordsLimit = 8000 // octets of all of a message
)

// Sanitize gives the flags that may be sent to a folder with these
// PERMANENTFLAGS (none: all are permitted, RFC 9051 section 6.3.2), sorted,
// each once: the five system flags, and keywords that are atoms. lost says
// that one other than \Recent was dropped.
func Sanitize(flags, permanent []imap.Flag) (kept []imap.Flag, lost bool) {
	total := 0
	for _, f := range flags {
		low := strings.ToLower(string(f))
		if sys, ok := systemFlags[low]; ok {
			kept = append(kept, sys)
			continue
		}
		if low == `\recent` {
			continue
		}
		if total += len(f); total > keywordsLimit || !isKeyword(string(f)) || !permits(permanent, low) {
			lost = true
			continue
		}
		kept = append(kept, f)
	}
	slices.SortFunc(kept, func(a, b imap.Flag) int {
		if c := strings.Compare(strings.ToLower(string(a)), strings.ToLower(string(b))); c != 0 {
			return c
		}
		return strings.Compare(string(a), string(b))
	})
	return slices.CompactFunc(kept, func(a, b imap.Flag) bool { return strings.EqualFold(string(a), string(b)) }), lost
}

// isKeyword reports whether s is an atom of RFC 3501, which Dovecot and
// Courier hold keywords to.
func isKeyword(s string) bool {
	if s == "" || len(s) > keywordLimit {
		return false
	}
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`(){%*"\]`, c) >= 0 {
			return false
		}
	}
	return true
}

func permits(permanent []imap.Flag, low string) bool {
	return len(permanent) == 0 || slices.ContainsFunc(permanent, func(p imap.Flag) bool {
		return p == imap.FlagWildcard || strings.ToLower(string(p)) == low
	})
}

// systemOnly leaves the keywords out.
func systemOnly(flags []imap.Flag) []imap.Flag {
	return slices.DeleteFunc(slices.Clone(flags), func(f imap.Flag) bool { return f[0] != '\\' })
}

// sanitizeDate gives a date that may be sent, or the zero time: what is
// before 1970 comes out as 2038, NO or BAD, as the server is.
func sanitizeDate(t time.Time) time.Time {
	if t.IsZero() || t.Unix() < 0 || t.Year() > 9999 {
		return time.Time{}
	}
	if _, off := t.Zone(); off%60 != 0 || off < -14*3600 || off > 14*3600 {
		return t.UTC()
	}
	return t
}

// flagKey is a set of flags as the ledger keeps it.
func flagKey(flags []imap.Flag) string {
	var b strings.Builder
	for i, f := range flags {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(string(f))
	}
	return b.String()
}

func keyFlags(key string) []imap.Flag {
	var flags []imap.Flag
	for f := range strings.FieldsSeq(key) {
		flags = append(flags, imap.Flag(f))
	}
	return flags
}

// flagDelta is what turns the set from into the set to. Flags are yes or no:
// where the source changed one since we wrote it, the target either still
// shows what we wrote, and takes the change, or shows the source's value
// already. So a flag that only the target changed is never touched, and the
// target's own flags need not be read for it.
func flagDelta(from, to string) FlagChange {
	a, b := keyFlags(from), keyFlags(to)
	return FlagChange{Add: less(b, a), Remove: less(a, b)}
}

func less(all, some []imap.Flag) []imap.Flag {
	return slices.DeleteFunc(slices.Clone(all), func(f imap.Flag) bool {
		return slices.ContainsFunc(some, func(g imap.Flag) bool { return strings.EqualFold(string(f), string(g)) })
	})
}
