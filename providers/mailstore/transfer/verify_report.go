package transfer

import (
	"encoding/hex"
	"strconv"
	"time"

	"github.com/mxmove/mxmove/config/text"
)

// Class says what a difference means.
type Class string

// The classes, from good to bad. A message has the worst of its differences'.
const (
	Proven      Class = "proven"      // read on both sides, the same
	Explained   Class = "explained"   // different for a reason that is named
	OnlySampled Class = "sampled"     // a part was read: the rest is known by it, with a confidence
	Behind      Class = "behind"      // changed at the source since the last pass: another pass carries it
	Unread      Class = "unread"      // a side did not give it, so nothing is known
	Unexplained Class = "unexplained" // fails
)

var classOrder = map[Class]int{Proven: 0, Explained: 1, OnlySampled: 2, Behind: 3, Unread: 4, Unexplained: 5}

// maxExceptions is how many a report lists; the rest is counted.
const maxExceptions = 1000

// Report is what Verify found.
type Report struct {
	Result     string          `json:"result"`               // catalogue code verify.result.CLASS
	Unfinished bool            `json:"unfinished,omitempty"` // it ended with an error: not all was compared
	Counts     Counts          `json:"counts"`               // sums over the folders
	Sample     *Sampled        `json:"sample,omitempty"`     // only a sample was read
	Folders    []*FolderReport `json:"folders"`
	Exceptions []Exception     `json:"exceptions,omitempty"`
	Omitted    int             `json:"omitted,omitempty"` // exceptions not listed
	Notes      []text.Msg      `json:"notes,omitempty"`   // of MapFolders
}

// Counts are of messages. Source is the sum of Proven, Explained, Behind,
// Unread, Unexplained and Sampled.
type Counts struct {
	Source      int `json:"source"` // without LeftOut
	Target      int `json:"target"`
	Proven      int `json:"proven"`
	Explained   int `json:"explained,omitempty"`
	Behind      int `json:"behind,omitempty"`
	Unread      int `json:"unread,omitempty"`
	Unexplained int `json:"unexplained,omitempty"`
	Sampled     int `json:"sampled,omitempty"`     // not read: a sample speaks for them
	Doubled     int `json:"doubled,omitempty"`     // at the target oftener than at the source: fails
	OnlyTarget  int `json:"only_target,omitempty"` // the source has none such
	UnreadThere int `json:"unread_there,omitempty"`
	LeftOut     int `json:"left_out,omitempty"` // by the spec or as a view of other folders: nobody read them; as far as the server tells
}

// FolderReport is one source folder, or with From nil a target folder to
// which nothing goes.
type FolderReport struct {
	From   []string `json:"from,omitempty"`
	To     []string `json:"to,omitempty"`
	Skip   string   `json:"skip,omitempty"`  // why it was not compared, a catalogue code
	Class  Class    `json:"class,omitempty"` // of the folder itself; "": as it should be
	Counts Counts   `json:"counts"`          // Target is told for the first of several that go to one folder
}

// Exception is one difference. It names a message by what no person can be
// known from.
type Exception struct {
	Folder []string   `json:"folder"`           // the source's, or the target's with Target
	Target bool       `json:"target,omitempty"` // UID, Date, Size and Hash are the target's
	UID    uint32     `json:"uid,omitempty"`    // 0: it is about the folder
	Date   time.Time  `json:"date,omitzero"`    // INTERNALDATE
	Size   int64      `json:"size,omitempty"`
	Hash   string     `json:"hash,omitempty"`   // first 16 digits of SHA-256
	Stored string     `json:"stored,omitempty"` // ... of the target's octets, where mxmove altered it
	Class  Class      `json:"class"`
	Codes  []text.Msg `json:"codes"` // all that differs
}

// Failed reports whether there is a difference without an explanation.
func (r *Report) Failed() bool { return r.Result == "verify.result.unexplained" }

// Summary is the result in words: first what is proven, then whatever was
// read by nobody.
func (r *Report) Summary() []text.Msg {
	n := strconv.Itoa
	c := r.Counts
	all := []text.Msg{text.M(r.Result, "source", n(c.Source), "target", n(c.Target), "proven", n(c.Proven),
		"explained", n(c.Explained), "behind", n(c.Behind), "unread", n(c.Unread+c.UnreadThere),
		"unexplained", n(c.Unexplained), "doubled", n(c.Doubled), "sampled", n(c.Sampled))}
	if r.Sample != nil {
		all = append(all, r.Sample.summary())
	}
	if c.OnlyTarget > 0 {
		all = append(all, text.M("verify.only-target", "n", n(c.OnlyTarget)))
	}
	if c.LeftOut > 0 {
		all = append(all, text.M("verify.left-out", "n", n(c.LeftOut)))
	}
	for _, f := range r.Folders {
		if f.Skip == SkipBySpec || f.Skip == SkipView {
			all = append(all, text.M("verify.left-out.folder", "folder", label(f.From)))
		}
	}
	if r.Unfinished {
		all = append(all, text.M("verify.unfinished"))
	}
	return all
}

// verdict is what was found of one message.
type verdict struct {
	class Class
	codes []text.Msg

	stored string // Exception.Stored
}

func (v *verdict) add(class Class, code string, pairs ...string) {
	if v.class == "" || classOrder[class] > classOrder[v.class] {
		v.class = class
	}
	v.codes = append(v.codes, text.M(code, pairs...))
}

// message counts a source message and lists it unless it is proven.
func (r *Report) message(fr *FolderReport, m message, v verdict) {
	switch v.class {
	case "", Proven:
		fr.Counts.Proven++
		return
	case Explained:
		fr.Counts.Explained++
	case Behind:
		fr.Counts.Behind++
	case Unread:
		fr.Counts.Unread++
	default:
		fr.Counts.Unexplained++
	}
	r.except(exception(fr.From, m, v))
}

// folder gives the folder itself a class, the worst of all it was given.
func (r *Report) folder(fr *FolderReport, class Class, code string, pairs ...string) {
	if classOrder[class] > classOrder[fr.Class] {
		fr.Class = class
	}
	path, target := fr.From, false
	if path == nil {
		path, target = fr.To, true
	}
	r.except(Exception{Folder: path, Target: target, Class: class, Codes: []text.Msg{text.M(code, pairs...)}})
}

func exception(folder []string, m message, v verdict) Exception {
	e := Exception{Folder: folder, UID: m.uid, Class: v.class, Codes: v.codes, Stored: v.stored}
	if m.date != noDate {
		e.Date = time.Unix(m.date, 0).UTC()
	}
	if m.read {
		e.Size, e.Hash = m.print.Size, hex.EncodeToString(m.print.Exact[:8])
	}
	return e
}

// except lists e. A failing one takes the place of one that is not, so that
// the list never hides what matters behind what does not.
func (r *Report) except(e Exception) {
	if len(r.Exceptions) < maxExceptions {
		r.Exceptions = append(r.Exceptions, e)
		return
	}
	r.Omitted++
	if e.Class != Unexplained {
		return
	}
	for i := len(r.Exceptions) - 1; i >= 0; i-- {
		if r.Exceptions[i].Class != Unexplained {
			r.Exceptions[i] = e
			return
		}
	}
}

// conclude sums up and names the result: the worst that was found. What was
// not read is never called proven. d is nil where all was read.
func (r *Report) conclude(d *draw) {
	var all Counts
	worst := Proven
	raise := func(is bool, class Class) {
		if is && classOrder[class] > classOrder[worst] {
			worst = class
		}
	}
	for _, f := range r.Folders {
		c := f.Counts
		all.Source += c.Source
		all.Target += c.Target
		all.Proven += c.Proven
		all.Explained += c.Explained
		all.Behind += c.Behind
		all.Unread += c.Unread
		all.Unexplained += c.Unexplained
		all.Doubled += c.Doubled
		all.OnlyTarget += c.OnlyTarget
		all.UnreadThere += c.UnreadThere
		all.LeftOut += c.LeftOut
		raise(f.Class != "", f.Class)
	}
	r.Counts = all
	if d != nil {
		r.concludeSample(d)
	}
	raise(all.Explained > 0, Explained)
	raise(r.Sample != nil, OnlySampled)
	raise(all.Behind > 0, Behind)
	raise(all.Unread > 0 || r.Unfinished, Unread)
	raise(all.Unexplained > 0 || all.Doubled > 0, Unexplained)
	r.Result = "verify.result." + string(worst)
}
