package executor

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// Span is a stretch of time.
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Turn is a pass over a mailbox, as far as it came.
type Turn struct {
	Span
	Tally planner.Tally `json:"tally"`
}

// KindCount is how often steps of a kind were done.
type KindCount struct {
	Span
	Kind string `json:"kind"`
	N    int    `json:"n"`
}

// Audit is a migration as its journal tells it.
type Audit struct {
	Head  JournalHead // its Line is the number of lines
	Runs  []Span      // while a run was alive, as far as its lines show
	Turns []Turn      // of passes, in the order of their ends
	Last  Line        // the end of the last run; Kind "": it has none
	Story []Line      // what people did, and what is more than one mailbox's
	Often []KindCount // what was done too often to stand there, by kind
}

// often is how many outcomes of one kind stand in the story.
const often = 6

// AuditOf reads the story out of the journal's lines.
func AuditOf(lines []Line) Audit {
	b := auditor{kinds: map[string]*KindCount{}, begun: map[planner.StepID]time.Time{}, told: map[string]bool{}}
	for _, l := range lines {
		if l.Kind == KindOutcome {
			b.count(l)
		}
	}
	for _, l := range lines {
		b.run(l)
		b.turn(l)
		if b.tells(l) {
			b.a.Story = append(b.a.Story, l)
		}
	}
	for _, k := range b.kinds {
		if k.N >= often {
			b.a.Often = append(b.a.Often, *k)
		}
	}
	slices.SortFunc(b.a.Often, func(x, y KindCount) int { return cmp.Or(x.From.Compare(y.From), cmp.Compare(x.Kind, y.Kind)) })
	if n := len(lines); n > 0 {
		b.a.Head = JournalHead{n, lines[n-1].Hash}
	}
	return b.a
}

type auditor struct {
	a     Audit
	kinds map[string]*KindCount
	begun map[planner.StepID]time.Time
	told  map[string]bool
	alive bool // a run began and has not ended
}

func (b *auditor) count(l Line) {
	k := b.kinds[l.Step.Kind()]
	if k == nil {
		k = &KindCount{Span: Span{l.At, l.At}, Kind: l.Step.Kind()}
		b.kinds[k.Kind] = k
	}
	k.N++
	k.To = l.At
}

// run draws out the span of the run that a line is of. A run that died ends
// with its last line. People's acts may be attested while none is alive.
func (b *auditor) run(l Line) {
	switch l.Kind {
	case KindStart:
		b.a.Runs, b.a.Last, b.alive = append(b.a.Runs, Span{l.At, l.At}), Line{}, true
	case KindActStarted, KindActFinished, KindActNever, KindActVoid: // but not asked: a run does
	default:
		if last := len(b.a.Runs) - 1; b.alive && l.At.After(b.a.Runs[last].To) {
			b.a.Runs[last].To = l.At
		}
	}
	if l.Kind == KindEnd {
		b.a.Last, b.alive = l, false
	}
}

func (b *auditor) turn(l Line) {
	switch kind := l.Step.Kind(); {
	case kind != (planner.CopyMailbox{}).Kind() && kind != (planner.ArchiveMailbox{}).Kind():
	case l.Kind == KindIntent:
		b.begun[l.Step] = l.At
	case l.Tally != nil && !b.begun[l.Step].IsZero():
		b.a.Turns = append(b.a.Turns, Turn{Span{b.begun[l.Step], l.At}, *l.Tally})
		delete(b.begun, l.Step)
	}
}

// tells reports whether a line belongs to the story. What is told again and
// again, by each run of a timer, is told once.
func (b *auditor) tells(l Line) bool {
	switch l.Kind {
	case KindActStarted, KindActFinished, KindActNever, KindActVoid, KindRecovered, KindRebuilt, KindUnknown:
		return true
	case KindStart:
		return l.Msg != nil && b.first("run "+l.Msg.Args["who"]+" "+l.Msg.Args["plan"])
	case KindOutcome:
		return b.kinds[l.Step.Kind()].N < often
	case KindFailed:
		return l.Step.Kind() != (planner.CopyMailbox{}).Kind() && b.first("failed "+string(l.Step)+l.Fault.Code)
	case KindRefused:
		codes := make([]string, len(l.Why))
		for i, f := range l.Why {
			codes[i] = f.Code
		}
		return b.first("refused " + strings.Join(codes, " "))
	case KindNote:
		return l.Msg != nil && b.note(l)
	}
	return false
}

func (b *auditor) note(l Line) bool {
	switch l.Msg.Code {
	case codeFinalAhead, codeClockBack:
		return true
	case "event.step-noted":
		return len(l.Why) > 0 && strings.HasPrefix(l.Why[0].Code, "watch.")
	case "event.approval-used":
		return b.first("approval " + l.Msg.Args["name"] + l.Msg.Args["at"])
	}
	return false
}

func (b *auditor) first(what string) bool {
	first := !b.told[what]
	b.told[what] = true
	return first
}

// Has reports whether a head is one of these lines: what was printed or signed
// with it was made of this journal.
func (h JournalHead) Has(lines []Line) bool {
	return h.Line > 0 && h.Line <= len(lines) && len(h.Hash) >= 16 && strings.HasPrefix(lines[h.Line-1].Hash, h.Hash)
}

// LastReport gives what the last run left; nil: none did.
func LastReport(s *State) (*Report, error) {
	names, err := filepath.Glob(filepath.Join(s.Reports(), "2*Z*.json"))
	if err != nil || len(names) == 0 {
		return nil, err
	}
	var last *Report
	for _, name := range names {
		var r Report
		b, err := os.ReadFile(name)
		if err == nil {
			err = json.Unmarshal(b, &r)
		}
		if err != nil {
			return nil, stateFault("state.read", name, err)
		}
		if last == nil || r.Journal.Line > last.Journal.Line {
			last = &r
		}
	}
	return last, nil
}

// Reasons are why the steps that a run left wait or failed, by subject.
func (r *Report) Reasons() map[string]config.Finding {
	left := map[string]config.Finding{}
	for _, s := range r.Held {
		if s.Reason != nil {
			left[s.Step.Kind()+" "+s.Step.Subject()] = *s.Reason
		}
	}
	for _, s := range r.Failed {
		if s.Fault != nil {
			left[s.Step.Kind()+" "+s.Step.Subject()] = config.Finding{Msg: s.Fault.Msg}
		}
	}
	for _, s := range r.Done {
		delete(left, s.Step.Kind()+" "+s.Step.Subject())
	}
	return left
}
