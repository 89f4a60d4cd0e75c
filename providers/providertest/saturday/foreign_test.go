package saturday

import (
	"bytes"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// Another administrator changes the MX in BIND, after the plan was made or
// while it is carried out: the switch is refused, and theirs stays.
func TestAnotherAdminsEdit(t *testing.T) {
	t.Parallel()
	if !enter(t) {
		return
	}
	w := newWorld(t, 12*time.Second)
	w.must("init")
	w.must("plan", "--out", "sat.plan")
	w.edit("10 mx.old.test.", "20 mx.other.test.")
	w.refused("before apply", w.applyWith(func(string) bool { return false }))
	w.edit("20 mx.other.test.", "10 mx.old.test.")
	w.must("plan", "--out", "sat.plan")
	once := false
	out := w.applyWith(func(journal string) bool {
		held := strings.Contains(journal, "hold-directory")
		if held && !once {
			once = true
			w.edit("10 mx.old.test.", "20 mx.other.test.")
		}
		return once
	})
	if !once {
		t.Errorf("the freeze did not begin:\n%s", out)
	}
	w.refused("in the freeze", out)
	w.edit("20 mx.other.test.", "10 mx.old.test.")
	w.must("plan", "--out", "sat.plan")
	w.must("apply", "sat.plan", "--wait")
	w.once(w.target)
	w.settled()
}

// refused fails unless the other administrator's MX stands everywhere and a
// run said why it did not switch.
func (w *world) refused(when, output string) {
	w.t.Helper()
	w.stands("20 mx.other.test.")
	if !strings.Contains(output, "acme.test MX") || strings.Contains(output, "set-records acme.test MX: done") {
		w.t.Errorf("%s it does not tell of the edit:\n%s", when, output)
	}
}

// applyWith runs apply, which must not end well, and gives the journal to look
// at until look is satisfied.
func (w *world) applyWith(look func(journal string) bool) string {
	w.t.Helper()
	var out bytes.Buffer
	cmd := w.command("apply", "sat.plan")
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	poll := time.NewTicker(2 * time.Millisecond)
	defer poll.Stop()
	for looking := true; ; {
		select {
		case err := <-ended:
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 3 && exit.ExitCode() != 4 {
				w.t.Errorf("%v\n%s", err, &out)
			}
			return out.String()
		case <-poll.C:
			looking = looking && !look(w.written())
		}
	}
}

// edit changes the MX as its administrator does, and waits until the secondary
// has it.
func (w *world) edit(from, to string) {
	w.t.Helper()
	m := new(dns.Msg)
	m.SetUpdate(domain + ".")
	for text, put := range map[string]func([]dns.RR){domain + ". 5 IN MX " + from: m.Remove, domain + ". 5 IN MX " + to: m.Insert} {
		rr, err := dns.NewRR(text)
		if err != nil {
			w.t.Fatal(err)
		}
		put([]dns.RR{rr})
	}
	m.SetTsig("cutover.", dns.HmacSHA256, 300, time.Now().Unix())
	c := &dns.Client{Net: "tcp", Timeout: 10 * time.Second, TsigSecret: map[string]string{"cutover.": tsig}}
	in, _, err := c.Exchange(m, w.ns1.At())
	if err != nil || in.Rcode != dns.RcodeSuccess {
		w.t.Fatalf("the edit: %v %v", err, in)
	}
	w.stands(to)
}

// stands waits until every server has this MX.
func (w *world) stands(mx string) {
	w.t.Helper()
	q := new(dns.Msg)
	q.SetQuestion(domain+".", dns.TypeMX)
	for _, at := range []string{ns1At, ns2At} {
		var is string
		for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			in, _, err := (&dns.Client{Timeout: 10 * time.Second}).Exchange(q, at+":53")
			if err == nil && len(in.Answer) == 1 {
				if is = strings.TrimPrefix(in.Answer[0].String(), in.Answer[0].Header().String()); is == mx {
					break
				}
			}
		}
		if is != mx {
			w.t.Errorf("%s has MX %s, want %s", at, is, mx)
		}
	}
}
