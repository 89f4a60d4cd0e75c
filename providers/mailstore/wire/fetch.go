package wire

import (
	"context"
	"math"
	"slices"
	"strconv"
)

const maxCommand = 950 // octets of a command with a UID set: some servers take lines of 1,000

// Scan lists messages of the open mailbox without bodies, in the order of
// arrival, which is ascending on every server known. Where the server cuts its
// answer it is asked for the rest; ErrCut if that does not bring it. How many
// there are from a UID on is not known: then it is asked until nothing comes,
// unless the last that came is the last there is by UIDNEXT.
func (c *Conn) Scan(ctx context.Context, o ScanOptions, each func(*Message) error) error {
	return c.run(ctx, "UID FETCH", func() error {
		from := max(o.From, 1)
		s := scan{from: from, each: each}
		if err := c.refresh(); err != nil {
			return err
		}
		c.fetch.each, c.fetch.asked, c.fetch.told = s.take, nil, hasDate|hasSize // else it is news of flags
		defer c.fetch.rest()
		items := "(UID FLAGS INTERNALDATE RFC822.SIZE)"
		if c.modseq {
			items = "(UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ)"
			if o.Since > 0 {
				items += " (CHANGEDSINCE " + strconv.FormatUint(o.Since, 10) + ")"
			}
		}
		for {
			before := s.count
			text := "UID FETCH " + strconv.FormatUint(uint64(s.from), 10) + ":* " + items
			if err := c.simple("UID FETCH", text); err != nil {
				return err
			}
			switch {
			case o.Since > 0 && c.modseq, from == 1 && s.count >= c.exists:
				return nil
			case from > 1 && (s.count == before || s.last == math.MaxUint32 || s.last+1 == c.uidNext):
				return nil
			case s.count == before || s.last == math.MaxUint32:
				return c.cut(s.count)
			}
			s.from = s.last + 1
		}
	})
}

// refresh lets the server show what was appended to the open mailbox.
func (c *Conn) refresh() error {
	if !c.stale {
		return nil
	}
	c.stale = false
	return c.simple("NOOP", "NOOP")
}

// cut asks for news before it says that messages are not listed: some were
// perhaps removed meanwhile.
func (c *Conn) cut(listed uint32) error {
	if err := c.simple("NOOP", "NOOP"); err != nil {
		return err
	}
	if listed < c.exists {
		return ErrCut
	}
	return nil
}

// scan counts what arrives.
type scan struct {
	from, last, count uint32
	each              func(*Message) error
}

func (s *scan) take(m *Message) error {
	if m.UID < s.from { // n:* always gives the last message
		return nil
	}
	if m.UID > s.last {
		s.count++
		s.last = m.UID
	}
	return s.each(m)
}

// rest gives nothing to anybody.
func (f *fetcher) rest() {
	f.each, f.asked, f.need, f.told, f.bare, f.fields = nil, nil, 0, 0, false, false
}

// Fetch gives messages of the open mailbox whole, each once, in the order of
// arrival. missing are the UIDs that did not come, or came without a body:
// gone at the source, or unreadable there; while others come they are asked
// for again. With a *Refused of NO or BAD the
// server refused a part, and all the rest came.
func (c *Conn) Fetch(ctx context.Context, uids []uint32, each func(*Message) error) (missing []uint32, err error) {
	w := newWanted(uids)
	err = c.run(ctx, "UID FETCH", func() error {
		if err := c.refresh(); err != nil {
			return err
		}
		c.fetch.each = func(m *Message) error {
			if err := each(m); err != nil {
				return err
			}
			w.mark(m.UID)
			return nil
		}
		c.fetch.asked, c.fetch.need = w.open, hasUID|hasFlags|hasDate
		defer c.fetch.rest()
		for left := w.uids; ; { // some servers cut their answers (Yahoo)
			if err := c.fetchAll(left); err != nil {
				return err
			}
			missing := w.missing()
			if len(missing) == 0 || len(missing) == len(left) {
				return nil
			}
			left = missing
		}
	})
	return w.missing(), err
}

func (c *Conn) fetchAll(uids []uint32) error {
	sets := setsOf(uids)
	return c.flight(func() *command {
		set := sets()
		if set == "" {
			return nil
		}
		return &command{name: "UID FETCH", text: "UID FETCH " + set + " (UID FLAGS INTERNALDATE BODY.PEEK[])"}
	}, nil)
}

// wanted are UIDs that were asked for, and whether they came.
type wanted struct {
	uids []uint32 // ascending, each once
	came []bool
}

func newWanted(uids []uint32) *wanted {
	u := slices.Clone(uids)
	slices.Sort(u)
	u = slices.Compact(u)
	if len(u) > 0 && u[0] == 0 {
		u = u[1:]
	}
	return &wanted{uids: u, came: make([]bool, len(u))}
}

// open tells whether uid was asked for and has not come yet.
func (w *wanted) open(uid uint32) bool {
	i, ok := slices.BinarySearch(w.uids, uid)
	return ok && !w.came[i]
}

func (w *wanted) mark(uid uint32) {
	if i, ok := slices.BinarySearch(w.uids, uid); ok {
		w.came[i] = true
	}
}

func (w *wanted) missing() (out []uint32) {
	for i, came := range w.came {
		if !came {
			out = append(out, w.uids[i])
		}
	}
	return out
}

// setsOf gives UID sets (RFC 3501, 9: sequence-set) in ascending order, each
// short enough for one command, and at last "".
func setsOf(uids []uint32) func() string {
	return func() string {
		var b []byte
		for len(uids) > 0 && len(b) < maxCommand-150 {
			run := 1
			for run < len(uids) && uids[run] == uids[run-1]+1 {
				run++
			}
			if b != nil {
				b = append(b, ',')
			}
			b = strconv.AppendUint(b, uint64(uids[0]), 10)
			if run > 1 {
				b = append(b, ':')
				b = strconv.AppendUint(b, uint64(uids[run-1]), 10)
			}
			uids = uids[run:]
		}
		return string(b)
	}
}
