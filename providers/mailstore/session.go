package mailstore

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
	"github.com/mxmove/mxmove/providers/mailstore/wire"
)

// session is a mailbox signed in to, on one connection that is made again
// when it breaks. It implements transfer.Session; its connection implements
// transfer.Target.
type session struct {
	side    *side
	account account

	unhurried context.Context // while the rate is kept
	hurry     context.CancelFunc

	lanes atomic.Int32 // further connections, see Widen

	mu     sync.Mutex // one command or flight at a time
	conn   *wire.Conn
	layout layout
}

// open waits for a connection of the limit and signs in on it.
func (s *side) open(ctx context.Context, a account) (*session, error) {
	if err := s.slots.acquire(ctx, nil); err != nil {
		return nil, err
	}
	se := s.session(ctx, a, nil)
	if _, err := se.alive(ctx); err != nil {
		se.Close()
		return nil, err
	}
	return se, nil
}

// session is a mailbox on a connection that was acquired; Close releases it.
// It signs in when it is first used. stop ends waits for the rate; it may be
// nil.
func (s *side) session(ctx context.Context, a account, stop <-chan struct{}) *session {
	se := &session{side: s, account: a}
	se.unhurried, se.hurry = until(ctx, stop)
	return se
}

// Close says goodbye where somebody listens. A nil session has nothing to close.
func (s *session) Close() error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hurry()
	if s.conn == nil || s.conn.Closed() {
		s.side.slots.release()
		return nil
	}
	s.side.partings.part(s.account.login, s.conn, s.side.slots.release)
	return nil
}

// alive signs in, again after the connection broke. A server that was there a
// moment ago and is out of reach is perhaps starting anew: it is gone, as the
// connection is.
func (s *session) alive(ctx context.Context) (*wire.Conn, error) {
	if s.conn != nil && !s.conn.Closed() {
		return s.conn, nil
	}
	conn, err := s.side.signIn(ctx, s.account)
	var f *planner.Fault
	if s.conn != nil && errors.As(err, &f) && f.Class == planner.Unreachable {
		again := *f
		again.Class, err = planner.Gone, &again
	}
	if err != nil {
		return nil, err
	}
	s.conn = conn
	return conn, nil
}

// with runs f on a living connection, alone.
func (s *session) with(ctx context.Context, f func(*wire.Conn) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	conn, err := s.alive(ctx)
	if err != nil {
		return err
	}
	return s.side.fault(s.account.login, f(conn))
}

// Folders lists the personal namespace.
func (s *session) Folders(ctx context.Context) (folders []transfer.Folder, err error) {
	err = s.with(ctx, func(c *wire.Conn) error {
		listing, err := c.List(ctx)
		if err != nil {
			return err
		}
		s.layout = layoutOf(listing)
		if folders = s.layout.folders(listing); !untold(folders) {
			return nil
		}
		told, err := c.Status(ctx, namesOf(folders)...)
		if err != nil {
			return err
		}
		for i, f := range folders {
			if st, ok := told[f.Name]; ok {
				folders[i].Status = transfer.Status(st)
			}
		}
		return nil
	})
	return folders, err
}

// quota asks for the mailbox's limit.
func (s *session) quota(ctx context.Context) (q wire.Quota, err error) {
	err = s.with(ctx, func(c *wire.Conn) error {
		var err error
		q, err = c.Quota(ctx)
		return err
	})
	return q, err
}

// Create makes a folder, or finds it where it is.
func (s *session) Create(ctx context.Context, path []string, use imap.MailboxAttr) (made transfer.Folder, err error) {
	err = s.with(ctx, func(c *wire.Conn) error {
		name := s.layout.name(path)
		refused := c.Create(ctx, name, use)
		if refused != nil && c.Closed() {
			return refused
		}
		var f *planner.Fault
		if errors.As(s.side.fault(s.account.login, refused), &f) && f.Class != planner.FolderOnly {
			return f // it is not about the folder
		}
		// Servers alter names, and say "exists" in many words: the list decides.
		folders, err := s.listed(ctx, c, name)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(folders, func(f transfer.Folder) bool { return f.Name == name || slices.Equal(f.Path, path) })
		if i < 0 && refused != nil {
			return refused
		}
		if i < 0 {
			if folders, err = s.listed(ctx, c); err != nil {
				return err
			}
			i = lowered(folders, path)
		}
		if i < 0 {
			return s.side.because("folder.vanished", planner.FolderOnly, "login", s.account.login, "folder", strings.Join(path, "/"))
		}
		made = folders[i]
		return nil
	})
	return made, err
}

func (s *session) listed(ctx context.Context, c *wire.Conn, patterns ...string) ([]transfer.Folder, error) {
	listing, err := c.List(ctx, patterns...)
	if err != nil {
		return nil, err
	}
	return s.layout.folders(listing), nil
}

// lowered finds a folder that the server made below one that holds no mail,
// as Tencent keeps people's folders; -1: there is none.
func lowered(folders []transfer.Folder, path []string) int {
	return slices.IndexFunc(folders, func(f transfer.Folder) bool {
		return len(f.Path) == len(path)+1 && slices.Equal(f.Path[1:], path) &&
			slices.ContainsFunc(folders, func(g transfer.Folder) bool { return g.NoSelect && slices.Equal(g.Path, f.Path[:1]) })
	})
}

// Subscribe adds a folder to the subscriptions.
func (s *session) Subscribe(ctx context.Context, f transfer.Folder) error {
	return s.with(ctx, func(c *wire.Conn) error { return c.Subscribe(ctx, f.Name) })
}

// Open gives the session's connection, made anew if it broke.
func (s *session) Open(ctx context.Context) (transfer.Target, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	conn, err := s.alive(ctx)
	if err != nil {
		return nil, err
	}
	return &channel{session: s, conn: conn}, nil
}
