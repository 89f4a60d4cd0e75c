package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
)

// batch is how many messages are made durable together at most.
const batch = 64

// arrival is a message whose octets are in tmp.
type arrival struct {
	item transfer.Item
	msg  *message
}

// Append keeps messages. Their octets are written to tmp and made durable, then
// their lines, and only then do they move to cur: of a file without a line
// nobody was told, and a line without its file in cur has it in tmp.
func (c *conn) Append(ctx context.Context, next func() (*transfer.Item, error), done func(transfer.Placed) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	written := make(chan arrival, batch)
	var wg sync.WaitGroup
	var taken error
	wg.Go(func() {
		defer close(written)
		if taken = c.take(ctx, next, written); taken != nil {
			cancel(taken)
		}
	})
	var kept error
	for a := range written {
		lot := []arrival{a}
		for more := true; more && len(lot) < batch; {
			select {
			case a, ok := <-written:
				if more = ok; ok {
					lot = append(lot, a)
				}
			default:
				more = false
			}
		}
		if kept == nil {
			if kept = c.keep(lot, done); kept != nil {
				cancel(kept)
			}
		}
	}
	wg.Wait()
	if kept != nil {
		return kept
	}
	return taken
}

// take writes what comes to tmp.
func (c *conn) take(ctx context.Context, next func() (*transfer.Item, error), written chan<- arrival) error {
	c.b.mu.Lock()
	uid := c.f.next
	c.b.mu.Unlock()
	for ; ; uid++ {
		it, err := next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		a, err := c.receive(it, uid)
		if err != nil {
			return fault(c.b.dir, err)
		}
		select {
		case written <- a:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// receive writes one message's octets.
func (c *conn) receive(it *transfer.Item, uid uint32) (arrival, error) {
	if err := c.b.at("create", c.f.Folder); err != nil {
		return arrival{}, err
	}
	f, err := os.CreateTemp(c.b.path(c.f, "tmp"), "arriving-*") // 0600
	if err != nil {
		return arrival{}, err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, sum), it.Body)
	if err == nil && n != it.Size {
		err = &planner.Fault{Msg: text.M("archive.short", "came", strconv.FormatInt(n, 10), "of", strconv.FormatInt(it.Size, 10)), Class: planner.Gone}
	}
	if err == nil {
		err = c.b.at("sync", "message")
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		os.Remove(f.Name())
		return arrival{}, err
	}
	l := line{Kind: kindMessage, Folder: c.f.Folder, UID: uid, SHA256: hex.EncodeToString(sum.Sum(nil)), Size: n, Flags: flagsOf(it.Flags)}
	if !it.Date.IsZero() {
		l.Date = it.Date.Format(time.RFC3339)
	}
	l.File = fileName(it.Date, c.f.Validity, uid, sum.Sum(nil), n)
	a := arrival{item: *it, msg: &message{line: l, at: filepath.Join("tmp", l.File)}}
	a.item.Body = nil
	return a, os.Rename(f.Name(), c.b.path(c.f, a.msg.at))
}

func flagsOf(flags []imap.Flag) []string {
	var all []string
	for _, f := range flags {
		all = append(all, string(f))
	}
	return all
}

// keep writes the lines of messages and tells that they are kept.
func (c *conn) keep(lot []arrival, done func(transfer.Placed) error) error {
	if err := c.b.syncDir(filepath.Join(c.f.Folder, "tmp")); err != nil {
		return fault(c.b.dir, err)
	}
	lines := make([]line, len(lot))
	for i, a := range lot {
		lines[i] = a.msg.line
	}
	c.b.mu.Lock()
	err := c.b.write(lines...)
	for _, a := range lot {
		if err == nil {
			c.f.mail = append(c.f.mail, a.msg)
			c.f.next = a.msg.UID + 1
			err = c.b.settle(c.f, a.msg)
		}
	}
	c.b.mu.Unlock()
	err = fault(c.b.dir, err)
	for _, a := range lot {
		if err == nil {
			err = done(transfer.Placed{Item: a.item, UID: a.msg.UID, UIDValidity: c.f.Validity})
		}
	}
	return err
}

// Store changes flags.
func (c *conn) Store(_ context.Context, changes map[uint32]transfer.FlagChange) error {
	c.b.mu.Lock()
	defer c.b.mu.Unlock()
	var lines []line
	var changed []*message
	for uid, change := range changes {
		m := c.f.find(uid)
		if m == nil {
			continue
		}
		flags := slices.DeleteFunc(slices.Clone(m.Flags), func(f string) bool { return hasFlag(flagsOf(change.Remove), f) })
		for _, f := range flagsOf(change.Add) {
			if !hasFlag(flags, f) {
				flags = append(flags, f)
			}
		}
		slices.SortFunc(flags, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
		lines = append(lines, line{Kind: kindFlags, Folder: c.f.Folder, UID: uid, Flags: flags})
		changed = append(changed, m)
	}
	if err := c.b.write(lines...); err != nil {
		return fault(c.b.dir, err)
	}
	var err error
	for i, m := range changed {
		m.Flags = lines[i].Flags
		c.b.stale++
		err = errors.Join(err, c.b.settle(c.f, m))
	}
	return fault(c.b.dir, err)
}
