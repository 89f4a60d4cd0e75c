package transfer

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// memBatch is how many messages the memory store takes as one.
const memBatch = 3

var (
	_ Ahead   = (*memConn)(nil)
	_ Builder = (*memStore)(nil)
)

// Open gives a connection that works ahead, unless the store is plain.
func (s *memStore) Open(context.Context) (Target, error) {
	s.opens++
	c := &memConn{s: s}
	if s.plain {
		return struct{ Remover }{c}, s.at("open")
	}
	return c, s.at("open")
}

func (s *memStore) Build(ctx context.Context, wanted []Wanted) ([]Folder, error) {
	built := make([]Folder, len(wanted))
	for _, w := range wanted {
		if s.plain || w.Exists {
			continue
		}
		if _, err := s.Create(ctx, w.Path, w.Use); err != nil && !isRefusal(err) {
			return nil, err
		}
	}
	for _, w := range wanted {
		f := s.folders[strings.Join(w.Path, "/")]
		if !s.plain && w.Subscribe && f != nil {
			if err := s.Subscribe(ctx, f.Folder); err != nil {
				return nil, err
			}
		}
	}
	listed, err := s.Folders(ctx)
	for _, f := range listed {
		for i, w := range wanted {
			if !s.plain && slices.Equal(f.Path, w.Path) {
				built[i] = f
			}
		}
	}
	return built, err
}

func (c *memConn) Removes() bool { return !c.s.noUIDPlus }

func (c *memConn) Expunge(_ context.Context, uids []uint32) error {
	if err := c.at("expunge"); err != nil {
		return err
	}
	c.s.mu.Lock()
	c.f.msgs = slices.DeleteFunc(c.f.msgs, func(m *memMsg) bool {
		return slices.Contains(uids, m.uid) && slices.Contains(m.flags, imap.FlagDeleted) && !c.s.clings
	})
	c.f.modSeq++
	c.s.mu.Unlock()
	return c.at("expunged")
}

func (c *memConn) Tells() bool { return !c.s.noUIDPlus }

func (c *memConn) Streams() bool { return !c.s.waits }

// Widen gives three more connections to a store that waits.
func (s *memStore) Widen(context.Context) (Ahead, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.widened++; s.widened > 3 {
		return nil, nil
	}
	return &memConn{s: s}, nil
}

func (c *memConn) Read(ctx context.Context, next func() (Reading, bool), to Reader) error {
	for n := 0; ; n++ {
		r, ok := next()
		if !ok {
			return nil
		}
		o, err := c.Examine(ctx, r.Folder)
		if isRefusal(err) {
			err = to.Ended(n, err)
		} else if err == nil {
			err = c.readOne(ctx, n, r, o, to)
		}
		if err != nil {
			c.dead = true
			return err
		}
	}
}

func (c *memConn) readOne(ctx context.Context, n int, r Reading, o Opened, to Reader) error {
	if err := to.Opened(n, o); err != nil {
		return err
	}
	whole := []uint32{}
	err := c.Scan(ctx, 1, 0, func(it Item) error {
		switch {
		case r.From > 0 && it.UID >= r.From:
			whole = append(whole, it.UID)
			if r.List {
				return to.Listed(n, it.UID)
			}
		case r.Flags && (c.s.noCondstore || it.ModSeq > r.Since):
			return to.Flags(n, it)
		}
		return nil
	})
	if err != nil {
		return err
	}
	missing, err := c.Fetch(ctx, whole, func(it Item) error { return to.Message(n, it) })
	for _, uid := range missing {
		if err == nil && c.s.bodiless {
			err = to.Message(n, Item{UID: uid})
		}
	}
	if err != nil && !isRefusal(err) {
		return err
	}
	return to.Ended(n, err)
}

func (c *memConn) Survey(ctx context.Context, folders []Folder) ([]Surveyed, error) {
	var all []Surveyed
	for _, f := range folders {
		o, err := c.Select(ctx, f)
		if err != nil && !isRefusal(err) {
			return nil, err
		}
		all = append(all, Surveyed{o, err})
	}
	return all, nil
}

// AppendAll stores messages of one folder in batches, each wholly or not at all.
func (c *memConn) AppendAll(ctx context.Context, next func() (*Item, error), done func(Placed) error) error {
	var batch []*Item
	var bodies []string
	for {
		it, err := next()
		full := err != nil || it == nil || len(batch) == memBatch ||
			len(batch) > 0 && (it.Alone || batch[0].Alone || batch[0].Folder.Name != it.Folder.Name)
		if full && len(batch) > 0 && (err == nil || err == io.EOF) {
			if err := c.commit(ctx, batch, bodies, done); err != nil {
				c.dead = true
				return err
			}
			batch, bodies = nil, nil
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			c.dead = true
			return err
		case it == nil:
			continue
		}
		var body []byte
		if it.Alone && it.Size >= 16<<20 {
			body = []byte("giant")
			_, err = io.Copy(io.Discard, it.Body)
		} else {
			body, err = io.ReadAll(it.Body)
		}
		if err = cause(ctx, errors.Join(err, c.at("append"))); err != nil {
			c.dead = true
			return err
		}
		batch, bodies = append(batch, it), append(bodies, string(body))
	}
}

func (c *memConn) commit(ctx context.Context, batch []*Item, bodies []string, done func(Placed) error) error {
	if err := cause(ctx, c.at("commit")); err != nil {
		return err
	}
	c.s.mu.Lock()
	if c.s.poison != nil && slices.ContainsFunc(bodies, c.s.poison) {
		c.s.mu.Unlock()
		return gone("poison")
	}
	placed, no := c.storeAll(batch, bodies)
	c.s.mu.Unlock()
	if err := c.at("stored"); err != nil {
		return err
	}
	for _, p := range placed {
		if err := done(p); err != nil {
			return err
		}
	}
	if no != nil && no.Bad {
		return no
	}
	return nil
}

func (c *memConn) storeAll(batch []*Item, bodies []string) (placed []Placed, no *Refusal) {
	f := c.s.folders[batch[0].Folder.Name]
	for i, it := range batch {
		if c.s.refuse != nil && no == nil {
			no = c.s.refuse(it, bodies[i])
		}
	}
	c.s.batches++
	for i, it := range batch {
		p := Placed{Item: *it}
		if no != nil {
			p.Err = no
		} else {
			c.s.appends++
			body := bodies[i]
			if c.s.alter != nil {
				body = c.s.alter(body)
			}
			m := f.add(body, it.Date, slices.Clone(it.Flags))
			if !c.s.noUIDPlus {
				p.UID, p.UIDValidity = m.uid, f.validity
			}
		}
		placed = append(placed, p)
	}
	return placed, no
}

func (c *memConn) StoreAll(ctx context.Context, changes []FolderChanges) error {
	for i, ch := range changes {
		_, err := c.Select(ctx, ch.Folder)
		if err == nil {
			err = c.Store(ctx, ch.Changes)
		}
		if isRefusal(err) {
			changes[i].Refused, err = err, nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}
