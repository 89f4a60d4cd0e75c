package render

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// What names have in common is said once; of many the first and the last.
func TestNames(t *testing.T) {
	p := newPage(text.Load(text.English), options(100))
	for _, c := range []struct {
		list []string
		all  bool
		want string
	}{
		{[]string{"a@x.test"}, true, "a@x.test"},
		{[]string{"a@x.test", "b@x.test"}, false, "a, b (@x.test)"},
		{[]string{"a@x.test", "b@y.test"}, true, "a@x.test, b@y.test"},
		{[]string{"ww/a", "ww/b", "ww/c", "ww/d"}, true, "ww: a, b, c, d"},
		{[]string{"ww/a", "ww/b", "ww/c", "ww/d"}, false, "ww/a .. ww/d"},
		{[]string{"ww/a@x.test", "ww/b@x.test"}, true, "ww: a, b (@x.test)"},
		{[]string{"ww/a", "vv/a"}, true, "ww/a, vv/a"},
		{[]string{"@x.test", "@x.test"}, true, "@x.test, @x.test"},
		{[]string{"", ""}, true, ", "},
	} {
		if got := p.names(c.list, c.all); got != c.want {
			t.Errorf("%q, all %v: %q, not %q", c.list, c.all, got, c.want)
		}
	}
}

// Steps of a kind share a line also where others stand between them, those of
// another phase do not, and each place is told.
func TestKindsHaveTheirPlaces(t *testing.T) {
	member := func(n int) planner.Op {
		return planner.PutMember{Address: fmt.Sprintf("u%d@acme.test", n), Create: true}
	}
	notice := func(n int) planner.Op { return planner.Notify{To: fmt.Sprintf("u%d@acme.test", n)} }
	ops := []planner.Op{member(1), notice(1), member(2), member(3), notice(2), member(4), notice(3), member(5), notice(4), member(6)}
	v := viewOf(mergeSpec(true), options(100), ops...)
	kinds := v.kinds(planner.Costly)
	if len(kinds) != 2 || kinds[0].Places != "1, 3-4, 6, 8 and 1 more" || kinds[0].N != 6 || kinds[1].Places != "2, 5, 7, 9" {
		t.Errorf("%+v", kinds)
	}
	if got := v.costlyWords(); got != "6 steps + 4 notices" {
		t.Error(got)
	}
	v.opt.Full = true
	if got := v.kinds(planner.Costly)[0].Places; got != "1, 3-4, 6, 8, 10" {
		t.Error(got)
	}
	for want, ops := range map[string][]planner.Op{"none": nil, "1 notice": {notice(1)}, "1 step": {member(1)}, "1 step + 1 notice": {member(1), notice(1)}} {
		if got := viewOf(mergeSpec(true), options(100), ops...).costlyWords(); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}

// blindMerge is a merge of which much is not known.
func blindMerge() *planner.Plan {
	s := mergeSpec(true)
	s.Target.IMAP.Login = config.Login{Kind: config.LoginPassword}
	for i := range s.Roster.Mailboxes[:214] {
		s.Roster.Mailboxes[i].TargetPassword = config.SecretRef("env:P")
	}
	s.Acknowledged[0].AtMost.Unobserved = 90
	w := mergeSite(true, 9).Observed
	for i, m := range w.Target.Tenant.Members[:3] {
		w.Target.Tenant.Members[i+20].Address = m.Address + "x"
	}
	return planner.Build(s, w, now)
}

// What a plan cannot see is told in each rendering, in the same words.
func TestCannotSeeIsTheSameEverywhere(t *testing.T) {
	plan := blindMerge()
	for name, show := range map[string]func(io.Writer, *text.Catalogue, *planner.Plan, Options) error{"text": Plan, "Markdown": Markdown, "HTML": HTML} {
		var b bytes.Buffer
		if err := show(&b, text.Load(text.English), plan, options(100)); err != nil {
			t.Fatal(err)
		}
		words := strings.Join(strings.Fields(b.String()), " ")
		for _, want := range []string{"86 of 300 mailboxes have no password at the target: nobody can look into them, and their mail will not be proven",
			"3 mailboxes that F1 erases could not be opened: nobody knows what is in them"} {
			if strings.Count(words, want) != 1 {
				t.Errorf("%s: not once %q", name, want)
			}
		}
	}
}

// Rows that need no password of ours are none that cannot be seen.
func TestWhoNeedsNoPassword(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*config.Spec)
		source int
	}{
		"each row": {func(*config.Spec) {}, 5},
		"a master login": {func(s *config.Spec) {
			s.Source.IMAP.Login.Kind = config.LoginMaster
		}, 0},
		"the wizard":         {func(s *config.Spec) { s.History.Mover = config.MoverWizard }, 0},
		"the wizard for one": {func(s *config.Spec) { s.Roster.Mailboxes[1].Mover = config.MoverWizard }, 4},
		"one has":            {func(s *config.Spec) { s.Roster.Mailboxes[1].SourcePassword = config.SecretRef("env:P") }, 4},
	} {
		s := cutoverSpec(5)
		s.Source.IMAP.Login = config.Login{Kind: config.LoginPassword}
		s.Target.IMAP.Login = config.Login{Kind: config.LoginPassword}
		for i := range s.Roster.Mailboxes {
			s.Roster.Mailboxes[i].TargetPassword = config.SecretRef("env:T")
		}
		s.Roster.Mailboxes[4].TargetPassword = config.Secret{}
		c.change(s)
		v := &planView{page: newPage(text.Load(text.English), options(100)), plan: &planner.Plan{Spec: s}}
		if n := v.locked("source"); n != c.source {
			t.Errorf("%s: %d at the source, not %d", name, n, c.source)
		}
		target := 1
		if s.History.Mover == config.MoverWizard {
			target = 0
		}
		if n := v.locked("target"); n != target {
			t.Errorf("%s: %d at the target", name, n)
		}
	}
}

// The window is told with what is declared of a person's act; where nobody
// declared it, an estimate of our own steps must not pass for the whole.
func TestNeeds(t *testing.T) {
	for _, c := range []struct {
		spec *config.Spec
		op   planner.Op
		want string
	}{
		{mergeSpec(true), planner.MergeTenants{From: "wwA", Into: "wwB"}, "needs 4 h 1 m (4 h declared)"},
		{func() *config.Spec { s := mergeSpec(true); s.Cutover.Duration = 0; return s }(), planner.MergeTenants{From: "wwA", Into: "wwB"},
			"needs 1 m and what the vendor takes, which the spec does not declare (cutover.duration)"},
		{cutoverSpec(5), planner.ProbeMX{Domain: "acme.test"}, "needs about 1 m (estimated)"},
	} {
		v := viewOf(c.spec, options(100), planner.HoldDirectory{Domain: "acme.test"}, c.op)
		v.plan.Steps[0].Estimate = 60e9
		if got := v.window(c.spec.Cutover).Words; !strings.HasSuffix(got, "; "+c.want) {
			t.Errorf("%q, not %q", got, c.want)
		}
	}
}

// Where one press does two things, each rendering says so before it tells them.
func TestOnePressIsTold(t *testing.T) {
	for name, show := range map[string]func(io.Writer, *text.Catalogue, *planner.Plan, Options) error{"text": Plan, "Markdown": Markdown, "HTML": HTML} {
		var b bytes.Buffer
		if err := show(&b, text.Load(text.Chinese), mergeSite(true, 9), options(100)); err != nil {
			t.Fatal(err)
		}
		press, destroys, ends := strings.Index(b.String(), "点一次「开始迁移」两者同时发生"), strings.Index(b.String(), "目标企业的 21 个邮箱"), strings.Index(b.String(), "的管理后台；入口只能用一次")
		if press < 0 || press > destroys || destroys > ends {
			t.Errorf("%s: the press at %d, what it destroys at %d, what it ends at %d", name, press, destroys, ends)
		}
	}
	one := viewOf(mergeSpec(true), options(100), planner.UpgradeTenant{From: "wwA", Mode: 1, Accounts: 7})
	two := viewOf(mergeSpec(true), options(100), planner.UpgradeTenant{From: "wwA", Mode: 2, Accounts: 7})
	if one.onePress() != "" || two.onePress() == "" {
		t.Errorf("%q, %q", one.onePress(), two.onePress())
	}
}

// Chinese plans of every route line up on consoles that give characters of
// ambiguous width two cells.
func TestSitesHaveNoAmbiguousCharacters(t *testing.T) {
	narrow := runewidth.Condition{StrictEmojiNeutral: true}
	wide := runewidth.Condition{EastAsianWidth: true, StrictEmojiNeutral: true}
	for _, s := range sites() {
		opt := options(100)
		opt.Earlier = s.earlier
		var b bytes.Buffer
		if err := Plan(&b, text.Load(text.Chinese), s.plan, opt); err != nil {
			t.Fatal(err)
		}
		for _, r := range b.String() {
			if narrow.RuneWidth(r) != wide.RuneWidth(r) {
				t.Errorf("%s: %q is of ambiguous width", s.name, r)
			}
		}
	}
}
