package main

import (
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/providers/providertest/corpus"
	"github.com/mxmove/mxmove/providers/providertest/delay"
	"github.com/mxmove/mxmove/providers/providertest/peer"
)

var (
	kills     = flag.Int("kills", 50, "how often TestKilledAtSeededMoments kills the program")
	killSeed  = flag.Uint64("kill-seed", 0, "of its moments; 0: of the clock")
	killLanes = flag.Int("kill-lanes", 5, "how many programs it kills at one time: most of a round is waiting")
)

// inARow is how many kills there are before a run may come to its end.
const inARow = 3

// The program is killed at seeded moments of a copy between two real servers,
// and run again: in the end all is as after a run that nobody interrupted.
func TestKilledAtSeededMoments(t *testing.T) {
	seed := cmp.Or(*killSeed, uint64(time.Now().UnixNano()))
	t.Logf("go test ./cmd/mxmove -run TestKilledAtSeededMoments -kills %d -kill-lanes %d -kill-seed %d", *kills, *killLanes, seed)
	k := newKilling(t)
	began := time.Now()
	var lanes sync.WaitGroup
	for n := range *killLanes { // not t.Parallel: that runs only as many as there are processors
		lanes.Go(func() {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				l := &killLane{killing: k, t: t, name: fmt.Sprintf("lane%d", n), random: rand.New(rand.NewPCG(seed, uint64(n)))}
				l.run((*kills + n) / *killLanes)
			})
		})
	}
	lanes.Wait()
	total := 0
	for _, kind := range momentKinds {
		total += k.killed[kind]
	}
	t.Logf("killed %d times in %v: %v; %d kills left mail without an answer", total, time.Since(began).Round(time.Second), k.killed, k.owing)
	if total < *kills && !t.Failed() {
		t.Errorf("killed only %d times: the copy is faster than the killer", total)
	}
}

// killing is what all lanes share.
type killing struct {
	program      string
	source, dest *peer.Server
	want         corpus.Mailbox // the target after a run that nobody interrupted
	whole        map[time.Duration]extent

	mu     sync.Mutex
	killed map[momentKind]int
	owing  int // kills after which the target was not yet whole
}

// extent is how far a run goes that nobody interrupts.
type extent struct {
	time           time.Duration
	octets, ledger int64
}

// trips are how far away the target is.
func trips() []time.Duration { return []time.Duration{0, 10 * time.Millisecond, 60 * time.Millisecond} }

func newKilling(t *testing.T) *killing {
	users := map[string]string{"from@acme.test": "pw"}
	for n := range *killLanes {
		users[fmt.Sprintf("lane%d@acme.test", n)] = "pw"
	}
	for n := range trips() {
		users[fmt.Sprintf("whole%d@acme.test", n)] = "pw"
	}
	k := &killing{program: build(t), killed: map[momentKind]int{}, whole: map[time.Duration]extent{}}
	k.source, k.dest = peer.Dovecot(t, peer.Options{Users: users}), peer.Dovecot(t, peer.Options{Users: users})
	corpus.Seed(t, k.source, "from@acme.test", killMail(t))
	source := corpus.Dump(t, k.source, "from@acme.test")
	for n, trip := range trips() {
		to := fmt.Sprintf("whole%d@acme.test", n)
		r := k.round(t, to, trip)
		began := time.Now()
		if out, err := r.apply(nil); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		k.whole[trip] = extent{time.Since(began), r.proxy.Passed(), r.ledgerSize()}
		t.Logf("uninterrupted, %v away: %+v", trip, k.whole[trip])
		r.proxy.Close()
		if k.whole[trip].octets == 0 || k.whole[trip].ledger == 0 {
			t.Fatal("nothing was written")
		}
		k.want = inOrder(corpus.Dump(t, k.dest, to))
		if d := gocmp.Diff(holding(inOrder(source)), holding(k.want)); d != "" {
			t.Fatalf("the uninterrupted run (-source +target):\n%s", d)
		}
	}
	return k
}

// killMail fills several batches of the program's, with folders of all kinds.
func killMail(t *testing.T) []corpus.Folder {
	tree := corpus.Sample(t, 150, peer.KindDovecot)
	for i := range tree { // it would be most of the octets, so of the moments
		tree[i].Mail = slices.DeleteFunc(tree[i].Mail, func(m corpus.Mail) bool { return m.Has("large") })
	}
	many := corpus.Folder{Path: []string{"Many"}, Subscribed: true}
	for n := range 350 {
		raw := fmt.Sprintf("From: a@acme.test\r\nSubject: %d\r\n\r\n%s\r\n", n/2, strings.Repeat("x", n/2*7%2000)) // each twice
		many.Mail = append(many.Mail, corpus.Mail{Message: corpus.Message{Raw: []byte(raw)},
			Flags: [][]string{nil, {`\Seen`}, {"$Forwarded", `\Answered`}}[n%3], Date: time.Date(2020, 1, 1, 0, 0, n, 0, time.UTC)})
	}
	return append(tree, many)
}

// killLane kills one program at a time.
type killLane struct {
	*killing
	t      *testing.T
	name   string
	random *rand.Rand
}

func (l *killLane) run(kills int) {
	killed := 0
	for round := 0; killed < kills && !l.t.Failed(); round++ {
		if round > 3*kills+10 {
			return // told by the sum
		}
		killed += l.round(min(inARow, kills-killed), round)
		if round%20 == 19 {
			l.t.Logf("%d kills in %d rounds", killed, round+1)
		}
	}
}

// round copies into an empty mailbox, with kills on the way.
func (l *killLane) round(most, round int) (killed int) {
	to := l.name + "@acme.test"
	trip := trips()[l.random.IntN(len(trips()))]
	r := l.killing.round(l.t, to, trip)
	defer r.proxy.Close()
	var moments []string
	for n := range most {
		m := l.draw(trip, n > 0)
		out, err := r.apply(m.come(r))
		if err == nil {
			break
		}
		if !wasKilled(err) {
			l.t.Fatalf("round %d, %v: %v\n%s", round, moments, err, out)
		}
		moments = append(moments, m.String())
		l.note(m.kind, r)
		killed++
	}
	if out, err := r.apply(nil); err != nil {
		l.t.Errorf("round %d, %v away, killed at %v, run to its end: %v\n%s", round, trip, moments, err, out)
	}
	if d := gocmp.Diff(l.want, inOrder(corpus.Dump(l.t, l.dest, to))); d != "" {
		l.t.Errorf("round %d, %v away, killed at %v: lost or doubled (-uninterrupted +target):\n%s", round, trip, moments, d)
	}
	if !l.t.Failed() {
		r.proxy.Close() // nothing of a dead run may come to the next round
		l.clear(to)
	}
	return killed
}

func (k *killing) note(kind momentKind, r *killRound) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.killed[kind]++
	if r.proxy.Passed() > 0 && r.ledgerSize() < k.whole[r.trip].ledger {
		k.owing++
	}
}

// clear empties the target's mailbox for the next round.
func (l *killLane) clear(user string) {
	if err := os.RemoveAll(filepath.Join(l.dest.Dir(), "mail", user)); err != nil {
		l.t.Fatal(err)
	}
}

// inOrder orders messages by content: what a dead run sent last may lie before
// what it sent first.
func inOrder(m corpus.Mailbox) corpus.Mailbox {
	for path, box := range m {
		slices.SortFunc(box.Mail, func(a, b corpus.Stored) int {
			return cmp.Or(cmp.Compare(a.SHA256, b.SHA256), a.Date.Compare(b.Date), slices.Compare(a.Flags, b.Flags))
		})
		m[path] = box
	}
	return m
}

// holding leaves out the empty folders that a server makes by itself.
func holding(m corpus.Mailbox) corpus.Mailbox {
	out := corpus.Mailbox{}
	for path, box := range m {
		if len(box.Mail) > 0 {
			out[path] = box
		}
	}
	return out
}

// round makes a migration to one mailbox, and the way to it.
func (k *killing) round(t *testing.T, to string, trip time.Duration) *killRound {
	proxy, err := delay.Start(k.dest.Addr(), trip)
	if err != nil {
		t.Fatal(err)
	}
	return &killRound{program: k.program, dir: killSpec(t, k.source, proxy.Port(), to), proxy: proxy, trip: trip, whole: k.whole[trip]}
}
