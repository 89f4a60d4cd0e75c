package mailstore

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
	"github.com/mxmove/mxmove/providers/mailstore/wire"
)

var answerLine = regexp.MustCompile(`^(\S+) (\S+) (NO|BAD|BYE) (?:\[([A-Z]+)[^]]*\] )?(.*)$`)

// Every answer in the table is of the class that it says there, and so is what
// becomes of an APPEND.
func TestTableOfAnswers(t *testing.T) {
	b, err := os.ReadFile("testdata/answers.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		m := answerLine.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("not readable: %s", line)
		}
		n++
		a := answer{strings.ReplaceAll(strings.Trim(m[2], "-"), "-", " "), m[3], m[4], m[5]}
		entry, class, _ := classOf(a)
		if a.status != "BYE" && entry == "server.answer" && class == planner.Gone {
			class = "unknown"
		}
		if string(class) != m[1] {
			t.Errorf("%s: %s", line, class)
		}
		if a.command == "APPEND" {
			appended(t, a, class)
		}
	}
	if n < 90 {
		t.Errorf("%d answers", n)
	}
}

// appended checks what the copy is told of a refused APPEND.
func appended(t *testing.T, a answer, class planner.Class) {
	s := newSide("target", config.IMAP{Host: "mail.acme.test", Port: 993}, Options{Now: time.Now})
	err := s.appendError("alice", &wire.Refused{Command: a.command, Status: a.status, Code: a.code, Text: a.text})
	var no *transfer.Refusal
	var f *planner.Fault
	switch {
	case class == planner.Full || class == planner.Throttled:
		if !errors.As(err, &f) || f.Class != class {
			t.Errorf("%+v: %v", a, err)
		}
	case !errors.As(err, &no) || no.Bad != (a.status == "BAD"):
		t.Errorf("%+v: %v", a, err)
	case class == "unknown" && no.Class != "" || class != "unknown" && no.Class != class:
		t.Errorf("%+v: refused with class %q", a, no.Class)
	}
}

// Texts as real servers gave them.
func TestAnswersAreClassed(t *testing.T) {
	for _, c := range []struct {
		a     answer
		class planner.Class
		wait  time.Duration
	}{
		{answer{"LOGIN", "NO", "AUTHENTICATIONFAILED", "Authentication failed."}, planner.Credential, 0},
		{answer{"LOGIN", "NO", "", "Login failed: authentication failure"}, planner.Credential, 0},
		{answer{"AUTHENTICATE", "NO", "", "AUTHENTICATE failed."}, planner.Credential, 0},
		{answer{"AUTHENTICATE PLAIN", "NO", "AUTHENTICATIONFAILED", "Authentication failed."}, planner.Credential, 0},
		{answer{"LOGIN", "NO", "UNAVAILABLE", "Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)"}, planner.Crowded, 0},
		{answer{"LOGIN", "NO", "ALERT", "Too many simultaneous connections. (Failure)"}, planner.Crowded, 0},
		{answer{"SELECT", "BAD", "", "User is authenticated but not connected."}, planner.Crowded, 0},
		{answer{"LOGIN", "NO", "", "Login fail. Account is abnormal, service is not open, password is incorrect, login frequency limited, or system is busy."}, planner.Account, 0},
		{answer{"SELECT", "NO", "", "SELECT Unsafe Login. Please contact kefu@188.com for help"}, planner.Account, 0},
		{answer{"LOGIN", "NO", "ALERT", "Please log in via your web browser: … (Failure)"}, planner.Account, 0},
		{answer{"FETCH", "BAD", "", "Request is throttled. Suggested Backoff Time: 299961 milliseconds"}, planner.Throttled, 299961 * time.Millisecond},
		{answer{"FETCH", "NO", "", "Request is throttled. Suggested Backoff Time: 99999999999999"}, planner.Throttled, 24 * time.Hour},
		{answer{"CAPABILITY", "NO", "LIMIT", "CAPABILITY Rate limit hit."}, planner.Throttled, 0},
		{answer{"FETCH", "NO", "OVERQUOTA", "Account exceeded command or bandwidth limits."}, planner.Throttled, 0},
		{answer{"APPEND", "NO", "OVERQUOTA", "Quota exceeded (mailbox for user is full)"}, planner.Full, 0},
		{answer{"APPEND", "NO", "", "Over quota"}, planner.Full, 0},
		{answer{"APPEND", "NO", "ALERT", "You exceeded your mail quota."}, planner.Full, 0},
		{answer{"CREATE", "NO", "CANNOT", "Invalid mailbox name: Begins with '~'"}, planner.FolderOnly, 0},
		{answer{"EXAMINE", "NO", "", "SELECT error getting mails in folder"}, planner.FolderOnly, 0},
		{answer{"", "BYE", "", "Server shutting down."}, planner.Gone, 0},
		{answer{"", "BYE", "", "Request is throttled. Suggested Backoff Time: 1000 milliseconds"}, planner.Throttled, time.Second},
		{answer{"", "BYE", "UNAVAILABLE", "Too many connections from your IP"}, planner.Crowded, 0},
		{answer{"LOGIN", "BYE", "", "Session expired, please login again"}, planner.Gone, 0},
		{answer{"UID FETCH", "NO", "THROTTLED", "slow down"}, planner.Throttled, 0},
		{answer{"UID FETCH", "NO", "", "Server Unavailable. 15"}, planner.Throttled, 0},
		{answer{"LOGIN", "NO", "", "Too many requests, try again in 30 seconds"}, planner.Throttled, 30 * time.Second},
		{answer{"LOGIN", "NO", "LIMIT", "Rate limit hit. Retry after 2 minutes."}, planner.Throttled, 2 * time.Minute},
		{answer{"LOGIN", "NO", "LIMIT", "too many login attempts; wait 48 hours"}, planner.Throttled, 24 * time.Hour},
		{answer{"NOOP", "BAD", "", "anything else"}, planner.Gone, 0},
	} {
		_, class, wait := classOf(c.a)
		if class != c.class || wait != c.wait {
			t.Errorf("%+v: %s %s, want %s %s", c.a, class, wait, c.class, c.wait)
		}
	}
}

// A folder that is refused may have a name that says what messages are refused for.
func TestARefusedFolderWithASpeakingName(t *testing.T) {
	for _, code := range []string{"TRYCREATE", "NONEXISTENT", "NOPERM", "READ-ONLY"} {
		for _, name := range []string{"Spam", "Virus", "Attachments", "垃圾邮件"} {
			a := answer{"APPEND", "NO", code, "Mailbox cannot be used: " + name}
			if entry, class, _ := classOf(a); entry != "folder.refused" || class != planner.FolderOnly || a.final() {
				t.Errorf("%+v: %s, %s", a, entry, class)
			}
		}
	}
}

// Virus, spam and size are no matter of how a message is written.
func TestWhatNoOtherFormHelps(t *testing.T) {
	for text, want := range map[string]bool{
		"[TOOBIG] Message too large.": true, "[LIMIT] Mail size is larger than the maximum size": true, "Message refused because it contains a virus": true,
		"rejected as spam": true, "邮件包含病毒": true, "Trojan.Agent-123 found": true, "Attachment type .exe is not allowed": true, "blocked by content filter": true, "violates our security policy": true, "邮件含有木马": true, "内容违规": true, "Message contains bare newlines": false, "APPEND failed": false, "邮件被拒绝": false,
	} {
		r := &wire.Refused{Command: "APPEND", Status: "NO", Text: text}
		if code, rest, ok := strings.Cut(text, "] "); ok {
			r.Code, r.Text = code[1:], rest
		}
		s := newSide("target", config.IMAP{Host: "mail.acme.test", Port: 993}, Options{Now: time.Now})
		var no *transfer.Refusal
		if !errors.As(s.appendError("alice", r), &no) || no.Final != want {
			t.Errorf("%s: %+v", text, no)
		}
	}
}
