package render

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
)

func refusal() RefusalView {
	at := now.Add(4 * time.Hour)
	return RefusalView{At: now, Before: 14, Latest: at, Closes: at.Add(4*time.Hour + 20*time.Minute), Needs: 4*time.Hour + 20*time.Minute,
		Gates: []string{"directory", "guards", "guards"}, Next: "render.refusal.plan", File: "sat2.plan",
		Reasons: []config.Finding{{Msg: text.M("MERGE-07", "changes", "+ wwB0123456789abcde/chen.xin 陈欣")},
			{Msg: text.M("gate.removed", "share", "7.0 of 5 %"), At: config.Pos{File: "main.hcl", Line: 31, Column: 1}},
			{Msg: text.M("gate.quarantined", "n", "3", "most", "2")}}}
}

func refused(t *testing.T, lang text.Lang, v RefusalView, opt Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Refusal(&b, text.Load(lang), v, opt); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A refusal counts gates, not reasons; numbers these with gate, code and place;
// and says until when there is time.
func TestRefusal(t *testing.T) {
	got := refused(t, text.English, refusal(), options(100))
	var heads []string
	for line := range strings.Lines(got) {
		if !strings.HasPrefix(line, "  ") {
			heads = append(heads, strings.TrimSuffix(line, "\n"))
		}
	}
	want := []string{
		"REFUSED by 2 gates, Thu 2026-12-03 16:04 +0800. This run changed nothing; the 14 steps done before",
		"stay done. exit 3",
		" 1 directory (MERGE-07)",
		" 2 guards (gate.removed) main.hcl:31:1",
		" 3 guards (gate.quarantined)",
		"Last moment to start: Thu 2026-12-03 20:04 +0800 (closes 00:24, needs 4 h 20 m).",
		"Next: mxmove plan --out sat2.plan",
	}
	if diff := cmp.Diff(want, heads); diff != "" {
		t.Errorf("%s\n%s", diff, got)
	}
	if !strings.Contains(got, "+ wwB0123456789abcde/chen.xin 陈欣\n     do:  take the change back") {
		t.Errorf("what differs does not stand above what to do:\n%s", got)
	}
}

// It fits in both languages, has no colour unless asked for one, and leaves
// out what is not so.
func TestRefusalFits(t *testing.T) {
	for _, lang := range []text.Lang{text.English, text.Chinese} {
		for _, width := range []int{60, 80, 100} {
			got := refused(t, lang, refusal(), options(width))
			for line := range strings.Lines(got) {
				if n := cells(strings.TrimSuffix(line, "\n")); n > width {
					t.Errorf("%s: %d cells: %s", lang, n, line)
				}
			}
			if strings.Contains(got, "\x1b") || strings.Contains(got, "render.") {
				t.Errorf("%s: %q", lang, got)
			}
		}
		v := refusal()
		opt := options(100)
		opt.Color = true
		if !strings.Contains(refused(t, lang, v, opt), "\x1b[31m") {
			t.Errorf("%s: no colour", lang)
		}
		v.Needs, v.Latest, v.Next, v.Partly = 0, now.Add(-time.Minute), "", true
		cat := text.Load(lang)
		got := refused(t, lang, v, options(100))
		for _, not := range []string{strings.Fields(cat.T("render.refusal.until"))[0], "mxmove plan --out", cat.T("render.refusal", "n", "2", "at", "", "before", "14")} {
			if strings.HasPrefix(got, not) || strings.Contains(got, "\n"+not) {
				t.Errorf("%s: %q in\n%s", lang, not, got)
			}
		}
	}
}
