package render

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// A plan says how old the oldest look at a mailbox is that it goes by, and
// counts none that failed and none that was our own record.
func TestPlanTellsTheOldestLook(t *testing.T) {
	at := time.Date(2026, 12, 3, 12, 0, 0, 0, time.UTC)
	failed := &planner.Fault{Msg: text.M("login.refused"), Class: planner.Credential}
	for _, c := range []struct {
		name   string
		looks  []planner.Seen
		en, zh string
	}{
		{"all now", []planner.Seen{{At: at, How: "imap"}, {At: at.Add(-4 * time.Minute), How: "imap"}}, "", ""},
		{"one of 5 h ago", []planner.Seen{{At: at, How: "imap"}, {At: at.Add(-5 * time.Hour), How: "imap"}, {At: at.Add(-2 * time.Hour), How: "imap"}},
			", mailboxes up to 5 h earlier (plan --refresh looks again)", "，其中邮箱的情况最早为此前"},
		{"failed or recorded", []planner.Seen{{At: at.Add(-9 * time.Hour), How: "imap", Err: failed}, {At: at.Add(-9 * time.Hour), How: "ledger"}, {}}, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			plan := &planner.Plan{Spec: &config.Spec{}, Observed: planner.Snapshot{At: at}}
			for _, s := range c.looks {
				plan.Observed.Mailboxes = append(plan.Observed.Mailboxes, planner.Mailbox{Source: planner.Store{Seen: s}})
			}
			for lang, words := range map[text.Lang]string{text.English: c.en, text.Chinese: c.zh} {
				var out bytes.Buffer
				if err := Plan(&out, text.Load(lang), plan, Options{Width: 1000, Now: at.Add(time.Minute)}); err != nil {
					t.Fatal(err)
				}
				bare := func(s string) string { return strings.Join(strings.Fields(s), "") } // lines break anywhere
				if told := strings.Contains(bare(out.String()), "refresh"); told != (words != "") || !strings.Contains(bare(out.String()), bare(words)) {
					t.Errorf("%s:\n%s", lang, out.String())
				}
			}
		})
	}
}
