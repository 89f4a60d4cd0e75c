package mailstore

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
)

// memoKey is a digest of what decides how a row's mailbox looks: where it is,
// who signs in and how, and which mail is carried where. Of secrets only the
// references have a part in it.
func (s *Store) memoKey(row config.Mailbox) string {
	o := s.options(row)
	b, _ := json.Marshal([]any{s.key(row), o.Since, o.Skip, o.Map, o.Below, s.left[row.Address].Mail,
		s.source.opening(), row.SourcePassword, s.target.opening(), row.TargetPassword}) // nothing in it can fail
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// opening is how a server's mailboxes are opened.
func (s *side) opening() []any {
	login := s.imap.Login
	login.At = config.Pos{}
	return []any{s.imap.TLS, s.imap.CAFile, login}
}

// remembered is a row's memo, brought up to date with its ledger, which is
// read only where the memo's summary is of an earlier one.
func (s *Store) remembered(row config.Mailbox) (memo, *transfer.Ledger, error) {
	key, stamp := s.memoKey(row), transfer.StampOf(s.o.Ledger, row.Address)
	m, ok := s.book.of(row.Address, key)
	if ok && m.Ledger == stamp {
		return m, nil, nil
	}
	l, err := transfer.ReadLedger(s.o.Ledger, s.key(row))
	if err != nil {
		return memo{}, nil, err
	}
	if !ok {
		m = memo{Address: row.Address, Key: key}
	}
	m.Ledger, m.Sum = stamp, l.Summary()
	if stamp != (transfer.Stamp{}) { // else there is nothing that reading costs
		s.book.keep(m)
	}
	return m, l, nil
}

// recent gives the mailbox of a memo if it may stand for a look at it: seen
// within planner.RecentFor, and nothing was copied since.
func (s *Store) recent(m memo) (planner.Mailbox, bool) {
	if m.Mailbox == nil || m.Since != m.Ledger {
		return planner.Mailbox{}, false
	}
	age := s.o.Now().Sub(m.Mailbox.Source.Seen.At)
	return *m.Mailbox, age >= 0 && age < planner.RecentFor
}

// looked keeps what a look with sign-ins saw. What did not open is to be
// tried again by whoever looks next.
func (s *Store) looked(m memo, box planner.Mailbox) {
	failed := box.Source.Seen.Err != nil || box.Target.Seen.Err != nil
	if failed && m.Mailbox == nil {
		return
	}
	m.Mailbox, m.Since = &box, m.Ledger
	if failed {
		m.Mailbox, m.Notes = nil, nil
	}
	s.book.keep(m)
}

// passed keeps how a mailbox stands after a pass, which saw both sides. It
// goes on from a look: a pass asks for no quota and probes nothing.
func (s *Store) passed(row config.Mailbox, pass *transfer.Pass, began time.Time, tally planner.Tally, failed error) {
	s.book.refresh()
	m, ok := s.book.of(row.Address, s.memoKey(row))
	if !ok || m.Mailbox == nil || errors.Is(failed, planner.ErrStopped) {
		return
	}
	defer s.book.flush()
	if failed != nil {
		m.Mailbox, m.Notes = nil, nil
		s.book.keep(m)
		return
	}
	m.Ledger, m.Sum = transfer.StampOf(s.o.Ledger, row.Address), pass.Ledger.Summary()
	box := *m.Mailbox
	source, target, carried := pass.Seen()
	box.Source.Seen = planner.Seen{At: began, How: "imap"}
	box.Target.Seen = box.Source.Seen
	add(&box.Source, source)
	add(&box.Target, target)
	box.Target.Folders += tally.Folders
	box.Target.Messages += tally.Copied - tally.Removed
	box.Target.Bytes += tally.Bytes
	box.Quarantined, box.Altered, box.Behind, box.Reason = m.Sum.Named, m.Sum.Altered, pass.Ledger.Behind(carried), nil
	box.State = standing(m.Sum, box.Behind, pass.Ledger.InStep(carried))
	s.looked(m, box)
}

// standing is the state of a mailbox that opens.
func standing(sum transfer.Summary, behind planner.Gap, inStep bool) planner.State {
	switch {
	case !sum.Started:
		return planner.NotStarted
	case behind.Messages > 0 || !inStep:
		if sum.Placed > 0 {
			return planner.Copying
		}
		return planner.NotStarted
	case sum.Named > 0:
		return planner.Partial
	}
	return planner.InStep
}

// add counts a listing, and keeps what the quota told where that is more.
func add(st *planner.Store, folders []transfer.Folder) {
	st.Folders, st.Messages = len(folders), 0
	octets := int64(0)
	for _, f := range folders {
		st.Messages += int(f.Status.Messages)
		octets += f.Status.Size
	}
	if octets > 0 {
		st.Bytes = octets
	}
}

// learn gives a server the capabilities that it tells those who signed in, now
// or lately: servers show all of them only then.
func (s *Store) learn(d *side, seen *planner.Side) {
	d.tell(seen)
	s.keepSide(d, *seen)
	s.recallSide(d, seen)
}

// keepSide remembers what a server told of itself after a sign-in.
func (s *Store) keepSide(d *side, seen planner.Side) {
	if caps, _ := d.greetings.told(); caps == nil || seen.Seen.Err != nil {
		return
	}
	m, ok := s.book.of(d.name, string(seen.Endpoint))
	if ok && m.Side != nil && slices.Equal(m.Side.Caps, seen.Caps) && seen.Seen.At.Sub(m.Side.Seen.At) < planner.RecentFor/2 {
		return
	}
	s.book.keep(memo{Address: d.name, Key: string(seen.Endpoint), Side: &seen})
}

// recallSide gives what keepSide kept where nobody signed in now.
func (s *Store) recallSide(d *side, seen *planner.Side) {
	m, ok := s.book.of(d.name, string(seen.Endpoint))
	if caps, _ := d.greetings.told(); caps != nil || !ok || m.Side == nil || seen.Seen.Err != nil {
		return
	}
	if age := s.o.Now().Sub(m.Side.Seen.At); age >= 0 && age < planner.RecentFor {
		seen.Caps, seen.AppendLimit = m.Side.Caps, m.Side.AppendLimit
	}
}
