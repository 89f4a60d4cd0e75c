package archive

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
)

var (
	_ transfer.Session = (*Box)(nil)
	_ transfer.Target  = (*conn)(nil)
)

// Folders lists what the archive holds.
func (b *Box) Folders(context.Context) ([]transfer.Folder, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []transfer.Folder
	for _, f := range b.folders {
		all = append(all, f.told())
	}
	return all, nil
}

func (f *folder) told() transfer.Folder {
	return transfer.Folder{Name: f.Folder, Path: f.Path, Use: imap.MailboxAttr(f.Use), Subscribed: f.Subscribed, Status: f.status()}
}

func (f *folder) status() transfer.Status {
	return transfer.Status{Known: true, Messages: uint32(len(f.mail)), UIDNext: f.next, UIDValidity: f.Validity, Size: f.size()}
}

// Create makes a folder, or finds it where it is.
func (b *Box) Create(_ context.Context, path []string, use imap.MailboxAttr) (transfer.Folder, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.folders {
		if slices.Equal(f.Path, path) {
			return f.told(), nil
		}
	}
	name := dirName(path, func(name string) bool {
		return slices.ContainsFunc(b.folders, func(f *folder) bool { return strings.EqualFold(f.Folder, name) })
	})
	if err := b.mkdir(name); err != nil {
		return transfer.Folder{}, fault(b.dir, err)
	}
	f := &folder{line: line{Kind: kindFolder, Folder: name, Path: slices.Clone(path), Use: string(use), Validity: uint32(b.now().Unix())}, next: 1}
	if err := b.write(f.line); err != nil {
		return transfer.Folder{}, fault(b.dir, err)
	}
	b.folders = append(b.folders, f)
	return f.told(), nil
}

// Subscribe writes down that a folder is subscribed to.
func (b *Box) Subscribe(_ context.Context, to transfer.Folder) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.folder(to.Name)
	if f == nil || f.Subscribed {
		return nil
	}
	l := f.line
	l.Subscribed = true
	if err := b.write(l); err != nil {
		return fault(b.dir, err)
	}
	f.line = l
	b.stale++
	return nil
}

// Open gives a way to one folder at a time.
func (b *Box) Open(context.Context) (transfer.Target, error) { return &conn{b: b}, nil }

// conn is a folder of the archive in use.
type conn struct {
	b *Box
	f *folder
}

// Close gives nothing back: there is no connection.
func (*conn) Close() error { return nil }

// Examine opens a folder for reading.
func (c *conn) Examine(_ context.Context, f transfer.Folder) (transfer.Opened, error) {
	c.b.mu.Lock()
	defer c.b.mu.Unlock()
	if c.f = c.b.folder(f.Name); c.f == nil {
		return transfer.Opened{}, &transfer.Refusal{Code: "NONEXISTENT", Text: f.Name, Class: planner.FolderOnly}
	}
	return transfer.Opened{Status: c.f.status(), Permanent: []imap.Flag{imap.FlagWildcard, imap.FlagSeen,
		imap.FlagAnswered, imap.FlagFlagged, imap.FlagDeleted, imap.FlagDraft}}, nil
}

// Select opens a folder for writing.
func (c *conn) Select(ctx context.Context, f transfer.Folder) (transfer.Opened, error) {
	return c.Examine(ctx, f)
}

// Scan lists messages. An archive does not tell what changed since when.
func (c *conn) Scan(ctx context.Context, from uint32, _ uint64, each func(transfer.Item) error) error {
	c.b.mu.Lock()
	mail := slices.Clone(c.f.mail)
	c.b.mu.Unlock()
	for _, m := range mail {
		if m.UID < from {
			continue
		}
		if err := errors.Join(ctx.Err(), each(c.item(m))); err != nil {
			return err
		}
	}
	return nil
}

func (c *conn) item(m *message) transfer.Item {
	c.b.mu.Lock()
	defer c.b.mu.Unlock()
	it := transfer.Item{UID: m.UID, Size: m.Size}
	it.Date, _ = time.Parse(time.RFC3339, m.Date) // "": it has none
	for _, f := range m.Flags {
		it.Flags = append(it.Flags, imap.Flag(f))
	}
	return it
}

// Fetch gives messages whole. Those whose files are gone, or were found not to
// be what was written, are missing.
func (c *conn) Fetch(ctx context.Context, uids []uint32, each func(transfer.Item) error) (missing []uint32, err error) {
	for _, uid := range uids {
		if err := ctx.Err(); err != nil {
			return missing, err
		}
		c.b.mu.Lock()
		m := c.f.find(uid)
		at, bad := "", m == nil || m.bad || m.at == ""
		if !bad {
			at = c.b.path(c.f, m.at)
		}
		c.b.mu.Unlock()
		if bad {
			missing = append(missing, uid)
			continue
		}
		ok, err := c.give(m, at, each)
		if err != nil {
			return missing, err
		}
		if !ok {
			missing = append(missing, uid)
		}
	}
	return missing, nil
}

// give hands one message on; false: its file is not as long as it was.
func (c *conn) give(m *message, at string, each func(transfer.Item) error) (bool, error) {
	f, err := os.Open(at)
	if os.IsNotExist(err) {
		return false, nil
	}
	if err != nil {
		return false, fault(c.b.dir, err)
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil || st.Size() != m.Size {
		return false, fault(c.b.dir, err)
	}
	it := c.item(m)
	it.Body = io.LimitReader(f, m.Size)
	return true, each(it)
}
