package mailstore

import (
	"context"
	"path/filepath"
	"sync"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
)

// Options say which mailboxes are moved and where records of it are kept.
type Options struct {
	Spec       *config.Spec
	Secrets    *config.Secrets
	SpecDir    string           // the spec's directory: ca_file and token commands are relative to it
	Environ    []string         // for token commands
	Lineage    string           // of the state directory
	Ledger     string           // the state directory's ledgers
	Quarantine string           // and refused messages
	Observed   string           // and the file of what was seen of mailboxes; "": nothing is remembered
	Scratch    string           // and files of hashes while mailboxes are compared; "": the system's directory for temporary files
	Rebuilt    func() time.Time // when the state directory was made anew after a loss; nil or zero: never
	Version    string           // of mxmove, told to servers by ID (RFC 2971)
	Now        func() time.Time
	Sleep      func(context.Context, time.Duration) error // for rates, and before another connection; nil: a timer
}

// Store is the world of two IMAP servers. It is safe for concurrent use.
type Store struct {
	o              Options
	source, target *side
	rows           map[string]config.Mailbox // a leaver's with the heir's target
	left           map[string]config.Departure
	budget         *transfer.Budget
	since          time.Time
	book           *notebook
	atHome         atHome
	flagsSeen      sync.Map // address → *transfer.FlagsSeen

	mu        sync.Mutex
	elsewhere map[config.Service]*side
}

// New gives the world of a spec. It touches no server.
func New(o Options) *Store {
	s := &Store{
		o: o, rows: make(map[string]config.Mailbox, len(o.Spec.Roster.Mailboxes)), budget: transfer.NewBudget(0),
		book:   &notebook{path: o.Observed},
		source: newSide("source", o.Spec.Source.IMAP, o), target: newSide("target", o.Spec.Target.IMAP, o),
	}
	s.left = o.Spec.Roster.Departures()
	for _, m := range o.Spec.Roster.Mailboxes {
		if d := s.left[m.Address]; d.Mail == config.MailTo {
			m.TargetAddress, m.TargetLogin, m.TargetPassword = d.Heir.TargetAddress, d.Heir.TargetLogin, d.Heir.TargetPassword
		}
		s.rows[m.Address] = m
	}
	if h := o.Spec.History; h != nil && h.Since != "" {
		s.since, _ = time.Parse(time.DateOnly, h.Since) // config has checked it
	}
	return s
}

// Do carries out an op. See executor.World.
func (s *Store) Do(ctx context.Context, op planner.Op, stop <-chan struct{}, progress func(planner.Progress)) (planner.Tally, error) {
	switch o := op.(type) {
	case planner.TryAppend:
		return planner.Tally{}, s.tryAppend(ctx, o)
	case planner.ArchiveMailbox:
		return s.archive(ctx, o, stop, progress)
	}
	if o, ok := op.(planner.RemovePlaced); ok {
		return s.takeAway(ctx, o, stop, progress)
	}
	if onlyTold(op) {
		return planner.Tally{}, nil
	}
	move, ok := op.(planner.CopyMailbox)
	row, listed := s.rows[op.Subject()]
	if ok && listed && s.isBack(move, row) {
		return s.carryBack(ctx, row, move, stop, progress)
	}
	if !ok || !listed || move.From != s.endpoint(s.source, row) || move.To != s.endpoint(s.target, row) {
		return planner.Tally{}, &planner.Fault{Msg: text.M("mailbox.unlisted", "mailbox", op.Subject()), Class: planner.Internal}
	}
	p, err := s.open(ctx, row, stop)
	if err != nil {
		return planner.Tally{}, err
	}
	defer p.close()
	pass := &transfer.Pass{
		Source: p.source, Target: p.target, Options: s.options(row),
		Progress: progress, Stop: stop, Sleep: s.o.Sleep,
	}
	if s.follows(move) {
		pass.Options.Removed = s.o.Spec.Guards.PerPass()
	}
	began := s.o.Now()
	pass.Options.At = began
	tally, err := s.run(ctx, row, pass)
	if pass.Ledger != nil {
		s.passed(row, pass, began, tally, err)
	}
	return tally, err
}

// run carries out a pass with the ledger of its row.
func (s *Store) run(ctx context.Context, row config.Mailbox, pass *transfer.Pass) (planner.Tally, error) {
	ledger, notes, err := transfer.OpenLedger(s.o.Ledger, s.key(row))
	if err != nil {
		return planner.Tally{}, err
	}
	defer ledger.Close()
	tell(pass.Progress, notes)
	pass.Ledger = ledger
	tally, err := pass.Run(ctx)
	tell(pass.Progress, pass.Notes())
	return tally, err
}

// onlyTold reports ops that are a mark in the journal and nothing else. The hold
// and its end: by IMAP nobody can be kept from changing the roster or the mail,
// and the plan says so. The end of the care for a mailbox.
func onlyTold(op planner.Op) bool {
	if back, ok := op.(planner.Restore); ok {
		op = back.Op
	}
	switch op.(type) {
	case planner.HoldDirectory, planner.DropMailbox:
		return true
	}
	return false
}

// follows tells whether a pass removes what was deleted at the source: never
// from Cutover on, which a copy from before may outlast, so not once its window
// is open, but for the last pass before it.
func (s *Store) follows(op planner.CopyMailbox) bool {
	h, c := s.o.Spec.History, s.o.Spec.Cutover
	if h == nil || h.Deletions != "follow" || op.In >= planner.Cutover {
		return false
	}
	return op.In == planner.Freeze || c == nil || s.o.Now().Before(c.Opens)
}

func tell(progress func(planner.Progress), notes []config.Finding) {
	for _, n := range notes {
		progress(planner.Progress{Note: &n})
	}
}

func (s *Store) endpoint(d *side, row config.Mailbox) planner.Endpoint {
	return planner.EndpointOf(d.imap, d.account(row).login)
}

func (s *Store) key(row config.Mailbox) transfer.Key {
	return transfer.Key{Lineage: s.o.Lineage, Address: row.Address,
		From: s.endpoint(s.source, row), To: s.endpoint(s.target, row)}
}

func (s *Store) options(row config.Mailbox) transfer.Options {
	o := transfer.Options{Since: s.since, Budget: s.budget, Answers: &s.target.answers, Quarantine: filepath.Join(s.o.Quarantine, row.Address), Lost: s.lost()}
	if s.left[row.Address].Mail == config.MailTo {
		o.Below = []string{row.Address}
	}
	if h := s.o.Spec.History; h != nil {
		o.Skip, o.Map, o.Fail, o.Repair = h.Skip, h.Map, h.Refused == "fail", h.Refused == "repair"
	}
	return o
}

// lost reports that a run of which nothing is known may have died a moment ago.
func (s *Store) lost() bool {
	if s.o.Rebuilt == nil {
		return false
	}
	at := s.o.Rebuilt()
	return !at.IsZero() && s.o.Now().Before(at.Add(transfer.MostCalm))
}

// pair is a mailbox signed in to on both sides.
type pair struct{ source, target *session }

func (p *pair) close() {
	p.source.Close()
	p.target.Close()
}

// open takes a connection on each side, in one order, so that two mailboxes
// never wait for each other's. Nobody is signed in yet. stop may be nil.
func (s *Store) open(ctx context.Context, row config.Mailbox, stop <-chan struct{}) (*pair, error) {
	if err := s.source.slots.acquire(ctx, stop); err != nil {
		return nil, err
	}
	if err := s.target.slots.acquire(ctx, stop); err != nil {
		s.source.slots.release()
		return nil, err
	}
	return &pair{s.source.session(ctx, s.source.account(row), stop), s.target.session(ctx, s.target.account(row), stop)}, nil
}
