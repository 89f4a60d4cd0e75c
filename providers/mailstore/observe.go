package mailstore

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
)

// Observe looks at both servers. See executor.World.
func (s *Store) Observe(ctx context.Context, depth planner.Depth) (planner.Snapshot, error) {
	s.book.refresh()
	defer s.book.flush()
	snap := &sight{Snapshot: planner.Snapshot{Format: planner.Format, At: s.o.Now(), Can: can()}}
	var wg sync.WaitGroup
	wg.Go(func() { snap.Source = s.greet(ctx, s.source) })
	wg.Go(func() { snap.Target = s.greet(ctx, s.target) })
	wg.Wait()
	rows := s.o.Spec.Roster.Mailboxes
	snap.Mailboxes = make([]planner.Mailbox, len(rows))
	s.each(len(rows), depth, func(i int) { snap.Mailboxes[i] = s.look(ctx, s.rows[rows[i].Address], depth, snap) })
	kept := s.erased()
	snap.Archived = make([]planner.Mailbox, len(kept))
	s.each(len(kept), depth, func(i int) { snap.Archived[i] = s.lookKept(ctx, kept[i], depth, snap.Target.Seen.Err) })
	s.learn(s.source, &snap.Source)
	s.learn(s.target, &snap.Target)
	snap.Findings = append(snap.Findings, s.settings(&snap.Snapshot)...)
	return snap.Snapshot, ctx.Err()
}

// each looks at n mailboxes, several at once.
func (s *Store) each(n int, depth planner.Depth, look func(i int)) {
	var wg sync.WaitGroup
	next := make(chan int)
	for range min(n, s.workers(depth)) {
		wg.Go(func() {
			for i := range next {
				look(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

// sight is a snapshot in the making.
type sight struct {
	planner.Snapshot
	mu sync.Mutex // over Findings
}

func (s *sight) note(address string, notes []text.Msg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range notes {
		s.Findings = append(s.Findings, config.Finding{Msg: n, Severity: config.Warning, Subject: address})
	}
}

// workers is how many mailboxes are looked at at once.
func (s *Store) workers(depth planner.Depth) int {
	if depth == planner.Recorded {
		return 4 // reading small files
	}
	return min(s.source.slots.max, s.target.slots.max)
}

// abilities puts a server's capabilities in order.
func abilities(seen *planner.Side, caps imap.CapSet) {
	seen.Caps, seen.AppendLimit = nil, 0
	for name := range caps {
		seen.Caps = append(seen.Caps, string(name))
		if limit, ok := cutAppendLimit(string(name)); ok {
			seen.AppendLimit = limit
		}
	}
	slices.Sort(seen.Caps)
}

// tell puts the capabilities of a signed-in session in the place of those of
// the greeting: servers show all of them only then.
func (s *side) tell(seen *planner.Side) {
	if caps, _ := s.greetings.told(); caps != nil && seen.Seen.Err == nil {
		abilities(seen, caps)
	}
}

// cutAppendLimit reads APPENDLIMIT=N (RFC 7889); the largest 32-bit number
// means "none" in Cyrus.
func cutAppendLimit(name string) (int64, bool) {
	const word = "APPENDLIMIT="
	if len(name) <= len(word) || name[:len(word)] != word {
		return 0, false
	}
	n, err := strconv.ParseInt(name[len(word):], 10, 64)
	return n, err == nil && n > 0 && n < 1<<32-1
}

// faultOf keeps what can be stored of an error.
func faultOf(err error) *planner.Fault {
	var f *planner.Fault
	if err == nil || errors.As(err, &f) {
		return f
	}
	return &planner.Fault{Msg: text.M("state.unusable", "reason", err.Error()), Class: planner.Internal}
}

// look sees one mailbox: by our own records, or signed in to on both sides.
func (s *Store) look(ctx context.Context, row config.Mailbox, depth planner.Depth, snap *sight) planner.Mailbox {
	m := planner.Mailbox{Address: row.Address, State: planner.NotStarted}
	if s.source.absent() { // the vendor carries the mail, and nobody looks into it
		return m
	}
	if s.left[row.Address].Mail == config.MailArchive { // no mailbox at the target is its own
		return s.lookKept(ctx, s.leaver(row), depth, snap.Source.Seen.Err)
	}
	known, ledger, err := s.remembered(row)
	if err != nil {
		m.Source.Seen.Err = faultOf(err)
		return m
	}
	up := snap.Source.Seen.Err == nil && snap.Target.Seen.Err == nil
	if box, ok := s.recent(known); ok && up && depth == planner.Recent {
		snap.note(row.Address, known.Notes)
		return box
	}
	m.Quarantined, m.Altered = known.Sum.Named, known.Sum.Altered
	m.Source.Login, m.Target.Login = row.SourceLogin, row.TargetLogin
	if known.Sum.Started {
		m.State = standing(known.Sum, planner.Gap{}, true)
		seen := planner.Seen{At: s.o.Now(), How: "ledger"}
		m.Source.Seen, m.Target.Seen = seen, seen
		m.Source.Messages, m.Target.Messages = known.Sum.Placed+m.Quarantined, known.Sum.Placed
	}
	if depth == planner.Recorded {
		if known.Mailbox != nil { // who needs a seat is not known otherwise
			m.Source.Bytes = known.Mailbox.Source.Bytes
		}
		return m
	}
	if ledger == nil {
		if ledger, err = transfer.ReadLedger(s.o.Ledger, s.key(row)); err != nil {
			m.Source.Seen.Err = faultOf(err)
			return m
		}
	}
	known.Notes = s.count(ctx, row, ledger, &m, snap)
	snap.note(row.Address, known.Notes)
	if up && ctx.Err() == nil {
		s.looked(known, m)
	}
	return m
}

// count signs in to a mailbox on both sides and fills in what is there. It
// gives what a person should know of it.
func (s *Store) count(ctx context.Context, row config.Mailbox, ledger *transfer.Ledger, m *planner.Mailbox, snap *sight) []text.Msg {
	var source, target []transfer.Folder
	var from, to *session
	defer func() { from.Close() }()
	var wg sync.WaitGroup
	wg.Go(func() { from, source = s.list(ctx, s.source, row, &m.Source, snap.Source.Seen.Err) })
	wg.Go(func() {
		to, target = s.list(ctx, s.target, row, &m.Target, snap.Target.Seen.Err)
		to.Close()
	})
	wg.Wait()
	if f := cmpFault(m.Source.Seen.Err, m.Target.Seen.Err); f != nil {
		m.State, m.Reason = planner.After(planner.Tally{}, f), &f.Msg
		return nil
	}
	if s.target.absent() { // the vendor's own copy carries it, and nobody looks there
		return s.probe(ctx, from, source, ledger, m)
	}
	mapped, notes := transfer.MapFolders(source, target, s.mapping(row, ledger))
	carried := transfer.Carried(mapped)
	m.Behind = ledger.Behind(carried)
	if m.Behind.Bytes == 0 && m.Source.Messages > 0 { // folders have no sizes, but the quota perhaps tells the whole
		m.Behind.Bytes = m.Source.Bytes / int64(m.Source.Messages) * int64(m.Behind.Messages)
	}
	notes = append(notes, s.probe(ctx, from, source, ledger, m)...)
	m.State = standing(ledger.Summary(), m.Behind, ledger.InStep(carried))
	return notes
}

func cmpFault(a, b *planner.Fault) *planner.Fault {
	if a != nil {
		return a
	}
	return b
}

// list signs in to one side and counts its folders. down is why the whole
// server is out of reach: then nobody tries. The session, which may be nil, is
// the caller's to close.
func (s *Store) list(ctx context.Context, d *side, row config.Mailbox, st *planner.Store, down *planner.Fault) (*session, []transfer.Folder) {
	if d.absent() {
		return nil, nil
	}
	st.Seen = planner.Seen{At: s.o.Now(), How: "imap", Err: down}
	if down != nil {
		return nil, nil
	}
	session, err := d.open(ctx, d.account(row))
	if err != nil {
		st.Seen.Err = faultOf(err)
		return nil, nil
	}
	folders, err := session.Folders(ctx)
	if err != nil {
		st.Seen.Err = faultOf(err)
		return session, nil
	}
	if q, err := session.quota(ctx); err == nil {
		st.Quota = q.Limit
		defer func() { st.Bytes = max(st.Bytes, q.Used) }()
	}
	st.Bytes = 0
	add(st, folders)
	return session, folders
}
