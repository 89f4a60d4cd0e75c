package transfer

import (
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestSanitize(t *testing.T) {
	all := []imap.Flag{imap.FlagWildcard}
	for _, c := range []struct {
		flags, permanent, kept []imap.Flag
		lost                   bool
	}{
		{nil, nil, nil, false},
		{[]imap.Flag{`\SEEN`, `\seen`, `\Recent`}, all, []imap.Flag{imap.FlagSeen}, false},
		{[]imap.Flag{`\Deleted`, `\Draft`, `\Answered`, `\Flagged`}, nil, []imap.Flag{`\Answered`, `\Deleted`, `\Draft`, `\Flagged`}, false},
		{[]imap.Flag{`\Forwarded`}, all, nil, true},
		{[]imap.Flag{`\*`}, all, nil, true},
		{[]imap.Flag{""}, all, nil, true},
		{[]imap.Flag{"$Forwarded", "NonJunk", "Work/2024", "Todo:1", "K[1"}, all, []imap.Flag{"$Forwarded", "K[1", "NonJunk", "Todo:1", "Work/2024"}, false},
		{[]imap.Flag{"a b", "a]b", "(", "a\r\nx LOGOUT", "{5+}", "50%", "*", `"`, "\xe4", "工作", "\x00", "a\x7f"}, all, nil, true},
		{[]imap.Flag{"B", "a", "b"}, all, []imap.Flag{"a", "B"}, false},
		{[]imap.Flag{"$x", "$y", imap.FlagSeen}, []imap.Flag{imap.FlagSeen, "$X"}, []imap.Flag{"$x", imap.FlagSeen}, true},
		{[]imap.Flag{"$x"}, nil, []imap.Flag{"$x"}, false},
		{[]imap.Flag{imap.Flag(strings.Repeat("k", keywordLimit+1))}, all, nil, true},
	} {
		kept, lost := Sanitize(c.flags, c.permanent)
		if d := cmp.Diff(c.kept, kept); d != "" || lost != c.lost {
			t.Errorf("%q: lost %v %s", c.flags, lost, d)
		}
	}
}

func TestSanitizedFlagsAreOnlyAtoms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var flags []imap.Flag
		for _, s := range rapid.SliceOf(rapid.String()).Draw(t, "flags") {
			flags = append(flags, imap.Flag(s))
		}
		kept, _ := Sanitize(flags, nil)
		line := flagKey(kept)
		if strings.ContainsAny(strings.ReplaceAll(line, `\`, ""), "(){%*\"]\r\n") || len(line) > 2*keywordsLimit {
			t.Fatalf("%q", line)
		}
		if again, lost := Sanitize(keyFlags(line), nil); lost || flagKey(again) != line {
			t.Fatalf("%q becomes %q", line, flagKey(again))
		}
	})
}

func TestSanitizeDate(t *testing.T) {
	zone := func(s int) *time.Location { return time.FixedZone("", s) }
	for in, want := range map[time.Time]string{
		{}:                                   "0001-01-01T00:00:00Z",
		time.Unix(-1, 0).UTC():               "0001-01-01T00:00:00Z",
		time.Unix(0, 0).UTC():                "1970-01-01T00:00:00Z",
		time.Unix(0, 0).In(zone(20700)):      "1970-01-01T05:45:00+05:45",
		time.Unix(0, 0).In(zone(8*3600 + 7)): "1970-01-01T00:00:00Z",
		time.Unix(0, 0).In(zone(99 * 3600)):  "1970-01-01T00:00:00Z",
		time.Unix(253402300800, 0).UTC():     "0001-01-01T00:00:00Z",
		time.Unix(1<<31, 0).UTC():            "2038-01-19T03:14:08Z",
	} {
		if got := sanitizeDate(in).Format(time.RFC3339); got != want {
			t.Errorf("%v: %s, want %s", in, got, want)
		}
	}
}

func TestFlagDelta(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     FlagChange
	}{
		{`\Seen`, `\Seen`, FlagChange{}},
		{`$k \Seen`, `\Flagged $K`, FlagChange{Add: []imap.Flag{`\Flagged`}, Remove: []imap.Flag{`\Seen`}}},
	} {
		got := flagDelta(c.from, c.to)
		if len(got.Add)+len(got.Remove) != len(c.want.Add)+len(c.want.Remove) || flagKey(got.Add) != flagKey(c.want.Add) || flagKey(got.Remove) != flagKey(c.want.Remove) {
			t.Errorf("%s to %s: %+v", c.from, c.to, got)
		}
	}
}
