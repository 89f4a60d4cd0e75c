package transfer

import (
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
)

// compareFlags adds to d what is different in the flags of a pair. With
// fate.Written the difference has a side: what was written tells who changed.
func compareFlags(d *verdict, source, target *flagSet, permanent []imap.Flag, fate Fate, known bool) {
	if source.key == target.key {
		return
	}
	written := lowerFlags(fate.Flags)
	found := map[string][]string{}
	class := map[string]Class{}
	note := func(c Class, code, flag string) {
		found[code], class[code] = append(found[code], flag), c
	}
	for _, f := range source.flags {
		switch keyword := !strings.HasPrefix(f, `\`); {
		case slices.Contains(target.flags, f):
		case !permitted(f, permanent):
			note(Explained, "verify.flags.unpermitted", f)
		case known && fate.Keywords && keyword: // what is written then tells what the source had
			note(Explained, "verify.flags.dropped", f)
		case known && fate.Written && slices.Contains(written, f):
			note(Explained, "verify.flags.at-target", f)
		case known && fate.Written:
			note(Behind, "verify.flags.at-source", f)
		default:
			note(Unexplained, "verify.flags", f)
		}
	}
	for _, f := range target.flags {
		switch {
		case slices.Contains(source.flags, f):
		case known && fate.Written && !slices.Contains(written, f):
			note(Explained, "verify.flags.at-target", f)
		case known && fate.Written:
			note(Behind, "verify.flags.at-source", f)
		default:
			note(Unexplained, "verify.flags", f)
		}
	}
	for _, code := range []string{"verify.flags", "verify.flags.at-source", "verify.flags.at-target",
		"verify.flags.dropped", "verify.flags.unpermitted"} {
		if found[code] != nil {
			d.add(class[code], code, "flags", strings.Join(found[code], " "))
		}
	}
}

func lowerFlags(flags []imap.Flag) []string {
	var names []string
	for _, f := range flags {
		names = append(names, strings.ToLower(string(f)))
	}
	return names
}

// permitted tells whether the target keeps the flag (RFC 9051 section
// 7.1, PERMANENTFLAGS). A target that does not tell keeps all.
func permitted(flag string, permanent []imap.Flag) bool {
	return len(permanent) == 0 || slices.ContainsFunc(permanent, func(p imap.Flag) bool {
		return strings.EqualFold(string(p), flag) || p == imap.FlagWildcard && !strings.HasPrefix(flag, `\`)
	})
}

// The dates that some server cannot hold: it takes the time of the APPEND or
// another year (Dovecot before 1970 and from 2038 on, Cyrus and Courier up to
// 1970).
var (
	datesFrom  = time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC).Unix()
	datesUntil = time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC).Unix()
)

// futureDates is from where on Dovecot takes its own time for a date: two
// hours after it.
const futureDates = 2 * 60 * 60

// compareDates adds to d that the moments of a pair differ. A date that is
// yet to come was so when the message was copied.
func compareDates(d *verdict, source, target int64, fate Fate, now time.Time) {
	switch {
	case source == target:
	case source == noDate:
		d.add(Explained, "verify.date.absent")
	case fate.Date:
		d.add(Explained, "verify.date.dropped")
	case source < datesFrom || source >= datesUntil,
		!now.IsZero() && source > now.Unix()+futureDates:
		d.add(Explained, "verify.date.range")
	case fate.Adopted:
		d.add(Explained, "verify.date.adopted")
	default:
		d.add(Unexplained, "verify.date")
	}
}
