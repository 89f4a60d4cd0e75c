package transfer

import (
	"context"
	"slices"
	"time"
)

// read lists a folder and fetches all of it but what is older than since. The
// box's shelf is the caller's to close.
func (r *reader) read(ctx context.Context, f Folder, since time.Time) (*box, error) {
	return r.insist(ctx, f, func(b *box) error {
		if err := r.shelve(ctx, b, since); err != nil {
			return err
		}
		for range 2 { // some servers skip messages when much is asked for
			if err := r.fetch(ctx, b); err != nil {
				return err
			}
		}
		return r.forgetExpunged(ctx, b)
	})
}

// shelve lists a folder, and keeps what was read of it before.
func (r *reader) shelve(ctx context.Context, b *box, since time.Time) (err error) {
	old := b.shelf
	now := &shelf{scratch: r.scratch, sets: r.sets}
	b.leftOut = 0
	got := 0
	err = r.conn.Scan(ctx, 1, 0, func(it Item) error {
		if !it.Date.IsZero() && it.Date.Before(since) {
			b.leftOut++
			return nil
		}
		m := r.listed(it)
		if old != nil {
			if i, found, err := old.search(it.UID); err != nil {
				return err
			} else if found {
				before, err := old.at(i)
				if err != nil {
					return err
				}
				m.print, m.read = before.print, before.read
			}
		}
		return now.add(m)
	})
	if err == nil {
		now, err = now.sorted()
	}
	if err != nil {
		now.close()
		return err
	}
	err = now.each(func(m *message) error {
		if m.read {
			got++
		}
		return nil
	})
	if old != nil {
		old.close()
	}
	b.shelf, b.got, b.gone = now, got, 0
	return err
}

// fetch reads what was listed and not yet read.
func (r *reader) fetch(ctx context.Context, b *box) error {
	for next := 0; ; {
		var uids []uint32
		var err error
		if uids, next, err = b.nextUnread(next); err != nil || len(uids) == 0 {
			return err
		}
		if _, _, err := ask(ctx, r.conn, uids, func(it Item) error { return r.put(b, it) }); err != nil {
			return err
		}
	}
}

// nextUnread gives the next fetchBatch messages from an index on that were not
// read, and where to go on.
func (b *box) nextUnread(from int) (uids []uint32, next int, err error) {
	for next = from; next < b.shelf.n && len(uids) < fetchBatch; next++ {
		m, err := b.shelf.at(next)
		if err != nil {
			return nil, 0, err
		}
		if !m.read && !m.gone {
			uids = append(uids, m.uid)
		}
	}
	return uids, next, nil
}

// put reads one body. One that is not as long as the server says stays unread.
func (r *reader) put(b *box, it Item) error {
	i, ok, err := b.shelf.search(it.UID)
	if err != nil || !ok || it.Body == nil {
		return err
	}
	print, whole, err := r.fingerprint(it)
	if err != nil || !whole {
		return err
	}
	m, err := b.shelf.at(i)
	if err != nil || m.read {
		return err
	}
	m.print, m.read, m.cut = print, true, r.cuts != nil && r.cuts.cut()
	b.shelf.changed()
	b.got++
	r.progress(label(b.folder.Path), it.Size)
	return nil
}

// forgetExpunged drops messages that were listed, did not come, and are not
// listed any more.
func (r *reader) forgetExpunged(ctx context.Context, b *box) error {
	var unread []uint32
	err := b.shelf.each(func(m *message) error {
		if !m.read {
			unread = append(unread, m.uid)
		}
		return nil
	})
	if err != nil || len(unread) == 0 {
		return err
	}
	there := make([]bool, len(unread))
	err = r.conn.Scan(ctx, unread[0], 0, func(it Item) error {
		if i, found := slices.BinarySearch(unread, it.UID); found {
			there[i] = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	for k, uid := range unread {
		if there[k] {
			continue
		}
		i, _, err := b.shelf.search(uid)
		if err != nil {
			return err
		}
		m, err := b.shelf.at(i)
		if err != nil {
			return err
		}
		if !m.gone {
			m.gone = true
			b.shelf.changed()
			b.gone++
		}
	}
	return nil
}

// number is how many messages a folder has. With failed nobody can tell.
func (r *reader) number(ctx context.Context, f Folder) (n int, failed, err error) {
	b, err := r.insist(ctx, f, func(*box) error {
		n = 0
		return r.conn.Scan(ctx, 1, 0, func(Item) error { n++; return nil })
	})
	if err != nil {
		return 0, nil, err
	}
	return n, b.failed, nil
}
