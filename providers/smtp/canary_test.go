package smtp

import (
	"slices"
	"strings"
	"testing"

	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/providertest/receiver"
)

var canaryOp = planner.Canary{Domain: "acme.test", To: "amy@acme.test"}

func TestCanaryArrivesAndIsRemoved(t *testing.T) {
	w := newTown(t)
	others := []string{w.world().prefix("acme.example") + "on-its-way@mxmove.invalid>", "<mxmove-canary-l2-x@mxmove.invalid>", "<else@acme.test>"}
	w.target = append([]string{w.world().prefix("acme.test") + "old@mxmove.invalid>"}, others...)
	s := w.host("mx.new.test", "192.0.2.1", receiver.Options{TLS: true, Deliver: w.keep(&w.target)})
	w.mx = []string{"mx.down.test", "mx.new.test"}
	if f := w.do(w.world(), canaryOp); f != nil {
		t.Fatal(f)
	}
	if !slices.Equal(w.target, others) { // another domain's comes to the same mailbox
		t.Errorf("left: %q", w.target)
	}
	taken := s.Taken()
	if len(taken) != 1 || taken[0].From != "" || !slices.Equal(taken[0].To, []string{"amy@acme.test"}) {
		t.Fatalf("%+v", taken)
	}
	for _, line := range []string{"Auto-Submitted: auto-generated\r\n", "To: <amy@acme.test>\r\n", "Message-ID: <mxmove-canary-l1-"} {
		if !strings.Contains(string(taken[0].Body), line) {
			t.Errorf("no %q in\n%s", line, taken[0].Body)
		}
	}
}

func TestCanaryFaults(t *testing.T) {
	for _, each := range []struct {
		name  string
		serve func(w *town) receiver.Options
		code  string
		class planner.Class
	}{
		{"lost", func(*town) receiver.Options { return receiver.Options{} }, "canary.lost", planner.Account},
		{"at the source", func(w *town) receiver.Options { return receiver.Options{Deliver: w.keep(&w.source)} }, "canary.source", planner.Account},
		{"on both sides", func(w *town) receiver.Options {
			return receiver.Options{Deliver: func(m receiver.Mail) error {
				_ = w.keep(&w.source)(m)
				return w.keep(&w.target)(m)
			}}
		}, "canary.source", planner.Account},
		{"rejected", func(*town) receiver.Options {
			return receiver.Options{Rcpt: func(string) error { return answer(550, "no") }}
		}, "canary.rejected", planner.Account},
		{"rejected with its text", func(*town) receiver.Options {
			return receiver.Options{Deliver: func(receiver.Mail) error { return answer(554, "spam") }}
		}, "canary.rejected", planner.Account},
		{"later", func(*town) receiver.Options {
			return receiver.Options{Rcpt: func(string) error { return answer(450, "later") }}
		}, "canary.later", planner.Throttled},
	} {
		t.Run(each.name, func(t *testing.T) {
			w := newTown(t)
			w.host("mx.new.test", "192.0.2.1", each.serve(w))
			w.mx = []string{"mx.new.test"}
			f := w.do(w.world(), canaryOp)
			if codeOf(f) != each.code || f.Class != each.class {
				t.Errorf("%v", f)
			}
			if each.code == "canary.lost" && w.naps < flight {
				t.Errorf("waited %v", w.naps)
			}
		})
	}
}

func TestCanaryWithoutMXOrMailbox(t *testing.T) {
	w := newTown(t)
	if f := w.do(w.world(), canaryOp); codeOf(f) != "canary.later" {
		t.Error(f)
	}
	w.lookFault = fault(planner.Credential, "login.refused")
	if f := w.do(w.world(), canaryOp); codeOf(f) != "login.refused" {
		t.Error(f)
	}
}
