package smtp

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/providertest/receiver"
)

// out is the target's submission server, and the mailbox elsewhere that its
// mail comes to.
type out struct {
	submit *receiver.Server
	cut    *cut // of connections there; nil: none is
	dir    string
	canary config.Canary
	clock  time.Time

	box    sync.Mutex
	folder string            // where mail comes to; default INBOX
	head   string            // what the receiver writes above it
	lies   map[string][]byte // by Message-ID
	looks  int
	onLook func() error
}

const secret = "pw/of+alice?="

// leaving is a town with a submission server.
func leaving(t *testing.T, o receiver.Options) *town {
	w := newTown(t)
	w.dir, w.clock, w.lies, w.folder = t.TempDir(), time.Date(2026, 12, 5, 21, 0, 0, 0, time.UTC), map[string][]byte{}, "INBOX"
	if o.Users == nil {
		o.Users = map[string]string{"alice": secret}
	}
	if o.Deliver == nil {
		o.Deliver = w.post
	}
	w.submit = receiver.Start(t, o)
	w.canary = config.Canary{From: "alice@acme.test", To: "me@outside.example", Arrival: &config.Service{Host: "imap.outside.example"},
		Submission: config.Service{Host: "smtp.new.test", Port: 465, TLS: config.TLSNone, User: "alice", Password: config.SecretRef("env:OUT")}}
	if w.submit.PEM != nil {
		w.canary.Submission.Host, w.canary.Submission.CAFile = "receiver.test", "ca.pem"
		if err := os.WriteFile(filepath.Join(w.dir, "ca.pem"), w.submit.PEM, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w *town) dialSubmission(ctx context.Context) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", w.submit.Addr)
	if err == nil && w.cut != nil {
		return &cutConn{Conn: conn, cut: w.cut}, nil
	}
	return conn, err
}

// post brings a mail to the mailbox elsewhere.
func (w *town) post(m receiver.Mail) error {
	w.box.Lock()
	defer w.box.Unlock()
	_, id, _ := bytes.Cut(m.Body, []byte("Message-ID: "))
	id, _, _ = bytes.Cut(id, []byte("\r\n"))
	w.lies[string(id)] = append([]byte(w.head), m.Body...)
	return nil
}

func (w *town) Elsewhere(_ context.Context, at config.Service, id string) (string, bool, []byte, error) {
	w.box.Lock()
	defer w.box.Unlock()
	w.looks++
	if w.onLook != nil {
		if err := w.onLook(); err != nil {
			return "", false, nil, err
		}
	}
	if at != *w.canary.Arrival {
		w.t.Errorf("looked at %+v", at)
	}
	if mail := w.lies[id]; mail != nil {
		return w.folder, w.folder == "Junk", mail, nil
	}
	return "", false, nil, nil
}

// sender is a process, as it were: it knows nothing of those before.
func (w *town) sender() *World {
	spec := &config.Spec{Cutover: &config.Cutover{Canaries: []config.Canary{w.canary}}}
	secrets := config.NewSecrets(w.dir, func(name string) string { return map[string]string{"OUT": secret, "WRONG": "wrong/pw"}[name] }, nil)
	dial := w.dial
	if w.submit.PEM != nil {
		dial = func(ctx context.Context, _, _ string) (net.Conn, error) { return w.dialSubmission(ctx) }
	}
	return New(nil, Options{Spec: spec, Secrets: secrets, SpecDir: w.dir, Lineage: "l1", Boxes: w, Dial: dial,
		Now:   func() time.Time { return w.clock },
		Sleep: func(ctx context.Context, d time.Duration) error { w.clock = w.clock.Add(d); return ctx.Err() }})
}

var leaves = planner.CanaryOut{Domain: "acme.test", From: "alice@acme.test", To: "me@outside.example", In: planner.Cutover, Message: "<mxmove-canary-1@acme.test>"}

// try carries out an op and gives its fault and what was noted.
func (w *town) try(ctx context.Context, world *World, op planner.Op) (f *planner.Fault, notes []string, err error) {
	w.t.Helper()
	_, err = world.Do(ctx, op, nil, func(p planner.Progress) {
		if p.Note != nil {
			notes = append(notes, p.Note.Code)
		}
	})
	if errors.As(err, &f) && (strings.Contains(f.Error(), secret) || strings.Contains(f.Error(), "wrong/pw")) {
		w.t.Errorf("it tells the password: %v", f)
	}
	return f, notes, err
}

func TestCanaryLeaves(t *testing.T) {
	for name, c := range map[string]struct {
		o    receiver.Options
		tls  string
		want []string
	}{
		"in the clear, to this machine": {receiver.Options{}, config.TLSNone, []string{"CONNECT", "AUTH PLAIN"}},
		"STARTTLS":                      {receiver.Options{TLS: true}, config.TLSStart, []string{"CONNECT", "END", "CONNECT", "AUTH PLAIN"}},
		"TLS":                           {receiver.Options{Implicit: true}, config.TLSImplicit, []string{"CONNECT", "AUTH PLAIN"}},
		"LOGIN":                         {receiver.Options{Implicit: true, Auth: []string{"LOGIN"}}, config.TLSImplicit, []string{"CONNECT", "AUTH LOGIN"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := leaving(t, c.o)
			w.canary.Submission.TLS = c.tls
			if f, notes, err := w.try(t.Context(), w.sender(), leaves); err != nil || len(notes) > 0 {
				t.Fatal(f, err, notes)
			}
			want := append(c.want, "MAIL alice@acme.test", "RCPT me@outside.example", "DATA")
			if calls := w.submit.Calls(); !slices.Equal(calls[:len(want)], want) || w.looks > 0 {
				t.Errorf("%q, %d looks", calls, w.looks)
			}
			for _, line := range []string{"From: <alice@acme.test>", "To: <me@outside.example>", "Message-ID: <mxmove-canary-1@acme.test>", "X-Mxmove-Lineage: l1", "Auto-Submitted: auto-generated"} {
				if body := string(w.submit.Taken()[0].Body); strings.Count(body, line+"\r\n") != 1 {
					t.Errorf("no %q in\n%s", line, body)
				}
			}
		})
	}
}

func TestCanaryOutFaults(t *testing.T) {
	deny := func(code int, said string) receiver.Options {
		return receiver.Options{Rcpt: func(string) error { return answer(code, said) }}
	}
	for name, c := range map[string]struct {
		o     receiver.Options
		k     func(*config.Canary)
		code  string
		class planner.Class
		said  string
	}{
		"refused":            {deny(550, "no such user here"), nil, "canary-out.refused", planner.Account, "550 no such user here"},
		"later":              {deny(450, "greylisted"), nil, "canary-out.later", planner.Throttled, "450 greylisted"},
		"content":            {receiver.Options{Deliver: func(receiver.Mail) error { return answer(554, "5.7.1 policy") }}, nil, "canary-out.refused", planner.Account, "554 5.7.1 policy"},
		"full":               {receiver.Options{Deliver: func(receiver.Mail) error { return answer(452, "no room") }}, nil, "canary-out.later", planner.Throttled, "452 no room"},
		"wrong password":     {receiver.Options{}, func(k *config.Canary) { k.Submission.Password = config.SecretRef("env:WRONG") }, "canary-out.login", planner.Credential, "535 5.7.8 wrong user or password"},
		"no password":        {receiver.Options{}, func(k *config.Canary) { k.Submission.Password = config.SecretRef("env:NONE") }, "secret.unset", planner.Credential, ""},
		"no TLS":             {receiver.Options{}, func(k *config.Canary) { k.Submission.TLS = config.TLSStart }, "canary-out.tls", planner.Unreachable, ""},
		"no such mechanism":  {receiver.Options{Auth: []string{"CRAM-MD5"}}, nil, "canary-out.mechanism", planner.Account, ""},
		"nobody listens":     {receiver.Options{}, func(k *config.Canary) { k.Submission.Port = 466 }, "canary-out.unreachable", planner.Unreachable, "connection refused"},
		"unknown authority":  {receiver.Options{Implicit: true}, func(k *config.Canary) { k.Submission.CAFile, k.Submission.TLS = "", config.TLSImplicit }, "canary-out.unreachable", planner.Unreachable, "certificate"},
		"another name":       {receiver.Options{Implicit: true}, func(k *config.Canary) { k.Submission.Host, k.Submission.TLS = "smtp.new.test", config.TLSImplicit }, "canary-out.unreachable", planner.Unreachable, "smtp.new.test"},
		"no authority there": {receiver.Options{}, func(k *config.Canary) { k.Submission.CAFile = "gone.pem" }, "canary-out.unreachable", planner.Unreachable, "gone.pem"},
		"not of this spec":   {receiver.Options{}, func(k *config.Canary) { k.To = "else@outside.example" }, "canary-out.unlisted", planner.Internal, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := leaving(t, c.o)
			if c.k != nil {
				c.k(&w.canary)
			}
			world := w.sender()
			f, _, _ := w.try(t.Context(), world, leaves)
			if codeOf(f) != c.code || f.Class != c.class || !strings.Contains(f.Args["said"], c.said) || (f.Wait > 0) != (c.class == planner.Throttled) {
				t.Fatalf("%v", f)
			}
			asked := len(w.submit.Calls())
			if again, _, _ := w.try(t.Context(), world, leaves); codeOf(again) != c.code {
				t.Errorf("then %v", again)
			}
			if c.code == "canary-out.login" && len(w.submit.Calls()) != asked {
				t.Error("a wrong password is tried twice")
			}
			if len(w.submit.Taken()) > 0 {
				t.Error("it was sent")
			}
		})
	}
}

// Who is greylisted comes again, and is let in.
func TestCanaryOutComesAgain(t *testing.T) {
	first := true
	w := leaving(t, receiver.Options{Rcpt: func(string) error {
		if first {
			first = false
			return answer(451, "come again")
		}
		return nil
	}})
	world := w.sender()
	if f, _, _ := w.try(t.Context(), world, leaves); codeOf(f) != "canary-out.later" || f.Wait != greylisted {
		t.Fatal(f)
	}
	if f, notes, err := w.try(t.Context(), world, leaves); err != nil || len(notes) > 0 || w.looks > 0 || len(w.submit.Taken()) != 1 {
		t.Error(f, notes, w.looks, len(w.submit.Taken()))
	}
}
