package planner

import (
	"testing"

	"github.com/mxmove/mxmove/config/text"
)

func TestStanding(t *testing.T) {
	fault := func(class Class, code string) *Fault { return &Fault{Msg: text.M(code), Class: class} }
	told := text.M("told")
	for name, c := range map[string]struct {
		box   Mailbox
		rec   Record
		state State
		why   string
	}{
		"nothing known":           {Mailbox{}, Record{}, NotStarted, ""},
		"in step":                 {Mailbox{State: InStep}, Record{Intent: 1, Outcome: 1}, InStep, ""},
		"no record of it":         {Mailbox{State: InStep}, Record{}, InStep, ""},
		"died in a later pass":    {Mailbox{State: InStep}, Record{Intent: 3, Outcome: 1}, Copying, ""},
		"died in the first pass":  {Mailbox{State: Partial}, Record{Intent: 1}, Copying, ""},
		"failed, looks whole":     {Mailbox{State: InStep}, Record{Intent: 3, Outcome: 1, Failed: fault(Gone, "gone")}, Failed, "gone"},
		"told to wait":            {Mailbox{State: NotStarted}, Record{Intent: 3, Failed: fault(Throttled, "slow")}, WaitServer, "slow"},
		"under way again":         {Mailbox{State: Copying}, Record{Intent: 3, Failed: fault(Gone, "gone")}, Copying, ""},
		"a credential is missing": {Mailbox{State: WaitPerson, Reason: &told}, Record{Failed: fault(Credential, "no")}, WaitPerson, "told"},
		"could not be seen":       {Mailbox{Target: Store{Seen: Seen{Err: fault(Credential, "refused")}}}, Record{}, NotStarted, "refused"},
		"the reason goes first":   {Mailbox{State: Failed, Reason: &told, Source: Store{Seen: Seen{Err: fault(Gone, "x")}}}, Record{}, Failed, "told"},
	} {
		state, why := Standing(c.box, c.rec)
		code := ""
		if why != nil {
			code = why.Code
		}
		if state != c.state || code != c.why {
			t.Errorf("%s: %s because of %q, want %s because of %q", name, state, code, c.state, c.why)
		}
	}
}

// After and Standing speak of one table, and every state has its words.
func TestStatesAfterPasses(t *testing.T) {
	fault := func(code string, c Class) *Fault { return &Fault{Msg: text.M(code), Class: c} }
	for _, c := range []struct {
		tally Tally
		fault *Fault
		want  State
	}{
		{Tally{Copied: 3}, nil, InStep},
		{Tally{Copied: 3, Refused: 1}, nil, Partial},
		{Tally{Missing: 1}, nil, Partial},
		{Tally{Refused: 1}, fault("x", Account), Failed},
		{Tally{}, fault("x", Throttled), WaitServer},
		{Tally{}, fault("x", Crowded), WaitServer},
		{Tally{}, fault("credential.missing", Credential), WaitPerson},
		{Tally{}, fault("login.refused", Credential), Failed},
	} {
		if got := After(c.tally, c.fault); got != c.want {
			t.Errorf("%+v, %v: %s, want %s", c.tally, c.fault, got, c.want)
		}
		if got, _ := Standing(Mailbox{State: InStep}, Record{Failed: c.fault}); c.fault != nil && got != c.want {
			t.Errorf("%v stands as %s, want %s", c.fault, got, c.want)
		}
	}
	seen := map[string]State{}
	for _, lang := range []text.Lang{text.English, text.Chinese} {
		for _, s := range States() {
			word := text.Load(lang).T(s.Word())
			if !text.Load(lang).Has(s.Word()) || seen[word] != "" {
				t.Errorf("%s %s: %q is also %s", lang, s, word, seen[word])
			}
			seen[word] = s
		}
	}
	if len(seen) != 2*7 {
		t.Errorf("%d states", len(seen)/2)
	}
}
