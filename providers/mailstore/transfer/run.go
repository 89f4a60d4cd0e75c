package transfer

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// course is one Run of a pass.
type course struct {
	p        *Pass
	l        *Ledger
	src, dst Target // nil: to be opened
	held     *share
	failed   error    // of the folders that could not be carried
	failing  []string // these

	names  map[string]bool // of all folders that the source lists
	mapped []Mapped        // those that are carried
	calmed bool            // the target has stored all that connections brought which died

	tells atomic.Bool // the target told where it stored a message

	mu       sync.Mutex // the rest
	tally    planner.Tally
	progress planner.Progress
	steps    int                         // grows whenever something got further
	stages   map[string]map[uint32]stage // folder → messages that the target did not take at once
	deaths   map[string]map[uint32]int   // folder → messages at which the source died
	tried    map[string]map[string]bool  // target folder → keywords it took
	counted  map[string]map[uint32]bool  // folder → messages counted as left out or changed
	whole    map[string]bool             // folders that bulk has carried
	target   resistance
}

// Run carries out the pass. The tally holds what was done also when an error
// is returned. Errors are ErrStopped, the context's, or *planner.Fault: of
// class FolderOnly when single folders could not be carried and all others
// were.
func (p *Pass) Run(ctx context.Context) (planner.Tally, error) {
	r := p.course()
	p.notes = nil
	r.calmed = !slices.ContainsFunc(r.l.st.folders, func(f *folderState) bool { return len(f.intents) > 0 })
	err := r.all(ctx)
	r.drop()
	if e := p.Ledger.Sync(); e != nil && (err == nil || errors.Is(err, ErrStopped)) {
		err = e
	}
	return r.tally, r.fault(err)
}

// course begins a run.
func (p *Pass) course() *course {
	budget := p.Options.Budget
	if budget == nil {
		budget = NewBudget(0)
	}
	if p.Options.Answers == nil {
		p.Options.Answers = new(Answers)
	}
	return &course{p: p, l: p.Ledger, held: &share{of: budget},
		stages: map[string]map[uint32]stage{}, deaths: map[string]map[uint32]int{},
		tried: map[string]map[string]bool{}, counted: map[string]map[uint32]bool{}, whole: map[string]bool{},
		target: resistance{kills: map[string]map[uint32]int{}, verdicts: map[string]bool{}}}
}

// all carries folder after folder.
func (r *course) all(ctx context.Context) error {
	if r.stopped() {
		return ErrStopped
	}
	var mapped []Mapped
	err := r.again(ctx, func() error {
		var err error
		mapped, err = r.prepare(ctx)
		return err
	})
	if err != nil {
		return err
	}
	r.mapped = mapped
	if err := r.again(ctx, func() error { return r.calmLost(ctx, mapped) }); err != nil {
		return err
	}
	if err := r.bulkAgain(ctx, mapped); err != nil {
		return err
	}
	for _, m := range mapped {
		if r.stopped() {
			return ErrStopped
		}
		if r.whole[m.From.Name] || r.unchanged(m) {
			continue
		}
		err := r.again(ctx, func() error { return r.carry(ctx, m) })
		if isClass(err, planner.FolderOnly) {
			r.fails(m, err)
			continue
		}
		if err != nil {
			return err
		}
	}
	if r.failed != nil {
		return r.failed
	}
	return r.again(ctx, func() error { return r.follow(ctx, mapped) })
}

// foldersNamed is how many folders that could not be carried a fault names.
const foldersNamed = 100

// fails notes that a folder cannot be carried: all of them are told at once,
// with what the store said of the first.
func (r *course) fails(m Mapped, err error) {
	folder := pathText(m.From.Path)
	if slices.Contains(r.failing, folder) {
		return
	}
	if r.failing = append(r.failing, folder); r.failed == nil {
		r.failed = err
		return
	}
	named := r.failing[:min(len(r.failing), foldersNamed)]
	var first *planner.Fault
	errors.As(r.failed, &first)
	r.failed = &planner.Fault{Class: planner.FolderOnly, Msg: text.M("copy.folders", "n", strconv.Itoa(len(r.failing)),
		"folders", strings.Join(named, " | "), "said", saidBy(first))}
}

// bulkAgain tries bulk twice: what breaks it then is carry's to find out.
func (r *course) bulkAgain(ctx context.Context, mapped []Mapped) error {
	for range 2 {
		err := r.bulk(ctx, mapped)
		if err == nil || ctx.Err() != nil || !isClass(err, planner.Gone) {
			return cmp.Or(context.Cause(ctx), err)
		}
		r.drop()
		if err := r.wait(ctx, err, time.Second); err != nil {
			return err
		}
	}
	return nil
}

// unchanged reports whether nothing can be left to do in a folder: the
// source's status is that of the last pass, and the target folder is the same.
// Without MODSEQ a changed flag would not show.
func (r *course) unchanged(m Mapped) bool {
	f := r.l.st.folderOf[m.From.Name]
	if f == nil || !f.marked || !m.Exists || f.target.name != m.ToFolder.Name {
		return false
	}
	t := m.ToFolder.Status
	return f.mark.pending == 0 && f.mark.since == sinceMark(r.p.Options.Since) && f.mark.modSeq != 0 &&
		f.mark.stands(f.uidValidity, m.From.Status) && t.Known && t.UIDValidity == f.target.uidValidity && t.UIDNext >= f.target.top
}

func sinceMark(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func (r *course) stepped() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.steps
}

// count changes the tally; what it counts is a step further.
func (r *course) count(change func(*planner.Tally)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.tally)
	r.steps++
}

// once reports whether a message was not yet counted for a reason in this run.
func (r *course) once(reason, folder string, uid uint32) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := inner(r.counted, reason+" "+folder)
	was := m[uid]
	m[uid] = true
	return !was
}

func inner[K comparable, V any](m map[string]map[K]V, key string) map[K]V {
	if m[key] == nil {
		m[key] = map[K]V{}
	}
	return m[key]
}

func (r *course) report(change func(*planner.Progress)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.progress)
	if r.p.Progress != nil {
		r.p.Progress(r.progress)
	}
}

func (r *course) note(msg text.Msg) {
	f := config.Finding{Msg: msg, Severity: config.Warning, Subject: r.p.Ledger.address}
	if !slices.ContainsFunc(r.p.notes, func(g config.Finding) bool { return g.Code == f.Code && sameArgs(g.Args, f.Args) }) {
		r.p.notes = append(r.p.notes, f)
	}
}

func sameArgs(a, b text.Args) bool {
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return len(a) == len(b)
}

func isClass(err error, c planner.Class) bool {
	var f *planner.Fault
	return errors.As(err, &f) && f.Class == c
}

// fault makes sure that what a pass gives is one of the errors it names.
func (r *course) fault(err error) error {
	var f *planner.Fault
	switch {
	case err == nil, errors.Is(err, ErrStopped), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &f):
		return f
	}
	return ledgerFault(r.l.path, r.l.address, err)
}

// folderFault is the store's refusal to let a folder be used.
func folderFault(m Mapped, err error) error {
	var no *Refusal
	if !errors.As(err, &no) {
		return err
	}
	return &planner.Fault{Msg: text.M("copy.folder", "folder", pathText(m.From.Path), "said", no.Error()), Class: planner.FolderOnly}
}

func uidText(uid uint32) string { return strconv.FormatUint(uint64(uid), 10) }
