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

// gapView is something that the plan does not know, and what may be done.
type gapView struct {
	Words string
	Hints []string
}

// cannotSee writes what the plan does not know.
func (v *planView) cannotSee() {
	var lines []string
	for _, g := range v.unknown() {
		lines = append(append(lines, g.Words), g.Hints...)
	}
	if len(lines) == 0 {
		v.section("render.cannot-see", plain, v.t("render.none"))
		return
	}
	v.section("render.cannot-see", yellow, strings.Join(lines, "\n"))
}

// unknown tells what the plan does not know, the same in every rendering:
// servers out of reach, mailboxes that no credential opens, then others by side
// and reason, those that nobody looked at, and what is erased unseen.
func (v *planView) unknown() []gapView {
	var list []gapView
	s := v.plan.Observed
	for _, side := range []planner.Side{s.Source, s.Target} {
		if side.Seen.Err != nil {
			list = append(list, gapView{v.what(side.Seen.Err.Msg), v.hints(side.Seen.Err.Msg)})
		}
	}
	all := Count(len(v.plan.Spec.Roster.Mailboxes))
	for _, side := range []string{"source", "target"} {
		if n := v.locked(side); n > 0 {
			list = append(list, gapView{v.t("render.cannot-see.locked", "n", Count(n), "all", all, "side", v.t("render.side."+side)),
				v.hintsOf(text.M("roster.password"), "do")})
		}
	}
	reasons, never := v.blindness()
	for _, b := range reasons {
		code := "render.cannot-see.one"
		if len(b.addresses) > 1 {
			code = "render.cannot-see.many"
		}
		list = append(list, gapView{v.t(code, "side", v.t("render.side."+b.side), "n", Count(len(b.addresses)),
			"all", all, "what", v.what(b.fault), "addresses", v.list(b.addresses[1:])), v.hints(b.fault)})
	}
	if never > 0 && !v.byVendor() {
		list = append(list, gapView{Words: v.t("render.cannot-see.never", "n", Count(never), "all", all)})
	}
	return append(list, v.erasedUnseen()...)
}

// unknownWords is unknown in one line.
func (v *planView) unknownWords() string {
	var parts []string
	for _, g := range v.unknown() {
		parts = append(parts, g.Words)
	}
	return orNone(v, parts)
}

// erasedUnseen are mailboxes that a final step erases and nobody could open.
func (v *planView) erasedUnseen() []gapView {
	var list []gapView
	for i, f := range v.plan.Finals() {
		for _, b := range f.Bounds {
			if b.Name == "unobserved" && b.Measured > 0 {
				list = append(list, gapView{Words: v.t("render.unknown.erased", "n", Count(int(b.Measured)), "step", finalName(i))})
			}
		}
	}
	return list
}

// locked counts rows that nothing opens on a side, as far as the observation
// does not say so itself.
func (v *planView) locked(side string) int {
	boxes, left, n := byAddress(v.plan), v.plan.Spec.Roster.Departures(), 0
	for _, row := range v.plan.Spec.Roster.Mailboxes {
		m := boxes[row.Address]
		seen := map[string]planner.Seen{"source": m.Source.Seen, "target": m.Target.Seen}[side]
		if seen.Err == nil && !v.opens(side, row, left) {
			n++
		}
	}
	return n
}

// opens reports whether a row has the password that a side's login needs.
func (v *planView) opens(side string, row config.Mailbox, left map[string]config.Departure) bool {
	s, password := v.plan.Spec.Source, row.SourcePassword
	if side == "target" {
		s, password = v.plan.Spec.Target, row.TargetPassword
		if left[row.Address].Leaves() { // into another mailbox, or none
			return true
		}
	}
	return s.IMAP.Login.Kind != config.LoginPassword || !password.IsZero() || v.byWizard(row)
}

// byWizard reports a row whose mail the vendor's own copy carries: mxmove needs
// no password of it.
func (v *planView) byWizard(row config.Mailbox) bool {
	h := v.plan.Spec.History
	return row.Mover == config.MoverWizard || row.Mover == "" && h != nil && h.Mover == config.MoverWizard
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
		if m.Source.Seen.At.IsZero() && m.Source.Seen.Err == nil && v.opens("source", row, nil) {
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
