package render

import (
	_ "embed" // the report's template
	"html/template"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

//go:embed audit.html
var auditHTML string

// AuditHTML writes the report as one page of HTML that needs no other file and
// holds no script: to read, to print and to sign.
func AuditHTML(w io.Writer, cat *text.Catalogue, view *AuditView, opt Options) error {
	a := &auditPage{newPage(cat, opt), view}
	t, err := template.New("audit").Funcs(template.FuncMap{"t": func(code string) string { return cat.T(code) }}).Parse(auditHTML)
	if err != nil {
		return err
	}
	return t.Execute(w, a.sheet())
}

// auditSheet is what the template shows, in words.
type auditSheet struct {
	Lang, Title, Made, Head, Meta, Chain string
	Facts                                []fact
	Story                                []auditRow
	Plot                                 *plot
	Kinds                                []fact
	Exceptions                           []AuditException
	More                                 string
	Mailboxes                            []auditBox
}

type auditRow struct{ When, What, Line string }

type auditBox struct {
	Address, State, Messages, Size, Proof, Reason string
	Calm                                          bool
}

func (a *auditPage) sheet() auditSheet {
	s := auditSheet{Lang: string(a.cat.Lang()), Title: clean(a.Source + " -> " + a.Target), Head: a.head(),
		Meta:  clean(strings.Join([]string{strconv.Itoa(a.Line), a.Hash, a.Lineage}, " ")),
		Made:  a.t("render.audit.made", "at", a.At.In(a.opt.Now.Location()).Format(time.DateTime+" -0700"), "plan", clean(a.Plan)),
		Chain: a.t("render.audit.chain", "n", Count(a.Line), "head", a.head()),
		Plot:  a.plot(), Exceptions: a.cleanExceptions()}
	for _, f := range a.Facts {
		s.Facts = append(s.Facts, fact{a.t(f.Label), a.words(f.Words)})
	}
	for _, m := range a.Story {
		r := auditRow{When: a.when(m), What: a.told(m)}
		if m.Line > 0 {
			r.Line = strconv.Itoa(m.Line)
		}
		s.Story = append(s.Story, r)
	}
	if a.More > 0 {
		s.More = a.t("render.audit.more", "n", Count(a.More))
	}
	s.Mailboxes = a.boxes()
	return s
}

func (a *auditPage) cleanExceptions() []AuditException {
	list := make([]AuditException, len(a.Exceptions))
	for i, e := range a.Exceptions {
		e.Mailbox, e.Folder, e.Reason = clean(e.Mailbox), clean(e.Folder), clean(e.Reason)
		e.Kind = clean(e.Kind)
		list[i] = e
	}
	return list
}

func (a *auditPage) boxes() []auditBox {
	list := make([]auditBox, len(a.Mailboxes))
	for i, m := range a.Mailboxes {
		list[i] = auditBox{Address: clean(m.Address), State: a.t(m.State.Word()), Messages: Count(m.Messages),
			Size: planner.Bytes(m.Bytes), Proof: clean(a.what(m.Proof)), Calm: m.State.Calm()}
		if m.Reason != nil {
			list[i].Reason = clean(a.what(*m.Reason))
		}
	}
	return list
}
