package render

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		in    string
		width int
		want  []string
	}{
		{"one two three", 7, []string{"one two", "three"}},
		{"", 7, []string{""}},
		{"a\nb", 7, []string{"a", "b"}},
		{"邮件由腾讯搬运，不搬", 14, []string{"邮件由腾讯搬", "运，不搬"}},
		{"邮件「名单」", 6, []string{"邮件", "「名", "单」"}},
		{"abcdefghij", 4, []string{"abcd", "efgh", "ij"}},
		{"用 mxmove 迁移", 9, []string{"用 mxmove", "迁移"}},
		{"at 80 % (now)", 7, []string{"at 80 %", "(now)"}},
		{"needs 3 m 40 s", 12, []string{"needs 3 m", "40 s"}},
		{"约需 3 分 36 秒（估计）", 13, []string{"约需 3 分", "36 秒（估计）"}},
		{"of 12,345 messages", 9, []string{"of 12,345", "messages"}},
		{"of 2026-12-05 at", 14, []string{"of 2026-12-05", "at"}},
		{"2 of 2 (li.si)", 8, []string{"2 of 2", "(li.si)"}},
		{"12 34 56", 5, []string{"12 34", "56"}},
	} {
		if diff := cmp.Diff(c.want, Wrap(c.in, c.width)); diff != "" {
			t.Errorf("%q in %d:\n%s", c.in, c.width, diff)
		}
	}
}

// Wrapping keeps every character but blanks, in order, and never exceeds the
// width.
func TestWrapLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.SampledFrom([]rune("ab1 ,.%()（「」，。邮件é\u0301🙂\n"))).Draw(t, "s")
		width := rapid.IntRange(2, 30).Draw(t, "width")
		lines := Wrap(s, width)
		for _, l := range lines {
			if cells(l) > width {
				t.Fatalf("%q takes %d of %d cells", l, cells(l), width)
			}
		}
		strip := strings.NewReplacer(" ", "", "\n", "")
		if got, want := strip.Replace(strings.Join(lines, "")), strip.Replace(s); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 18204: "18,204", 1234567: "1,234,567", -1000: "-1,000"} {
		if got := Count(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestDuration(t *testing.T) {
	en, zh := text.Load(text.English), text.Load(text.Chinese)
	for _, c := range []struct {
		d      time.Duration
		en, zh string
	}{
		{0, "0 s", "0 秒"},
		{-time.Hour, "0 s", "0 秒"},
		{time.Millisecond, "<1 s", "不到 1 秒"},
		{40 * time.Second, "40 s", "40 秒"},
		{time.Minute, "1 m", "1 分"},
		{100*time.Minute + 9*time.Second, "1 h 40 m", "1 时 40 分"},
		{51 * time.Hour, "2 d 3 h", "2 天 3 时"},
	} {
		if got := Duration(en, c.d); got != c.en {
			t.Errorf("%v: %q, want %q", c.d, got, c.en)
		}
		if got := Duration(zh, c.d); got != c.zh {
			t.Errorf("%v: %q, want %q", c.d, got, c.zh)
		}
	}
}

// 100 % and a full bar mean all, never nearly all.
func TestBarIsFullOnlyWhenDone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.Int64Range(1, 1<<50).Draw(t, "all")
		done := rapid.Int64Range(0, all).Draw(t, "done")
		bar := progressBar(done, all, 20)
		if len(bar) != 20 {
			t.Fatalf("%s is %d wide", bar, len(bar))
		}
		full := !strings.Contains(bar, ".")
		if full != (done == all) || (percent(done, all) == "100 %") != (done == all) {
			t.Fatalf("%d of %d: %s %s", done, all, bar, percent(done, all))
		}
	})
	if got := percent(3, 0); got != "-" {
		t.Errorf("of nothing: %s", got)
	}
}

// The caret stands below the character that the column names, measured in
// cells, also in cropped lines.
func TestCaretStandsBelow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		chars := rapid.SliceOfN(rapid.SampledFrom([]string{"a", " ", "王", "é", "\t", "🙂", "x"}), 0, 150).Draw(t, "chars")
		i := rapid.IntRange(0, len(chars)).Draw(t, "i")
		before, after := strings.Join(chars[:i], ""), strings.Join(chars[i:], "")
		at := config.Pos{File: "f", Line: 1, Column: len(clusters(before)) + 1, End: len(clusters(before)) + 3}
		p := newPage(text.Load(text.English), options(60))
		p.snippet(at, []byte(before+"@!"+after))
		lines := strings.Split(p.b.String(), "\n")
		target, caret := strings.Index(lines[0], "@!"), strings.Index(lines[1], "^")
		if target < 0 || cells(lines[0][:target]) != cells(lines[1][:caret]) || strings.Count(lines[1], "^") != 2 {
			t.Fatalf("the mark is off:\n%s\n%s", lines[0], lines[1])
		}
		if cells(lines[0]) > 60 || cells(lines[1]) > 60 {
			t.Fatalf("too wide:\n%s", p.b.String())
		}
	})
}

// Places that no longer fit the file are no reason to fail.
func TestSnippetOfOddPlaces(t *testing.T) {
	for _, at := range []config.Pos{{Line: 9, Column: 1}, {Line: 1, Column: 99, End: 3}, {Line: 1}, {Line: 2, Column: 1, End: 1}, {Line: 1, Column: 3, End: 500}} {
		p := newPage(text.Load(text.English), options(60))
		p.snippet(at, []byte("abc\n\xff\xfe"))
		for _, l := range strings.Split(p.b.String(), "\n") {
			if cells(l) > 60 {
				t.Errorf("%+v: %q is too wide", at, l)
			}
		}
	}
}

// Columns line up by cells whatever stands in them, and an address is never cut.
func TestTableLinesUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.StringOfN(rapid.SampledFrom([]rune("abz邮件箱")), 1, 9, -1)
		width := rapid.SampledFrom([]int{60, 80, 100}).Draw(t, "width")
		p := newPage(text.Load(text.Chinese), options(width))
		var rows [][]string
		for range rapid.IntRange(1, 5).Draw(t, "rows") {
			address := rapid.StringOfN(rapid.SampledFrom([]rune("abc.王")), 1, 40, -1).Draw(t, "address")
			rows = append(rows, []string{address, "|" + cell.Draw(t, "b"), "|" + cell.Draw(t, "c")})
		}
		p.table(1, []column{{head: "邮箱"}, {head: "|状态"}, {head: "|大小"}}, rows)
		places := map[int]int{}
		for _, l := range strings.Split(p.b.String(), "\n") {
			if cells(l) > width {
				t.Fatalf("%q is too wide", l)
			}
			for n, i := 0, 0; ; n++ {
				j := strings.Index(l[i:], "|")
				if j < 0 {
					break
				}
				i += j + 1
				at := cells(l[:i])
				if was, ok := places[n]; ok && was != at {
					t.Fatalf("column %d at %d and %d:\n%s", n, was, at, p.b.String())
				}
				places[n] = at
			}
		}
		for _, r := range rows {
			if !strings.Contains(p.b.String(), r[0]) {
				t.Fatalf("%s is cut:\n%s", r[0], p.b.String())
			}
		}
	})
}

func TestStatusShowsTroubleFirst(t *testing.T) {
	var b bytes.Buffer
	v := StatusOf(planner.Build(spec(), snapshot(), now), now)
	if err := Status(&b, text.Load(text.English), v, options(100)); err != nil {
		t.Fatal(err)
	}
	out := b.String()
	if strings.Contains(out, "sun.li@acme.test") {
		t.Error("a mailbox in step is listed without being asked for")
	}
	if i, j := strings.Index(out, "zhao.lei@"), strings.Index(out, "xu.yan@"); i < 0 || j < i {
		t.Errorf("a failed mailbox at %d, one at work at %d", i, j)
	}
	b.Reset()
	opt := options(100)
	opt.Full = true
	if err := Status(&b, text.Load(text.English), v, opt); err != nil {
		t.Fatal(err)
	}
	for _, r := range v.Rows {
		if !strings.Contains(b.String(), r.Address) {
			t.Errorf("%s is missing where all are asked for", r.Address)
		}
	}
}

func TestLongPlansAreCutUnlessFull(t *testing.T) {
	s := spec()
	for i := range 40 {
		a := "m" + Count(i) + "@acme.test"
		s.Roster.Mailboxes = append(s.Roster.Mailboxes, config.Mailbox{Address: a, SourceLogin: a, TargetLogin: a})
	}
	plan := planner.Build(s, planner.Snapshot{At: now}, now)
	show := func(opt Options) string {
		var b bytes.Buffer
		if err := Plan(&b, text.Load(text.English), plan, opt); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	opt := options(100)
	if out := show(opt); !strings.Contains(out, "+ 36 more mailboxes (--full)") || strings.Contains(out, "m39@") {
		t.Errorf("the list is not cut:\n%s", out)
	}
	opt.Full = true
	if out := show(opt); !strings.Contains(out, "m39@") {
		t.Error("the full list lacks a mailbox")
	}
}
