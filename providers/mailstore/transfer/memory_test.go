package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/planner"
)

// errCrash is what a killed process would have seen next.
var errCrash = errors.New("crash")

// memStore is a mailbox in maps, with switches for what servers do.
type memStore struct {
	mu          sync.Mutex
	folders     map[string]*memFolder
	noUIDPlus   bool
	noCondstore bool
	noStatus    bool
	refuseName  func(path []string) bool
	noNext      bool // UIDNEXT is never told
	permanent   []imap.Flag
	alter       func(string) string
	refuse      func(it *Item, body string) *Refusal
	dies        func(uid uint32) bool // Fetch breaks off in the middle of it
	unreadable  func(uid uint32) bool // Fetch of it is refused, with others the whole command
	fetches     int
	clings      bool                   // nothing is ever expunged
	hides       func(uid uint32) bool  // listed, not given
	poison      func(body string) bool // Append breaks off at it
	giant       int64                  // octets of a message whose body is "giant", which nobody holds
	step        func(op string) error  // called before and after each effect
	appends     int
	opens       int
	batches     int
	waits       bool // each message costs a round trip
	widened     int
	plain       bool // nothing goes ahead
	bodiless    bool // what is hidden comes without a body
	validity    uint32
}

type memFolder struct {
	Folder
	msgs     []*memMsg
	next     uint32
	validity uint32
	modSeq   uint64
}

type memMsg struct {
	uid    uint32
	flags  []imap.Flag
	date   time.Time
	body   string
	modSeq uint64
}

func newMem(paths ...string) *memStore {
	s := &memStore{folders: map[string]*memFolder{}, validity: 100, permanent: []imap.Flag{imap.FlagWildcard}}
	for _, p := range paths {
		s.folder(p)
	}
	return s
}

func (s *memStore) folder(path string) *memFolder {
	f := s.folders[path]
	if f == nil {
		s.validity++
		f = &memFolder{Folder: Folder{Name: path, Path: strings.Split(path, "/")}, next: 1, validity: s.validity, modSeq: 1}
		s.folders[path] = f
	}
	return f
}

// deliver puts a message into a folder as another client would.
func (s *memStore) deliver(path, body string, flags ...imap.Flag) *memMsg {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.folder(path).add(body, time.Unix(1700000000, 0).In(time.FixedZone("", 3600)), flags)
}

func (f *memFolder) add(body string, date time.Time, flags []imap.Flag) *memMsg {
	f.modSeq++
	m := &memMsg{f.next, slices.Clone(flags), date, body, f.modSeq}
	f.next++
	f.msgs = append(f.msgs, m)
	return m
}

func (s *memStore) setFlags(path string, uid uint32, flags ...imap.Flag) {
	f := s.folders[path]
	f.modSeq++
	for _, m := range f.msgs {
		if m.uid == uid {
			m.flags, m.modSeq = flags, f.modSeq
		}
	}
}

func (s *memStore) remove(path string, uid uint32) {
	f := s.folders[path]
	f.msgs = slices.DeleteFunc(f.msgs, func(m *memMsg) bool { return m.uid == uid })
	f.modSeq++
}

func (s *memStore) at(op string) error {
	if s.step == nil {
		return nil
	}
	return s.step(op)
}

func (s *memStore) status(f *memFolder) Status {
	st := Status{Known: true, Messages: uint32(len(f.msgs)), UIDNext: f.next, UIDValidity: f.validity, ModSeq: f.modSeq}
	for _, m := range f.msgs {
		st.Size += int64(len(m.body))
	}
	if s.noCondstore {
		st.ModSeq = 0
	}
	if s.noNext {
		st.UIDNext = 0
	}
	return st
}

// shape is what counts of a mailbox: every message of every folder.
func (s *memStore) shape() []string {
	var all []string
	for p, f := range s.folders {
		all = append(all, fmt.Sprintf("%s/ subscribed=%v", p, f.Subscribed))
		for _, m := range f.msgs {
			flags, _ := Sanitize(m.flags, nil)
			body := m.body
			if len(body) > 1000 {
				body = fmt.Sprintf("%d octets %x", len(body), crc32.ChecksumIEEE([]byte(body)))
			}
			all = append(all, fmt.Sprintf("%s %q %v %s", p, body, flags, m.date.UTC().Format(time.RFC3339)))
		}
	}
	sort.Strings(all)
	return all
}

func (s *memStore) Folders(context.Context) ([]Folder, error) {
	if err := s.at("list"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Folder
	for _, f := range s.folders {
		x := f.Folder
		if !s.noStatus {
			x.Status = s.status(f)
		}
		all = append(all, x)
	}
	return all, nil
}

func (s *memStore) Create(_ context.Context, path []string, use imap.MailboxAttr) (Folder, error) {
	if err := s.at("create"); err != nil {
		return Folder{}, err
	}
	if s.refuseName != nil && s.refuseName(path) {
		return Folder{}, &Refusal{Text: "Invalid mailbox name"}
	}
	s.mu.Lock()
	f := s.folder(strings.Join(path, "/"))
	f.Use = use
	s.mu.Unlock()
	return f.Folder, s.at("created")
}

func (s *memStore) Subscribe(_ context.Context, f Folder) error {
	if err := s.at("subscribe"); err != nil {
		return err
	}
	s.folders[f.Name].Subscribed = true
	return s.at("subscribed")
}

func (s *memStore) Close() error { return nil }

// memConn is a connection; after an error of class Gone it is of no use.
type memConn struct {
	s    *memStore
	f    *memFolder
	dead bool
}

func (c *memConn) at(op string) error {
	if c.dead {
		return gone("dead connection used")
	}
	err := c.s.at(op)
	c.dead = err != nil
	return err
}

func (c *memConn) Close() error { c.dead = true; return nil }

func (c *memConn) Examine(ctx context.Context, f Folder) (Opened, error) { return c.Select(ctx, f) }

func (c *memConn) Select(_ context.Context, f Folder) (Opened, error) {
	if err := c.at("select"); err != nil {
		return Opened{}, err
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.f = c.s.folders[f.Name]
	if c.f == nil {
		return Opened{}, &Refusal{Code: "NONEXISTENT", Text: "no such mailbox"}
	}
	return Opened{c.s.status(c.f), c.s.permanent}, nil
}

func (c *memConn) list() []memMsg {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	var all []memMsg
	for _, m := range c.f.msgs {
		all = append(all, *m)
	}
	return all
}

func (c *memConn) Scan(_ context.Context, from uint32, since uint64, each func(Item) error) error {
	if err := c.at("scan"); err != nil {
		return err
	}
	for _, m := range c.list() {
		if m.uid < from || !c.s.noCondstore && m.modSeq <= since {
			continue
		}
		if err := each(Item{UID: m.uid, Flags: m.flags, Date: m.date, ModSeq: m.modSeq, Size: int64(len(m.body))}); err != nil {
			return err
		}
	}
	return c.at("scanned")
}

func (c *memConn) Fetch(ctx context.Context, uids []uint32, each func(Item) error) (missing []uint32, err error) {
	if err := c.at("fetch"); err != nil {
		return nil, err
	}
	all := c.list()
	c.s.fetches++
	var no error
	for _, uid := range uids {
		if c.s.unreadable != nil && c.s.unreadable(uid) {
			missing, no = append(missing, uid), &Refusal{Code: "SERVERBUG", Text: "cannot read it"}
			continue
		}
		i := slices.IndexFunc(all, func(m memMsg) bool { return m.uid == uid })
		if i < 0 || c.s.hides != nil && c.s.hides(uid) {
			missing = append(missing, uid)
			continue
		}
		m := all[i]
		var body io.Reader = strings.NewReader(m.body)
		size := int64(len(m.body))
		if m.body == "giant" {
			size = c.s.giant
			body = io.LimitReader(zeros{}, size)
		}
		if c.s.dies != nil && c.s.dies(uid) {
			body = io.MultiReader(strings.NewReader(m.body[:len(m.body)/2]), broke{})
		}
		if err := each(Item{UID: m.uid, Flags: m.flags, Date: m.date, Size: size, Body: body}); err != nil {
			c.dead = true
			return nil, err
		}
		if err := cause(ctx, c.at("fetched")); err != nil {
			return nil, err
		}
	}
	return missing, no
}

type broke struct{}

func (broke) Read([]byte) (int, error) { return 0, gone("mid-literal") }

func cause(ctx context.Context, err error) error {
	if err == nil {
		err = context.Cause(ctx)
	}
	return err
}

func (c *memConn) Append(ctx context.Context, next func() (*Item, error), done func(Placed) error) error {
	for {
		it, err := next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			c.dead = true
			return err
		}
		if err := cause(ctx, c.at("append")); err != nil {
			return err
		}
		placed, err := c.store(it)
		if err != nil {
			c.dead = true
			return err
		}
		if err := c.at("stored"); err != nil {
			return err
		}
		if err := done(placed); err != nil {
			return err
		}
		if no := (*Refusal)(nil); errors.As(placed.Err, &no) && no.Bad {
			c.dead = true
			return nil
		}
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func (c *memConn) store(it *Item) (Placed, error) {
	var b bytes.Buffer
	w := io.Writer(&b)
	if it.Size >= 16<<20 {
		w = io.Discard
		b.WriteString("giant")
	}
	n, err := io.Copy(w, it.Body)
	if err != nil {
		return Placed{}, fmt.Errorf("append: %w", err)
	}
	if n != it.Size {
		return Placed{}, fmt.Errorf("size %d, body %d", it.Size, n)
	}
	p := Placed{Item: *it}
	p.Item.Body = nil
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.s.appends++
	if c.s.poison != nil && c.s.poison(b.String()) {
		return Placed{}, gone("poison")
	}
	if c.s.refuse != nil {
		if no := c.s.refuse(it, b.String()); no != nil {
			p.Err = no
			return p, nil
		}
	}
	body := b.String()
	if c.s.alter != nil {
		body = c.s.alter(body)
	}
	m := c.f.add(body, it.Date, it.Flags)
	if !c.s.noUIDPlus {
		p.UID, p.UIDValidity = m.uid, c.f.validity
	}
	return p, nil
}

func (c *memConn) Store(_ context.Context, changes map[uint32]FlagChange) error {
	if err := c.at("store"); err != nil {
		return err
	}
	c.s.mu.Lock()
	for _, m := range c.f.msgs {
		if d, ok := changes[m.uid]; ok {
			flags := append(less(m.flags, d.Remove), less(d.Add, m.flags)...)
			m.flags, _ = Sanitize(flags, nil)
			c.f.modSeq++
			m.modSeq = c.f.modSeq
		}
	}
	c.s.mu.Unlock()
	return c.at("flags stored")
}

var _ Session = (*memStore)(nil)

// tallyOf drops what a test does not care for.
func tallyOf(t planner.Tally) planner.Tally {
	t.Bytes, t.Folders = 0, 0
	return t
}
