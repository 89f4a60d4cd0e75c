package render

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

type site struct {
	name    string
	plan    *planner.Plan
	earlier *planner.Plan
}

// sites are the plans that are shown; their IDs are written here, so that what
// is only in a plan's file changes no screen.
func sites() []site {
	list := []site{{"five", fiveSite(), nil}, {"merge", mergeSite(true, 1500), mergeSite(true, 1400)},
		{"merge-open", mergeSite(false, 1500), nil}, {"many", manySite(), nil}}
	for _, s := range list {
		s.plan.ID = "7c1e-44b8"
		if s.earlier != nil {
			s.earlier.ID = "5a20-0b17"
		}
	}
	return list
}

type form struct {
	name string
	ext  string
	show func(io.Writer, *text.Catalogue, *planner.Plan, Options) error
}

// unfilled is a value that an entry names and nobody gave.
var unfilled = regexp.MustCompile(`\{[a-z_]+[|}]|map\[`)

func TestSitesGolden(t *testing.T) {
	forms := []form{{"text-60", ".txt", Plan}, {"text-80", ".txt", Plan}, {"text-100", ".txt", Plan}, {"comment", ".md", Markdown}, {"runsheet", ".html", HTML}}
	for _, s := range sites() {
		for _, lang := range []text.Lang{text.English, text.Chinese} {
			for i, f := range forms {
				opt := options(60 + 20*min(i, 2))
				opt.Earlier, opt.Limit = s.earlier, 6000
				name := fmt.Sprintf("site-%s-%s-%s%s", s.name, f.name, lang, f.ext)
				t.Run(name, func(t *testing.T) { siteGolden(t, s, f, lang, opt, name) })
			}
		}
	}
}

func siteGolden(t *testing.T, s site, f form, lang text.Lang, opt Options, name string) {
	var b bytes.Buffer
	if err := f.show(&b, text.Load(lang), s.plan, opt); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("(-golden +got):\n%s", diff)
	}
	if f.ext != ".html" {
		if m := unfilled.FindString(b.String()); m != "" {
			t.Errorf("%q is shown to a person", m)
		}
	}
	if f.ext == ".txt" {
		fits(t, b.String(), opt.Width)
	}
}

func fits(t *testing.T, words string, width int) {
	t.Helper()
	for n, line := range strings.Split(words, "\n") {
		if w := cells(line); w > width {
			t.Errorf("line %d takes %d of %d cells: %s", n+1, w, width, line)
		}
		if strings.TrimRight(line, " ") != line {
			t.Errorf("line %d ends in blanks: %q", n+1, line)
		}
	}
}

// A plan for 10,000 mailboxes fits two screens.
func TestManyFitTwoScreens(t *testing.T) {
	plan := manySite()
	for _, lang := range []text.Lang{text.English, text.Chinese} {
		for _, width := range []int{60, 100} {
			var b bytes.Buffer
			if err := Plan(&b, text.Load(lang), plan, options(width)); err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(b.String(), "\n"); n > 100 {
				t.Errorf("%s, %d cells: %d lines", lang, width, n)
			}
		}
	}
}

// Whatever the limit, what cannot be undone is told in full, with its price
// and the block to paste; and from a page on, the limit holds.
func TestMarkdownNeverCutsFinals(t *testing.T) {
	for _, plan := range []*planner.Plan{mergeSite(false, 1500), mergeSite(true, 1500)} {
		whole := ""
		for _, limit := range []int{1, 1000, 4600, 5000, 7000, 20_000, 60_000, 200_000} {
			opt := options(100)
			opt.Limit = limit
			var b bytes.Buffer
			if err := Markdown(&b, text.Load(text.English), plan, opt); err != nil {
				t.Fatal(err)
			}
			for _, f := range plan.Finals() {
				if !strings.Contains(b.String(), "`"+string(f.Step)+"`") || !strings.Contains(b.String(), "none: the vendor deletes") {
					t.Errorf("limit %d: %s is cut", limit, f.Step)
				}
				for _, l := range strings.Split(strings.TrimSpace(f.Block), "\n") {
					if !strings.Contains(b.String(), "> "+l) {
						t.Errorf("limit %d: the block lacks %q", limit, l)
					}
				}
			}
			n := utf8.RuneCountInString(b.String())
			if n > limit && limit >= 4600 {
				t.Errorf("%d of %d characters", n, limit)
			}
			if want := Count(n) + " of " + Count(limit) + " characters"; !strings.Contains(b.String(), want) {
				t.Errorf("limit %d: not told: %s", limit, want)
			}
			cut := unlisted(b.String(), plan)
			if (cut != "") != strings.Contains(b.String(), "left out for length") {
				t.Errorf("limit %d: %q is cut, and what is told of it is wrong", limit, cut)
			}
			whole = b.String()
		}
		if strings.Contains(whole, "left out") {
			t.Error("with room enough not everything is listed")
		}
	}
}

// unlisted is a step that can hurt and is not named, or a number of steps or a
// finding that no line tells; "" where all is there.
func unlisted(comment string, plan *planner.Plan) string {
	for _, s := range plan.Steps {
		_, name, _ := strings.Cut(s.Op.Subject(), "/")
		local, _, _ := strings.Cut(either(name, s.Op.Subject()), "@")
		if _, notice := s.Op.(planner.Notify); !notice && s.Op.Traits().Risk == planner.Costly && !strings.Contains(comment, local) {
			return string(s.ID)
		}
	}
	for _, f := range plan.Findings {
		if !strings.Contains(comment, "** `"+f.Code+"`") {
			return f.Code
		}
	}
	for _, places := range []string{"\n- 4-12 9 put-member: ", "\n- 17-316 300 set-seat: ", "\n- 319-618 300 notify: ", "\n- 317-318 2 compare: ", "\n- 620 "} {
		if !strings.Contains(comment, places) {
			return places
		}
	}
	return ""
}

func either(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

// A name cannot leave its place in Markdown or HTML.
func TestNamesAreHarmless(t *testing.T) {
	s := mergeSpec(true)
	evil := "@all <script>alert(1)</script> | @everyone ~~gone~~ #31 `x` [y](http://z)\n# h\x1b[2J"
	s.Target.Name = evil
	s.Roster.Skip = []string{evil}
	s.Acknowledged[0].At = config.Pos{File: evil, Line: 1}
	plan := planner.Build(s, mergeSite(true, 9).Observed, now)
	var md, html, txt bytes.Buffer
	for _, err := range []error{Markdown(&md, text.Load(text.English), plan, options(100)), HTML(&html, text.Load(text.English), plan, options(100)),
		Plan(&txt, text.Load(text.English), plan, options(100))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, bad := range []string{"<script", "@all", "@everyone", "~~", "#31", "> | @", " `x`", "[y](", "\n# h", "\x1b"} {
		if strings.Contains(md.String(), bad) {
			t.Errorf("Markdown has %q", bad)
		}
	}
	if strings.Contains(html.String(), "<script") || strings.Contains(html.String()+txt.String(), "\x1b") {
		t.Error("a name acts")
	}
	if !strings.Contains(html.String(), "&lt;script&gt;") || !strings.Contains(md.String(), "&lt;script>") {
		t.Error("the name is not shown either")
	}
}

// The run-sheet is well-formed and needs nothing from elsewhere; every final
// step and every act of a person has a line of its own, with who does it.
func TestRunSheet(t *testing.T) {
	for _, s := range sites() {
		var b bytes.Buffer
		if err := HTML(&b, text.Load(text.Chinese), s.plan, options(100)); err != nil {
			t.Fatal(err)
		}
		wellFormed(t, b.String())
		for _, bad := range []string{"http://", "https://", "src=", "<link", "@import", "url("} {
			if strings.Contains(b.String(), bad) {
				t.Errorf("%s: %q reaches outside", s.name, bad)
			}
		}
		for i, st := range s.plan.Steps {
			tr := st.Op.Traits()
			if (tr.Person || tr.Risk == planner.Final) && !strings.Contains(b.String(), fmt.Sprintf(`<td class="n">%d</td>`, i+1)) {
				t.Errorf("%s: %s has no line", s.name, st.ID)
			}
		}
	}
}

func wellFormed(t *testing.T, page string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	depth := 0
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch tok.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
	}
	if depth != 0 {
		t.Errorf("%d elements stay open", depth)
	}
}

// The lines of a phase cover its steps, each once, in order.
func TestPhasesCoverThePlan(t *testing.T) {
	for _, s := range sites() {
		for _, full := range []bool{false, true} {
			opt := options(100)
			opt.Full = full
			v := &planView{page: newPage(text.Load(text.English), opt), plan: s.plan}
			lines := 0
			for _, p := range v.phases() {
				lines += len(p.Lines)
			}
			if full && lines != len(s.plan.Steps) {
				t.Errorf("%s: %d lines for %d steps", s.name, lines, len(s.plan.Steps))
			}
			if !full && lines > 40 {
				t.Errorf("%s: %d lines are too many to work by", s.name, lines)
			}
		}
	}
}
