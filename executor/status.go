package executor

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// Status is how far a run is, as the file status.json tells other processes.
// It may be a second old; whether the run lives is the lock's to say.
type Status struct {
	Format    int             `json:"format"` // 1
	Plan      string          `json:"plan"`
	Started   time.Time       `json:"started"`
	At        time.Time       `json:"at"`
	Ended     *Finished       `json:"ended,omitempty"`
	Todo      int             `json:"todo"` // steps with a turn in this run
	Done      int             `json:"done"`
	Failed    int             `json:"failed"`
	Running   int             `json:"running"`
	Bytes     int64           `json:"bytes"` // carried in this run
	Rate      int64           `json:"rate"`  // octets a second over the last half minute
	Mailboxes []MailboxStatus `json:"mailboxes"`
}

// MailboxStatus is one mailbox of a run, in the order of the plan; Step is the
// pass that it is about, the last one begun.
type MailboxStatus struct {
	Address  string            `json:"address"`
	Step     planner.StepID    `json:"step"`
	State    planner.State     `json:"state,omitempty"` // empty: not begun in this run
	Since    time.Time         `json:"since,omitzero"`  // of the state
	Progress *planner.Progress `json:"progress,omitempty"`
	Tally    planner.Tally     `json:"tally"`
	Reason   *text.Msg         `json:"reason,omitempty"` // a finding's code: .what, .why, .do
	Until    time.Time         `json:"until,omitzero"`   // wait-server: when it is tried again
}

// ReadStatus gives the status of the run that is under way or was the last;
// nil: there was none.
func ReadStatus(s *State) (*Status, error) {
	b, err := os.ReadFile(s.status())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var st Status
	if err == nil {
		err = json.Unmarshal(b, &st)
	}
	if err != nil {
		return nil, stateFault("state.read", s.status(), err)
	}
	return &st, nil
}

// window is what rates are reckoned over.
const window = 30 * time.Second

type sample struct {
	at    time.Time
	bytes int64
}

// statusWriter keeps the status file. Failures to write it are not the run's:
// the file only shows what the journal proves.
type statusWriter struct {
	path    string // "": the file is not ours any more
	status  Status
	index   map[planner.StepID]int
	samples []sample
	written time.Time
	changed bool
}

func newStatusWriter(path string, p *planner.Plan, now time.Time) *statusWriter {
	w := &statusWriter{path: path, index: map[planner.StepID]int{}}
	w.status = Status{Format: 1, Plan: p.ID, Started: now.UTC(), Mailboxes: []MailboxStatus{}}
	of := map[string]int{}
	for _, s := range p.Steps {
		if _, copies := s.Op.(planner.CopyMailbox); !copies {
			continue
		}
		i, twice := of[s.Op.Subject()]
		if !twice {
			i = len(w.status.Mailboxes)
			of[s.Op.Subject()] = i
			w.status.Mailboxes = append(w.status.Mailboxes, MailboxStatus{Address: s.Op.Subject(), Step: s.ID})
		}
		w.index[s.ID] = i
	}
	return w
}

// event brings the status up to date and writes it, at most once a second.
func (w *statusWriter) event(at time.Time, e Event) {
	at = at.UTC()
	w.changed = true
	switch e := e.(type) {
	case PlanCompared:
		w.status.Todo = e.Todo
	case StepHeld:
		w.set(e.Step, planner.WaitPerson, at, &e.Reason.Msg)
	case StepStarted:
		w.status.Running++
		w.set(e.Step, planner.Copying, at, nil)
	case StepProgress:
		w.progress(at, e)
	case StepWaits:
		if m := w.set(e.Step, planner.WaitServer, at, &e.Fault.Msg); m != nil {
			m.Until = e.Until.UTC()
		}
	case StepDone, StepFailed, StepStopped:
		w.ended(at, e)
	case Finished:
		w.status.Ended = &e
	}
	w.flush(at, false)
}

func (w *statusWriter) set(id planner.StepID, state planner.State, at time.Time, reason *text.Msg) *MailboxStatus {
	i, ok := w.index[id]
	if !ok {
		return nil
	}
	m := &w.status.Mailboxes[i]
	m.Step = id
	if m.State != state {
		m.Since = at
	}
	m.State, m.Reason, m.Until = state, reason, time.Time{}
	return m
}

func (w *statusWriter) progress(at time.Time, e StepProgress) {
	m := w.set(e.Step, planner.Copying, at, nil)
	if m == nil {
		return
	}
	if e.Progress.Waiting != nil {
		m.State, m.Reason = planner.WaitServer, &e.Progress.Waiting.Msg
	}
	if m.Progress != nil {
		w.status.Bytes -= m.Progress.Bytes
	}
	m.Progress = &e.Progress
	w.status.Bytes += e.Progress.Bytes
}

func (w *statusWriter) ended(at time.Time, e Event) {
	w.status.Running--
	var m *MailboxStatus
	var tally planner.Tally
	switch e := e.(type) {
	case StepDone:
		w.status.Done++
		tally = e.Tally
		m = w.set(e.Step, planner.After(tally, nil), at, nil)
	case StepFailed:
		w.status.Failed++
		tally = e.Tally
		m = w.set(e.Step, planner.After(tally, e.Fault), at, &e.Fault.Msg)
	case StepStopped:
		tally = e.Tally
		m = w.set(e.Step, planner.NotStarted, at, nil)
	}
	if m == nil {
		return
	}
	if m.Progress != nil {
		w.status.Bytes -= m.Progress.Bytes
	}
	m.Progress, m.Tally = nil, tally
	w.status.Bytes += tally.Bytes
}

// flush writes the file if something changed and a second has passed, or in
// any case with force.
func (w *statusWriter) flush(now time.Time, force bool) {
	if w.path == "" || !force && (!w.changed || now.Sub(w.written) < time.Second) {
		return
	}
	w.written, w.changed, w.status.At = now, false, now.UTC()
	w.rate(now)
	if b, err := json.Marshal(w.status); err == nil {
		replaceFile(w.path, append(b, '\n'))
	}
}

func (w *statusWriter) rate(now time.Time) {
	w.samples = append(w.samples, sample{now, w.status.Bytes})
	for len(w.samples) > 2 && now.Sub(w.samples[1].at) >= window {
		w.samples = w.samples[1:]
	}
	first := w.samples[0]
	if d := now.Sub(first.at); d > 0 {
		w.status.Rate = max(0, int64(float64(w.status.Bytes-first.bytes)/d.Seconds()))
	}
}
