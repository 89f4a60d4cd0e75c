package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/providers/memory/imapd"
	"github.com/mxmove/mxmove/providers/zone"
)

// Each script has servers of its own, started by imapd.
type servers map[string]*imapd.Server

type serversKey struct{}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("..", "..", "testdata", "script"),
		Setup: func(e *testscript.Env) error {
			all := servers{}
			e.Values[serversKey{}] = all
			e.Values[worldKey{}] = map[string]*scriptWorld{}
			e.Values[dialKey{}] = map[string]dialer{}
			e.Values[namesKey{}] = map[string]*zone.Observer{}
			e.Defer(func() {
				for _, s := range all {
					s.Close()
				}
			})
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"mxmove": scriptMxmove, "imapd": scriptImapd, "user": scriptUser, "mail": scriptMail, "letter": scriptLetter, "fail": scriptFail,
			"count": scriptCount, "same": scriptSame, "messages": scriptMessages, "expand": scriptExpand, "holdlock": scriptHoldLock,
			"remove": scriptRemove, "world": scriptWorldCmd, "clock": scriptClock, "did": scriptDid,
			"internet": scriptInternet(t), "submission": scriptSubmission(t), "receiver": scriptReceiver(t),
		},
		RequireUniqueNames: true,
		UpdateScripts:      os.Getenv("UPDATE_SCRIPTS") != "",
	})
}

// mxmove [code=N] [answer=TEXT] [screen=CELLS] ARGS: the program, in process,
// in the script's directory. Without code it must end with 0.
func scriptMxmove(ts *testscript.TestScript, neg bool, args []string) {
	want, c := 0, call{vars: scriptVars(ts)}
	for len(args) > 0 {
		name, value, found := strings.Cut(args[0], "=")
		if !found || strings.HasPrefix(name, "-") {
			break
		}
		n, _ := strconv.Atoi(value)
		switch name {
		case "code":
			want = n
		case "answer": // a line of the terminal; several are typed in turn
			c.answer += value + "\n"
		case "screen":
			c.screen = n
		}
		args = args[1:]
	}
	if neg {
		ts.Fatalf("say code=N")
	}
	if w := worldOf(ts); w != nil {
		c.now = w.clock
		c.open = func(opening) (world, error) { return w, nil }
	}
	if dial := ts.Value(dialKey{}).(map[string]dialer)[""]; dial != nil {
		c.open = func(o opening) (world, error) { o.Dial = dial; return openWorld(o) }
	}
	c.dns = ts.Value(namesKey{}).(map[string]*zone.Observer)[""]
	c.args = inWork(ts, args)
	if len(args) > 0 && !slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "--dir") }) {
		c.args = append(c.args, "--dir", ts.MkAbs("."))
	}
	got := c.run(context.Background())
	fmt.Fprint(ts.Stdout(), got.out)
	fmt.Fprint(ts.Stderr(), got.errors)
	if got.code != want {
		ts.Fatalf("exit code %d, want %d", got.code, want)
	}
}

// inWork makes names of files and directories those of the script's directory:
// the program runs in the test's.
func inWork(ts *testscript.TestScript, args []string) []string {
	args = slices.Clone(args)
	for i, a := range args {
		_, err := os.Stat(ts.MkAbs(a))
		if i == 0 { // a command
			continue
		}
		if err == nil || strings.HasSuffix(a, ".plan") || strings.HasSuffix(a, ".snapshot") || args[i-1] == "--dir" {
			args[i] = ts.MkAbs(a)
		}
	}
	return args
}

func scriptVars(ts *testscript.TestScript) map[string]string {
	vars := map[string]string{}
	for _, name := range []string{"LANG", "NO_COLOR", "TERM", "ALICE_OLD", "ALICE_NEW", "MXMOVE_VAR_since"} {
		vars[name] = ts.Getenv(name)
	}
	return vars
}

// imapd NAME [tls]: starts a server; $NAME_PORT is its port, NAME.pem its
// authority.
func scriptImapd(ts *testscript.TestScript, _ bool, args []string) {
	s, err := imapd.Start(imapd.Options{Now: time.Now, TLS: len(args) > 1, Name: args[0]})
	ts.Check(err)
	ts.Value(serversKey{}).(servers)[args[0]] = s
	ts.Setenv(args[0]+"_PORT", strconv.Itoa(s.Port()))
	if s.CA() != nil {
		ts.Check(os.WriteFile(ts.MkAbs(args[0]+".pem"), s.CA(), 0o600))
	}
}

func serverOf(ts *testscript.TestScript, name string) *imapd.Server {
	s := ts.Value(serversKey{}).(servers)[name]
	if s == nil {
		ts.Fatalf("no server %s", name)
	}
	return s
}

func userOf(ts *testscript.TestScript, name, login string) *imapd.User {
	u := serverOf(ts, name).User(login)
	if u == nil {
		ts.Fatalf("%s has no user %s", name, login)
	}
	return u
}

// user SERVER LOGIN PASSWORD
func scriptUser(ts *testscript.TestScript, _ bool, args []string) {
	serverOf(ts, args[0]).AddUser(args[1], args[2])
}

// mail SERVER LOGIN FOLDER N [FLAG ...]: puts N new messages there.
func scriptMail(ts *testscript.TestScript, _ bool, args []string) {
	u, path := userOf(ts, args[0], args[1]), strings.Split(args[2], "/")
	if args[2] != "INBOX" && u.Messages(path...) == nil {
		u.Create("", path...)
	}
	n, err := strconv.Atoi(args[3])
	ts.Check(err)
	var flags []imap.Flag
	for _, f := range args[4:] {
		flags = append(flags, imap.Flag(f))
	}
	for i := range n {
		at := time.Date(2026, 1, 2, 3, 4, len(u.Messages(path...)), 0, time.FixedZone("", 8*3600))
		body := fmt.Sprintf("From: a@acme.test\r\nTo: %s\r\nSubject: %s %d\r\nMessage-ID: <%d.%s>\r\n\r\nmessage %d in %s\r\n",
			args[1], "=?utf-8?b?5L2g5aW9?=", i, len(u.Messages(path...)), args[1], i, "INBOX")
		u.Add(imapd.Message{Flags: flags, Date: at, Body: []byte(body)}, path...)
	}
}

// letter SERVER LOGIN FOLDER FILE: the mailbox has the file's octets as mail.
func scriptLetter(ts *testscript.TestScript, _ bool, args []string) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 8*3600))
	userOf(ts, args[0], args[1]).Add(imapd.Message{Flags: []imap.Flag{imap.FlagSeen}, Date: at, Body: []byte(ts.ReadFile(args[3]))}, strings.Split(args[2], "/")...)
}

// fail SERVER LOGIN COMMAND AFTER drop|lost|TEXT: the next of these commands
// after so many loses the connection before or after it was carried out, or
// is answered NO with the text.
func scriptFail(ts *testscript.TestScript, _ bool, args []string) {
	after, err := strconv.Atoi(args[3])
	ts.Check(err)
	f := imapd.Fault{Login: args[1], Command: args[2], After: after, Act: imapd.Refuse, Text: args[4]}
	switch args[4] {
	case "drop":
		f.Act = imapd.DropBefore
	case "lost":
		f.Act = imapd.DropAfter
	}
	serverOf(ts, args[0]).Fail(f)
}

// count SERVER LOGIN COMMAND N: so many of them were asked for.
func scriptCount(ts *testscript.TestScript, neg bool, args []string) {
	if got := strconv.Itoa(serverOf(ts, args[0]).Count(args[1], args[2])); (got == args[3]) == neg {
		ts.Fatalf("%s asked %s for %s %s times", args[1], args[0], args[2], got)
	}
}

// messages SERVER LOGIN N: the mailbox has so many.
func scriptMessages(ts *testscript.TestScript, neg bool, args []string) {
	n := 0
	for _, f := range userOf(ts, args[0], args[1]).Folders() {
		n += f.Messages
	}
	if got := strconv.Itoa(n); (got == args[2]) == neg {
		ts.Fatalf("%s has %s messages at %s", args[1], got, args[0])
	}
}

// same SERVER SERVER LOGIN: both mailboxes hold the same folders with the same
// mail: octets, flags, dates, in the same order.
func scriptSame(ts *testscript.TestScript, neg bool, args []string) {
	a, b := contents(userOf(ts, args[0], args[2])), contents(userOf(ts, args[1], args[2]))
	if slices.Equal(a, b) == neg {
		ts.Fatalf("%s:\n%s\n%s:\n%s", args[0], strings.Join(a, "\n"), args[1], strings.Join(b, "\n"))
	}
}

func contents(u *imapd.User) []string {
	var all []string
	for _, f := range u.Folders() {
		for _, m := range u.Messages(f.Path...) {
			flags := slices.Sorted(slices.Values(m.Flags))
			all = append(all, fmt.Sprintf("%s %v %s %q", strings.Join(f.Path, "/"), flags, m.Date.UTC(), m.Body))
		}
		all = append(all, strings.Join(f.Path, "/"))
	}
	return all
}

// expand FILE ...: puts the environment's values where $NAME stands.
func scriptExpand(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		content := os.Expand(ts.ReadFile(name), ts.Getenv)
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(content), 0o600))
	}
}

// remove SERVER LOGIN FOLDER UID: somebody deletes a message.
func scriptRemove(ts *testscript.TestScript, _ bool, args []string) {
	uid, err := strconv.ParseUint(args[3], 10, 32)
	ts.Check(err)
	if !userOf(ts, args[0], args[1]).Remove(uint32(uid), strings.Split(args[2], "/")...) {
		ts.Fatalf("there is no such message")
	}
}

// holdlock DIR HOST AGE: a run on that host has the state directory's lock,
// its last sign of life so old.
func scriptHoldLock(ts *testscript.TestScript, _ bool, args []string) {
	age, err := time.ParseDuration(args[2])
	ts.Check(err)
	at := time.Now().Add(-age)
	b, err := json.Marshal(executor.Holder{ID: "00", Who: "li.si@" + args[1], Host: args[1], PID: 77, Command: "mxmove apply",
		Since: at, Heartbeat: at})
	ts.Check(err)
	ts.Check(os.WriteFile(filepath.Join(ts.MkAbs(args[0]), "lock.json"), b, 0o600))
}

// Every command has a script of its own name, and the scripts see every exit
// code that a command can give now.
func TestEveryCommandHasAScript(t *testing.T) {
	names, err := filepath.Glob(filepath.Join("..", "..", "testdata", "script", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	called, codes := map[string]bool{}, map[string]bool{"0": true}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			words := strings.Fields(line)
			for i, w := range words {
				if i == 0 && w != "mxmove" {
					break
				}
				if code, ok := strings.CutPrefix(w, "code="); ok {
					codes[code] = true
				}
				called[w] = true
			}
		}
	}
	c := &cli{env: call{}.env(nil, nil)}
	c.speak("en")
	for _, cmd := range newRoot(c).Commands() {
		if !called[cmd.Name()] {
			t.Errorf("no script calls %s", cmd.Name())
		}
	}
	if got := slices.Sorted(maps.Keys(codes)); !slices.Equal(got, []string{"0", "1", "2", "3", "4", "5"}) {
		t.Errorf("the scripts see exit codes %v", got)
	}
}
