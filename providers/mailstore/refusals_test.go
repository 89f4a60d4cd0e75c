package mailstore_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
)

// Messages that a service does not take are named with its words; a full
// mailbox ends the pass and fills no quarantine.
func TestRefusals(t *testing.T) {
	gbk, _ := simplifiedchinese.GBK.NewEncoder().String("NO 邮件被拒绝")
	for _, c := range []struct{ text, said string }{
		{"BAD [TOOBIG] Message too large.", "Message too large."},
		{"NO Message contains invalid header", "Message contains invalid header"},
		{"NO Message refused because it contains a virus", "virus"},
		{"BAD Command Argument Error. 11", "Command Argument Error. 11"},
		{gbk, "邮件被拒绝"},
	} {
		t.Run(c.said, func(t *testing.T) {
			s := newScene(t, profile(t, "dovecot"), profile(t, "gmail", "long-line 10000 "+c.text))
			s.fill()
			if tally := s.mustCopy(); tally.Refused != 1 {
				t.Errorf("%+v", tally)
			}
			s.settled()
			s.verified()
			ledger, err := transfer.ReadLedger(filepath.Join(s.state, "ledger"), s.key())
			if named := ledger.Named(); err != nil || len(named) != 1 || !strings.Contains(named[0].Text, c.said) {
				t.Errorf("%+v, %v", named, err)
			}
			before := s.target.Count(alice, "APPEND")
			s.mustCopy()
			if n := s.target.Count(alice, "APPEND") - before; n != 0 {
				t.Errorf("tried again %d times", n)
			}
		})
	}
	for _, text := range []string{"NO [OVERQUOTA] Quota exceeded (mailbox for user is full)", "NO Over quota", "NO [ALERT] You exceeded your mail quota."} {
		t.Run(text, func(t *testing.T) {
			s := newScene(t, profile(t, "dovecot"), profile(t, "dovecot", "quota 5000 "+text))
			s.fill()
			if f := s.fault(); f.Class != planner.Full {
				t.Errorf("%+v", f)
			}
			bounded(t, "target", s.target, 0, 120)
			if kept, _ := filepath.Glob(filepath.Join(s.state, "quarantine", "*", "*")); len(kept) > 0 {
				t.Errorf("in quarantine: %q", kept)
			}
		})
	}
}

// A message that the source lists and does not give is named, and the others
// come.
func TestAnUnreadableMessage(t *testing.T) {
	for _, text := range []string{"NO [UNAVAILABLE] UID FETCH Server error - Please try again later", "NO [SERVERBUG] Internal error occurred.",
		"OK FETCH completed", "BAD Command Argument Error. 11"} {
		t.Run(text, func(t *testing.T) {
			s := newScene(t, profile(t, "yahoo", "unreadable 17 "+text), profile(t, "dovecot"))
			n := s.fill()
			if tally := s.mustCopy(); tally.Missing != 1 || tally.Copied+tally.Adopted != n-1 {
				t.Errorf("%+v", tally)
			}
			s.settled()
			bounded(t, "source", s.source, 0, 120)
		})
	}
}

// Ten of them cost no hot loop.
func TestManyUnreadableMessages(t *testing.T) {
	var with []string
	for uid := 10; uid < 20; uid++ {
		with = append(with, fmt.Sprint("unreadable ", uid, " NO [SERVERBUG] Internal error occurred."))
	}
	s := newScene(t, profile(t, "yahoo", with...), profile(t, "dovecot"))
	n := s.fill()
	if tally := s.mustCopy(); tally.Missing != 10 || tally.Copied+tally.Adopted != n-10 {
		t.Errorf("%+v", tally)
	}
	s.settled()
	bounded(t, "source", s.source, 0, 250)
	if n := s.source.Count(alice, "LOGIN"); n > 5 {
		t.Errorf("%d sign-ins", n)
	}
	if s.clock.slept > 5*time.Minute {
		t.Errorf("waited %v", s.clock.slept)
	}
}

// Folder names in raw UTF-8 and GBK open and are made as what they mean.
func TestRawNames(t *testing.T) {
	gbk, _ := simplifiedchinese.GBK.NewEncoder().String("合同")
	s := newScene(t, profile(t, "dovecot"), profile(t, "dovecot"))
	s.from.Put("报表", note(1, "utf8"))
	s.from.Put(gbk, note(2, "gbk"))
	s.mustCopy()
	s.settled()
	s.verified()
	for _, want := range []string{"报表", "合同"} {
		if messages, ok := s.to.Messages(folderName(s.fromProfile, want)); !ok || len(messages) != 1 {
			t.Errorf("%s: %d messages; %q", want, len(messages), s.to.Folders())
		}
	}
}
