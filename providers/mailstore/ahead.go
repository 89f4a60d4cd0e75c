package mailstore

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
	"github.com/mxmove/mxmove/providers/mailstore/wire"
)

var _ transfer.Ahead = (*channel)(nil)

// Tells reports whether the server says where it stores a message.
func (c *channel) Tells() bool {
	caps := c.conn.Caps()
	return caps.Has(imap.CapUIDPlus) || caps.Has(imap.CapIMAP4rev2)
}

// Streams reports whether messages follow one another without waiting.
func (c *channel) Streams() bool { return c.conn.Caps().Has(imap.CapLiteralPlus) }

// lane is a further connection to a mailbox; closing it gives it back.
type lane struct {
	*channel
	over func()
}

// Close gives the connection back.
func (l *lane) Close() error {
	l.over()
	return l.session.Close()
}

// Widen gives another connection to the mailbox while limits allow one.
func (s *session) Widen(ctx context.Context) (transfer.Ahead, error) {
	if int(s.lanes.Add(1)) >= s.side.imap.Limits.PerMailbox || s.side.slots.try() != nil {
		s.lanes.Add(-1)
		return nil, nil
	}
	further := s.side.session(ctx, s.account, nil)
	conn, err := further.alive(ctx)
	l := &lane{&channel{session: further, conn: conn}, func() { s.lanes.Add(-1) }}
	if err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// Read reads folders, sending commands ahead.
func (c *channel) Read(ctx context.Context, next func() (transfer.Reading, bool), to transfer.Reader) error {
	return c.locked(func() error {
		return c.fault(c.conn.Read(ctx, func() (wire.Ask, bool) {
			r, ok := next()
			return wire.Ask{Mailbox: r.Folder.Name, From: r.From, List: r.List, Flags: r.Flags, Since: r.Since}, ok
		}, &relay{c, to}))
	})
}

// relay gives what wire finds to transfer, in its terms.
type relay struct {
	c  *channel
	to transfer.Reader
}

func (r *relay) Opened(n int, s wire.Selected) error { return r.to.Opened(n, opened(s)) }

func (r *relay) Listed(n int, m *wire.Message) error { return r.to.Listed(n, m.UID) }

func (r *relay) Flags(n int, m *wire.Message) error { return r.to.Flags(n, item(m)) }

func (r *relay) Message(n int, m *wire.Message) error {
	it := item(m)
	it.Size = m.BodySize
	if m.Body != nil {
		it.Body = r.c.session.side.pace(r.c.session.unhurried, m.Body)
	}
	return r.to.Message(n, it)
}

func (r *relay) Ended(n int, err error) error { return r.to.Ended(n, r.c.fault(err)) }

func opened(s wire.Selected) transfer.Opened {
	return transfer.Opened{Permanent: s.Permanent, Status: transfer.Status{
		Known: s.UIDNext > 0, Messages: s.Messages, UIDNext: s.UIDNext, UIDValidity: s.UIDValidity, ModSeq: s.ModSeq,
	}}
}

// Survey opens folders for writing, all in one flight.
func (c *channel) Survey(ctx context.Context, folders []transfer.Folder) ([]transfer.Surveyed, error) {
	names := make([]string, len(folders))
	for i, f := range folders {
		names[i] = f.Name
	}
	out := make([]transfer.Surveyed, len(folders))
	err := c.locked(func() error {
		found, errs, err := c.conn.SelectAll(ctx, names)
		for i := range out {
			out[i] = transfer.Surveyed{Opened: opened(found[i]), Err: c.fault(errs[i])}
			if isLoad(out[i].Err) {
				return out[i].Err
			}
		}
		return c.fault(err)
	})
	return out, err
}

// AppendAll stores messages of many folders, in batches where the server
// takes them.
func (c *channel) AppendAll(ctx context.Context, next func() (*transfer.Item, error), done func(transfer.Placed) error) error {
	return c.append(ctx, next, done, true)
}

// append stores messages in the selected folder, or each in its own.
func (c *channel) append(ctx context.Context, next func() (*transfer.Item, error), done func(transfer.Placed) error, batches bool) error {
	var sent flights
	err := c.locked(func() error {
		return c.conn.Append(ctx, c.folder, func() (*wire.Outgoing, error) {
			it, err := next()
			if err != nil || it == nil {
				return nil, err
			}
			sent.add(*it)
			out := &wire.Outgoing{Flags: it.Flags, Date: it.Date, Size: it.Size, Sync: it.Sync, Alone: it.Alone || !batches,
				Body: c.session.side.pace(c.session.unhurried, it.Body)}
			if it.Folder != nil {
				out.Mailbox = it.Folder.Name
			}
			return out, nil
		}, func(a wire.Appended) error {
			p := transfer.Placed{Item: sent.take(), UID: a.UID, UIDValidity: a.UIDValidity, Took: a.Took}
			if a.Err != nil {
				p.Err = c.session.side.appendError(c.session.account.login, a.Err)
			}
			return done(p)
		})
	})
	if err == nil || err == io.EOF {
		return nil
	}
	return c.session.side.appendError(c.session.account.login, err)
}

// StoreAll changes flags in many folders.
func (c *channel) StoreAll(ctx context.Context, changes []transfer.FolderChanges) error {
	names := make([]string, len(changes))
	each := make([]map[uint32]wire.FlagChange, len(changes))
	for i, ch := range changes {
		names[i], each[i] = ch.Folder.Name, make(map[uint32]wire.FlagChange, len(ch.Changes))
		for uid, x := range ch.Changes {
			each[i][uid] = wire.FlagChange(x)
		}
	}
	return c.locked(func() error {
		errs, err := c.conn.StoreAll(ctx, names, each)
		for i, e := range errs {
			changes[i].Refused = e
		}
		return c.fault(err)
	})
}

var _ transfer.Builder = (*session)(nil)

// Build makes folders and finds them where the server put them.
func (s *session) Build(ctx context.Context, wanted []transfer.Wanted) (there []transfer.Folder, err error) {
	err = s.with(ctx, func(c *wire.Conn) error {
		made := make([]wire.Creation, len(wanted))
		for i, w := range wanted {
			made[i] = wire.Creation{Name: s.layout.name(w.Path), Use: w.Use, Exists: w.Exists, Subscribe: w.Subscribe}
		}
		listing, refused, err := c.Build(ctx, made)
		if f := s.side.fault(s.account.login, refused); isLoad(f) {
			return f
		}
		if err != nil {
			return err
		}
		folders := s.layout.folders(listing)
		there = make([]transfer.Folder, len(wanted))
		for i, w := range wanted {
			if at := where(folders, made[i].Name, w.Path); at >= 0 {
				there[i] = folders[at]
			}
		}
		return nil
	})
	return there, err
}

// isLoad tells whether a server has too much to do: then nothing more is asked.
func isLoad(err error) bool {
	var f *planner.Fault
	return errors.As(err, &f) && (f.Class == planner.Throttled || f.Class == planner.Crowded)
}

// where finds a folder that was to be made; -1: it is not there.
func where(folders []transfer.Folder, name string, path []string) int {
	i := slices.IndexFunc(folders, func(f transfer.Folder) bool { return f.Name == name || slices.Equal(f.Path, path) })
	if i < 0 {
		i = lowered(folders, path)
	}
	return i
}

// refusal is a server's NO to what was asked of it, as transfer has it.
func refusal(err error) (*transfer.Refusal, bool) {
	var no *wire.Refused
	if !errors.As(err, &no) || no.Status != "NO" {
		return nil, false
	}
	return &transfer.Refusal{Code: no.Code, Text: no.Text}, true
}
