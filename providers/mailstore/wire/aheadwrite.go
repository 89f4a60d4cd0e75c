package wire

import (
	"context"

	"github.com/emersion/go-imap/v2"
)

// SelectAll opens mailboxes for writing, one after the other, in one flight;
// the last that was not refused stays open. errs are the refusals.
func (c *Conn) SelectAll(ctx context.Context, names []string) (found []Selected, errs []error, err error) {
	found, errs = make([]Selected, len(names)), make([]error, len(names))
	err = c.run(ctx, "SELECT", func() error {
		var cmds []*command
		for _, name := range names {
			box, err := quote(name)
			if err != nil {
				return err
			}
			cmds = append(cmds, &command{name: "SELECT", text: "SELECT " + box})
		}
		at, sel, told := 0, Selected{}, false
		over := func(cmd *command) {
			errs[at] = cmd.err
			if cmd.err == nil {
				if !told {
					sel.Permanent = sel.Flags
				}
				sel.Messages = c.exists
				found[at] = sel
				c.uidNext, c.modseq, c.stale = sel.UIDNext, sel.ModSeq > 0, false
				c.accepted.add(names[at], sel.Flags)
				c.accepted.add(names[at], sel.Permanent)
			}
			at, sel, told = at+1, Selected{}, false
		}
		return tolerate(c.flightOf(list(cmds), func(r resp) error {
			told = sel.untagged(r) || told
			return nil
		}, over))
	})
	return found, errs, err
}

// StoreAll is Store for several mailboxes. Where the server has UNSELECT (RFC
// 3691) all goes in one flight: closed before, a mailbox that does not open
// leaves none open in which the changes could be made. errs are the first
// refusals of each.
func (c *Conn) StoreAll(ctx context.Context, names []string, changes []map[uint32]FlagChange) (errs []error, err error) {
	errs = make([]error, len(names))
	if !c.caps.Has(imap.CapUnselect) {
		for i, name := range names {
			if _, err := c.Select(ctx, name); err != nil {
				if errs[i] = err; tolerate(err) != nil {
					return errs, err
				}
				continue
			}
			if err := c.Store(ctx, changes[i]); err != nil {
				if errs[i] = err; tolerate(err) != nil {
					return errs, err
				}
			}
		}
		return errs, nil
	}
	var cmds []*command
	of := map[*command]int{}
	for i, name := range names {
		some, err := storing(name, changes[i])
		if err != nil {
			errs[i] = err
			continue
		}
		for _, cmd := range some {
			of[cmd] = i
		}
		cmds = append(cmds, some...)
	}
	err = c.run(ctx, "UID STORE", func() error {
		return tolerate(c.flightOf(list(cmds), nil, func(cmd *command) {
			if i := of[cmd]; errs[i] == nil && cmd.name != "UNSELECT" {
				errs[i] = cmd.err
			}
		}))
	})
	return errs, err
}

// storing gives the commands of one mailbox.
func storing(name string, changes map[uint32]FlagChange) ([]*command, error) {
	box, err := quote(name)
	if err != nil {
		return nil, err
	}
	groups, err := group(changes)
	if err != nil {
		return nil, err
	}
	cmds := []*command{{name: "UNSELECT", text: "UNSELECT"}, {name: "SELECT", text: "SELECT " + box}}
	for _, key := range sortedKeys(groups) {
		sets := setsOf(groups[key])
		for set := sets(); set != ""; set = sets() {
			cmds = append(cmds, &command{name: "UID STORE", text: "UID STORE " + set + " " + key})
		}
	}
	return cmds, nil
}
