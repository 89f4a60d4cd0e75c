package wire

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// Store changes flags of messages in the open mailbox with UID STORE
// +FLAGS.SILENT and -FLAGS.SILENT (RFC 3501, 6.4.6), messages with the same
// change in one command, all in one flight. All are tried; the first refusal
// is the error. With a flag that is not valid nothing is sent.
func (c *Conn) Store(ctx context.Context, changes map[uint32]FlagChange) error {
	groups, err := group(changes)
	if err != nil {
		return err
	}
	return c.run(ctx, "UID STORE", func() error {
		keys := sortedKeys(groups)
		sets := func() string { return "" }
		key := ""
		return c.flight(func() *command {
			set := sets()
			if set == "" {
				if len(keys) == 0 {
					return nil
				}
				key, keys = keys[0], keys[1:]
				sets = setsOf(groups[key])
				set = sets()
			}
			return &command{name: "UID STORE", text: "UID STORE " + set + " " + key}
		}, nil)
	})
}

func sortedKeys(groups map[string][]uint32) []string { return slices.Sorted(maps.Keys(groups)) }

// group gives the UIDs, ascending, by what is to be done to them.
func group(changes map[uint32]FlagChange) (map[string][]uint32, error) {
	out := map[string][]uint32{}
	for _, uid := range slices.Sorted(maps.Keys(changes)) {
		ch := changes[uid]
		for sign, flags := range map[string][]imap.Flag{"+": ch.Add, "-": ch.Remove} {
			if len(flags) == 0 || uid == 0 {
				continue
			}
			text, ok := flagList(sortedFlags(flags))
			if !ok {
				return nil, &Invalid{What: "flag"}
			}
			key := sign + "FLAGS.SILENT " + text
			out[key] = append(out[key], uid)
		}
	}
	return out, nil
}

func sortedFlags(flags []imap.Flag) []imap.Flag {
	flags = slices.Clone(flags)
	slices.SortFunc(flags, func(a, b imap.Flag) int { return strings.Compare(string(a), string(b)) })
	return slices.Compact(flags)
}
