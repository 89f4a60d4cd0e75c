package render

import (
	"io"
	"strconv"
	"time"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// AuditView is the report of a migration as plain data: what was done, by
// whose word, what was found, what is proven and what is left.
type AuditView struct {
	At         time.Time        `json:"at"`
	Source     string           `json:"source"`
	Target     string           `json:"target"`
	Plan       string           `json:"plan,omitempty"` // that was carried out last
	Lineage    string           `json:"lineage"`
	Line       int              `json:"line"` // the journal's last
	Hash       string           `json:"hash"` // of that line
	Facts      []AuditFact      `json:"facts"`
	Story      []AuditMoment    `json:"story"`
	Mailboxes  []AuditMailbox   `json:"mailboxes"`
	Exceptions []AuditException `json:"-"` // told beside it
	More       int              `json:"-"` // exceptions that are not shown
	Runs       []AuditSpan      `json:"runs"`
	Passes     []AuditPass      `json:"passes"`
}

// AuditFact is one line of the first page.
type AuditFact struct {
	Label string     `json:"label"` // catalogue code
	Words []text.Msg `json:"words"`
}

// AuditMoment is one line of the story.
type AuditMoment struct {
	At    time.Time `json:"at"`
	Until time.Time `json:"until,omitzero"` // of what was done over a time
	Line  int       `json:"line,omitempty"` // of the journal; 0: it stands elsewhere
	Words text.Msg  `json:"words"`
}

// AuditMailbox is one mailbox at the end.
type AuditMailbox struct {
	Address  string        `json:"address"`
	State    planner.State `json:"state"`
	Messages int           `json:"messages"` // placed or recognised at the target, by all passes
	Bytes    int64         `json:"bytes"`    // carried
	Proof    text.Msg      `json:"proof"`    // what verify last found
	Reason   *text.Msg     `json:"reason,omitempty"`
}

// AuditException is mail that is not at the target as it is at the source.
type AuditException struct {
	Mailbox, Folder, UID, Kind, Reason string
	N                                  int
}

// AuditSpan is while a run was alive.
type AuditSpan struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// AuditPass is a pass over a mailbox, with what it carried.
type AuditPass struct {
	AuditSpan
	Bytes int64 `json:"bytes"`
}

// head names the journal's last line, short enough to be typed off paper.
func (v *AuditView) head() string {
	if v.Line == 0 {
		return "-"
	}
	return strconv.Itoa(v.Line) + ":" + v.Hash[:min(16, len(v.Hash))]
}

// auditPage puts a view into words.
type auditPage struct {
	*page
	*AuditView
}

// Audit writes the report's first page for a terminal.
func Audit(w io.Writer, cat *text.Catalogue, view *AuditView, opt Options) error {
	a := &auditPage{newPage(cat, opt), view}
	a.flow(a.t("render.audit.title"), a.Source+" -> "+a.Target, a.head())
	const column = 14
	for _, f := range a.Facts {
		a.hang(a.t(f.Label), column, plain, a.words(f.Words))
	}
	for _, m := range a.Story {
		a.hang(a.when(m), len(momentCells), plain, a.told(m)+a.place(m))
	}
	a.hang(a.t("render.audit.journal"), column, plain, a.t("render.audit.chain", "n", Count(a.Line), "head", a.head()))
	a.line("")
	a.line(a.t("render.audit.signed"))
	return a.flush(w)
}

// momentCells is as wide as the column of moments is.
const momentCells = "Sat 2026-12-05 20:06:14   "

func (a *auditPage) when(m AuditMoment) string {
	at := m.At.In(a.opt.Now.Location())
	return a.t("render.audit.moment", "weekday", a.t("render.weekday."+strconv.Itoa(int(at.Weekday()))), "at", at.Format(time.DateTime))
}

// told is what happened, and until when.
func (a *auditPage) told(m AuditMoment) string {
	words := clean(a.what(m.Words))
	if m.Until.After(m.At) {
		words += a.t("render.audit.until", "at", m.Until.In(a.opt.Now.Location()).Format(time.DateTime))
	}
	return words
}

// place is where it stands.
func (a *auditPage) place(m AuditMoment) string {
	if m.Line == 0 {
		return ""
	}
	return a.t("render.audit.line", "n", strconv.Itoa(m.Line))
}

func (a *auditPage) words(all []text.Msg) string {
	words := ""
	for i, m := range all {
		if i > 0 {
			words += a.t("render.semicolon")
		}
		words += clean(a.what(m))
	}
	return words
}
