package smtp

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/providertest/receiver"
)

func codesOf(list []Checked) (codes []string) {
	for _, c := range list {
		if c.Came != nil {
			codes = append(codes, "came")
		}
		for _, f := range c.Findings {
			codes = append(codes, string(f.Severity)+" "+f.Code)
		}
	}
	return codes
}

func TestCheckOfCanaries(t *testing.T) {
	wrong := func(w *town) { w.canary.Submission.Password = config.SecretRef("env:WRONG") }
	shut := func(w *town) {
		w.onLook = func() error { return fault(planner.Credential, "login.refused") }
	}
	for name, c := range map[string]struct {
		change func(*town)
		o      receiver.Options
		fly    bool
		want   []string
		sent   int
	}{
		"both open":        {nil, receiver.Options{}, false, nil, 0},
		"it flies":         {func(w *town) { w.head = passed }, receiver.Options{}, true, []string{"came"}, 1},
		"into the junk":    {func(w *town) { w.head, w.folder = passed, "Junk" }, receiver.Options{}, true, []string{"came", "warning canary-arrival.junk"}, 1},
		"wrong password":   {wrong, receiver.Options{}, true, []string{"blocks canary-out.login"}, 0},
		"both wrong":       {func(w *town) { wrong(w); shut(w) }, receiver.Options{}, true, []string{"blocks login.refused", "blocks canary-out.login"}, 0},
		"shut elsewhere":   {shut, receiver.Options{}, true, []string{"blocks login.refused"}, 0},
		"it does not come": {nil, receiver.Options{Deliver: func(receiver.Mail) error { return nil }}, true, []string{"blocks canary-check.late"}, 1},
		"refused":          {nil, receiver.Options{Rcpt: func(string) error { return answer(550, "no") }}, true, []string{"blocks canary-out.refused"}, 0},
		"seen by a person": {func(w *town) { w.canary.Arrival = nil }, receiver.Options{}, true, nil, 1},
		"odd":              {func(w *town) { w.onLook = func() error { return errors.New("odd") } }, receiver.Options{}, false, []string{"blocks step.error"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := leaving(t, c.o)
			if c.change != nil {
				c.change(w)
			}
			got, err := w.sender().Check(t.Context(), c.fly)
			if err != nil || len(got) != 1 || got[0].From != "alice@acme.test" || !slices.Equal(codesOf(got), c.want) || len(w.submit.Taken()) != c.sent {
				t.Errorf("%q, sent %d: %v", codesOf(got), len(w.submit.Taken()), err)
			}
		})
	}
}

func TestCheckOfNoCanary(t *testing.T) {
	if got, err := New(nil, Options{Spec: &config.Spec{}}).Check(t.Context(), true); got != nil || err != nil {
		t.Error(got, err)
	}
	w := leaving(t, receiver.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.sender().Check(ctx, true); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
