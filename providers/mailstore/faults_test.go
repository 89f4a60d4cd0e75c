package mailstore_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/providertest/scripted"
)

// both runs a test with a scene whose one side is faulty.
func both(t *testing.T, name string, with []string, test func(*testing.T, *scene, *scripted.Server)) {
	healthy := profile(t, "dovecot")
	t.Run(name+", source", func(t *testing.T) {
		s := newScene(t, healthy.With(with...), healthy)
		test(t, s, s.source)
	})
	t.Run(name+", target", func(t *testing.T) {
		s := newScene(t, healthy, healthy.With(with...))
		test(t, s, s.target)
	})
}

// carried fills, copies until done, and checks that all is there, that Verify
// agrees, and that another pass finds nothing to do.
func carried(t *testing.T, s *scene, most int) {
	t.Helper()
	s.fill()
	s.mustCopy()
	bounded(t, "source", s.source, 0, most)
	bounded(t, "target", s.target, 0, most)
	s.settled()
	s.source.Mend()
	s.target.Mend()
	s.mustCopy()
	s.settled()
	s.verified()
	if again := s.mustCopy(); again.Copied > 0 {
		t.Errorf("again: %+v", again)
	}
}

// Connections that are lost by chance, many of them, cost no mail and double
// none.
func TestStorms(t *testing.T) {
	for seed := range uint64(25) {
		for _, target := range []string{"dovecot", "qq", "courier"} {
			t.Run(fmt.Sprint(seed, " ", target), func(t *testing.T) {
				s := newScene(t, profile(t, "gmail"), profile(t, target))
				s.source.Fail(scripted.Storm(seed, 4)...)
				s.target.Fail(scripted.Storm(seed+1000, 6)...)
				carried(t, s, 600)
			})
		}
	}
}

// Servers that write answers oddly lose no mail.
func TestOddAnswers(t *testing.T) {
	for name, with := range map[string][]string{
		"sizes too small":       {"size-less 29"},
		"sizes too large":       {"size-less -12911"},
		"sizes of nothing":      {"size-less 1000000"},
		"no dates":              {"date none"},
		"dates NIL":             {"date NIL"},
		"dates of 1899":         {`date "30-Dec-1899 00:00:00 +0000"`},
		"dates that are none":   {`date "31-Feb-2024 12:00:00 +0000"`},
		"no star":               {"bare-fetch"},
		"UIDVALIDITY 0":         {"uidvalidity 0"},
		"no UIDVALIDITY":        {"uidvalidity none"},
		"one UIDVALIDITY":       {"uidvalidity 1"},
		"no UIDNEXT":            {"uidnext none"},
		"cut":                   {"cut 7"},
		"ascending":             {"ascending"},
		"body first":            {"body-first"},
		"unknown lines":         {"noise * 99 NOOP"},
		"news of flags":         {`noise * 1 FETCH (FLAGS (\Seen))`},
		"alerts":                {"noise * OK [ALERT] System shutdown in 10 minutes"},
		"no UIDPLUS":            {"after IMAP4rev1 LITERAL+ NAMESPACE"},
		"nothing but IMAP4rev1": {"before IMAP4rev1", "-after", "-tells", "-namespace"},
	} {
		both(t, name, with, func(t *testing.T, s *scene, server *scripted.Server) {
			if strings.Contains(name, "dates") && server == s.target {
				datesAreTold(t, s)
				return
			}
			carried(t, s, 300)
		})
	}
}

// datesAreTold is for a target that does not keep or tell dates: all mail
// arrives, and Verify tells of the dates.
func datesAreTold(t *testing.T, s *scene) {
	n := s.fill()
	s.mustCopy()
	s.settled()
	report, err := s.world().Verify(t.Context(), alice, nil)
	if err != nil || len(report.Exceptions) != n {
		t.Fatalf("%d exceptions for %d messages: %v", len(report.Exceptions), n, err)
	}
	for _, e := range report.Exceptions {
		if len(e.Codes) == 0 || !slices.ContainsFunc(e.Codes, func(m text.Msg) bool { return m.Code == "verify.date" }) {
			t.Errorf("%+v", e)
		}
	}
}

// What a server says of its load ends the pass, tells how long to wait, and the
// next one goes on where it stopped.
func TestThrottleHints(t *testing.T) {
	for text, wait := range map[string]time.Duration{
		"BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds": 299961 * time.Millisecond,
		"NO Request is throttled. Suggested Backoff Time: 299961":               299961 * time.Millisecond,
		"* BYE Request is throttled. Suggested Backoff Time: 5000 milliseconds": 5 * time.Second,
		"NO Server Unavailable. 15":                                             0,
		"NO [LIMIT] UID FETCH Rate limit hit.":                                  0,
		"NO [THROTTLED] Slow down":                                              0,
		"NO Temporary unavailable":                                              0,
	} {
		for command, target := range map[string]bool{"UID FETCH": false, "EXAMINE": false, "LIST": false, "APPEND": true, "SELECT": true, "CREATE": true} {
			t.Run(fmt.Sprintf("%s to %s", text, command), func(t *testing.T) {
				s := newScene(t, profile(t, "dovecot"), profile(t, "dovecot"))
				server := s.source
				if target {
					server = s.target
				}
				after := 1
				if command == "LIST" {
					after = 0
				}
				server.Fail(scripted.Fault{Command: command, After: after, Times: 2, Text: text, Close: true})
				carried(t, s, 250)
				if want := []time.Duration{wait, wait}; !slices.Equal(s.waits, want) {
					t.Errorf("waits %v, want %v", s.waits, want)
				}
				if n := server.Count(alice, "LOGIN"); n > 8 {
					t.Errorf("%d sign-ins", n)
				}
			})
		}
	}
}

// Exchange and Gmail at their limit of connections: it is no wrong password,
// and one connection is enough.
func TestTooManyConnections(t *testing.T) {
	for _, text := range []string{"NO [ALERT] Too many simultaneous connections. (Failure)", "BAD User is authenticated but not connected.",
		"NO [UNAVAILABLE] Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)"} {
		both(t, text, []string{"connections 1 " + text}, func(t *testing.T, s *scene, server *scripted.Server) {
			server.Fail(scripted.Fault{Command: "LOGIN", Times: 2, Text: text})
			carried(t, s, 250)
			if n := server.Count(alice, "LOGIN"); n > 8 {
				t.Errorf("%d sign-ins", n)
			}
		})
	}
}

// A password that a service refuses is said to it once, in its own words or in
// GBK, however often the mailbox is wanted.
func TestAWrongPasswordIsSaidOnce(t *testing.T) {
	gbk, _ := simplifiedchinese.GBK.NewEncoder().String("BAD 密码错误")
	for _, name := range scripted.Names() {
		p := profile(t, name)
		for _, p := range []scripted.Profile{p, p.With("refuse " + gbk)} {
			t.Run(name+" "+p.Value("refuse", "")[:4], func(t *testing.T) {
				s := newScene(t, p, profile(t, "dovecot"))
				s.source.Box(alice, badPassword)
				world := s.world()
				op := planner.CopyMailbox{Address: alice, From: s.key().From, To: s.key().To}
				for range 3 {
					_, err := world.Do(t.Context(), op, nil, func(planner.Progress) {})
					f, ok := err.(*planner.Fault)
					if !ok || f.Class != planner.Credential && f.Class != planner.Account {
						t.Errorf("%v", err)
					}
				}
				if n := s.source.Count(alice, "LOGIN"); n != 1 {
					t.Errorf("%d tries", n)
				}
			})
		}
	}
}

// What other clients do meanwhile is neither lost nor undone.
func TestMeanwhile(t *testing.T) {
	t.Run("messages are expunged", func(t *testing.T) {
		s := newScene(t, profile(t, "dovecot"), profile(t, "dovecot"))
		s.fill()
		s.source.Fail(scripted.Fault{Command: "UID FETCH", Part: "BODY", Act: scripted.Meanwhile, Do: func() {
			s.from.Remove("INBOX", 3)
			s.from.Remove("INBOX", 50)
		}})
		s.mustCopy()
		s.settled()
		s.mustCopy()
		s.settled()
		s.verified()
	})
	t.Run("a source folder is deleted", func(t *testing.T) {
		s := newScene(t, profile(t, "dovecot"), profile(t, "dovecot"))
		s.fill()
		s.source.Fail(scripted.Fault{Command: "EXAMINE", After: 1, Act: scripted.Meanwhile, Do: func() { s.from.Delete(folderName(s.fromProfile, "项目", "2024 Q1")) }})
		if _, err := s.copy(); err != nil && err.(*planner.Fault).Class != planner.FolderOnly {
			t.Error(err)
		}
		s.mustCopy()
		s.settled()
		s.verified()
		bounded(t, "source", s.source, 0, 120)
	})
	t.Run("a target folder is deleted", func(t *testing.T) {
		s := newScene(t, profile(t, "dovecot"), profile(t, "dovecot"))
		s.fill()
		s.target.Fail(scripted.Fault{Command: "APPEND", Part: "2024 Q1", Act: scripted.Meanwhile, Do: func() { s.to.Delete(folderName(s.fromProfile, "项目", "2024 Q1")) }})
		if _, err := s.copy(); err != nil && err.(*planner.Fault).Class != planner.FolderOnly {
			t.Error(err)
		}
		s.mustCopy()
		s.settled()
		s.verified()
		bounded(t, "target", s.target, 0, 200)
	})
}

// A new UIDVALIDITY in the middle of a pass sends nothing twice.
func TestUIDValidityChanges(t *testing.T) {
	for _, command := range []string{"UID FETCH", "EXAMINE", "LIST"} {
		t.Run("source at "+command, func(t *testing.T) {
			s := newScene(t, profile(t, "dovecot"), profile(t, "dovecot"))
			s.source.Fail(scripted.Fault{Command: command, After: 1, Act: scripted.Meanwhile, Do: func() { s.from.Renumber("INBOX") }},
				scripted.Fault{Command: "UID FETCH", After: 2, Act: scripted.Drop})
			carried(t, s, 250)
		})
	}
	for _, command := range []string{"APPEND", "SELECT", "LIST"} {
		t.Run("target at "+command, func(t *testing.T) {
			s := newScene(t, profile(t, "dovecot"), profile(t, "dovecot"))
			s.target.Fail(scripted.Fault{Command: command, After: 1, Act: scripted.Meanwhile, Do: func() { s.to.Renumber("INBOX") }})
			carried(t, s, 300)
		})
	}
}
