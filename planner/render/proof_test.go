package render

import (
	"bytes"
	"strings"
	"testing"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// Who is shown everything is shown what will prove each act of people, and how
// long a word of it holds; notices share a line.
func TestPeoplesActsTellTheirProof(t *testing.T) {
	s := mergeSite(true, 30).Observed
	s.People = []string{"notify", "compare"}
	plan := planner.Build(mergeSpec(true), s, now)
	for lang, want := range map[text.Lang][]string{
		text.English: {"PEOPLE what people do, and what will prove it", "creator-ready/wwB0123456789abcde; proven by a word with evidence; the directory voids it where it shows otherwise; the word holds 14 d",
			"merge-tenants tenant/wwB0123456789abcde; proven by words right before and right after", "u00299@acme.test; proven by a word with evidence: nothing shows it"},
		text.Chinese: {"人工 须由人执行的步骤", "登记有效期 14 天", "之前和之后各登记一次"},
	} {
		opt := options(100)
		for _, full := range []bool{false, true} {
			opt.Full = full
			var b bytes.Buffer
			if err := Plan(&b, text.Load(lang), plan, opt); err != nil {
				t.Fatal(err)
			}
			got := strings.Join(strings.Fields(b.String()), " ")
			for _, w := range want {
				if strings.Contains(strings.ReplaceAll(got, " ", ""), strings.ReplaceAll(w, " ", "")) != full {
					t.Errorf("%s, full %v: %q\n%s", lang, full, w, b.String())
				}
			}
		}
		var b bytes.Buffer
		if err := HTML(&b, text.Load(lang), plan, opt); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(b.String(), text.Load(lang).T("render.proof.valid", "span", Duration(text.Load(lang), 14*24*3600e9))); n != 1 {
			t.Errorf("%s: the run-sheet tells %d times how long a word holds", lang, n)
		}
	}
}
