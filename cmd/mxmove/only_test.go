package main

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
)

func rowsOf(rows ...string) *config.Spec {
	spec := &config.Spec{}
	for _, r := range rows {
		address, wave, _ := strings.Cut(r, " ")
		spec.Roster.Mailboxes = append(spec.Roster.Mailboxes, config.Mailbox{Address: address, Wave: wave})
	}
	return spec
}

func TestOnlyChoosesByStateWaveAndAddress(t *testing.T) {
	spec := rowsOf("a@x.test 1", "b@x.test 1", "c@x.test 2", "d@x.test")
	states := map[string]planner.State{"a@x.test": planner.Failed, "c@x.test": planner.Failed, "d@x.test": planner.InStep}
	for _, c := range []struct {
		only only
		want string
	}{
		{nil, "a b c d"},
		{only{"failed"}, "a c"},
		{only{"迁移异常"}, "a c"},
		{only{" Failed "}, "a c"},
		{only{"in step"}, "d"},
		{only{"in-step", "wave:1"}, "a b d"},
		{only{"B@X.test", "b@x.test"}, "b"},
		{only{"copying"}, ""},
		{only{"partial"}.with([]string{"d@x.test"}), "d"},
	} {
		ch, err := c.only.parse(spec)
		if err != nil {
			t.Errorf("%q: %v", c.only, err)
			continue
		}
		var got []string
		for _, r := range spec.Roster.Mailboxes {
			if ch.takes(r, states[r.Address]) {
				got = append(got, strings.TrimSuffix(r.Address, "@x.test"))
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q: %v, want %s", c.only, got, c.want)
		}
	}
}

func TestOnlyRefusesWhatNamesNothing(t *testing.T) {
	spec := rowsOf("alice@x.test east", "bob@x.test")
	_, err := only{"faield", "nonsense-of-some-kind", "wave:easst", "wave:", "alcie@x.test", "*", "*@x.test", ""}.parse(spec)
	var refused *executor.Refused
	if !errors.As(err, &refused) {
		t.Fatal(err)
	}
	var got []string
	for _, f := range refused.Reasons {
		got = append(got, f.Code+" "+f.Args["near"]+" "+f.Args["hint"])
		for _, lang := range []text.Lang{text.English, text.Chinese} {
			for _, part := range []string{".what", ".why", ".do"} {
				if s := text.Load(lang).T(f.Code + part); strings.Contains(s, "cmd.only") {
					t.Error(s)
				}
			}
		}
	}
	want := []string{"cmd.only.state 1 failed", "cmd.only.state 0 copying, ", "cmd.only.wave 1 east", "cmd.only.wave 0 east",
		"cmd.only.address 1 alice@x.test", "cmd.only.state 0 ", "cmd.only.address 0 alice@x.test, bob@x.test", "cmd.only.state 0 "}
	if !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("%q", got)
	}
}
