package wire

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
)

// First gives the INTERNALDATE of the first message of the open mailbox, which
// on nearly all servers came before the others; zero: there is none, or the
// server does not tell.
func (c *Conn) First(ctx context.Context) (at time.Time, err error) {
	err = c.run(ctx, "FETCH", func() error {
		if c.exists == 0 {
			return nil
		}
		c.fetch.each = func(m *Message) error {
			if at.IsZero() {
				at = m.Date
			}
			return nil
		}
		c.fetch.asked, c.fetch.need = nil, hasUID|hasDate
		defer c.fetch.rest()
		return tolerate(c.simple("FETCH", "FETCH 1 (UID INTERNALDATE)"))
	})
	return at, err
}

// maxLarge bounds how many messages Larger looks at: some servers answer
// SEARCH with all of them, whatever is asked.
const maxLarge = 20_000

// Larger gives the RFC822.SIZEs over so many octets of messages in the open
// mailbox, as far as the server tells: it is asked by SEARCH (RFC 3501, 6.4.4),
// and then for the size of what it named, since not all servers honour
// criteria. One that refuses to search tells none.
func (c *Conn) Larger(ctx context.Context, octets int64) (sizes []int64, err error) {
	var uids []uint32
	err = c.run(ctx, "UID SEARCH", func() error {
		return tolerate(c.ask(func(r resp) error {
			if r.word == "SEARCH" && len(uids) < maxLarge {
				for _, w := range strings.Fields(r.line.rest()) {
					if uid := number32(w); uid > 0 {
						uids = append(uids, uid)
					}
				}
			}
			return nil
		}, "UID SEARCH", "UID SEARCH LARGER "+strconv.FormatInt(octets, 10)))
	})
	if err != nil || len(uids) == 0 {
		return nil, err
	}
	slices.Sort(uids)
	sets := setsOf(slices.Compact(uids[:min(len(uids), maxLarge)]))
	err = c.run(ctx, "UID FETCH", func() error {
		c.fetch.each = func(m *Message) error {
			if m.Size > octets {
				sizes = append(sizes, m.Size)
			}
			return nil
		}
		c.fetch.asked, c.fetch.need = nil, hasUID|hasSize
		defer c.fetch.rest()
		return tolerate(c.flight(func() *command {
			set := sets()
			if set == "" {
				return nil
			}
			return &command{name: "UID FETCH", text: "UID FETCH " + set + " (UID RFC822.SIZE)"}
		}, nil))
	})
	return sizes, err
}

// Delete removes a mailbox with all that is in it (RFC 3501, 6.3.4). It is for
// mailboxes that this session made.
func (c *Conn) Delete(ctx context.Context, name string) error {
	return c.run(ctx, "DELETE", func() error {
		box, err := quote(name)
		if err != nil {
			return err
		}
		return c.simple("DELETE", "DELETE "+box)
	})
}
