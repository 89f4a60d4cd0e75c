package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
	"github.com/mxmove/mxmove/providers/memory/imapd"
)

// office is a migration in a directory, with its servers.
type office struct {
	dir      string
	old, new *imapd.Server
}

func newOffice(t *testing.T, messages int) *office {
	t.Helper()
	o := &office{dir: t.TempDir()}
	for _, s := range []**imapd.Server{&o.old, &o.new} {
		started, err := imapd.Start(imapd.Options{Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { started.Close() })
		*s = started
		started.AddUser("alice@acme.test", "right")
	}
	for i := range messages {
		o.old.User("alice@acme.test").Add(imapd.Message{Date: eight(),
			Body: fmt.Appendf(nil, "Message-ID: <%d@acme.test>\r\nSubject: %d\r\n\r\n%s\r\n", i, i, strings.Repeat("x", 60<<10))}, "INBOX")
	}
	side := func(s *imapd.Server) string {
		return fmt.Sprintf("  imap {\n host = %q\n port = %d\n tls = \"none\"\n login \"password\" {}\n }\n", s.Host(), s.Port())
	}
	spec := "migration \"acme\" {}\nsource \"imap\" {\n domain = \"acme.test\"\n" + side(o.old) + "}\n" +
		"target \"imap\" {\n" + side(o.new) + "}\nroster {\n files = [\"m.csv\"]\n}\nhistory {}\n"
	for name, content := range map[string]string{"a.hcl": spec, "pw": "right\n",
		"m.csv": "address,source_password,target_password\nalice@acme.test,file:pw,file:pw\n"} {
		if err := os.WriteFile(filepath.Join(o.dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

func (o *office) call(args ...string) call { return call{args: append(args, "--dir", o.dir)} }

// waitFor waits until the new service was asked for an APPEND.
func (o *office) waitFor(t *testing.T, appends int) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); o.new.Count("alice@acme.test", "APPEND") < appends; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no APPEND within 20 s")
		}
	}
}

func (o *office) copied() int { return len(o.new.User("alice@acme.test").Messages("INBOX")) }

// The first interrupt ends a run after the batch in flight, the second at
// once; either way the next run goes on and nothing is doubled.
func TestInterrupts(t *testing.T) {
	const all = 600
	for name, interrupt := range map[string]func(stop chan struct{}, cancel func()){
		"first":  func(stop chan struct{}, _ func()) { close(stop) },
		"second": func(stop chan struct{}, cancel func()) { close(stop); cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, all)
			o.new.Fail(imapd.Fault{Command: "APPEND", After: 100, Times: 1 << 30, Act: imapd.Delay, Wait: 10 * time.Millisecond})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var out, errors bytes.Buffer
			stop, ended := make(chan struct{}), make(chan int)
			e := o.call().env(&out, &errors)
			e.Stop = stop
			go func() { ended <- run(ctx, e, []string{"apply", "--yes", "--dir", o.dir}) }()
			o.waitFor(t, 150)
			began := time.Now()
			interrupt(stop, cancel)
			if code := <-ended; code != executor.ExitIncomplete {
				t.Errorf("exit code %d:\n%s%s", code, out.String(), errors.String())
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %v to stop", took)
			}
			if n := o.copied(); n == 0 || n == all {
				t.Errorf("%d messages were copied: it was not interrupted", n)
			}
			o.new.Mend()
			if got := o.call("status").run(t.Context()); got.code != 0 || strings.Contains(got.out, "in step 1") {
				t.Errorf("status: %d\n%s%s", got.code, got.out, got.errors)
			}
			if got := o.call("verify").run(t.Context()); got.code != executor.ExitIncomplete {
				t.Errorf("verify of half a mailbox: exit code %d\n%s", got.code, got.out)
			}
			if got := o.call("apply", "--yes").run(t.Context()); got.code != 0 || o.copied() != all {
				t.Errorf("the next run: exit code %d, %d messages\n%s%s", got.code, o.copied(), got.out, got.errors)
			}
			if got := o.call("verify").run(t.Context()); got.code != 0 {
				t.Errorf("verify: exit code %d\n%s", got.code, got.out)
			}
		})
	}
}

// Commands that only look end with the first interrupt, and say nothing that
// they did not see.
func TestInterruptWhileLooking(t *testing.T) {
	o := newOffice(t, 3)
	for _, name := range []string{"plan", "verify", "status"} {
		var out, errors bytes.Buffer
		e := o.call().env(&out, &errors)
		stop := make(chan struct{})
		e.Stop = stop
		e.OpenWorld = func(p opening) (world, error) {
			close(stop)
			time.Sleep(20 * time.Millisecond) // longer than it takes to hear of it
			return openWorld(p)
		}
		if code := run(t.Context(), e, []string{name, "--dir", o.dir}); code != 1 || !strings.Contains(errors.String(), "cmd.interrupted") || out.Len() > 0 {
			t.Errorf("%s: exit code %d\n%s%s", name, code, out.String(), errors.String())
		}
	}
}

// At a terminal verify shows how far it is, and leaves nothing of it behind.
func TestVerifyAtATerminal(t *testing.T) {
	o := newOffice(t, 3)
	if got := o.call("apply", "--yes").run(t.Context()); got.code != 0 {
		t.Fatal(got.errors)
	}
	c := o.call("verify")
	plain := c.run(t.Context())
	c.screen = 80
	got := c.run(t.Context())
	s := &screen{t: t, width: 80}
	s.write(got.out)
	if !strings.Contains(got.out, "\x1b[") || strings.Join(s.lines, "\n")+"\n" != plain.out {
		t.Errorf("on a terminal: %q\non a pipe: %q", got.out, plain.out)
	}
}

// While a run is at work, status shows it and another apply is refused.
func TestStatusOfARunAtWork(t *testing.T) {
	o := newOffice(t, 60)
	o.new.Fail(imapd.Fault{Command: "APPEND", After: 3, Times: 1 << 30, Act: imapd.Delay, Wait: 50 * time.Millisecond})
	ended := make(chan ended)
	go func() { ended <- o.call("apply", "--yes").run(context.Background()) }()
	o.waitFor(t, 5)
	status := o.call("status").run(t.Context())
	for _, want := range []string{"pc-07", "8812", "copying 1"} {
		if status.code != 0 || !strings.Contains(status.out, want) {
			t.Errorf("status does not say %q:\n%s%s", want, status.out, status.errors)
		}
	}
	if got := o.call("apply", "--yes").run(t.Context()); got.code != executor.ExitRefused || !strings.Contains(got.errors, "lock.alive") {
		t.Errorf("a second apply: exit code %d\n%s", got.code, got.errors)
	}
	if got := o.call("unlock", "--force").run(t.Context()); got.code != executor.ExitRefused {
		t.Errorf("unlock --force took the lock of a run at work: exit code %d\n%s", got.code, got.out)
	}
	if got := <-ended; got.code != 0 {
		t.Errorf("the run: exit code %d\n%s%s", got.code, got.out, got.errors)
	}
}

// What a run says of itself stands in the place of what its records say, which
// do not know how much there is.
func TestOverlay(t *testing.T) {
	amount := func(n int) render.Amount { return render.Amount{Messages: n} }
	view := render.StatusView{Unknown: 3, Rows: []render.StatusRow{
		{Address: "a", State: planner.Copying, Done: amount(40)},
		{Address: "b", State: planner.NotStarted, Done: amount(10)},
		{Address: "c", State: planner.InStep, All: amount(5), Done: amount(5), Known: true},
		{Address: "d", State: planner.NotStarted},
		{Address: "e", State: planner.InStep, All: amount(7), Done: amount(7), Known: true},
	}}
	overlay(&view, &executor.Status{Rate: 50, Mailboxes: []executor.MailboxStatus{
		{Address: "a", State: planner.Copying, Progress: &planner.Progress{Done: 30, Total: 90, Bytes: 300, BytesAll: 900}},
		{Address: "b", State: planner.InStep, Progress: &planner.Progress{Done: 10, Total: 10}},
		{Address: "c"},
		{Address: "d", State: planner.NotStarted},
		{Address: "e", State: planner.Copying, Progress: &planner.Progress{Done: 1, Total: 4, BytesAll: 50}},
	}})
	want := []render.StatusRow{
		{Address: "a", State: planner.Copying, Done: amount(40), All: amount(100), Known: true},
		{Address: "b", State: planner.InStep, Done: amount(10), All: amount(10), Known: true},
		{Address: "c", State: planner.InStep, Done: amount(5), All: amount(5), Known: true},
		{Address: "d", State: planner.NotStarted},
		{Address: "e", State: planner.Copying, Done: amount(7), All: amount(10), Known: true},
	}
	if diff := cmp.Diff(want, view.Rows); diff != "" {
		t.Error(diff)
	}
	if view.Done != amount(62) || view.All != amount(125) || view.Unknown != 1 || view.Left != 13 || view.Speed != 50 {
		t.Errorf("%+v", view)
	}
}

// A failure to write is told, not passed over.
func TestUnwritable(t *testing.T) {
	o := newOffice(t, 1)
	if got := o.call("plan", "--out", filepath.Join(o.dir, "no", "such", "dir.plan")).run(t.Context()); got.code != 1 || !strings.Contains(got.errors, "dir.plan cannot be used") {
		t.Errorf("exit code %d: %s", got.code, got.errors)
	}
	if got := mxmove(t, "fmt", "--dir", filepath.Join(o.dir, "nowhere")); got.code != 1 || !strings.Contains(got.errors, "nowhere") {
		t.Errorf("exit code %d: %s", got.code, got.errors)
	}
	if got := mxmove(t, "init", "--dir", filepath.Join(o.dir, "pw", "below-a-file")); got.code != 1 {
		t.Errorf("exit code %d: %s", got.code, got.errors)
	}
}
