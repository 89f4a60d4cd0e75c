package zone

import (
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/mxmove/mxmove/config"
)

// What looks alike and is in order stays silent.
func TestChecksStaySilent(t *testing.T) {
	for name, make := range map[string]func(w *world){
		"signed":                     func(w *world) { w.sign(func(*signing) {}) },
		"a policy that names both":   func(w *world) { w.sts("mode: enforce\nmx: mx.old.test\nmx: *.new.test\nmax_age: 86400\n") },
		"a policy that only tests":   func(w *world) { w.sts("mode: testing\nmx: mx.old.test\nmax_age: 86400\n") },
		"names that were decided on": func(w *world) { w.add("imap.acme.test. 300 IN A 192.0.2.10"); w.aim.Names = []string{"imap"} },
		"an alias to the target's key": func(w *world) {
			w.both("s2026._domainkey IN TXT", "s2026._domainkey IN CNAME dkim.new.test.\nx IN TXT")
			w.aim.DKIM["s2026"] = "dkim.new.test."
		},
		"services that say they are off": func(w *world) { w.add("_pop3s._tcp.acme.test. 300 IN SRV 0 0 0 .") },
		"a resolver that agrees":         func(w *world) { w.resolve(strings.ReplaceAll(goodZone, "KEY", testKey)) },
		"cut answers": func(w *world) {
			w.add(`acme.test. 300 IN TXT "` + strings.Repeat("x", 200) + `"` + strings.Repeat(` "`+strings.Repeat("y", 250)+`"`, 6))
		},
		"a server that loses half": func(w *world) {
			n := 0
			w.start().servers[ns2At].Twist(func(_ dns.Question, r *dns.Msg, _ bool) *dns.Msg {
				if n++; n%7 == 3 {
					return nil
				}
				return r
			})
		},
		"only looked at":     func(w *world) { w.aim = Aim{Domain: "acme.test"} },
		"the same plan":      func(w *world) { w.before("acme.test", "MX", "10 MX.old.test.") },
		"sender with a name": func(w *world) { w.aim.SPF.Add = []string{"ip4:192.0.2.20"} },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			make(w)
			for _, f := range w.check() {
				t.Errorf("%s %s %s", f.Code, f.Severity, f.Args["list"])
			}
		})
	}
}

// After the switch what would have blocked it warns.
func TestNothingBlocksAfterTheSwitch(t *testing.T) {
	w := newWorld(t)
	w.switched(time.Hour)
	w.edit(1, " 7 3600", " 6 3600")
	w.oldKey(key512)
	found := w.check()
	if len(found) < 2 {
		t.Fatal(codes(found))
	}
	for _, f := range found {
		if f.Severity == config.Blocks {
			t.Errorf("%s blocks", f.Code)
		}
	}
}
