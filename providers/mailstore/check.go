package mailstore

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"strings"
	"sync"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
	"github.com/mxmove/mxmove/providers/mailstore/wire"
)

// Checked is what a try of one mailbox found.
type Checked struct {
	planner.Mailbox                  // Seen.Err of a side: why it does not open
	Notes           []config.Finding `json:"notes,omitempty"`   // what will not arrive, or is hidden
	Canary          planner.Tri      `json:"canary,omitzero"`   // a test message was put into the target and removed; unknown: not asked for, or it does not open
	Refused         *planner.Fault   `json:"refused,omitempty"` // why the canary failed, or what is left of it
}

// Check signs in to mailboxes on both sides, within the limits of both, and
// counts what is there. With canary a message is put into a folder of its own
// at the target, read back, and removed with its folder; nothing else is
// written. each is called for each mailbox as it is done, one at a time; the
// results are in the order of addresses, which are the roster's. about names
// settings of the services that concern many. The error is the context's.
func (s *Store) Check(ctx context.Context, addresses []string, canary bool, each func(Checked)) (results []Checked, about []config.Finding, err error) {
	s.book.refresh()
	defer s.book.flush()
	snap := &sight{}
	var wg sync.WaitGroup
	wg.Go(func() { snap.Source = s.greet(ctx, s.source) })
	wg.Go(func() { snap.Target = s.greet(ctx, s.target) })
	wg.Wait()
	results = make([]Checked, len(addresses))
	next := make(chan int)
	var told sync.Mutex
	for range min(len(addresses), s.workers(planner.Signed)) {
		wg.Go(func() {
			for i := range next {
				results[i] = s.check(ctx, s.rows[addresses[i]], canary, snap)
				told.Lock()
				each(results[i])
				told.Unlock()
			}
		})
	}
	for i := 0; i < len(addresses) && ctx.Err() == nil; i++ {
		next <- i
	}
	close(next)
	wg.Wait()
	for _, r := range results {
		snap.Mailboxes = append(snap.Mailboxes, r.Mailbox)
		snap.Findings = append(snap.Findings, r.Notes...)
	}
	return results, s.settings(&snap.Snapshot), ctx.Err()
}

func (s *Store) check(ctx context.Context, row config.Mailbox, canary bool, server *sight) Checked {
	own := &sight{}
	own.Source, own.Target = server.Source, server.Target
	c := Checked{Mailbox: s.look(ctx, row, planner.Signed, own), Notes: own.Findings}
	if canary && c.Target.Seen.Err == nil && !c.Target.Seen.At.IsZero() {
		c.Refused = faultOf(s.canary(ctx, row))
		c.Canary = planner.TriOf(c.Refused == nil)
	}
	return c
}

// canary tries whether the target takes a mail, keeps it as it is, and lets
// it be removed: with a folder that nobody else knows of, so that nothing but
// what this made is removed, also without UIDPLUS.
func (s *Store) canary(ctx context.Context, row config.Mailbox) error {
	to, err := s.target.open(ctx, s.target.account(row))
	if err != nil {
		return err
	}
	defer to.Close()
	if _, err := to.Folders(ctx); err != nil { // the layout
		return err
	}
	f, err := to.Create(ctx, []string{"mxmove-check-" + strings.ToLower(rand.Text()[:10])}, "")
	if err != nil {
		return err
	}
	tried := s.fly(ctx, to, f)
	err = to.with(ctx, func(c *wire.Conn) error {
		if _, err := c.Examine(ctx, inbox); err != nil { // servers differ on deleting what is open
			return err
		}
		return c.Delete(ctx, f.Name)
	})
	if err != nil {
		return s.target.because("canary.left", planner.Account, "login", to.account.login, "folder", strings.Join(f.Path, "/"), "said", saidBy(err))
	}
	return tried
}

// fly appends the canary and reads it back.
func (s *Store) fly(ctx context.Context, to *session, f transfer.Folder) error {
	box, err := to.Open(ctx)
	if err != nil {
		return err
	}
	if _, err := box.Select(ctx, f); err != nil {
		return err
	}
	mail, id := testMail(s.o.Lineage, s.o.Now())
	left := mail
	var refused error
	err = box.Append(ctx, func() (*transfer.Item, error) {
		if left == nil {
			return nil, io.EOF
		}
		left = nil
		return &transfer.Item{Flags: []imap.Flag{imap.FlagSeen}, Date: s.o.Now(), Size: int64(len(mail)), Body: bytes.NewReader(mail)}, nil
	}, func(p transfer.Placed) error { refused = p.Err; return nil })
	if err != nil {
		return err
	}
	if refused != nil {
		return s.target.because("canary.refused", planner.Account, "login", to.account.login, "said", refused.Error())
	}
	found, err := find(ctx, box, 1, id)
	if err == nil && !found {
		return s.target.because("try.vanished", planner.Account, "login", to.account.login)
	}
	return err
}

// saidBy gives the server's own words where an error holds them.
func saidBy(err error) string {
	if f := faultOf(err); f != nil && f.Args["said"] != "" {
		return f.Args["said"]
	}
	return err.Error()
}
