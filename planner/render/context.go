package render

import (
	"cmp"
	"slices"
	"strings"

	"github.com/mxmove/mxmove/planner"
)

// people says whom the plan touches and how.
func (v *planView) people() string {
	spec := v.plan.Spec
	renamed, created, restart, asked := 0, 0, 0, 0
	left, leaving := spec.Roster.Departures(), 0
	for _, row := range spec.Roster.Mailboxes {
		switch {
		case left[row.Address].Leaves():
			leaving++
		case row.TargetAddress != row.Address:
			renamed++
		}
	}
	for _, s := range v.plan.Steps {
		switch op := s.Op.(type) {
		case planner.PutMember:
			if op.Create {
				created++
			}
		case planner.Notify:
			if op.Template == "restart-client" {
				restart++
			} else {
				asked++
			}
		}
	}
	keep := len(spec.Roster.Mailboxes) - renamed - leaving
	parts := []string{v.t("render.people.keep", "n", Count(keep))}
	if keep == restart && keep > 0 {
		parts, restart = []string{v.t("render.people.keep-restart", "n", Count(keep))}, 0
	}
	for _, c := range []struct {
		code string
		n    int
	}{{"renamed", renamed}, {"restart", restart}, {"asked", asked}, {"created", created}, {"lose", v.losing()}, {"unlisted", v.unlisted()}} {
		if c.n > 0 {
			parts = append(parts, v.t("render.people."+c.code, "n", Count(c.n)))
		}
	}
	return strings.Join(parts, v.t("render.semicolon"))
}

// losing counts mailboxes that hold mail which a final step erases.
func (v *planView) losing() int {
	n := 0
	for _, m := range v.plan.Observed.Archived {
		if m.Source.Messages > 0 {
			n++
		}
	}
	if len(v.plan.Finals()) == 0 {
		return 0
	}
	return n
}

// unlisted counts the target's members that have no row and are given no mailbox.
func (v *planView) unlisted() int {
	t := v.plan.Observed.Target.Tenant
	if t == nil || v.plan.Spec.Roster.Unlisted == "allocate" {
		return 0
	}
	listed := map[string]bool{}
	for _, row := range v.plan.Spec.Roster.Mailboxes {
		local, _, _ := strings.Cut(row.TargetAddress, "@")
		listed[cmp.Or(row.Account, local)], listed[row.TargetAddress], listed[row.Name] = true, true, true
	}
	n := 0
	for _, m := range t.Members {
		if !listed[m.Account] && (m.Address == "" || !listed[m.Address]) && (m.Name == "" || !listed[m.Name]) {
			n++
		}
	}
	return n
}

// wayBack says what it would take to go back now.
func (v *planView) wayBack() string { return v.page.wayBack(returnOf(v.plan)) }

// deadlines gives what must be done by when, soonest first.
func (v *planView) deadlines() []fact {
	var list []fact
	for _, d := range v.plan.DoBy(v.opt.Now) {
		words := v.cat.Text(d.Msg)
		if names := v.subjects(d.Steps); names != "" {
			words += v.t("render.aside", "words", names)
		}
		when := v.t("render.in", "span", Duration(v.cat, d.By.Sub(v.opt.Now)))
		if d.Late {
			when = v.t("render.late", "span", Duration(v.cat, v.opt.Now.Sub(d.By)))
		}
		list = append(list, fact{v.moment(d.By) + v.t("render.aside", "words", when), clean(words)})
	}
	return list
}

// subjects names the first steps.
func (v *planView) subjects(steps []planner.StepID) string {
	var names []string
	for _, id := range steps {
		name := id.Subject()
		if s, ok := v.plan.Step(id); ok && len(steps) < 20 {
			if t, task := s.Op.(planner.Task); task {
				name = v.t("task." + t.Name + ".what")
			}
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	const few = 3
	if len(names) <= few || v.opt.Full {
		return strings.Join(names, v.t("render.comma"))
	}
	return v.t("render.and-more", "names", strings.Join(names[:few], v.t("render.comma")), "n", Count(len(names)-few))
}

// since tells what differs from an earlier plan; "" where none was given.
func (v *planView) since() string {
	if v.opt.Earlier == nil {
		return ""
	}
	c := v.plan.Since(v.opt.Earlier)
	var parts []string
	ids := func(code string, steps []planner.StepID) {
		if len(steps) > 0 {
			parts = append(parts, v.t(code, "n", Count(len(steps)), "steps", v.list(stepNames(steps))))
		}
	}
	if c.Settings {
		parts = append(parts, v.t("render.since.settings"))
	}
	ids("render.since.added", c.Added)
	ids("render.since.done", c.Done)
	ids("render.since.gone", c.Gone)
	for _, g := range c.Grown {
		parts = append(parts, v.t("render.since.grown", "step", v.finalNamed(g.Step), "what", v.t("render.bound."+g.Name), "more", signed(int(g.More))))
	}
	if len(c.Opened) > 0 {
		parts = append(parts, v.t("render.since.opened", "codes", v.list(c.Opened)))
	}
	if len(c.Settled) > 0 {
		parts = append(parts, v.t("render.since.settled", "codes", v.list(c.Settled)))
	}
	if c.Messages != 0 {
		parts = append(parts, v.t("render.since.messages", "more", signed(c.Messages)))
	}
	if len(parts) == 0 {
		parts = append(parts, v.t("render.since.nothing"))
	} else {
		parts = append(parts, v.t("render.since.else"))
	}
	return v.t("render.since.plan", "id", c.Earlier, "at", v.moment(c.At)) + strings.Join(parts, v.t("render.semicolon"))
}

// finalNamed is what the page calls a final step.
func (v *planView) finalNamed(id planner.StepID) string {
	i := slices.IndexFunc(v.plan.Finals(), func(f planner.FinalStep) bool { return f.Step == id })
	return finalName(i)
}

func stepNames(ids []planner.StepID) []string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = id.Kind() + " " + id.Subject()
	}
	return names
}

func signed(n int) string {
	if n > 0 {
		return "+" + Count(n)
	}
	return Count(n)
}
