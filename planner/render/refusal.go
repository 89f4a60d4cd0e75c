package render

import (
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
)

// RefusalView is why a run did not go on, as plain data.
type RefusalView struct {
	Reasons []config.Finding
	Gates   []string      // the gate of each reason
	At      time.Time     // when they were judged
	Before  int           // steps that were done before
	Partly  bool          // the run did what was open
	Closes  time.Time     // of the window; zero: there is none
	Latest  time.Time     // the last moment to start
	Needs   time.Duration // what is left takes; 0: not known
	Next    string        // catalogue code of the next command; "": none is told
	File    string        // the plan's
}

// Refusal writes the gates that stopped a run, numbered, with what each found
// and what to do, and until when there is time for that.
func Refusal(w io.Writer, cat *text.Catalogue, v RefusalView, opt Options) error {
	p := newPage(cat, opt)
	gates := slices.Compact(slices.Clone(v.Gates))
	code := "render.refusal"
	if v.Partly {
		code = "render.refusal.partly"
	}
	p.para(0, red, p.t(code, "n", strconv.Itoa(len(gates)), "at", p.moment(v.At), "before", Count(v.Before)))
	for i, f := range v.Reasons {
		p.refusedBy(i, v.Gates[i], f)
	}
	var items []string
	if !v.Latest.IsZero() && opt.Now.Before(v.Latest) {
		items = append(items, p.latest(v))
	}
	if v.Next != "" && v.File != "" {
		items = append(items, p.t(v.Next, "file", v.File))
	}
	p.flow(items...)
	return p.flush(w)
}

func (p *page) latest(v RefusalView) string {
	pairs := []string{"latest", p.moment(v.Latest), "closes", v.Closes.In(p.opt.Now.Location()).Format("15:04")}
	if v.Needs == 0 {
		return p.t("render.refusal.until", pairs...)
	}
	return p.t("render.refusal.latest", append(pairs, "need", Duration(p.cat, v.Needs))...)
}

// refusedBy is one gate.
func (p *page) refusedBy(i int, gate string, f config.Finding) {
	const column = 3
	head := p.t("render.refusal.gate", "gate", p.t("gate.name."+gate), "code", f.Code)
	if at := place(f); at != "" {
		head += "   " + at
	}
	p.hang(" "+strconv.Itoa(i+1), column, bold, head)
	p.para(column+2, bold, p.what(f.Msg))
	p.hint(column+2, f.Msg, []string{"why", "do"})
}
