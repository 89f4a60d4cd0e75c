package mailstore_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
	"github.com/mxmove/mxmove/providers/providertest/corpus"
	"github.com/mxmove/mxmove/providers/providertest/peer"
)

var (
	pairMails = flag.Int("pair-mails", 30, "how many mails of the corpus each pair of servers carries")
	pairSeed  = flag.Uint64("pair-seed", 1, "chooses them; 0: the clock")
)

// alterations are what servers are known to do to mail. Dates are those that
// a target does not hold.
var alterations = map[peer.Kind][]string{
	peer.KindDovecot: {transfer.AlteredNUL, transfer.AlteredNewlines, "verify.refused"},
	peer.KindCyrus:   {transfer.AlteredHeader8Bit, transfer.AlteredNewlines, "verify.refused"},
	peer.KindCourier: {transfer.AlteredFinalNewline, transfer.AlteredNewlines, "verify.refused"},
}

func TestEveryPairOfServers(t *testing.T) {
	seed := *pairSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-pair-mails %d -pair-seed %d", *pairMails, seed)
	starts := []func(testing.TB, peer.Options) *peer.Server{peer.Dovecot, peer.Cyrus, peer.Courier}
	users := map[string]string{}
	for n := range len(starts) * len(starts) {
		users[fmt.Sprintf("u%d@acme.test", n)] = goodPassword
	}
	var targets []*peer.Server
	for _, start := range starts {
		targets = append(targets, start(t, peer.Options{Users: users}))
	}
	for i, start := range starts {
		source := start(t, peer.Options{Users: users})
		for j, target := range targets {
			t.Run(fmt.Sprintf("%s to %s", source.Kind, target.Kind), func(t *testing.T) {
				user := fmt.Sprintf("u%d@acme.test", i*len(starts)+j)
				tree := append(drawn(t, seed), corpus.Extreme(source.Kind, target.Kind)...)
				t.Logf("the source itself refuses %v", corpus.Seed(t, source, user, tree))
				pairProved(t, source, target, user, tree)
			})
		}
		source.Stop()
	}
}

// drawn is a sample of the corpus in a folder, and all that is nasty.
func drawn(t *testing.T, seed uint64) []corpus.Folder {
	all := corpus.Messages(t)
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	folder := corpus.Folder{Path: []string{"样本"}, Subscribed: true}
	for k, m := range slices.Concat(all[:min(*pairMails, len(all))], corpus.Nasty()) {
		folder.Mail = append(folder.Mail, corpus.Mail{Message: m, Flags: flagsFor(k), Date: time.Date(2015, 1, 1, 8, 0, k, 0, time.UTC)})
	}
	return []corpus.Folder{folder}
}

// pairProved copies a mailbox, and judges it by what another reader sees, then
// by verify.
func pairProved(t *testing.T, source, target *peer.Server, user string, tree []corpus.Folder) {
	spec := specOf(at(source.Host, source.Port), at(target.Host, target.Port), user[:len(user)-len("@acme.test")])
	state := t.TempDir()
	before := corpus.Dump(t, source, user)
	first := runCopy(t, open(spec, state), spec, user)
	after := corpus.Dump(t, target, user)
	t.Logf("%+v", first)
	if n := count(before); first.Copied+first.Refused != n || count(after) != first.Copied {
		t.Errorf("of %d messages %d were copied and %d refused; the target has %d", n, first.Copied, first.Refused, count(after))
	}
	kept := keptBy(tree, source.Kind, target.Kind)
	if d := cmp.Diff(tallied(before, kept), tallied(after, kept)); d != "" {
		t.Errorf("lost, doubled or changed (-source +target):\n%s", d)
	}
	if again := runCopy(t, open(spec, state), spec, user); again != (planner.Tally{}) {
		t.Errorf("the second run did %+v", again)
	}
	if d := cmp.Diff(after, corpus.Dump(t, target, user)); d != "" {
		t.Errorf("the second run changed the target:\n%s", d)
	}
	pairVerified(t, open(spec, state), source.Kind, target.Kind, user)
}

// keptBy gives the hashes of mails that both kinds of server keep octet by octet.
func keptBy(tree []corpus.Folder, source, target peer.Kind) map[string]bool {
	kept := map[string]bool{}
	for _, folder := range tree {
		for _, m := range folder.Mail {
			cut := m.Name == corpus.ManyParts && (source == peer.KindCourier || target == peer.KindCourier)
			if m.Faithful(source) && m.Faithful(target) && !cut {
				kept[corpus.Of(m).SHA256] = true
			}
		}
	}
	return kept
}

// tallied counts messages by all that must be the same.
func tallied(m corpus.Mailbox, kept map[string]bool) map[string]int {
	n := map[string]int{}
	for path, box := range m {
		for _, mail := range box.Mail {
			if path == "Dates" { // no server keeps them all: see verify.date.range
				mail.Date = time.Time{}
			}
			if path == "Keywords" { // nor 60 characters: see verify.flags.dropped
				mail.Flags = nil
			}
			if kept[mail.SHA256] {
				n[fmt.Sprintf("%s %s %d %v %v", path, mail.SHA256[:16], mail.Size, mail.Date.Unix(), mail.Flags)]++
			}
		}
	}
	return n
}

// pairVerified requires that verify names what the target altered, the message
// that Courier cut off as it was stored, and the one that it hands out only in
// part, and nothing else.
func pairVerified(t *testing.T, world *mailstore.Store, source, target peer.Kind, user string) {
	report, err := world.Verify(t.Context(), user, func(planner.Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	allowed := append(slices.Clone(alterations[target]), "verify.date.range", "verify.date.dropped", "verify.flags.dropped")
	cut, unbelieved := 0, 0
	for _, e := range report.Exceptions {
		if e.Class == transfer.Unread && e.Codes[0].Code == "verify.unread.cut" {
			unbelieved++
			continue
		}
		if e.Class == transfer.Unexplained && e.Codes[0].Code == "verify.altered.truncated" {
			cut++
			continue
		}
		if e.Class != transfer.Explained || slices.ContainsFunc(e.Codes, func(m text.Msg) bool { return !slices.Contains(allowed, m.Code) }) {
			t.Errorf("%v UID %d of %v, %d octets: %s %v", e.Folder, e.UID, e.Date, e.Size, e.Class, e.Codes)
		}
	}
	t.Logf("%s %+v", report.Result, report.Counts)
	if want := map[bool]int{true: 1}[target == peer.KindCourier && source != peer.KindCourier]; cut != want {
		t.Errorf("%d messages found cut off, not %d", cut, want)
	}
	if want := map[bool]int{true: 1}[source == peer.KindCourier]; unbelieved != want {
		t.Errorf("%d messages not believed, not %d", unbelieved, want)
	}
}
