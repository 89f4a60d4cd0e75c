package render

import (
	"slices"
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

// findings shows what was not said under CANNOT SEE.
func (v *planView) findings() {
	shown := v.toTell()
	if len(shown) == 0 {
		return
	}
	v.section("render.findings", plain, v.tally(shown))
	for _, of := range bundles(shown) {
		v.bundle(of, nil, 1, 5)
	}
}

// toTell are the findings that no other section tells.
func (v *planView) toTell() []config.Finding {
	return slices.DeleteFunc(slices.Clone(v.plan.Findings), v.unseen)
}

// unseen reports whether a finding is a fault of the observation.
func (v *planView) unseen(f config.Finding) bool {
	return f.Args["side"] != "" || f.Subject != "" &&
		(f.Subject == string(v.plan.Observed.Source.Endpoint) && codeIs(v.plan.Observed.Source.Seen.Err, f.Code) ||
			f.Subject == string(v.plan.Observed.Target.Endpoint) && codeIs(v.plan.Observed.Target.Seen.Err, f.Code))
}

func codeIs(f *planner.Fault, code string) bool { return f != nil && f.Code == code }
