package saturday

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// A domain of twenty mailboxes moves, approved by one person and started by
// another at a terminal, with five messages a second coming in
// through a cache: at the end each message is at the target, once. What the
// person at the terminal saw is in examples/.
func TestSaturday(t *testing.T)          { saturday(t, "en") }
func TestSaturdayInChinese(t *testing.T) { saturday(t, "zh-CN") }

func saturday(t *testing.T, lang string) {
	t.Parallel()
	if !enter(t) {
		return
	}
	w := newWorld(t, 20*time.Second)
	out := w.leaves()
	seen := &transcript{w: w, lang: lang, began: time.Now(), more: []string{strconv.Itoa(out.box.Port), "30143"}}
	w.attended()
	w.must("init")
	w.senders.begin()
	seen.file("main.hcl")
	seen.run("plan", "--out", "sat.plan")
	seen.run("approve", "sat.plan", "--key", "li.si", "--yes")
	began := time.Now()
	seen.answered("apply", "sat.plan")
	seen.run("apply", "sat.plan", "--wait")
	took := time.Since(began)
	seen.run("plan")
	w.senders.end()
	w.once(w.target)
	w.settled()
	out.left(w, seen)
	old, new := len(w.old.from()), len(w.new.from())
	t.Logf("apply %v; %d messages: %d were there, %d came through the old server, %d through the new; %d tries repeated; %d lines of journal",
		took.Round(time.Second), len(w.senders.all()), boxes*seeded, old, new, w.senders.delayed, w.journal())
	if old < 10 || new < 10 {
		t.Error("there was no traffic on both sides of the switch")
	}
	seen.holds("../../../examples/imap-to-imap/saturday." + lang + ".txt")
}

// settled fails unless every server shows the domain as it is to be in the
// end, and nothing is left to do.
func (w *world) settled() {
	w.t.Helper()
	w.shows("10 mx.new.test.", "v=spf1 include:spf.new.test ~all")
	if out := w.must("plan"); !strings.Contains(out, "Nothing to do") || strings.Contains(out, "row-changed") || strings.Contains(out, "DNS-20") {
		w.t.Errorf("something is left to do:\n%s", out)
	}
}

// shows fails unless every server has this MX and this SPF record, and the TTL
// that was there in the beginning.
func (w *world) shows(mx, spf string) {
	w.t.Helper()
	for _, at := range []string{ns1At, ns2At} {
		for kind, want := range map[uint16]string{dns.TypeMX: mx, dns.TypeTXT: "\"" + spf + "\""} {
			m := new(dns.Msg)
			m.SetQuestion(domain+".", kind)
			in, _, err := (&dns.Client{Timeout: 10 * time.Second}).Exchange(m, at+":53")
			if err != nil || len(in.Answer) != 1 {
				w.t.Fatalf("%s: %v %v", at, err, in)
			}
			rr := in.Answer[0]
			if got := strings.TrimPrefix(rr.String(), rr.Header().String()); got != want || rr.Header().Ttl != 5 {
				w.t.Errorf("%s has %s, want %s with TTL 5", at, rr, want)
			}
		}
	}
}
