package executor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/memory"
)

var (
	siteStart = time.Date(2026, 12, 3, 8, 0, 0, 0, time.UTC)
	opens     = time.Date(2026, 12, 5, 12, 0, 0, 0, time.UTC)
	closes    = opens.Add(10 * time.Hour)
)

// site is a whole migration on the memory world, with a clock that the test
// moves and people who do as the test says.
type site struct {
	dir   string
	spec  *config.Spec
	world *memory.World
	mu    sync.Mutex // of the clock, which a run and its world read at once
	now   time.Time

	asked  []Question
	answer func(Question) Answer // nil: nobody is at the terminal
	wrap   func(sink) sink
	atHand *config.Spec
	wait   bool
	slept  []time.Duration
	signed []Approval
	mirror string // of the state directory
	people []string
	office bool // people do what the tenants' APIs could, and sheets show the tenants
}

// peopled is the site's world where people do more than what has no API.
type peopled struct {
	*memory.World
	kinds []string
}

func (w peopled) Observe(ctx context.Context, depth planner.Depth) (planner.Snapshot, error) {
	snap, err := w.World.Observe(ctx, depth)
	snap.People = w.kinds
	return snap, err
}

func (s *site) look() World {
	if s.office {
		return s.desk()
	}
	return peopled{s.world, s.people}
}

// siteSpec is a company of n people; route is imap or merge.
func siteSpec(route string, n int) *config.Spec {
	at := func(host string) config.IMAP {
		return config.IMAP{Host: host, Port: 993, TLS: config.TLSImplicit, Limits: config.Limits{Connections: 2},
			Login: config.Login{Kind: config.LoginMaster, User: "admin", Password: config.SecretRef("env:PW")}}
	}
	s := &config.Spec{
		Migration: config.Migration{Name: "acme"},
		Source:    config.Side{Kind: "imap", Domain: "acme.test", IMAP: at("old.test")},
		Target:    config.Side{Kind: "imap", IMAP: at("new.test")},
		History:   &config.History{Mover: "mxmove", Deletions: "keep", Refused: "quarantine"},
		Cutover: &config.Cutover{Opens: opens, Closes: closes, Tail: 24 * time.Hour, Start: "attended",
			Zones: []config.Zone{{Domain: "acme.test", Kind: "manual", MX: []string{"10 mx.new.test"},
				SPF: config.SPF{Add: []string{"include:new.test"}, Remove: []string{"include:old.test"}}}}},
		Roster: config.Roster{Unlisted: "leave"},
	}
	for i := range n {
		a := fmt.Sprintf("m%d@acme.test", i)
		s.Roster.Mailboxes = append(s.Roster.Mailboxes, config.Mailbox{Address: a, SourceLogin: a, TargetAddress: a,
			TargetLogin: a, Account: fmt.Sprintf("m%d", i), Kind: "member", TargetPassword: config.SecretRef("env:PW")})
	}
	if route == "merge" {
		s.History = nil
		s.Source.Kind, s.Source.CorpID, s.Source.Creator = "wecom", "wwA", "zhang"
		s.Target.Kind, s.Target.CorpID, s.Target.Creator, s.Target.Procedure = "wecom", "wwB", "zhang", "merge"
		s.Target.Archive = &config.Archive{Path: "archive"}
		s.Acknowledged = []config.Acknowledge{{Kind: "merge-tenants", Subject: "tenant/wwB", Because: "tried",
			AtMost: config.Bounds{Mailboxes: 10, Messages: 100}}}
	}
	return s
}

func newSite(t testing.TB, route string) *site {
	t.Helper()
	return siteOf(t, siteSpec(route, 2))
}

func siteOf(t testing.TB, spec *config.Spec) *site {
	t.Helper()
	s := &site{dir: quickDir(t), spec: spec, now: siteStart}
	s.build()
	s.answer = s.everybodyDoes
	if _, err := InitState(s.dir, ""); err != nil {
		t.Fatal(err)
	}
	return s
}

// quickDir is a directory in memory where the system has one: these tests
// write the disk many thousand times, and no power fails.
func quickDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "mxmove-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// build makes the world new.
func (s *site) build() {
	s.world = memory.New(s.spec, s.clock)
	for i, row := range s.spec.Roster.Mailboxes {
		s.world.Deliver(memory.Source, row.Address, "INBOX", siteLetter(i))
		if s.spec.Source.CorpID != "" && i > 0 { // the first has no account yet
			s.world.Deliver(memory.Target, row.Address, "INBOX", siteLetter(100+i))
			s.world.PutAccount(planner.Member{Account: row.Account, Address: row.Account + "@trial.test", Enabled: planner.Yes, VIP: planner.No, IMAP: planner.Yes})
		}
	}
	if s.spec.Source.CorpID != "" {
		t := planner.Tenant{Corp: "wwA", Creator: "zhang"}
		for _, row := range s.spec.Roster.Mailboxes {
			t.Members = append(t.Members, planner.Member{Account: row.Account, Address: row.Address})
		}
		s.world.SourceTenant(t)
	}
	put := func(name, kind string, ttl uint32, values ...string) {
		s.world.PutSet(planner.RRset{Zone: "acme.test", Name: name, Type: kind, Values: values, TTL: ttl})
	}
	put("acme.test", "MX", 3600, "10 mx.old.test")
	put("acme.test", "TXT", 60, "v=spf1 include:old.test -all")
	put("_mta-sts.acme.test", "TXT", 3600, "v=STSv1; id=1;")
}

func siteLetter(n int) memory.Message {
	return memory.Message{Body: fmt.Appendf(nil, "Message-ID: <%d>\r\n\r\nhello", n), Date: siteStart.AddDate(0, 0, -1)}
}

// clock goes a second a look, so that no two lines are of one moment.
func (s *site) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(time.Millisecond)
	return s.now
}

// everybodyDoes is a terminal at which all is done as asked.
func (s *site) everybodyDoes(q Question) Answer {
	if q.Kind == AskEnded {
		if _, err := s.world.Do(context.Background(), q.Step.Op, nil, func(planner.Progress) {}); err != nil {
			panic(err)
		}
	}
	return Answer{Yes: true, Evidence: "seen"}
}

func (s *site) state(t testing.TB) *State {
	t.Helper()
	state, err := OpenState(s.dir, "")
	if err != nil {
		t.Fatal(err)
	}
	state.Mirror = s.mirror
	return state
}

func (s *site) plan(t testing.TB) *planner.Plan {
	t.Helper()
	snap, err := Observe(context.Background(), s.look(), s.state(t), planner.Signed)
	if err != nil {
		t.Fatal(err)
	}
	p := planner.Build(s.spec, snap, s.clock())
	p.Stamp("test")
	return p
}

// apply carries the plan out once.
func (s *site) apply(t testing.TB, p *planner.Plan) (*tape, error) {
	t.Helper()
	tp := &tape{}
	self := testSelf(s.clock)
	self.Alive = func(int) bool { return false } // of a run that died in this process
	r := &Run{State: s.state(t), World: s.look(), Plan: p, Through: planner.Retire, AtHand: s.atHand, Self: self, Tool: "test",
		Sleep: func(_ context.Context, d time.Duration) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.slept, s.now = append(s.slept, d), s.now.Add(d)
			return nil
		}, Wait: s.wait, wrap: s.wrap, Readers: []Reader{tp.read}}
	if s.answer != nil {
		r.Ask = func(_ context.Context, q Question) (Answer, error) {
			s.asked = append(s.asked, q)
			return s.answer(q), nil
		}
	}
	r.Approved = func(context.Context) ([]Approval, error) { return s.signed, nil }
	return tp, r.Do(t.Context())
}

// through applies until nothing is left, the clock going on where it must.
func (s *site) through(t testing.TB, p *planner.Plan) error {
	t.Helper()
	for range 40 {
		_, err := s.apply(t, p)
		var inc *Incomplete
		switch {
		case err == nil:
			return nil
		case !errors.As(err, &inc) || errors.As(err, new(*PastReturn)):
			return err
		case inc.Reason == ReasonWaitingWindow:
			s.now = opens
		case inc.Reason == ReasonWaitingTail:
			s.now = s.now.Add(25 * time.Hour)
		case inc.Reason == ReasonFailed:
			s.now = s.now.Add(time.Minute)
		default:
			return err
		}
	}
	return errors.New("no end")
}

// complete says what is wrong with the end of a migration.
func (s *site) complete(t testing.TB) error {
	t.Helper()
	if p := s.plan(t); len(p.Steps) > 0 {
		return fmt.Errorf("%d steps are left, the first is %s", len(p.Steps), p.Steps[0].ID)
	}
	return s.moved()
}

// moved says what is wrong with the world.
func (s *site) moved() error {
	if t := s.world.Tally(); t.Bounced+t.Lost+t.Twice > 0 {
		return fmt.Errorf("tally %+v", t)
	}
	if mx := s.world.Set("acme.test", "acme.test MX"); !slices.Equal(mx.Values, []string{"10 mx.new.test"}) || mx.TTL != 3600 {
		return fmt.Errorf("MX %+v", mx)
	}
	if spf := strings.Join(s.world.Set("acme.test", "acme.test TXT").Values, " "); spf != "v=spf1 include:new.test -all" {
		return fmt.Errorf("SPF %s", spf)
	}
	if sts := s.world.Set("acme.test", "_mta-sts.acme.test TXT"); sts.TTL != 3600 || !slices.Equal(sts.Values, []string{"v=STSv1; id=1;"}) {
		return fmt.Errorf("MTA-STS %+v", sts)
	}
	for _, row := range s.spec.Roster.Mailboxes {
		n := map[string]int{}
		for _, m := range s.world.Dump(memory.Target, row.Address)["INBOX"] {
			n[string(m.Body)]++
		}
		for _, m := range s.world.Dump(memory.Source, row.Address)["INBOX"] {
			if n[string(m.Body)] != 1 {
				return fmt.Errorf("%s: a message is there %d times", row.Address, n[string(m.Body)])
			}
		}
	}
	return nil
}

func (s *site) lines(t testing.TB) []Line {
	t.Helper()
	lines, err := ReadJournal(&State{Dir: filepath.Join(s.dir, ".mxmove"), Lineage: s.state(t).Lineage})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestWholeMigrations(t *testing.T) {
	for _, route := range []string{"imap", "merge"} {
		t.Run(route, func(t *testing.T) {
			s := newSite(t, route)
			if err := s.through(t, s.plan(t)); err != nil {
				t.Fatal(err, s.lines(t)[len(s.lines(t))-1])
			}
			if err := s.complete(t); err != nil {
				t.Fatal(err)
			}
		})
	}
}
