package mailstore_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/providertest/scripted"
)

// What Gmail shows again below All Mail comes once, and a person is told of
// the view, since mail may lie only there.
func TestGmailShowsMailTwice(t *testing.T) {
	s := newScene(t, profile(t, "gmail"), profile(t, "dovecot"))
	n := s.fill()
	inbox, _ := s.from.Messages("INBOX")
	s.from.Put("[Gmail]/All Mail", append(inbox, note(900, "archived"))...)
	var notes []string
	op := planner.CopyMailbox{Address: alice, From: s.key().From, To: s.key().To}
	tally, err := s.world().Do(t.Context(), op, nil, func(p planner.Progress) {
		if p.Note != nil {
			notes = append(notes, p.Note.Code+" "+p.Note.Args["folder"])
		}
	})
	if err != nil || tally.Copied != n || tally.Skipped != len(inbox)+1 {
		t.Errorf("%+v, %v", tally, err)
	}
	if !slices.Contains(notes, "map.view [Gmail]/All Mail") {
		t.Errorf("notes %q", notes)
	}
	s.settled()
	s.verified()
}

// Folders that Gmail's rules for names refuse are named, and cost no other.
func TestGmailRefusesAName(t *testing.T) {
	s := newScene(t, profile(t, "dovecot"), profile(t, "gmail"))
	s.fill()
	s.from.Put("a  b", note(300, "two blanks"))
	if f := s.fault(); f.Class != planner.FolderOnly || !strings.Contains(fmt.Sprint(f.Args), "excess whitespace") {
		t.Errorf("%+v", f)
	}
	have := content(t, s.to, "")
	for body, places := range content(t, s.from, "a  b") {
		if len(have[body]) != len(places) {
			t.Errorf("%.60q: %d of %d", body, len(have[body]), len(places))
		}
	}
	bounded(t, "target", s.target, 0, 140)
}

// Keywords that a target does not keep are counted, and no message is lost for
// them: Alibaba ignores them, Zimbra refuses the message.
func TestLostKeywordsAreCounted(t *testing.T) {
	for _, target := range []string{"alibaba", "zimbra", "qq", "yahoo"} {
		t.Run(target, func(t *testing.T) {
			s := newScene(t, profile(t, "dovecot"), profile(t, target))
			s.from.Put("INBOX", scripted.Message{Flags: []string{`\Seen`, "$work"}, Date: time.Unix(1.7e9, 0).UTC(), Body: []byte("a: b\r\n\r\nc\r\n")}, note(2, "two"))
			tally, err := s.copy()
			if err != nil || tally.Copied+tally.Adopted != 2 || tally.Keywords != 1 {
				t.Errorf("%+v, %v", tally, err)
			}
			s.settled()
			if messages, _ := s.to.Messages("INBOX"); !slices.Contains(messages[0].Flags, `\Seen`) && !slices.Contains(messages[1].Flags, `\Seen`) {
				t.Errorf("%+v", messages)
			}
		})
	}
}

// A target that ends the connection at every refused message is not asked in a
// hot loop, and ten errors do not end the copy.
func TestManyRefusedByExchange(t *testing.T) {
	s := newScene(t, profile(t, "dovecot"), profile(t, "exchange"))
	const refused = 30
	for i := range refused {
		m := note(i, strings.Repeat("x", 11000))
		m.Flags = nil
		s.from.Put("INBOX", m, note(1000+i, "good"))
	}
	tally := s.mustCopy()
	if tally.Refused != refused || tally.Copied+tally.Adopted != refused {
		t.Errorf("%+v", tally)
	}
	s.settled()
	if n := s.target.Count(alice, "APPEND"); n > 20*refused {
		t.Errorf("%d messages sent", n)
	}
	if n := s.target.Count(alice, "LOGIN"); n > 2*refused {
		t.Errorf("%d sign-ins", n)
	}
	for _, c := range s.target.Connections() {
		if c.Commands["APPEND"] > 2*refused+2 {
			t.Errorf("%+v", c)
		}
	}
}

// What Courier cuts off after 299 MIME parts is found by Verify, not believed.
func TestCourierCutsPartsOff(t *testing.T) {
	var b strings.Builder
	b.WriteString("Message-ID: <parts@acme.test>\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n")
	for i := range 400 {
		fmt.Fprintf(&b, "--x\r\n\r\npart %d\r\n", i)
	}
	b.WriteString("--x--\r\n")
	s := newScene(t, profile(t, "dovecot"), profile(t, "courier"))
	s.from.Put("INBOX", scripted.Message{Body: []byte(b.String()), Date: time.Unix(1.7e9, 0).UTC()}, note(1, "whole"))
	s.mustCopy()
	s.settled()
	report, err := s.world().Verify(t.Context(), alice, nil)
	if err != nil || report.Counts.Proven != 1 || len(report.Exceptions) == 0 {
		t.Errorf("%+v, %v", report, err)
	}
}
