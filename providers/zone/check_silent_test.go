package zone

import (
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
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
		"a vendor that lists what is served": func(w *world) { w.view = w.accounted },
		"other names at the vendor": func(w *world) {
			w.view = func(v *View) {
				w.accounted(v)
				off, far := record("shop.acme.test", "CNAME", "", "x"), record("www.acme.test", "A", "境外", "192.0.2.9")
				off.Off = true
				v.Listing = append(v.Listing, off, far)
			}
		},
		"lines that are alike": func(w *world) {
			w.aim.Zone.Lines = []string{"境外"}
			w.view = func(v *View) {
				w.accounted(v)
				v.Listing = append(v.Listing, record("acme.test", "MX", "境外", v.values("acme.test", "MX")...))
			}
		},
		"only looked at": func(w *world) { w.aim = Aim{Domain: "acme.test"} },
		"the same plan":  func(w *world) { w.before("acme.test", "MX", "10 MX.old.test.") },
		"our own changes since a plan": func(w *world) {
			w.aim.Before = &planner.Zone{Name: "acme.test", Sets: []planner.RRset{{Name: "acme.test", Type: "TXT", Values: []string{"token=abc", "v=spf1 include:spf.old.test ~all"}},
				{Name: "_dmarc.acme.test", Type: "TXT", Values: []string{"v=DMARC1; p=none; rua=mailto:d@acme.test"}}}}
		},
		"the end of the tail": func(w *world) {
			w.switched(200 * time.Hour)
			w.both("include:spf.old.test ", "")
			w.aim.Before = &planner.Zone{Name: "acme.test", Sets: []planner.RRset{{Name: "acme.test", Type: "MX", Values: []string{"10 mx.old.test"}},
				{Name: "acme.test", Type: "TXT", Values: []string{"token=abc", "v=spf1 include:spf.old.test ~all"}}}}
		},
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
