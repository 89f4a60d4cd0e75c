// Package memory is a world in maps: two mail services, a mailbox a row on
// each, directories, zones with caches, one-shot acts, and faults on demand. It needs no server, so plans, runs and their
// interruptions can be tried in great number. It is deterministic as long as
// the work of one mailbox is not done twice at once, and safe for concurrent
// use.
package memory

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// Side is one of the two services.
type Side int

// The sides.
const (
	Source Side = iota
	Target
)

func (s Side) String() string { return [...]string{"source", "target"}[s] }

// Message is a message in a folder.
type Message struct {
	UID   uint32 // given by the folder
	Body  []byte
	Flags []string
	Date  time.Time // INTERNALDATE
}

// World is both services and the records of what was copied.
type World struct {
	spec *config.Spec
	now  func() time.Time

	mu      sync.Mutex
	boxes   map[string]*box
	left    map[string]config.Departure
	signIns int
	slow    time.Duration
	co      company
}

// box is one row: its mail on both sides, and what was copied of it.
type box struct {
	row    config.Mailbox
	busy   chan struct{} // held by the pass that runs
	side   [2]store
	placed map[place]*copied
	back   map[place]place // at the target → at the source: what was carried back
	first  firstLook
	ours   map[string]bool // bodies that were copied, or carried back
	state  planner.State
	reason *text.Msg
	seen   [2]planner.Store // as the last sign-in found it
	behind planner.Gap

	refuse  map[string]bool // bodies that the target refuses
	faults  []Failure
	calls   int
	running bool
}

type store struct {
	folders map[string]*folder
	locked  bool // the password is wrong
}

type folder struct {
	next     uint32
	messages []Message // by UID
}

type place struct {
	folder string
	uid    uint32
}

// copied is the tiny ledger's line for a source message.
type copied struct {
	at    place    // at the target; UID 0: refused, in quarantine
	flags []string // as last written

	adopted bool // it was at the target before
}

// New makes a world with an empty mailbox on both sides for each row of spec.
// now is its clock.
func New(spec *config.Spec, now func() time.Time) *World {
	w := &World{spec: spec, now: now, boxes: map[string]*box{}, co: newCompany()}
	for _, row := range spec.Roster.Mailboxes {
		w.boxes[row.Address] = newBox(row)
	}
	w.inherit()
	return w
}

func newBox(row config.Mailbox) *box {
	b := &box{row: row, busy: make(chan struct{}, 1), placed: map[place]*copied{}, back: map[place]place{}, ours: map[string]bool{},
		refuse: map[string]bool{}, state: planner.NotStarted}
	for i := range b.side {
		b.side[i].folders = map[string]*folder{"INBOX": {next: 1}}
	}
	return b
}

// SignIns is the number of sign-ins to either side so far, failed ones too.
func (w *World) SignIns() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.signIns
}

// Observe gives what both services and the own records show.
func (w *World) Observe(ctx context.Context, depth planner.Depth) (planner.Snapshot, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.now()
	greeting := planner.Seen{At: now, How: "imap"}
	caps := []string{"IMAP4rev1", "LITERAL+", "UIDPLUS"}
	s := planner.Snapshot{
		Format: planner.Format, At: now,
		Source: planner.Side{Seen: greeting, Endpoint: planner.EndpointOf(w.spec.Source.IMAP, ""), Caps: caps},
		Target: planner.Side{Seen: greeting, Endpoint: planner.EndpointOf(w.spec.Target.IMAP, ""), Caps: slices.Clone(caps)},
	}
	for _, b := range w.boxes {
		if err := ctx.Err(); err != nil {
			return planner.Snapshot{}, err
		}
		if depth >= planner.Recent {
			w.look(b, now)
		}
		s.Mailboxes = append(s.Mailboxes, b.snapshot())
	}
	slices.SortFunc(s.Mailboxes, func(a, b planner.Mailbox) int {
		return compareStrings(a.Address, b.Address)
	})
	w.observe(&s)
	return s, nil
}

// look signs in on both sides and counts.
func (w *World) look(b *box, now time.Time) {
	open := true
	for _, side := range []Side{Source, Target} {
		b.seen[side] = planner.Store{Login: b.login(side), Seen: planner.Seen{At: now, How: "imap"}}
		if err := w.signIn(b, side); err != nil {
			b.seen[side].Seen.Err = err
			open = false
			continue
		}
		b.count(side)
	}
	if open {
		b.behind = w.gap(b)
	}
}

func (b *box) login(side Side) string {
	if side == Source {
		return b.row.SourceLogin
	}
	return b.row.TargetLogin
}

func (b *box) count(side Side) {
	st := &b.seen[side]
	for _, f := range b.side[side].folders {
		st.Folders++
		st.Messages += len(f.messages)
		for _, m := range f.messages {
			st.Bytes += int64(len(m.Body))
			if st.Oldest.IsZero() || m.Date.Before(st.Oldest) {
				st.Oldest = m.Date
			}
		}
	}
}

// gap counts what a pass would bring to the target: messages that are not
// there, and those whose flags changed at the source.
func (w *World) gap(b *box) planner.Gap {
	var g planner.Gap
	if w.left[b.row.Address].Mail == config.MailArchive {
		return w.unkept(b)
	}
	for _, t := range w.todo(b) {
		switch c := b.placed[t.from]; {
		case c == nil:
			g.Messages++
			g.Bytes += int64(len(t.m.Body))
		case b.flagsBehind(c, t.m):
			g.Messages++
		}
	}
	return g
}

func (b *box) snapshot() planner.Mailbox {
	m := planner.Mailbox{Address: b.row.Address, Source: b.seen[Source], Target: b.seen[Target],
		Behind: b.behind, State: b.state, Reason: b.reason}
	if b.running {
		m.State = planner.Copying
	}
	for _, c := range b.placed {
		if c.at.uid == 0 {
			m.Quarantined++
		}
	}
	return m
}
