package planner

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
)

// canarySite is a domain whose MX was changed, with line 10 of the journal.
type canarySite struct {
	spec *config.Spec
	s    Snapshot
	out  CanaryOut
	came CanaryArrival
}

func newCanarySite() *canarySite {
	spec := specOf(row("alice", ""))
	spec.Cutover = &config.Cutover{Opens: now.Add(-time.Hour), Closes: now.Add(9 * time.Hour), Tail: 48 * time.Hour,
		Zones: []config.Zone{{Domain: "acme.test", Kind: "rfc2136", MX: []string{"10 mx.new.test"}}},
		Canaries: []config.Canary{{From: "alice@acme.test", To: "trial@outside.example",
			Submission: config.Service{Host: "smtp.new.test", Port: 465}, Arrival: &config.Service{Host: "imap.outside.example", Port: 993}}}}
	mx := RRset{Zone: "acme.test", Name: "acme.test", Type: "MX", Values: []string{"10 mx.old.test"}, TTL: 300}
	c := &canarySite{spec: spec, out: CanaryOut{Domain: "acme.test", From: "alice@acme.test", To: "trial@outside.example"},
		came: CanaryArrival{Domain: "acme.test", From: "alice@acme.test", To: "trial@outside.example"}}
	c.s = Snapshot{Format: 1, Lineage: "5f0e", At: now, Can: Kinds(), Zones: []Zone{{Name: "acme.test", Seen: Seen{At: now, How: "dns"}, Sets: []RRset{mx}}}}
	return c
}

// switches changes the MX; at is when.
func (c *canarySite) switches(at time.Time) {
	mx := c.s.Zones[0].Sets[0]
	to := mx
	to.Values = []string{"10 mx.new.test"}
	c.record(SetRecords{Old: mx, New: to, In: Cutover}, 9, 10, at)
	c.s.Zones[0].Sets[0] = to
}

// record puts a step on record, in place of what was there of it.
func (c *canarySite) record(op Op, intent, outcome int, at time.Time) *Record {
	c.s.Records = slices.DeleteFunc(c.s.Records, func(r Record) bool { return r.Step == IDOf(op) })
	r := Record{Step: IDOf(op), Intent: intent, Outcome: outcome, IntentAt: at}
	if outcome > 0 {
		r.OutcomeAt = at
	}
	c.s.Records = append(c.s.Records, r)
	return &c.s.Records[len(c.s.Records)-1]
}

// built gives both steps as they are planned; nil: not.
func (c *canarySite) built(t *testing.T) (out *CanaryOut, came *CanaryArrival, p *Plan) {
	t.Helper()
	p = Build(c.spec, c.s, now)
	if s, ok := p.Step(IDOf(c.out)); ok {
		op := s.Op.(CanaryOut)
		out = &op
		if !s.Work || s.Doubt {
			t.Errorf("%+v", s)
		}
	}
	c.came.ByHand = c.spec.Cutover.Canaries[0].Arrival == nil
	if s, ok := p.Step(IDOf(c.came)); ok {
		op := s.Op.(CanaryArrival)
		came = &op
		if out != nil && !slices.Contains(s.Needs, IDOf(c.out)) {
			t.Errorf("it needs %v", s.Needs)
		}
	}
	return out, came, p
}

// Before the switch both stand behind it, and nothing is said of a mail that
// there is not.
func TestCanaryOutStandsBehindTheSwitch(t *testing.T) {
	c := newCanarySite()
	out, came, p := c.built(t)
	if out == nil || came == nil || out.Message != "" || came.Message != "" || out.In != Cutover || came.ByHand {
		t.Fatalf("%+v %+v", out, came)
	}
	s, _ := p.Step(IDOf(c.out))
	needs := map[string]bool{}
	for _, id := range s.Needs {
		needs[id.Kind()+" "+strings.Split(id.Subject(), "/")[0]] = true
	}
	if !needs["set-records acme.test MX"] || !needs["wait authoritative"] || s.Op.Traits().Risk != Reversible {
		t.Errorf("%v %+v", s.Needs, s.Op.Traits())
	}
	c.switches(now)
	if beyond := Beyond(Build(c.spec, c.s, now), p); len(beyond) > 0 {
		t.Errorf("beyond the plan: %v", beyond)
	}
	c.spec.Cutover.Canaries = nil
	if out, came := c.stand(); out || came {
		t.Error("without a block there are steps")
	}
}

func (c *canarySite) stand() (out, came bool) {
	p := Build(c.spec, c.s, now)
	_, out = p.Step(IDOf(c.out))
	_, came = p.Step(IDOf(c.came))
	return out, came
}

// A switch has one Message-ID, however often the sending is tried; another
// switch, another spec and another state directory have others.
func TestCanaryMessageIsTheSwitchs(t *testing.T) {
	c := newCanarySite()
	c.switches(now.Add(-time.Minute))
	first, came, _ := c.built(t)
	if !strings.HasPrefix(first.Message, "<mxmove-canary-") || !strings.HasSuffix(first.Message, "@acme.test>") || came.Message != first.Message || !first.Begun.IsZero() {
		t.Fatalf("%+v %+v", first, came)
	}
	seen := map[string]bool{first.Message: true}
	r := c.record(c.out, 11, 0, now)
	if again, _, _ := c.built(t); again.Message != first.Message || !again.Begun.Equal(now) {
		t.Errorf("%+v", again)
	}
	r.Failed = &Fault{Msg: text.M(CanaryUnsure)}
	if again, _, _ := c.built(t); again.Begun.IsZero() {
		t.Error("it may have been sent, and is sent again without a look")
	}
	r.Failed = &Fault{Msg: text.M("canary-out.refused")}
	if again, _, _ := c.built(t); !again.Begun.IsZero() {
		t.Error("what was refused is looked for")
	}
	for name, change := range map[string]func(*canarySite){
		"switch":  func(c *canarySite) { c.switches(now) },
		"lineage": func(c *canarySite) { c.switches(now.Add(-time.Minute)); c.s.Lineage = "5f0f" },
		"to": func(c *canarySite) {
			c.switches(now.Add(-time.Minute))
			c.spec.Cutover.Canaries[0].To, c.out.To = "b@x.test", "b@x.test"
		},
	} {
		other := newCanarySite()
		change(other)
		if m, _, _ := other.built(t); seen[m.Message] {
			t.Errorf("another %s, the same %s", name, m.Message)
		}
	}
}

// What was sent is waited for, what came is over; a later switch begins anew.
func TestCanaryOutEnds(t *testing.T) {
	c := newCanarySite()
	c.switches(now.Add(-time.Hour))
	c.record(c.out, 11, 12, now)
	out, came, _ := c.built(t)
	if out != nil || came == nil || !came.Sent.Equal(now) {
		t.Fatalf("%+v %+v", out, came)
	}
	c.record(c.came, 13, 14, now)
	if out, came, _ := c.built(t); out != nil || came != nil {
		t.Errorf("%+v %+v", out, came)
	}
	c.spec.Again = []config.Again{{Step: string(IDOf(c.out)), Outcome: 12, Because: "DKIM was not on"}}
	if out, came, _ := c.built(t); out == nil || came == nil {
		t.Error("it cannot be asked for again")
	}
	c.record(c.out, 15, 16, now)
	if out, came, _ := c.built(t); out != nil || came == nil {
		t.Error("an again block serves twice")
	}
	c.spec.Again = nil
	c.record(SetRecords{Old: RRset{Zone: "acme.test", Name: "acme.test", Type: "MX", Values: []string{"10 mx.older.test"}},
		New: c.s.Zones[0].Sets[0], In: Cutover}, 19, 20, now)
	if out, came, _ := c.built(t); out == nil || came == nil {
		t.Error("nothing is sent after another switch")
	}
}

// After the window a mail may still leave; a person says that it came where no
// mailbox shows it.
func TestCanaryOutIsNotBoundByTheWindowAtLast(t *testing.T) {
	c := newCanarySite()
	c.spec.Cutover.Canaries[0].Arrival = nil
	c.spec.Cutover.Closes = now.Add(-time.Minute)
	c.switches(now.Add(-time.Hour))
	out, came, _ := c.built(t)
	if out == nil || out.Traits().Phase != Drain {
		t.Errorf("%+v", out)
	}
	if came == nil || !came.ByHand || !came.Traits().Person || came.Traits().Phase != Drain {
		t.Errorf("%+v", came)
	}
	c.record(c.out, 11, 12, now)
	c.s.Facts = []Fact{{Step: IDOf(c.came), Who: "zhang", Finished: 14, At: now}}
	c.record(c.came, 0, 14, now)
	if _, came, _ := c.built(t); came != nil {
		t.Error("it is attested and stands")
	}
}
