package mailstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
	"github.com/mxmove/mxmove/providers/mailstore/wire"
	"github.com/mxmove/mxmove/providers/providertest/scripted"
)

const alice = "alice@acme.test"

// scene is a mailbox on two scripted servers, and the product between them.
type scene struct {
	t              *testing.T
	source, target *scripted.Server
	from, to       *scripted.Box
	fromProfile    scripted.Profile
	spec           *config.Spec
	state          string

	clock fakeTime
	waits []time.Duration // that faults asked for
}

func profile(t *testing.T, name string, with ...string) scripted.Profile {
	t.Helper()
	p, err := scripted.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return p.With(with...)
}

// newScene makes the test parallel: a scene has servers of its own, and its
// time is spent on waiting for them.
func newScene(t *testing.T, source, target scripted.Profile) *scene {
	t.Helper()
	t.Parallel()
	s := &scene{t: t, state: t.TempDir(), fromProfile: source}
	s.clock.at = time.Now()
	for _, side := range []struct {
		p      scripted.Profile
		server **scripted.Server
		box    **scripted.Box
	}{{source, &s.source, &s.from}, {target, &s.target, &s.to}} {
		server, err := scripted.Start(side.p)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(server.Close)
		*side.server, *side.box = server, server.Box(alice, goodPassword)
	}
	s.spec = specOf(at("127.0.0.1", s.source.Port()), at("127.0.0.1", s.target.Port()), "alice")
	return s
}

// world is a new process: nothing is remembered but what is in the state.
func (s *scene) world() *mailstore.Store {
	getenv := func(string) string { return goodPassword }
	return mailstore.New(mailstore.Options{
		Spec: s.spec, Secrets: config.NewSecrets(s.state, getenv, nil), SpecDir: s.state, Lineage: "test", Version: "test",
		Ledger: filepath.Join(s.state, "ledger"), Quarantine: filepath.Join(s.state, "quarantine"), Now: s.clock.now, Sleep: s.sleep,
	})
}

// sleep lasts until the servers have done what was sent to them before, as they
// have after a real wait.
func (s *scene) sleep(ctx context.Context, d time.Duration) error {
	for before := -1; before != s.source.Commands()+s.target.Commands(); time.Sleep(10 * time.Millisecond) {
		before = s.source.Commands() + s.target.Commands()
	}
	return s.clock.sleep(ctx, d)
}

func (s *scene) key() transfer.Key {
	return transfer.Key{Lineage: "test", Address: alice,
		From: planner.EndpointOf(s.spec.Source.IMAP, alice), To: planner.EndpointOf(s.spec.Target.IMAP, alice)}
}

func (s *scene) copy() (planner.Tally, error) {
	s.t.Helper()
	op := planner.CopyMailbox{Address: alice, From: s.key().From, To: s.key().To}
	return s.world().Do(s.t.Context(), op, nil, func(planner.Progress) {})
}

// mustCopy runs passes as the executor does, waiting as long as it is asked to,
// until one ends well.
func (s *scene) mustCopy() (sum planner.Tally) {
	s.t.Helper()
	for pass := 0; ; pass++ {
		tally, err := s.copy()
		sum.Copied, sum.Adopted, sum.Flags = sum.Copied+tally.Copied, sum.Adopted+tally.Adopted, sum.Flags+tally.Flags
		sum.Refused, sum.Missing = sum.Refused+tally.Refused, tally.Missing
		var f *planner.Fault
		if err == nil {
			return sum
		}
		if !errors.As(err, &f) || pass == 10 || f.Class != planner.Throttled && f.Class != planner.Crowded && f.Class != planner.Gone {
			s.t.Fatalf("pass %d: %v (%+v)", pass, err, sum)
		}
		s.waits = append(s.waits, f.Wait)
		s.clock.sleep(s.t.Context(), max(f.Wait, time.Minute))
	}
}

// fault runs a pass that must end in a fault.
func (s *scene) fault() *planner.Fault {
	s.t.Helper()
	_, err := s.copy()
	var f *planner.Fault
	if !errors.As(err, &f) {
		s.t.Fatalf("copy: %v, want a fault", err)
	}
	return f
}

// plain is a message as every store keeps it: with CRLF and a line end.
func plain(body []byte) string {
	body = bytes.ReplaceAll(bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n")), []byte("\r"), nil)
	return strings.TrimSuffix(string(body), "\n")
}

func content(t *testing.T, box *scripted.Box, skip string) (all map[string][]string) {
	all = map[string][]string{}
	for _, name := range box.Folders() {
		messages, _ := box.Messages(name)
		for _, m := range messages {
			if skip == "" || !strings.Contains(name, skip) {
				all[plain(m.Body)] = append(all[plain(m.Body)], fmt.Sprintf("%s %d", name, m.UID))
			}
		}
	}
	return all
}

// settled checks that each message of the source is at the target as often as
// at the source, or named in the ledger with a reason.
func (s *scene) settled() {
	s.t.Helper()
	ledger, err := transfer.ReadLedger(filepath.Join(s.state, "ledger"), s.key())
	if err != nil {
		s.t.Fatal(err)
	}
	named := map[string]bool{}
	for _, n := range ledger.Named() {
		if n.Text == "" && n.Code == "" && !n.Missing {
			s.t.Errorf("%s %d is named without a reason", n.Folder, n.UID)
		}
		named[fmt.Sprintf("%s %d", n.Folder, n.UID)] = true
	}
	have := content(s.t, s.to, "")
	for body, places := range content(s.t, s.from, "All Mail") {
		told := 0
		for _, place := range places {
			if named[place] {
				told++
			}
		}
		if got := len(have[body]); got+told != len(places) {
			s.t.Errorf("%.60q: %d at the source in %v, %d at the target, %d named", body, len(places), places, got, told)
		}
	}
	if s.t.Failed() {
		s.t.Logf("target folders: %q", s.to.Folders())
	}
}

func crowded(err error) bool {
	var f *planner.Fault
	return errors.As(err, &f) && f.Class == planner.Crowded
}

// verified checks that Verify finds nothing that it cannot explain.
func (s *scene) verified() {
	s.t.Helper()
	report, err := s.world().Verify(s.t.Context(), alice, nil)
	for try := 0; try < 10 && crowded(err); try++ { // the server still counts what has parted
		s.sleep(s.t.Context(), time.Second)
		report, err = s.world().Verify(s.t.Context(), alice, nil)
	}
	if err != nil {
		s.t.Errorf("verify: %v", err)
		return
	}
	if report.Failed() {
		s.t.Errorf("verify: %s %+v: %+v", report.Result, report.Counts, report.Exceptions)
	}
}

// bounded checks how many commands a server got since the last look.
func bounded(t *testing.T, what string, server *scripted.Server, before, most int) {
	t.Helper()
	if n := server.Commands() - before; n > most {
		t.Errorf("%s: %d commands, at most %d were expected: %+v", what, n, most, server.Connections())
	}
}

// folderName is how a service writes a folder that a person made.
func folderName(p scripted.Profile, levels ...string) string {
	sep, prefix := p.Value("separator", "/"), p.Value("prefix", "")
	for i, l := range levels {
		levels[i] = wire.EncodeName(l)
	}
	return p.Value("below", "") + prefix + strings.Join(levels, sep)
}

func note(i int, extra string) scripted.Message {
	return scripted.Message{Date: time.Unix(1.7e9+int64(i)*60, 0).UTC(), Flags: []string{`\Seen`},
		Body: fmt.Appendf(nil, "From: a@acme.test\r\nMessage-ID: <n%d@acme.test>\r\nSubject: note %d\r\n\r\n%s text %d\r\n", i, i, extra, i)}
}

// fill puts some of every kind of mail into the source.
func (s *scene) fill() (n int) {
	var inbox []scripted.Message
	for i := range 50 {
		inbox = append(inbox, note(i, "inbox"))
	}
	inbox[3].Flags = []string{`\Seen`, `\Flagged`, "$work", "Todo"}
	inbox[4].Flags = nil
	inbox[5].Body = append(inbox[5].Body, "no line end"...)
	inbox[6].Body = append(inbox[6].Body, strings.Repeat("long ", 3000)+"\r\n"...)
	inbox[7].Body = append(inbox[7].Body, "\xd6\xd0\xce\xc4\r\n"...)
	inbox[8] = inbox[9] // an exact duplicate
	s.from.Put("INBOX", inbox...)
	deep := folderName(s.fromProfile, "项目", "2024 Q1")
	s.from.Put(folderName(s.fromProfile, "项目"), note(200, "top"))
	s.from.Put(deep, note(201, "deep"), note(202, "deep"))
	return len(inbox) + 3
}

// Each service is played as the source and as the target.
func TestProfiles(t *testing.T) {
	for _, name := range scripted.Names() {
		t.Run(name+" as source", func(t *testing.T) { through(t, newScene(t, profile(t, name), profile(t, "dovecot"))) })
		t.Run(name+" as target", func(t *testing.T) { through(t, newScene(t, profile(t, "dovecot"), profile(t, name))) })
	}
}

func through(t *testing.T, s *scene) {
	n := s.fill()
	snap, err := s.world().Observe(t.Context(), planner.Signed)
	if err != nil || snap.Mailboxes[0].Source.Seen.Err != nil || snap.Mailboxes[0].Target.Seen.Err != nil {
		t.Fatalf("observe: %v, %+v", err, snap.Mailboxes)
	}
	if got := snap.Mailboxes[0].Source.Messages; got != n {
		t.Errorf("%d messages seen, %d are there", got, n)
	}
	bounded(t, "observing the source", s.source, 0, 16+4*len(s.from.Folders()))
	bounded(t, "observing the target", s.target, 0, 16+len(s.to.Folders()))
	source, target := s.source.Commands(), s.target.Commands()
	tally := s.mustCopy()
	if tally.Copied+tally.Adopted+tally.Refused+tally.Missing != n {
		t.Errorf("%+v of %d", tally, n)
	}
	bounded(t, "copying from", s.source, source, 80)
	bounded(t, "copying to", s.target, target, 90+n)
	// the most is Exchange's 83+n: it ends two connections with messages unanswered, and after each three folders are
	// looked at seven times; Yahoo, whose BAD ends three and leaves messages unanswered once, gets 72+n
	s.settled()
	s.verified()
	source, target = s.source.Commands(), s.target.Commands()
	if tally := s.mustCopy(); tally.Copied+tally.Adopted+tally.Flags != 0 {
		t.Errorf("again: %+v", tally)
	}
	bounded(t, "copying nothing from", s.source, source, 40)
	bounded(t, "copying nothing to", s.target, target, 40)
	s.settled()
}
