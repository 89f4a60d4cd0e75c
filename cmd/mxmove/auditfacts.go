package main

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
)

// facts are the report's first page.
func (a *audit) facts() []render.AuditFact {
	facts := []render.AuditFact{{Label: "render.audit.result", Words: a.result()}}
	add := func(label string, words ...text.Msg) {
		if len(words) > 0 {
			facts = append(facts, render.AuditFact{Label: label, Words: words})
		}
	}
	proven, sampled, not := a.proof()
	add("render.audit.proven", proven...)
	add("render.audit.sampled", sampled...)
	add("render.audit.not-proven", not...)
	add("render.audit.downtime", a.downtime()...)
	add("render.audit.erased", a.erased()...)
	add("render.audit.accepted", a.accepted()...)
	add("render.audit.left", a.left()...)
	return facts
}

// result is by the last run's own word.
func (a *audit) result() []text.Msg {
	n := strconv.Itoa(a.all.messages())
	last := a.tale.Last
	switch {
	case a.tale.Head.Line == 0 || len(a.tale.Runs) == 0:
		return []text.Msg{text.M("render.audit.result.none")}
	case last.Msg == nil:
		return []text.Msg{text.M("render.audit.result.open", "at", a.stamp(a.tale.Runs[len(a.tale.Runs)-1].To))}
	case !strings.HasPrefix(last.Msg.Code, "event.finished.done"):
		return []text.Msg{text.M("render.audit.result.incomplete", "at", a.stamp(last.At)), *last.Msg}
	case len(a.all.Rows) > 0:
		return []text.Msg{text.M("render.audit.result.exceptions", "n", n, "at", a.stamp(last.At))}
	}
	return []text.Msg{text.M("render.audit.result.done", "at", a.stamp(last.At))}
}

func (x *exceptions) messages() int {
	n := 0
	for _, k := range x.Kinds {
		n += k
	}
	return n
}

func (a *audit) stamp(t time.Time) string { return t.In(a.at.Location()).Format(momentForm) }

// proof sums verify's records up by class.
func (a *audit) proof() (proven, sampled, not []text.Msg) {
	var p, s, differ, never int
	var before, after, read, missing, doubled int
	for _, row := range a.spec.Roster.Mailboxes {
		v := a.verified[row.Address]
		switch {
		case v == nil || v.Report == nil:
			never++
			continue
		case v.proven():
			p++
		case v.good():
			s++
		default:
			differ++
		}
		c := v.Report.Counts
		missing, doubled = missing+c.Unexplained, doubled+c.Doubled
		if v.proven() {
			before, after = before+c.Source, after+c.Target
		} else if v.good() {
			read += c.Proven
		}
	}
	n, all := strconv.Itoa, strconv.Itoa(len(a.spec.Roster.Mailboxes))
	proven = []text.Msg{text.M("render.audit.proven.words", "n", n(p), "all", all, "before", render.Count(before), "after", render.Count(after),
		"missing", n(missing), "doubled", n(doubled))}
	if p == 0 {
		proven[0].Code = "render.audit.proven.none"
	}
	if s > 0 {
		sampled = []text.Msg{text.M("render.audit.sampled.words", "n", n(s), "all", all, "read", render.Count(read))}
	}
	if never > 0 {
		not = append(not, text.M("render.audit.not-proven.never", "n", n(never), "all", all))
	}
	if differ > 0 {
		not = append(not, text.M("render.audit.not-proven.differ", "n", n(differ), "all", all))
	}
	return proven, sampled, not
}

// downtime is what the journal shows of it; what nobody watched is said.
func (a *audit) downtime() []text.Msg {
	var words []text.Msg
	var pressed time.Time
	for _, l := range a.tale.Story {
		kind := l.Step.Kind()
		switch {
		case l.Kind == executor.KindActStarted && (kind == "merge-tenants" || kind == "upgrade-tenant"):
			pressed = l.At
		case l.Kind == executor.KindOutcome && kind == "wait" && !pressed.IsZero():
			words = append(words, text.M("render.audit.downtime.merge", "from", a.stamp(pressed), "to", a.stamp(l.At), "span", render.Duration(a.cat, l.At.Sub(pressed))))
			pressed = time.Time{}
		case (l.Kind == executor.KindOutcome || l.Kind == executor.KindActFinished) && kind == "set-records" && strings.Contains(l.Step.Subject(), " MX"):
			words = append(words, text.M("render.audit.downtime.mx", "domain", strings.TrimSuffix(l.Step.Subject(), " MX"), "at", a.stamp(l.At)))
		}
	}
	if !pressed.IsZero() {
		words = append(words, text.M("render.audit.downtime.running", "from", a.stamp(pressed)))
	}
	if len(words) == 0 {
		return []text.Msg{text.M("render.audit.downtime.none")}
	}
	return append(words, text.M("render.audit.downtime.unseen"))
}

// erased are the acts that cannot be undone, with what was found right before
// each, what was acknowledged, and the time that nobody looked.
func (a *audit) erased() []text.Msg {
	var words []text.Msg
	ahead, begun := map[string]executor.Line{}, map[string]bool{}
	for _, l := range a.tale.Story {
		switch id := string(l.Step); {
		case l.Kind == executor.KindNote && l.Msg.Code == "event.final-ahead":
			ahead[id] = l
		case l.Kind == executor.KindActStarted:
			begun[id] = true
			if found, ok := ahead[id]; ok {
				args := found.Msg.Args
				words = append(words, text.M("render.audit.erased.words", "kind", args["kind"], "subject", args["subject"], "bounds", args["bounds"],
					"kept", args["kept"], "seen", args["seen"], "started", a.stamp(l.At), "line", strconv.Itoa(l.N)))
			}
		case !begun[id] && presses[l.Step.Kind()] && (l.Kind == executor.KindActFinished || l.Kind == executor.KindOutcome):
			begun[id] = true // by somebody who did not say so
			words = append(words, text.M("render.audit.erased.unseen", "kind", l.Step.Kind(), "subject", l.Step.Subject(), "at", a.stamp(l.At), "line", strconv.Itoa(l.N)))
		}
	}
	if len(words) == 0 {
		return []text.Msg{text.M("render.audit.erased.none")}
	}
	return words
}

// presses are the acts that destroy something by one press.
var presses = map[string]bool{planner.MergeTenants{}.Kind(): true, planner.UpgradeTenant{}.Kind(): true,
	planner.FinishWizard{}.Kind(): true, planner.MoveCustomers{}.Kind(): true}

// accepted is what the reviewed spec lets pass, and who signed it.
func (a *audit) accepted() []text.Msg {
	var words []text.Msg
	for _, k := range a.spec.Acknowledged {
		words = append(words, text.M("render.audit.accepted.act", "kind", k.Kind, "subject", k.Subject, "because", k.Because, "at", k.At.String()))
	}
	if c := a.spec.Cutover; c != nil {
		if x := c.Accept; len(x.Mailboxes) > 0 || x.NotStarted > 0 || x.Quarantined > 0 {
			words = append(words, text.M("render.audit.accepted.rest", "mailboxes", cmp.Or(strings.Join(x.Mailboxes, ", "), "-"),
				"not_started", strconv.Itoa(x.NotStarted), "quarantined", strconv.Itoa(x.Quarantined), "at", x.At.String()))
		}
		if names := a.names(); len(names) > 0 {
			words = append(words, text.M("render.audit.accepted.by", "names", strings.Join(names, ", ")))
		} else {
			words = append(words, text.M("render.audit.accepted.nobody"))
		}
	}
	return words
}

// shownLeft is how much of what is left stands on the first page.
const shownLeft = 8

// left is what the last run left, and why.
func (a *audit) left() []text.Msg {
	var words []text.Msg
	if p := a.spec.Target.Procedure; p == config.ProcedureMerge && pressedIn(a.tale) {
		words = append(words, text.M("render.audit.left.merge"))
	}
	if a.last == nil || a.last.Left == 0 && len(a.last.LeftOut) == 0 {
		return words
	}
	words = append(words, text.M("render.audit.left.words", "n", strconv.Itoa(a.last.Left), "out", strconv.Itoa(len(a.last.LeftOut))))
	reasons := a.last.Reasons()
	for i, step := range slices.Sorted(maps.Keys(reasons)) {
		if i == shownLeft {
			words = append(words, text.M("render.audit.more", "n", strconv.Itoa(len(reasons)-i)))
			break
		}
		words = append(words, reasons[step].Msg)
	}
	return words
}

// pressedIn reports whether a merge was started.
func pressedIn(tale executor.Audit) bool {
	return slices.ContainsFunc(tale.Story, func(l executor.Line) bool {
		return l.Step.Kind() == (planner.MergeTenants{}).Kind() && (l.Kind == executor.KindActStarted || l.Kind == executor.KindActFinished || l.Kind == executor.KindOutcome)
	})
}
