package mailstore

import (
	"context"
	"slices"

	"github.com/mxmove/mxmove/providers/mailstore/transfer"
	"github.com/mxmove/mxmove/providers/mailstore/wire"
)

// channel is a session's connection with a folder open. It is bound to the
// connection it was made for: a broken one stays broken.
type channel struct {
	session *session
	conn    *wire.Conn
	folder  string
}

func (c *channel) fault(err error) error {
	return c.session.side.fault(c.session.account.login, err)
}

// locked keeps commands of the session out of a flight.
func (c *channel) locked(f func() error) error {
	c.session.mu.Lock()
	defer c.session.mu.Unlock()
	return f()
}

// Close gives the connection back; the session closes it.
func (c *channel) Close() error { return nil }

// Examine opens a folder for reading only.
func (c *channel) Examine(ctx context.Context, f transfer.Folder) (transfer.Opened, error) {
	return c.use(ctx, f, c.conn.Examine)
}

// Select opens a folder for writing.
func (c *channel) Select(ctx context.Context, f transfer.Folder) (transfer.Opened, error) {
	return c.use(ctx, f, c.conn.Select)
}

func (c *channel) use(ctx context.Context, f transfer.Folder, enter func(context.Context, string) (wire.Selected, error)) (o transfer.Opened, err error) {
	err = c.locked(func() error {
		sel, err := enter(ctx, f.Name)
		if err != nil {
			return err
		}
		c.folder = f.Name
		o = transfer.Opened{Permanent: sel.Permanent, Status: transfer.Status{
			Known: sel.UIDNext > 0, Messages: sel.Messages, UIDNext: sel.UIDNext,
			UIDValidity: sel.UIDValidity, ModSeq: sel.ModSeq, Size: f.Status.Size,
		}}
		if st := f.Status; o.UIDNext == 0 && st.Known && st.UIDValidity == o.UIDValidity && st.Messages == o.Messages {
			o.Known, o.UIDNext = true, st.UIDNext // STATUS tells it (Courier)
		}
		return c.learnNext(ctx, &o.Status)
	})
	return o, c.fault(err)
}

// learnNext finds UIDNEXT where neither SELECT nor STATUS tells it: the last
// UID and one, which is never more than the server's own.
func (c *channel) learnNext(ctx context.Context, st *transfer.Status) error {
	if st.UIDNext > 0 {
		return nil
	}
	st.UIDNext = 1
	if st.Messages > 0 {
		err := c.conn.Scan(ctx, wire.ScanOptions{}, func(m *wire.Message) error {
			st.UIDNext = max(st.UIDNext, m.UID+1)
			return nil
		})
		if err != nil {
			return err
		}
	}
	st.Known = true
	return nil
}

// Scan lists messages without bodies.
func (c *channel) Scan(ctx context.Context, from uint32, since uint64, each func(transfer.Item) error) error {
	return c.locked(func() error {
		return c.fault(c.conn.Scan(ctx, wire.ScanOptions{From: from, Since: since}, func(m *wire.Message) error {
			it := item(m)
			it.Size = m.Size
			return each(it)
		}))
	})
}

// Fetch gives messages whole.
func (c *channel) Fetch(ctx context.Context, uids []uint32, each func(transfer.Item) error) (missing []uint32, err error) {
	err = c.locked(func() error {
		missing, err = c.conn.Fetch(ctx, uids, func(m *wire.Message) error {
			it := item(m)
			it.Size, it.Body = m.BodySize, c.session.side.pace(c.session.unhurried, m.Body)
			return each(it)
		})
		return c.unread(err)
	})
	return missing, err
}

// unread keeps a definite NO to FETCH apart: it is about messages, unless the
// server has too much to do.
func (c *channel) unread(err error) error {
	f := c.fault(err)
	if no, ok := refusal(err); ok && !isLoad(f) && !c.conn.Closed() {
		return no
	}
	return f
}

// Headers gives the fields by which a person knows a message.
func (c *channel) Headers(ctx context.Context, uids []uint32, each func(transfer.Item) error) (missing []uint32, err error) {
	err = c.locked(func() error {
		missing, err = c.conn.Headers(ctx, uids, func(m *wire.Message) error {
			return each(transfer.Item{UID: m.UID, Size: m.BodySize, Body: m.Body})
		})
		return c.fault(err)
	})
	return missing, err
}

// item copies what wire uses again for its next message.
func item(m *wire.Message) transfer.Item {
	return transfer.Item{UID: m.UID, Flags: slices.Clone(m.Flags), Date: m.Date, ModSeq: m.ModSeq}
}

// Append stores messages in the selected folder. next and done run at the
// same time, in goroutines of their own.
func (c *channel) Append(ctx context.Context, next func() (*transfer.Item, error), done func(transfer.Placed) error) error {
	return c.append(ctx, next, done, false)
}

var _ transfer.Remover = (*channel)(nil)

// Removes reports whether the server has UID EXPUNGE.
func (c *channel) Removes() bool { return c.conn.Removes() }

// Expunge removes messages of the selected folder that have \Deleted.
func (c *channel) Expunge(ctx context.Context, uids []uint32) error {
	return c.locked(func() error {
		err := c.conn.Expunge(ctx, uids)
		if no, ok := refusal(err); ok {
			return no
		}
		return c.fault(err)
	})
}

// Store changes flags of messages in the selected folder.
func (c *channel) Store(ctx context.Context, changes map[uint32]transfer.FlagChange) error {
	out := make(map[uint32]wire.FlagChange, len(changes))
	for uid, ch := range changes {
		out[uid] = wire.FlagChange(ch)
	}
	return c.locked(func() error {
		err := c.conn.Store(ctx, out)
		if no, ok := refusal(err); ok {
			return no
		}
		return c.fault(err)
	})
}
