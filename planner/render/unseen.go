package render

import (
	"strings"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// blind is a reason for which mailboxes could not be seen.
type blind struct {
	side      string
	fault     text.Msg // of the first address
	addresses []string
}

// cannotSee tells what the plan does not know: servers out of reach, then
// mailboxes by side and reason, then those that nobody looked at.
func (v *planView) cannotSee() {
	var lines []string
	s := v.plan.Observed
	for _, side := range []planner.Side{s.Source, s.Target} {
		if side.Seen.Err != nil {
			lines = append(lines, v.what(side.Seen.Err.Msg))
			lines = append(lines, v.hints(side.Seen.Err.Msg)...)
		}
	}
	all := Count(len(v.plan.Spec.Roster.Mailboxes))
	reasons, never := v.blindness()
	for _, b := range reasons {
		code := "render.cannot-see.one"
		if len(b.addresses) > 1 {
			code = "render.cannot-see.many"
		}
		lines = append(lines, v.t(code, "side", v.t("render.side."+b.side), "n", Count(len(b.addresses)),
			"all", all, "what", v.what(b.fault), "addresses", v.list(b.addresses[1:])))
		lines = append(lines, v.hints(b.fault)...)
	}
	if never > 0 && !v.byVendor() {
		lines = append(lines, v.t("render.cannot-see.never", "n", Count(never), "all", all))
	}
	if len(lines) == 0 {
		v.section("render.cannot-see", plain, v.t("render.none"))
		return
	}
	v.section("render.cannot-see", yellow, strings.Join(lines, "\n"))
}

// hints are a fault's other texts: why, and what to do.
func (p *page) hints(m text.Msg) []string {
	var lines []string
	for _, part := range []string{"why", "do"} {
		if p.cat.Has(m.Code + "." + part) {
			words := p.cat.Text(text.Msg{Code: m.Code + "." + part, Args: m.Args})
			lines = append(lines, p.besideLabel(p.t("render.label."+part), words))
		}
	}
	return lines
}

// besideLabel sets words beside a label; a full-width colon has its blank built in.
func (p *page) besideLabel(label, words string) string {
	if strings.HasSuffix(label, ":") {
		label += " "
	}
	return label + words
}

// blindness groups the rows by what hindered looking, in the order in which
// the reasons first occur.
func (v *planView) blindness() (reasons []*blind, never int) {
	boxes := byAddress(v.plan)
	byReason := map[string]*blind{}
	for _, row := range v.plan.Spec.Roster.Mailboxes {
		m := boxes[row.Address]
		if m.Source.Seen.At.IsZero() && m.Source.Seen.Err == nil {
			never++
		}
		for side, seen := range map[string]planner.Seen{"source": m.Source.Seen, "target": m.Target.Seen} {
			if seen.Err == nil || v.serverAway(side) {
				continue
			}
			key := side + " " + seen.Err.Code
			if byReason[key] == nil {
				byReason[key] = &blind{side: side, fault: seen.Err.Msg}
			}
			byReason[key].addresses = append(byReason[key].addresses, row.Address)
		}
	}
	for _, key := range sortedKeys(byReason) {
		reasons = append(reasons, byReason[key])
	}
	return reasons, never
}

func (v *planView) serverAway(side string) bool {
	if side == "source" {
		return v.plan.Observed.Source.Seen.Err != nil
	}
	return v.plan.Observed.Target.Seen.Err != nil
}

// what gives a code's first text; one without has its code shown.
func (p *page) what(m text.Msg) string {
	if p.cat.Has(m.Code + ".what") {
		return p.cat.Text(text.Msg{Code: m.Code + ".what", Args: m.Args})
	}
	return p.cat.Text(m)
}

// findings shows what was not said under CANNOT SEE, grouped by code.
func (v *planView) findings() {
	groups := map[string][]config.Finding{}
	var order []string
	var shown []config.Finding
	for _, f := range v.plan.Findings {
		if v.unseen(f) {
			continue
		}
		if groups[f.Code] == nil {
			order = append(order, f.Code)
		}
		groups[f.Code] = append(groups[f.Code], f)
		shown = append(shown, f)
	}
	if len(order) == 0 {
		return
	}
	v.section("render.findings", plain, v.tally(shown))
	for _, code := range order {
		v.group(groups[code])
	}
}

// unseen reports whether a finding is a fault of the observation.
func (v *planView) unseen(f config.Finding) bool {
	return f.Args["side"] != "" || f.Subject != "" &&
		(f.Subject == string(v.plan.Observed.Source.Endpoint) && codeIs(v.plan.Observed.Source.Seen.Err, f.Code) ||
			f.Subject == string(v.plan.Observed.Target.Endpoint) && codeIs(v.plan.Observed.Target.Seen.Err, f.Code))
}

func codeIs(f *planner.Fault, code string) bool { return f != nil && f.Code == code }

func (v *planView) group(of []config.Finding) {
	f := of[0]
	head := v.t("render.severity."+string(f.Severity)) + " " + f.Code
	if f.At != (config.Pos{}) {
		head += " " + f.At.String()
	}
	v.para(1, severityStyle(f.Severity), head)
	v.para(5, bold, v.what(f.Msg))
	if f.Code != "plan.unacknowledged" { // told under IRREVERSIBLE
		v.whyAndDo(5, f.Msg)
	}
	if len(of) > 1 {
		var others []string
		for _, g := range of[1:] {
			others = append(others, g.Subject)
		}
		v.para(5, plain, v.t("render.also", "n", Count(len(others)), "names", v.list(others)))
	}
}
