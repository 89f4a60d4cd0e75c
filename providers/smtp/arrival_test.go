package smtp

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/providertest/receiver"
)

const passed = "Authentication-Results: mx.outside.example; spf=pass smtp.mailfrom=acme.test; dkim=pass header.d=acme.test; dmarc=pass\r\n"

var comes = planner.CanaryArrival{Domain: "acme.test", From: leaves.From, To: leaves.To, Message: leaves.Message}

// awaited is a town whose mailbox elsewhere has the canary.
func awaited(t *testing.T, folder, head string) *town {
	w := leaving(t, receiver.Options{})
	w.folder, w.lies[leaves.Message] = folder, []byte(head+"From: alice@acme.test\r\n\r\nhi\r\n")
	return w
}

func TestArrivalIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		folder, head string
		want         []string
		results      string
	}{
		"as it should":        {"INBOX", passed, []string{"canary-arrival.came"}, "spf=pass, dkim=pass, dmarc=pass"},
		"in the junk folder":  {"Junk", passed, []string{"canary-arrival.came", "canary-arrival.junk"}, "spf=pass, dkim=pass, dmarc=pass"},
		"not signed":          {"INBOX", "Authentication-Results: mx; spf=pass; dkim=none; dmarc=pass\r\n", []string{"canary-arrival.came", "canary-arrival.failed"}, "spf=pass, dkim=none, dmarc=pass"},
		"nobody told":         {"INBOX", "", []string{"canary-arrival.came", "canary-arrival.untold"}, "-"},
		"junk, and it failed": {"Junk", "Authentication-Results: mx; spf=softfail; dkim=fail; dmarc=fail\r\n", []string{"canary-arrival.came", "canary-arrival.junk", "canary-arrival.failed"}, "spf=softfail, dkim=fail, dmarc=fail"},
	} {
		t.Run(name, func(t *testing.T) {
			w := awaited(t, c.folder, c.head)
			var results string
			var codes []string
			_, err := w.sender().Do(t.Context(), comes, nil, func(p planner.Progress) {
				codes = append(codes, p.Note.Code)
				if p.Note.Code == "canary-arrival.came" {
					results = p.Note.Args["results"]
					if p.Note.Args["folder"] != c.folder || p.Note.Subject != "acme.test" {
						t.Errorf("%+v", p.Note)
					}
				}
			})
			if err != nil || !slices.Equal(codes, c.want) || results != c.results {
				t.Errorf("%q %q %v", codes, results, err)
			}
		})
	}
}

// What does not come is looked for a while, then at each look, and is lost
// after an hour; coming even later it is found.
func TestArrivalIsWaitedFor(t *testing.T) {
	w := leaving(t, receiver.Options{})
	op := comes
	op.Sent = w.clock
	world := w.sender()
	f, _, _ := w.try(t.Context(), world, op)
	if codeOf(f) != "canary-arrival.waiting" || f.Class != planner.Throttled || f.Wait != between || w.looks > 7 {
		t.Fatal(f, w.looks)
	}
	if waited := w.clock.Sub(op.Sent); waited < soonest || waited > 2*soonest {
		t.Errorf("waited %v", waited)
	}
	looks := w.looks
	if f, _, _ := w.try(t.Context(), world, op); codeOf(f) != "canary-arrival.waiting" || w.looks != looks+1 {
		t.Error(f, w.looks-looks)
	}
	w.clock = op.Sent.Add(overdue)
	if f, _, _ := w.try(t.Context(), world, op); codeOf(f) != "canary-arrival.lost" || f.Class != planner.Account || f.Args["message"] != leaves.Message {
		t.Error(f)
	}
	w.lies[leaves.Message] = []byte("From: alice@acme.test\r\n\r\n")
	if f, notes, err := w.try(t.Context(), world, op); err != nil || !slices.Contains(notes, "canary-arrival.came") {
		t.Error(f, notes)
	}
}

func TestArrivalFaults(t *testing.T) {
	w := leaving(t, receiver.Options{})
	w.onLook = func() error { return fault(planner.Credential, "login.refused") }
	if f, _, _ := w.try(t.Context(), w.sender(), comes); codeOf(f) != "login.refused" {
		t.Error(f)
	}
	w.onLook = nil
	op := comes
	op.Sent = w.clock
	stop := make(chan struct{})
	close(stop)
	if _, err := w.sender().Do(t.Context(), op, stop, nil); !errors.Is(err, planner.ErrStopped) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := w.try(ctx, w.sender(), op); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	w.canary.Arrival = nil
	if f, _, _ := w.try(t.Context(), w.sender(), comes); codeOf(f) != "canary-out.unlisted" {
		t.Error(f)
	}
}

func TestVerdicts(t *testing.T) {
	for name, c := range map[string]struct{ head, want string }{
		"Google": {"Delivered-To: x\r\nAuthentication-Results: mx.google.com;\r\n       dkim=pass header.i=@acme.test header.s=s1 header.b=\"ab;dmarc=fail\";\r\n" +
			"       spf=pass (google.com: domain of a@acme.test designates 192.0.2.1 as permitted; dkim=fail) smtp.mailfrom=a@acme.test;\r\n       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=acme.test\r\n", "spf=pass, dkim=pass, dmarc=pass"},
		"Microsoft":                    {"Authentication-Results: spf=pass (sender IP is 192.0.2.1)\r\n smtp.mailfrom=acme.test; dkim=none (message not signed)\r\n header.d=none;dmarc=bestguesspass action=none\r\n", "spf=pass, dkim=none, dmarc=bestguesspass"},
		"without a name, forged below": {"Authentication-Results: spf=fail; dkim=none\r\nAuthentication-Results: spf=fail; dmarc=pass\r\n", "spf=fail, dkim=none"},
		"with a version":               {"Authentication-Results: mx.outside.example 1; SPF/1 = Pass smtp.mailfrom=x\r\n", "spf=pass"},
		"several fields":               {"Authentication-Results: mx; spf=pass\r\nAuthentication-Results: mx; dkim=fail\r\nAuthentication-Results: elsewhere; dmarc=pass\r\n", "spf=pass, dkim=fail"},
		"the sender's own below":       {"Authentication-Results: mx; spf=fail\r\nAuthentication-Results: acme.test; dmarc=pass\r\nAuthentication-Results: mx; dmarc=pass\r\n", "spf=fail"},
		"two signatures":               {"Authentication-Results: mx; dkim=fail header.d=list.test; dkim=pass header.d=acme.test; dkim=neutral\r\n", "dkim=pass"},
		"none":                         {"Authentication-Results: mx; none\r\n", "-"},
		"Received-SPF":                 {"Received-SPF: SoftFail (x: y) client-ip=192.0.2.1\r\n", "spf=softfail"},
		"Received-SPF beside":          {"Received-SPF: fail\r\nAuthentication-Results: mx; spf=pass\r\n", "spf=pass"},
		"comment without an end":       {"Authentication-Results: mx; spf=pass (x; dkim=pass\r\n", "spf=pass"},
		"quoted with an escape":        {"Authentication-Results: mx; spf=pass reason=\"a\\\";dkim=pass\"; dmarc=fail\r\n", "spf=pass, dmarc=fail"},
		"other methods":                {"Authentication-Results: mx; arc=pass; spf=; =pass; iprev=pass; dkim\r\n", "-"},
		"in the body, not the head":    {"Subject: x\r\n\r\nAuthentication-Results: mx; spf=pass\r\n", "-"},
	} {
		if got := verdicts([]byte(c.head + "\r\nbody\r\n")).String(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	for _, odd := range []string{"", "\r\n", "no header", ": x\r\n\r\n", strings.Repeat("(", 1000)} {
		if got := verdicts([]byte(odd)).String(); got != "-" {
			t.Errorf("%q: %s", odd, got)
		}
	}
}

func FuzzVerdicts(f *testing.F) {
	f.Add("Authentication-Results: mx; spf=pass (x) smtp.mailfrom=\"a\"; dkim=fail\r\n\r\n")
	f.Fuzz(func(t *testing.T, mail string) {
		for check, word := range verdicts([]byte(mail)) {
			if !slices.Contains(checks, check) || strings.ContainsAny(word, " ;\r\n") {
				t.Errorf("%s=%q", check, word)
			}
		}
	})
}

// What nobody looks at for a day is no matter of its age alone.
func TestAnOldCanaryIsLookedForOnce(t *testing.T) {
	w := awaited(t, "INBOX", passed)
	op := comes
	op.Sent = w.clock.Add(-24 * time.Hour)
	if f, _, err := w.try(t.Context(), w.sender(), op); err != nil || w.looks != 1 {
		t.Error(f, w.looks)
	}
}
