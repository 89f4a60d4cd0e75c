package render

import (
	"strings"
	"testing"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// Whose people left and where their mail goes stands in every plan, in both
// languages; mail that gets no mailbox is not carried.
func TestLeaversAreNamed(t *testing.T) {
	s := spec()
	for i, mail := range []string{config.MailArchive, config.MailTo, config.MailKeep} {
		l := config.Leaver{Address: s.Roster.Mailboxes[i].Address, Mail: mail}
		if mail == config.MailTo {
			l.To = s.Roster.Mailboxes[2].Address
		}
		s.Roster.Leavers = append(s.Roster.Leavers, l)
	}
	p := planner.Build(s, snapshot(), now)
	for lang, words := range map[string][]string{
		"en":    {"into the archive only", "goes into another mailbox", "moves as any other", "of people who left, into the archive only"},
		"zh-CN": {"邮件仅归档：", "邮件转交：", "邮箱照常迁移：", "离职成员，仅归档："},
	} {
		l := text.English
		if lang == "zh-CN" {
			l = text.Chinese
		}
		var b strings.Builder
		if err := Plan(&b, text.Load(l), p, Options{Now: now, Width: 10000, Full: true}); err != nil {
			t.Fatal(err)
		}
		for _, w := range append(words, s.Roster.Leavers[1].Address+" -> "+s.Roster.Leavers[1].To) {
			if !strings.Contains(squeezed(b.String()), squeezed(w)) {
				t.Errorf("%s: no %q in\n%s", lang, w, b.String())
			}
		}
	}
}

// squeezed takes out what wrapping puts in.
func squeezed(s string) string { return strings.Join(strings.Fields(s), "") }
