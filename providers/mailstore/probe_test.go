package mailstore_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore"
	"github.com/mxmove/mxmove/providers/memory/imapd"
	"github.com/mxmove/mxmove/providers/providertest/suite"
)

// limited replaces a side's server by one of that kind, with the same users.
func (h *inProcess) limited(side suite.Side, o imapd.Options) {
	o.Now = time.Now
	s, err := imapd.Start(o)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { s.Close() })
	h.servers[side] = s
	of := &h.spec.Source.IMAP
	if side == suite.Target {
		of = &h.spec.Target.IMAP
	}
	of.Port = s.Port()
	for _, m := range h.spec.Roster.Mailboxes {
		s.AddUser(m.Address, goodPassword)
	}
}

func found(t *testing.T, world *mailstore.Store, code string) []config.Finding {
	t.Helper()
	snap, err := world.Observe(t.Context(), planner.Signed)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(planner.Build(&config.Spec{}, snap, time.Now()).Observed.Findings, func(f config.Finding) bool { return f.Code != code })
}

// Messages that the target's limit shuts out are counted before any octet
// moves, in each mailbox that has some.
func TestAPlanTellsWhatIsTooLarge(t *testing.T) {
	h := newInProcess(t)
	h.limited(suite.Target, imapd.Options{AppendLimit: 10_000})
	h.fill("alice", 3)
	h.fill("bob", 3)
	u := h.user(suite.Source, "alice@acme.test")
	u.Create("", "Box")
	for i, size := range []int{9_000, 12_000, 50_000} {
		u.Add(imapd.Message{Date: time.Unix(1.7e9, 0), Body: fmt.Appendf(nil, "Message-ID: <l%d@acme.test>\r\n\r\n%s\r\n", i, strings.Repeat("x", size))}, "Box")
	}
	world := open(h.spec, h.state)
	got := found(t, world, "source.too-large")
	if len(got) != 1 || got[0].Subject != "alice@acme.test" || got[0].Args["n"] != "2" || got[0].Args["largest"] != planner.Bytes(50_032) || got[0].Args["limit"] != planner.Bytes(10_000) {
		t.Fatalf("%+v", got)
	}
	if n := h.servers[suite.Source].Count("bob@acme.test", "UID SEARCH"); n != 0 {
		t.Errorf("a mailbox smaller than the limit was searched %d times", n)
	}
	tally := runCopy(t, world, h.spec, "alice@acme.test")
	if tally.Refused != 2 {
		t.Errorf("%+v", tally)
	}
	if got := found(t, open(h.spec, h.state), "source.too-large"); len(got) != 0 {
		t.Errorf("told again after they were named: %+v", got)
	}
}

func at30(days int) time.Time { return time.Now().AddDate(0, 0, -days) }

// A mailbox that shows a month of many is told apart from a young one, an old
// one, and one that never lost a message.
func TestAPlanTellsOfAWindow(t *testing.T) {
	for name, c := range map[string]struct {
		oldest, first, messages int
		told                    bool
	}{
		"window":     {29, 5000, 40, true},
		"old mail":   {400, 5000, 40, false},
		"young":      {29, 1, 40, false},
		"few left":   {5, 5000, 3, false},
		"some lost":  {29, 30, 40, false},
		"past month": {40, 5000, 40, false},
	} {
		h := newInProcess(t)
		u := h.user(suite.Source, "alice@acme.test")
		for i := range c.messages {
			u.Add(imapd.Message{UID: uint32(c.first + i), Date: at30(c.oldest).Add(time.Duration(i) * time.Minute), Body: fmt.Appendf(nil, "a: %d\r\n\r\n", i)}, "INBOX")
		}
		world := open(h.spec, h.state)
		snap, err := world.Observe(t.Context(), planner.Signed)
		if err != nil {
			t.Fatal(err)
		}
		box, _ := snap.Mailbox("alice@acme.test")
		if d := box.Source.Oldest.Sub(at30(c.oldest)).Abs(); d > 2*time.Second {
			t.Errorf("%s: the oldest is of %v", name, box.Source.Oldest)
		}
		if told := slices.ContainsFunc(snap.Findings, func(f config.Finding) bool { return f.Code == "source.window" }); told != c.told {
			t.Errorf("%s: told %v", name, told)
		}
	}
}

// A known service's settings are named once, not for each mailbox.
func TestSettingsAreNamed(t *testing.T) {
	for greeting, want := range map[string]string{"QQMail XMIMAP4Server": "qq", "Coremail System IMap Server Ready(163com)": "netease",
		"AliYun IMAP Server": "alibaba", "Gimap": "gmail", "The Microsoft Exchange IMAP4 service is": "microsoft", "Dovecot": ""} {
		h := newInProcess(t)
		h.limited(suite.Source, imapd.Options{Name: greeting})
		h.BreakPassword("alice@acme.test", true)
		h.BreakPassword("bob@acme.test", true)
		u := h.user(suite.Source, "carol@acme.test")
		for i := range 20 {
			u.Add(imapd.Message{UID: uint32(900 + i), Date: at30(3), Body: fmt.Appendf(nil, "a: %d\r\n\r\n", i)}, "INBOX")
		}
		snap, err := open(h.spec, h.state).Observe(t.Context(), planner.Signed)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range snap.Findings {
			if strings.HasPrefix(f.Code, "settings.") {
				got = append(got, f.Code)
			}
		}
		var all []string
		if want != "" {
			all = []string{"settings.window." + want, "settings.login." + want}
		}
		if !slices.Equal(got, all) {
			t.Errorf("%s: %v", greeting, got)
		}
	}
}
