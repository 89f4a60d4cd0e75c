package transfer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/planner"
)

// vBox is a folder of the mailbox that verify's tests look at.
type vBox struct {
	Folder
	validity  uint32
	permanent []imap.Flag
	mail      []vMail
	failed    error // of opening it
}

type vMail struct {
	uid    uint32
	flags  []imap.Flag
	date   time.Time
	body   string
	absent bool // listed, never given
	gone   bool // expunged after it was listed once
	short  bool // the body ends before the size told
}

// vStore is a mailbox in memory that nobody may write to.
type vStore struct {
	mu      sync.Mutex
	boxes   []*vBox
	breaks  []int // after so many bodies a connection breaks, one entry for each connection
	opened  int
	given   int // bodies, in all
	wrote   bool
	selects int
}

func (s *vStore) Folders(context.Context) ([]Folder, error) {
	var all []Folder
	for _, b := range s.boxes {
		f := b.Folder
		f.Status = Status{Known: true, Messages: uint32(len(b.mail)), UIDValidity: b.validity}
		all = append(all, f)
	}
	return all, nil
}

var errWrote = errors.New("verify wrote")

func (s *vStore) Create(context.Context, []string, imap.MailboxAttr) (Folder, error) {
	s.wrote = true
	return Folder{}, errWrote
}

func (s *vStore) Subscribe(context.Context, Folder) error {
	s.wrote = true
	return errWrote
}

func (s *vStore) Open(context.Context) (Target, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &vConn{store: s, left: -1}
	if s.opened < len(s.breaks) {
		c.left = s.breaks[s.opened]
	}
	s.opened++
	return c, nil
}

func (s *vStore) Close() error { return nil }

type vConn struct {
	store *vStore
	box   *vBox
	left  int // bodies until it breaks; -1: it does not
	scans int
}

func (c *vConn) gone() error {
	if c.left == 0 {
		return &planner.Fault{Class: planner.Gone}
	}
	return nil
}

func (c *vConn) Examine(_ context.Context, f Folder) (Opened, error) {
	for _, b := range c.store.boxes {
		if b.Name == f.Name {
			c.box, c.scans = b, 0
			return Opened{Status: Status{UIDValidity: b.validity}, Permanent: b.permanent}, errors.Join(c.gone(), b.failed)
		}
	}
	return Opened{}, fmt.Errorf("no folder %q", f.Name)
}

func (c *vConn) Select(ctx context.Context, f Folder) (Opened, error) {
	c.store.selects++
	return c.Examine(ctx, f)
}

func (c *vConn) Scan(_ context.Context, from uint32, _ uint64, each func(Item) error) error {
	c.scans++
	for _, m := range c.box.mail {
		if m.uid < from || m.gone && c.scans > 1 {
			continue
		}
		if err := each(Item{UID: m.uid, Flags: m.flags, Date: m.date, Size: 1}); err != nil {
			return err
		}
	}
	return c.gone()
}

func (c *vConn) Fetch(_ context.Context, uids []uint32, each func(Item) error) (missing []uint32, err error) {
	for _, m := range c.box.mail {
		if !slices.Contains(uids, m.uid) {
			continue
		}
		if m.absent || m.gone {
			missing = append(missing, m.uid)
			continue
		}
		if err := c.gone(); err != nil {
			return nil, err
		}
		it := Item{UID: m.uid, Size: int64(len(m.body)), Body: strings.NewReader(m.body)}
		if m.short {
			it.Size++
		}
		if err := each(it); err != nil {
			return nil, err
		}
		c.left--
		c.store.given++
	}
	return missing, c.gone()
}

func (c *vConn) Append(context.Context, func() (*Item, error), func(Placed) error) error {
	c.store.wrote = true
	return errWrote
}

func (c *vConn) Store(context.Context, map[uint32]FlagChange) error {
	c.store.wrote = true
	return errWrote
}

func (c *vConn) Close() error { return nil }

// vEvidence is a record of passes; its keys are "FOLDER UID" and folders.
type vEvidence struct {
	fates  map[string]Fate
	passed map[string]Passed
}

func (e *vEvidence) Fate(folder string, _, uid uint32) (Fate, bool) {
	f, ok := e.fates[fmt.Sprintf("%s %d", folder, uid)]
	return f, ok
}

func (e *vEvidence) Passed(folder string) (Passed, bool) {
	p, ok := e.passed[folder]
	return p, ok
}

// vDay is the day of every date in these tests.
var vDay = time.Date(2026, 3, 5, 8, 0, 0, 0, time.UTC)

// vBoxes makes a store of folders; each is given as "PATH [ATTRIBUTE]".
func vBoxes(boxes ...*vBox) *vStore { return &vStore{boxes: boxes} }

func vFolder(line string, mail ...vMail) *vBox {
	return &vBox{
		Folder: listed(line)[0], validity: 7, mail: mail,
		permanent: []imap.Flag{imap.FlagSeen, imap.FlagAnswered, imap.FlagFlagged, imap.FlagDeleted, imap.FlagDraft, imap.FlagWildcard},
	}
}

// vMessage is a message whose text is body; its date is vDay and uid minutes.
func vMessage(uid uint32, body string, flags ...imap.Flag) vMail {
	return vMail{
		uid: uid, flags: flags, date: vDay.Add(time.Duration(uid) * time.Minute),
		body: "Subject: " + body + "\r\n\r\n" + body + "\r\n",
	}
}

func (m vMail) withBody(body string) vMail    { m.body = body; return m }
func (m vMail) withDate(date time.Time) vMail { m.date = date; return m }
func (m vMail) withUID(uid uint32) vMail      { m.uid = uid; return m }
