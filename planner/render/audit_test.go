package render

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

var auditStart = time.Date(2026, 12, 5, 12, 0, 0, 0, time.UTC)

// auditOf is a report whose every word from outside is given.
func auditOf(word string) *AuditView {
	said := text.M("render.audit.accepted.act", "kind", word, "subject", word, "because", word, "at", word)
	return &AuditView{At: auditStart, Source: word, Target: word, Plan: word, Lineage: word, Line: 588, Hash: strings.Repeat("5be1", 16),
		Facts:      []AuditFact{{Label: "render.audit.result", Words: []text.Msg{text.M("render.audit.result.done", "at", word), said}}},
		Story:      []AuditMoment{{At: auditStart, Line: 3, Words: said}, {At: auditStart, Until: auditStart.Add(time.Hour), Words: said}},
		Mailboxes:  []AuditMailbox{{Address: word, State: planner.Failed, Messages: 1204, Bytes: 5 << 20, Proof: said, Reason: &said}, {Address: "b@x", State: planner.InStep, Proof: said}},
		Exceptions: []AuditException{{Mailbox: word, Folder: word, UID: "7", Kind: word, Reason: word, N: 1}}, More: 1200,
		Runs:   []AuditSpan{{auditStart, auditStart.Add(time.Hour)}, {auditStart.Add(3 * time.Hour), auditStart.Add(4 * time.Hour)}},
		Passes: []AuditPass{{AuditSpan{auditStart, auditStart.Add(30 * time.Minute)}, 9 << 30}, {AuditSpan{auditStart.Add(3 * time.Hour), auditStart.Add(4 * time.Hour)}, 4 << 30}}}
}

func auditPageOf(t *testing.T, lang text.Lang, v *AuditView) string {
	t.Helper()
	var b bytes.Buffer
	if err := AuditHTML(&b, text.Load(lang), v, Options{Now: auditStart}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Whatever servers, people and files say is text on the page, never markup, a
// script, a style, or something to fetch.
func TestAuditPageIsHarmless(t *testing.T) {
	plain := strings.Count(auditPageOf(t, text.English, auditOf("x")), "<")
	for _, word := range []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `'onmouseover='x`, `</svg></table><iframe src="//x">`,
		`javascript:alert(1)`, "\x1b[31m\u202eevil", `{{.Lang}}`, `-->`, `</title><style>*{display:none}`, "a\x00b", `&lt;b&gt;`} {
		page := auditPageOf(t, text.English, auditOf(word))
		if n := strings.Count(page, "<"); n != plain {
			t.Errorf("%q adds %d tags", word, n-plain)
		}
		for _, bad := range []string{"<script", "<img", "<iframe", "\x1b", "\u202e", "\x00"} {
			if strings.Contains(page, bad) {
				t.Errorf("%q: the page holds %q", word, bad)
			}
		}
	}
}

// The page is well formed, in both languages, and needs nothing from elsewhere.
func TestAuditPageStandsAlone(t *testing.T) {
	for _, lang := range []text.Lang{text.English, text.Chinese} {
		page := auditPageOf(t, lang, auditOf("acme.test"))
		d := xml.NewDecoder(strings.NewReader(page))
		d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
		tags := map[string]int{}
		for {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if e, ok := token.(xml.StartElement); ok {
				tags[e.Name.Local]++
				for _, a := range e.Attr {
					if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "src" || a.Name.Local == "href" {
						t.Errorf("<%s %s>", e.Name.Local, a.Name.Local)
					}
				}
			}
		}
		if tags["polyline"] != 2 || tags["rect"] != 1 || tags["script"]+tags["link"]+tags["img"] > 0 || tags["table"] != 3 {
			t.Errorf("%s: %v", lang, tags)
		}
		cat := text.Load(lang)
		for _, want := range []string{cat.T("render.audit.title"), cat.T("render.sheet.manager"), cat.T("render.state.failed"), "588:5be15be15be15be1", "1,204", "5.0 MiB",
			`content="588 ` + strings.Repeat("5be1", 16) + " acme.test", "break-before: page", "@page", cat.T("render.audit.more", "n", "1,200")} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: no %s", lang, want)
			}
		}
		if strings.Contains(page, "render.") {
			t.Errorf("%s: a code without words", lang)
		}
	}
}

// The terminal's page fits the width in both languages and says all.
func TestAuditScreen(t *testing.T) {
	for _, lang := range []text.Lang{text.English, text.Chinese} {
		for _, width := range []int{60, 100} {
			var b bytes.Buffer
			if err := Audit(&b, text.Load(lang), auditOf("acme.test"), Options{Now: auditStart, Width: width}); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(b.String()) {
				if n := cells(strings.TrimSuffix(line, "\n")); n > width && !strings.Contains(line, "____") {
					t.Errorf("%s: %d cells: %s", lang, n, line)
				}
			}
			for _, want := range []string{"588:5be1", "2026-12-05 12:00:00", text.Load(lang).T("render.audit.result"), "____"} {
				if !strings.Contains(b.String(), want) {
					t.Errorf("%s: no %s in\n%s", lang, want, b.String())
				}
			}
		}
	}
}

// area is what the drawn lines amount to, in octets: height times width.
func area(p *plot, top float64, seconds float64) float64 {
	sum := 0.0
	for _, line := range p.Lines {
		points := strings.Fields(line)
		for i := 0; i+1 < len(points); i += 2 {
			var x1, y1, x2, y2 float64
			fmt.Sscanf(points[i], "%f,%f", &x1, &y1)
			fmt.Sscanf(points[i+1], "%f,%f", &x2, &y2)
			sum += (x2 - x1) / plotWidth * seconds * (plotTop + plotHeight - y1) / plotHeight * top
		}
	}
	return sum
}

// What is drawn is what was carried, and where no run was alive nothing is.
func TestPlotIsTrue(t *testing.T) {
	v := auditOf("x")
	a := &auditPage{newPage(text.Load(text.English), Options{Now: auditStart}), v}
	p := a.plot()
	var top float64
	fmt.Sscanf(p.Y[2].Label, "%f GiB/s", &top)
	if !strings.HasSuffix(p.Y[2].Label, "MiB/s") {
		t.Fatal(p.Y)
	}
	fmt.Sscanf(p.Y[2].Label, "%f MiB/s", &top)
	got, want := area(p, top*(1<<20), (4*time.Hour).Seconds()), float64(13<<30)
	if math.Abs(got-want)/want > 0.02 {
		t.Errorf("drawn %.0f octets of %.0f", got, want)
	}
	x, _ := strconv.ParseFloat(p.Gaps[0].X, 64)
	w, _ := strconv.ParseFloat(p.Gaps[0].Width, 64)
	if len(p.Gaps) != 1 || math.Abs(x-(plotLeft+plotWidth/4)) > 6 || math.Abs(w-plotWidth/2) > 6 {
		t.Errorf("%v", p.Gaps)
	}
	if len(p.X) != 6 || p.X[0].Label != "12-05 12:00" || p.X[5].Label != "12-05 16:00" || p.Y[0].Label != "0 B/s" {
		t.Errorf("%v %v", p.X, p.Y)
	}
}

// A moment's run, a pass without length, none at all.
func TestPlotOfLittle(t *testing.T) {
	for name, v := range map[string]*AuditView{
		"none":   {},
		"no run": {Passes: auditOf("x").Passes},
		"moment": {Runs: []AuditSpan{{auditStart, auditStart}}, Passes: []AuditPass{{AuditSpan{auditStart, auditStart}, 5}}},
	} {
		if p := (&auditPage{newPage(text.Load(text.English), Options{Now: auditStart}), v}).plot(); p != nil {
			t.Errorf("%s: %+v", name, p)
		}
	}
	v := &AuditView{Runs: []AuditSpan{{auditStart, auditStart}, {auditStart.Add(time.Hour), auditStart.Add(time.Hour)}}, Passes: []AuditPass{{AuditSpan{auditStart, auditStart}, 500}}}
	p := (&auditPage{newPage(text.Load(text.English), Options{Now: auditStart}), v}).plot()
	if p == nil || len(p.Lines) != 2 || len(p.Gaps) != 1 || strings.Contains(strings.Join(p.Lines, ""), "NaN") {
		t.Errorf("%+v", p)
	}
}
