package executor

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// Kind says what a line of the journal is about.
type Kind string

// The kinds. Intent is followed by one of outcome, failed, stopped or, where
// nobody knows how far the step came, unknown; a run that died leaves it bare.
const (
	KindStart   Kind = "start"
	KindIntent  Kind = "intent"
	KindOutcome Kind = "outcome"
	KindFailed  Kind = "failed"
	KindStopped Kind = "stopped"
	KindUnknown Kind = "unknown"
	KindRefused Kind = "refused"
	KindLeftOut Kind = "left-out"
	KindNote    Kind = "note"
	KindEnd     Kind = "end"

	// Of people's acts. Asked and started are intents, finished is an outcome, too.
	KindActAsked    Kind = "asked" // told to do what can be taken back
	KindActStarted  Kind = "started"
	KindActFinished Kind = "finished"
	KindActNever    Kind = "never" // attested that it did not happen
	KindActVoid     Kind = "void"  // its post-check failed

	// Of a state directory that was rebuilt.
	KindRecovered Kind = "recovered" // from the world: what it cannot show is in doubt
	KindRebuilt   Kind = "rebuilt"   // from a mirror: ledgers are gone
	KindPreimage  Kind = "pre-image" // what a plan tells of the value before; the step may have been carried out
)

// Line is one line of the journal. Each holds the hash of the one before it,
// the first the lineage, so that no line can be changed, taken out or put in
// without a trace.
type Line struct {
	N     int              `json:"n"` // from 1
	At    time.Time        `json:"at"`
	Kind  Kind             `json:"kind"`
	Step  planner.StepID   `json:"step,omitempty"`
	Msg   *text.Msg        `json:"msg,omitempty"`
	Tally *planner.Tally   `json:"tally,omitempty"`
	Fault *planner.Fault   `json:"fault,omitempty"`
	Why   []config.Finding `json:"why,omitempty"`   // refused: the reasons; note: the finding
	Raise *Preimage        `json:"raise,omitempty"` // intent of a Temporary
	Undo  *planner.Undo    `json:"undo,omitempty"`  // intent: what will take the step back
	Of    planner.StepID   `json:"of,omitempty"`    // outcome of a Restore or an Undo: what it takes back
	Seen  bool             `json:"seen,omitempty"`  // outcome: the world shows it, no run saw it end
	Act   *Act             `json:"act,omitempty"`   // of a person
	Prev  string           `json:"prev"`
	Hash  string           `json:"-"` // SHA-256 over the line without it, hexadecimal
}

// Preimage is what the field of a Temporary showed before, and what is written
// into it.
type Preimage struct {
	Before string `json:"before"`
	After  string `json:"after"`
}

// Act is what somebody says of a person's act.
type Act struct {
	Who      string    `json:"who"`
	Evidence string    `json:"evidence,omitempty"`
	Checked  string    `json:"checked,omitempty"` // by which post-check
	Until    time.Time `json:"until,omitzero"`    // it must be attested anew after that
	Because  string    `json:"because,omitempty"` // why nobody had said that it starts
}

// Damaged says that the journal was changed after it was written, or that the
// disk lost a part of it. It unwraps to a *planner.Fault with its texts.
type Damaged struct {
	Path string
	Line int  // the first line that does not fit, from 1
	Gap  bool // the line is whole, but does not follow the one before it
}

// Error gives the code and the place.
func (d *Damaged) Error() string { return d.Unwrap().Error() }

// Unwrap gives the fault.
func (d *Damaged) Unwrap() error {
	code := "journal.damaged"
	if d.Gap {
		code = "journal.gap"
	}
	return &planner.Fault{Msg: text.M(code, "path", d.Path, "line", itoa(d.Line), "good", itoa(d.Line-1)), Class: planner.Internal}
}

const hashKey = `,"hash":"`

// encode gives the line with its hash and a newline.
func (l *Line) encode() ([]byte, error) {
	body, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	l.Hash = hashOf(body)
	return append(body[:len(body)-1], hashKey+l.Hash+"\"}\n"...), nil
}

// decodeLine takes a line without its newline.
func decodeLine(b []byte) (Line, error) {
	const tail = len(hashKey) + 2*sha256.Size + len(`"}`)
	var l Line
	if len(b) <= tail {
		return l, errors.New("too short")
	}
	cut := len(b) - tail
	if !bytes.HasPrefix(b[cut:], []byte(hashKey)) || !bytes.HasSuffix(b, []byte(`"}`)) {
		return l, errors.New("no hash")
	}
	body := append(bytes.Clone(b[:cut]), '}')
	hash := string(b[cut+len(hashKey) : len(b)-2])
	if hashOf(body) != hash {
		return l, errors.New("another hash")
	}
	err := json.Unmarshal(body, &l)
	l.Hash = hash
	return l, err
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// parse checks the chain. It gives the lines and how many octets they take;
// what follows is a last line that was cut off while it was written.
func parse(b []byte, path, lineage string) (lines []Line, good int, err error) {
	prev := lineage
	for {
		end := bytes.IndexByte(b[good:], '\n')
		if end < 0 {
			return lines, good, nil
		}
		l, err := decodeLine(b[good : good+end])
		if err != nil || l.Prev != prev || l.N != len(lines)+1 {
			return lines, good, &Damaged{Path: path, Line: len(lines) + 1, Gap: err == nil}
		}
		lines, prev, good = append(lines, l), l.Hash, good+end+1
	}
}

// ReadJournal reads and verifies the whole journal; it may be written at the
// same time. A chain that is broken gives *Damaged with the lines before.
func ReadJournal(s *State) ([]Line, error) {
	lines, _, _, err := readJournal(s)
	return lines, err
}

func readJournal(s *State) (lines []Line, good, size int, err error) {
	b, err := os.ReadFile(s.Journal())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, 0, nil
	}
	if err != nil {
		return nil, 0, 0, stateFault("state.read", s.Journal(), err)
	}
	lines, good, err = parse(b, s.Journal(), s.Lineage)
	return lines, good, len(b), err
}

// Head is the number and the hash of the journal's last line. It may be
// written at the same time.
func Head(s *State) (JournalHead, error) {
	lines, err := ReadJournal(s)
	if err != nil || len(lines) == 0 {
		return JournalHead{}, err
	}
	last := lines[len(lines)-1]
	return JournalHead{last.N, last.Hash}, nil
}

// sink is the file that a journal is written to.
type sink interface {
	io.WriteCloser
	Sync() error
}

// journal appends lines, each durable when append returns. After a failure
// it takes no more: what is on the disk then is not known.
type journal struct {
	mu     sync.Mutex
	path   string
	file   sink
	lines  []Line // all, so that a look need not read them again
	prev   string
	last   time.Time // the latest moment
	at     int       // its line
	failed error
	mirror *mirror // nil: none
}

// openJournal opens the journal for appending and cuts off a torn last line;
// cut is the number of octets that went with it.
func openJournal(s *State) (j *journal, cut int, err error) {
	lines, good, size, err := readJournal(s)
	if err != nil {
		return nil, 0, err
	}
	copied, err := s.openMirror(good)
	if err != nil {
		return nil, 0, err
	}
	f, err := os.OpenFile(s.Journal(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, 0, stateFault("journal.write", s.Journal(), err)
	}
	if good < size {
		err = f.Truncate(int64(good))
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = syncDir(filepath.Dir(s.Journal()))
	}
	if err != nil {
		f.Close()
		return nil, 0, stateFault("journal.write", s.Journal(), err)
	}
	j = &journal{path: s.Journal(), file: f, lines: lines, prev: s.Lineage, mirror: copied}
	if len(lines) > 0 {
		j.prev = lines[len(lines)-1].Hash
	}
	for _, l := range lines {
		j.seen(l)
	}
	return j, size - good, nil
}

// append writes the line and waits until it is durable.
func (j *journal) append(l Line) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.failed != nil {
		return j.failed
	}
	l.N, l.Prev = len(j.lines)+1, j.prev
	b, err := l.encode()
	if err == nil {
		_, err = j.file.Write(b)
	}
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		j.failed = stateFault("journal.write", j.path, err)
		return j.failed
	}
	j.lines, j.prev = append(j.lines, l), l.Hash
	j.seen(l)
	if j.mirror != nil {
		j.mirror.append(b)
	}
	return nil
}

// head is the number and the hash of the last line.
func (j *journal) head() (int, string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.lines), j.prev
}

// known is what the lines say.
func (j *journal) known() Known {
	j.mu.Lock()
	defer j.mu.Unlock()
	return Fold(j.lines)
}

func (j *journal) close() error {
	j.mirrored() // what it lacks now the next run brings
	j.mirror.close()
	return j.file.Close()
}
