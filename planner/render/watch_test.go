package render

import (
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config/text"
)

// What the directories show is told in both languages, and never "unchanged"
// of a directory that nobody saw.
func TestWatchIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		w      *Watch
		en, zh string
		not    string
	}{
		"none":      {nil, "", "", "DIRECTORY"},
		"held":      {&Watch{Since: now, Members: 4120, Seen: now}, "nobody edits a directory; its 4,120 members are as they were", "成员 4,120 人与冻结时一致", "merge runs"},
		"runs":      {&Watch{Since: now, Pressed: now, Members: 3, Seen: now}, "watched since the act began, Thu 2026-12-03", "自 2026-12-03 周四 16:04 +0800 迁移开始起", ""},
		"edited":    {&Watch{Since: now, Pressed: now, Changes: []string{"+ wwB/chen.xin 陈欣"}}, "1 edit: + wwB/chen.xin", "有 1 处改动：+ wwB/chen.xin", "as they were"},
		"not seen":  {&Watch{Since: now, Unseen: []string{"wwA", "wwB"}}, "not seen since: wwA, wwB", "此后未查看：wwA、wwB", "as they were"},
		"half seen": {&Watch{Since: now, Unseen: []string{"wwA"}, Changes: []string{"- wwB/x"}}, "not seen since: wwA", "此后未查看：wwA", "as they were"},
	} {
		for lang, want := range map[text.Lang]string{text.English: c.en, text.Chinese: c.zh} {
			p := newPage(text.Load(lang), options(100))
			p.watch(c.w)
			got := strings.Join(strings.Fields(p.b.String()), " ")
			if !strings.Contains(got, want) || lang == text.English && c.not != "" && strings.Contains(got, c.not) {
				t.Errorf("%s, %s: %q", name, lang, got)
			}
		}
	}
	p := newPage(text.Load(text.English), options(60))
	p.watch(&Watch{Since: now.Add(time.Hour), Changes: strings.Split(strings.Repeat("~ wwB/somebody address: old@acme.test > new@acme.test\n", 40), "\n")})
	if n := strings.Count(p.b.String(), "\n"); n > 14 {
		t.Errorf("%d lines", n)
	}
}
