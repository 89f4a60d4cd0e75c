package planner_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// byPeople is a snapshot of a target that only people reach and a sheet shows.
func byPeople(members ...planner.Member) planner.Snapshot {
	seen := planner.Seen{At: start, How: "sheet"}
	return planner.Snapshot{At: start, People: []string{"put-group", "put-member", "put-shared", "task client-access", "wait activation"},
		Target: planner.Side{Tenant: &planner.Tenant{Seen: seen, Corp: "wwB", Members: members}},
		Zones: []planner.Zone{{Seen: planner.Seen{At: start, How: "dns"}, Name: "acme.test", Sets: []planner.RRset{
			{Zone: "acme.test", Name: "acme.test", Type: "MX", Values: []string{"10 mx.old.test"}, TTL: 300}}}}}
}

func kindsOf(p *planner.Plan) map[string]planner.Step {
	all := map[string]planner.Step{}
	for _, s := range p.Steps {
		all[s.Op.Kind()] = s
	}
	return all
}

// Where people act, one task opens all mailboxes, and what no sheet shows is
// done once somebody says so.
func TestWhatPeopleSayStands(t *testing.T) {
	spec := specFor(shape{route: "history", rows: 2, domains: 1, extras: true})
	s := byPeople(planner.Member{Account: "m0", Address: "m0@acme.test"}, planner.Member{Account: "m1", Address: "m1@acme.test"})
	p := planner.Build(spec, s, start)
	all := kindsOf(p)
	access := planner.IDOf(planner.Task{Name: "client-access", On: "wwB"})
	if _, option := all["set-option"]; option || !slices.Contains(all["copy-mailbox"].Needs, access) && !slices.Contains(all["try-append"].Needs, access) {
		t.Errorf("mailboxes open by %v", p.Steps)
	}
	for _, kind := range []string{"put-shared", "put-group"} {
		if all[kind].ID == "" || !all[kind].Work {
			t.Errorf("no %s", kind)
		}
		s.Facts = append(s.Facts, planner.Fact{Step: all[kind].ID, Finished: len(s.Facts) + 1, At: start})
	}
	s.Facts = append(s.Facts, planner.Fact{Step: access, Finished: 3, At: start})
	after := kindsOf(planner.Build(spec, s, start.Add(time.Minute)))
	for _, kind := range []string{"put-shared", "put-group"} {
		if after[kind].ID != "" {
			t.Errorf("%s was done, and stands", kind)
		}
	}
}

// The vendor's copy gives addresses, and makes the shared mailboxes of its
// rows; people compare them after the switch.
func TestAddressesComeWithTheWizard(t *testing.T) {
	spec := specFor(shape{route: "wizard", rows: 1, domains: 1})
	spec.Roster.Mailboxes = append(spec.Roster.Mailboxes, config.Mailbox{Address: "info@acme.test", TargetAddress: "info@acme.test", Kind: "shared"})
	spec.Roster.Shared = []config.Shared{{Address: "info@acme.test", Users: []string{"m0@acme.test"}}}
	p := planner.Build(spec, byPeople(planner.Member{Account: "x"}), start)
	all := kindsOf(p)
	if op, ok := all["put-member"].Op.(planner.PutMember); !ok || !op.AccountOnly || op.Account != "m0" {
		t.Errorf("%+v", all["put-member"].Op)
	}
	if all["put-shared"].ID != "" || all["compare"].ID != planner.IDOf(planner.Compare{What: "mailboxes", Corp: "wwB"}) {
		t.Errorf("%+v %+v", all["put-shared"].Op, all["compare"])
	}
	mx := all["set-records"].ID
	if mx == "" || !slices.Contains(all["compare"].Needs, mx) {
		t.Errorf("compared behind %v, not behind %s", all["compare"].Needs, mx)
	}
}

// A test mail goes where somebody can look for it, or is not sent.
func TestCanariesGoWhereTheyAreFound(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*config.Spec)
		to     string
	}{
		"every password":  {func(*config.Spec) {}, "m0@acme.test"},
		"the second only": {func(s *config.Spec) { s.Roster.Mailboxes[0].TargetPassword = config.Secret{} }, "m1@acme.test"},
		"none": {func(s *config.Spec) {
			for i := range s.Roster.Mailboxes {
				s.Roster.Mailboxes[i].TargetPassword = config.Secret{}
			}
		}, ""},
		"an administrator": {func(s *config.Spec) {
			s.Roster.Mailboxes[0].TargetPassword, s.Target.IMAP.Login.Kind = config.Secret{}, config.LoginMaster
		}, "m0@acme.test"},
		"no imap": {func(s *config.Spec) { s.Target.IMAP = config.IMAP{} }, ""},
	} {
		spec := specFor(shape{route: "wizard", rows: 2, domains: 1})
		spec.Target.IMAP.Login.Kind = config.LoginPassword
		c.change(spec)
		op, _ := kindsOf(planner.Build(spec, byPeople(planner.Member{Account: "x"}), start))["canary"].Op.(planner.Canary)
		if op.To != c.to {
			t.Errorf("%s: to %q, want %q", name, op.To, c.to)
		}
	}
}

// A domain that goes to the vendor before its press has nothing to wait for
// after it, and nobody may go back on an MX that nobody changed.
func TestAMergeWithAZone(t *testing.T) {
	spec := specFor(shape{route: "merge", rows: 1, domains: 1})
	s := byPeople(planner.Member{Account: "m0", Address: "m0@trial.test"})
	s.Zones[0].Sets[0].Values = spec.Cutover.Zones[0].MX
	p := planner.Build(spec, s, start)
	for _, st := range p.Steps {
		w, waits := st.Op.(planner.Wait)
		if waits && w.For != "merged" || st.Op.Kind() == "set-records" {
			t.Errorf("%s", st.ID)
		}
		if st.Op.Kind() == "canary" && !slices.Contains(st.Needs, planner.IDOf(planner.Wait{For: "merged", On: "wwB"})) {
			t.Errorf("the test mail comes before the merge: %v", st.Needs)
		}
	}
	if back := p.WayBack(); len(back.Switched) > 0 {
		t.Errorf("%+v", back)
	}
}

// Who could be two has no account, and shared mailboxes have none.
func TestAccountsOfRows(t *testing.T) {
	spec := specFor(shape{route: "history", rows: 3, domains: 1})
	rows := spec.Roster.Mailboxes
	rows[0].Account, rows[0].Name = "", "Li"
	rows[1].Account = ""
	rows[2].Kind = "shared"
	s := byPeople(planner.Member{Account: "li", Name: "Li"}, planner.Member{Account: "li2", Name: "Li"}, planner.Member{Account: "wang", Address: "m1@acme.test"})
	got := planner.Build(spec, s, start).Accounts()
	if d := cmp.Diff(map[string]string{"m1@acme.test": "wang"}, got); d != "" {
		t.Error(d)
	}
}

// On the way back, too, no step is needed that nobody can carry out.
func TestCopiesGoWherePeopleOpenedTheMailboxes(t *testing.T) {
	spec := specFor(shape{route: "history", rows: 1, domains: 1})
	spec.Cutover.RollbackCopies = config.CopiesRemove
	s := byPeople(planner.Member{Account: "m0", Address: "m0@acme.test"})
	copied := kindsOf(planner.Build(spec, s, start))["copy-mailbox"].ID
	s.Records = []planner.Record{{Step: copied, Intent: 1, IntentAt: start, Outcome: 2, OutcomeAt: start, Tally: planner.Tally{Copied: 3}}}
	back := kindsOf(planner.BuildReverse(spec, s, start.Add(time.Hour)))
	removal, option := back["remove-placed"], planner.IDOf(planner.SetOption{Corp: "wwB", Account: "m0", Option: "imap", On: true})
	if removal.ID == "" || slices.Contains(removal.Needs, option) || back["set-option"].ID != "" {
		t.Errorf("%+v, %+v", removal, back["set-option"])
	}
}
