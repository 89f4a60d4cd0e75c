package mailstore

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/archive"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
)

// absent reports a side whose mailboxes nobody opens by IMAP.
func (s *side) absent() bool { return s.imap.Host == "" }

// archives is where the spec's archives lie.
func (s *Store) archives() string { return s.under(planner.ArchivePath(s.o.Spec)) }

func (s *Store) under(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(s.o.SpecDir, path)
}

// keeping is a mailbox that is archived.
type keeping struct {
	side    *side
	row     config.Mailbox
	account account
	address string
	dir     string
}

func (k keeping) from() planner.Endpoint { return planner.EndpointOf(k.side.imap, k.account.login) }

// keepings are archives' own ledgers, apart from those of copies.
func (s *Store) keepings() string { return filepath.Join(s.o.Ledger, "archive") }

func (s *Store) keepKey(k keeping) transfer.Key {
	return transfer.Key{Lineage: s.o.Lineage, Address: k.address, From: k.from(), To: planner.Endpoint("file:" + k.dir)}
}

// erased are the target's mailboxes that a press erases and that open.
func (s *Store) erased() []keeping {
	t := s.o.Spec.Target
	if t.Archive == nil || t.Procedure != config.ProcedureMerge && (t.Procedure != config.ProcedureUpgrade || t.Mode != 2) {
		return nil
	}
	var all []keeping
	for _, row := range s.o.Spec.Roster.Mailboxes {
		if a := s.target.account(row); !a.password.IsZero() || t.IMAP.Login.Kind == config.LoginMaster {
			all = append(all, keeping{s.target, row, a, row.TargetAddress, archive.Dir(s.archives(), row.TargetAddress)})
		}
	}
	return all
}

// leaver is the archive of a leaver's mail.
func (s *Store) leaver(row config.Mailbox) keeping {
	return keeping{s.source, row, s.source.account(row), row.Address, archive.Dir(s.archives(), row.Address)}
}

// keepingOf finds what an op is about.
func (s *Store) keepingOf(op planner.ArchiveMailbox) (keeping, bool) {
	dir := archive.Dir(s.under(op.Path), op.Address)
	if op.From != "" {
		row, ok := s.rows[op.Address]
		k := s.leaver(row)
		return k, ok && s.left[op.Address].Mail == config.MailArchive && k.from() == op.From && k.dir == dir
	}
	for _, k := range s.erased() {
		if k.address == op.Address && k.dir == dir {
			return k, true
		}
	}
	return keeping{}, false
}

// archive keeps what came to a mailbox, and reads the whole archive back. What
// the disk does not give as it was written is kept a second time.
func (s *Store) archive(ctx context.Context, op planner.ArchiveMailbox, stop <-chan struct{}, progress func(planner.Progress)) (sum planner.Tally, err error) {
	k, ok := s.keepingOf(op)
	if !ok {
		return sum, &planner.Fault{Msg: text.M("mailbox.unlisted", "mailbox", op.Address), Class: planner.Internal}
	}
	began := s.o.Now()
	if err := k.side.slots.acquire(ctx, stop); err != nil {
		return sum, err
	}
	from := k.side.session(ctx, k.account, stop)
	defer from.Close()
	box, err := archive.Open(k.dir, k.address, string(k.from()), s.o.Now)
	if err != nil {
		return sum, err
	}
	defer func() {
		if e := box.Close(); err == nil {
			err = e
		}
	}()
	for range 2 {
		tally, err := s.keep(ctx, k, from, box, stop, progress)
		sum.Copied, sum.Bytes, sum.Adopted = sum.Copied+tally.Copied, sum.Bytes+tally.Bytes, sum.Adopted+tally.Adopted
		sum.Flags, sum.Folders, sum.Missing = sum.Flags+tally.Flags, sum.Folders+tally.Folders, max(sum.Missing, tally.Missing)
		if err != nil {
			return sum, err
		}
		r, err := readBack(ctx, box, stop, progress)
		if err != nil {
			return sum, err
		}
		if r.Proven == r.Messages {
			return sum, box.Keep(archive.Pass{Began: began, ReadBack: s.o.Now()}, r)
		}
		if err := box.GiveUp(); err != nil {
			return sum, err
		}
	}
	return sum, &planner.Fault{Msg: text.M("archive.unproven", "dir", k.dir), Class: planner.Internal}
}

// keep is one pass into an archive.
func (s *Store) keep(ctx context.Context, k keeping, from *session, box *archive.Box, stop <-chan struct{}, progress func(planner.Progress)) (planner.Tally, error) {
	ledger, notes, err := transfer.OpenLedger(s.keepings(), s.keepKey(k))
	if err != nil {
		return planner.Tally{}, err
	}
	defer ledger.Close()
	tell(progress, notes)
	pass := &transfer.Pass{Source: from, Target: box, Ledger: ledger, Progress: progress, Stop: stop, Sleep: s.o.Sleep,
		Options: transfer.Options{Budget: s.budget, Fail: true}}
	tally, err := pass.Run(ctx)
	tell(progress, pass.Notes())
	return tally, err
}

// readBack reads an archive; it ends within a message when stop is closed.
func readBack(ctx context.Context, box *archive.Box, stop <-chan struct{}, progress func(planner.Progress)) (*archive.Report, error) {
	ctx, cancel := until(ctx, stop)
	defer cancel()
	r, err := box.Verify(ctx, progress)
	select {
	case <-stop:
		if errors.Is(err, context.Canceled) {
			err = planner.ErrStopped
		}
	default:
	}
	return r, err
}

// place is where the ledger of a row's copy is, or of a leaver's archive.
func (s *Store) place(row config.Mailbox) (dir string, key transfer.Key) {
	if s.left[row.Address].Mail == config.MailArchive {
		return s.keepings(), s.keepKey(s.leaver(row))
	}
	return s.o.Ledger, s.key(row)
}

func behind(ledger *transfer.Ledger, source []transfer.Folder) planner.Gap {
	var carried []transfer.Folder
	for _, f := range source {
		if !f.NoSelect {
			carried = append(carried, f)
		}
	}
	return ledger.Behind(carried)
}

// lookKept sees a mailbox that is archived, and its archive.
func (s *Store) lookKept(ctx context.Context, k keeping, depth planner.Depth, down *planner.Fault) planner.Mailbox {
	m := planner.Mailbox{Address: k.address, State: planner.NotStarted}
	m.Target, m.ReadBack = kept(k)
	if last, err := archive.LastPass(k.dir); err == nil && m.Target.Seen.Known() {
		m.PerHour, m.State = last.PerHour, planner.InStep
		m.Source = m.Target
		m.Source.Seen.How = "ledger"
	}
	m.Source.Login = k.account.login
	if depth == planner.Recorded {
		return m
	}
	ledger, err := transfer.ReadLedger(s.keepings(), s.keepKey(k))
	if err != nil {
		m.Source.Seen.Err = faultOf(err)
		return m
	}
	session, folders := s.list(ctx, k.side, k.row, &m.Source, down)
	session.Close()
	if f := m.Source.Seen.Err; f != nil {
		m.State, m.Reason = planner.After(planner.Tally{}, f), &f.Msg
		return m
	}
	if m.Behind = behind(ledger, folders); m.State == planner.InStep && m.Behind != (planner.Gap{}) {
		m.State = planner.Copying
	}
	return m
}

// kept is what an archive holds since its last pass that came to the end; it is
// not known where the manifest was changed since.
func kept(k keeping) (st planner.Store, readBack time.Time) {
	last, err := archive.LastPass(k.dir)
	if err != nil || last.Began.IsZero() {
		st.Seen.Err = faultOf(err)
		return st, readBack
	}
	st = planner.Store{Login: k.account.login, Messages: last.Messages, Bytes: last.Bytes, Seen: planner.Seen{At: last.Began, How: "archive"}}
	if head, err := archive.Head(k.dir); err != nil || head != last.Head {
		st.Seen.Err = &planner.Fault{Msg: text.M("archive.changed", "dir", k.dir), Class: planner.Internal}
	}
	return st, last.ReadBack
}
