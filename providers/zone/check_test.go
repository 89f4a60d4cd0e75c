package zone

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/zone/vendor"
	"github.com/mxmove/mxmove/providers/zone/wire"
)

const newMX = "@ IN MX 5 mx1.new.test.\n@ IN MX 10 mx2.new.test."

func (w *world) switched(ago time.Duration) {
	w.both("@ IN MX 10 mx.old.test.", newMX)
	w.aim.Past.Switched = now.Add(-ago)
}

func listed(sets ...Listed) func(*View) { return func(v *View) { v.Listing = sets } }

func record(name, kind, line string, values ...string) Listed {
	return Listed{RRset: planner.RRset{Zone: "acme.test", Name: name, Type: kind, Line: line, Values: values}}
}

// accounted lists with the vendor just what is served.
func (w *world) accounted(v *View) {
	v.Account = &Account{About: vendor.About{Servers: v.ParentNS, MinTTL: 60}}
	for _, set := range v.Zone().Sets {
		v.Listing = append(v.Listing, record(set.Name, set.Type, "", set.Values...))
	}
}

func policy(body string) func(context.Context, string, []netip.Addr) ([]byte, error) {
	return func(_ context.Context, url string, _ []netip.Addr) ([]byte, error) {
		if !strings.HasPrefix(url, "https://mta-sts.") {
			return nil, errors.New("404")
		}
		return []byte(body), nil
	}
}

// faulty are zones made for each check, by its number; want is what else the
// finding must tell, and its severity.
var faulty = map[string]struct {
	make func(w *world)
	want string
}{
	"01 a server behind": {func(w *world) { w.edit(1, " 7 3600", " 6 3600"); w.edit(1, "mx.old", "mx.older") }, "blocks ns2.acme.test 127.53.2.1: SOA 6 (7); ns2.acme.test 127.53.2.1: acme.test MX 300 10 mx.older.test"},
	"01 another TTL":     {func(w *world) { w.edit(1, "@ IN MX", "@ 600 IN MX") }, "blocks acme.test MX"},
	"01 a silent server": {func(w *world) { w.silence(ns2At) }, "blocks ns2.acme.test 127.53.2.1: no answer"},
	"01 no authority": {func(w *world) {
		w.start().servers[ns2At].Twist(func(_ dns.Question, r *dns.Msg, _ bool) *dns.Msg { r.Authoritative = false; return r })
	}, "blocks without authority"},
	"01 one set refused": {func(w *world) {
		w.start().servers[ns2At].Twist(func(q dns.Question, r *dns.Msg, _ bool) *dns.Msg {
			if q.Qtype == dns.TypeMX {
				r.Answer, r.Rcode = nil, dns.RcodeServerFailure
			}
			return r
		})
	}, "blocks SERVFAIL"},
	"02 only the parent": {func(w *world) { w.both("@ 3600 IN NS ns2.acme.test.\n", "") }, "blocks ns2.acme.test: NS: parent"},
	"02 only the child":  {func(w *world) { w.root = strings.Replace(w.root, "acme.test. 3600 IN NS ns2.acme.test.\n", "", 1) }, "blocks ns2.acme.test: NS: acme.test"},
	"02 glue": {func(w *world) {
		w.root = strings.Replace(w.root, "ns2.acme.test. 3600 IN A 127.53.2.1", "ns2.acme.test. 3600 IN A 127.53.2.9", 1)
	}, "blocks glue"},
	"03 another server": {func(w *world) { w.start(); w.aim.Server = fmt.Sprintf("%s:%d", elseAt, w.net.Port) }, "blocks REFUSED"},
	"03 a server that nobody follows": {func(w *world) {
		w.start()
		w.aim.Server = fmt.Sprintf("%s:%d", cacheAt, w.net.Port)
		w.net.Serve(cacheAt, strings.Replace(w.zone[0], " 7 3600", " 3 3600", 1))
	}, "blocks SOA 7"},
	"03 a key that does not serve": {func(w *world) {
		w.view = func(v *View) { v.Account = &Account{Err: errors.New("refused: InvalidAccessKeyId")} }
	}, "blocks rfc2136: refused: InvalidAccessKeyId"},
	"03 an account that is not asked": {func(w *world) {
		w.view = func(v *View) {
			listed(record("acme.test", "MX", "", "10 mx.older.test"))(v)
			v.Account = &Account{About: vendor.About{Servers: []string{"ns.third.test"}}}
		}
	}, "blocks rfc2136: NS ns.third.test, parent: ns1.acme.test; rfc2136: NS ns.third.test, parent: ns2.acme.test; _dmarc.acme.test TXT: rfc2136: -"},
	"03 a zone that is paused": {func(w *world) {
		w.view = func(v *View) { w.accounted(v); v.Account.Paused = true }
	}, "blocks rfc2136: paused"},
	"04 no zone of its own": {func(w *world) { w.aim.Domain = "mail.acme.test" }, "info mail.acme.test: SOA acme.test"},
	"04 a name cut away":    {func(w *world) { w.add("_dmarc.acme.test. IN NS ns.else.test."); w.both("_dmarc IN TXT", "x IN TXT") }, "blocks NS _dmarc.acme.test"},
	"05 too late":           {func(w *world) { w.both("@ IN MX", "@ 86400 IN MX"); w.aim.Opens = now.Add(23 * time.Hour) }, "blocks acme.test MX: 24h0m0s"},
	"05 in time":            {func(w *world) { w.both("@ IN MX", "@ 86400 IN MX") }, "info 2026-12-04 11:50"},
	"05 lowered late": {func(w *world) {
		w.aim.Past = Past{Lowered: now.Add(-10 * time.Minute), From: 3600}
	}, "blocks acme.test MX: 1h0m0s -> 5m0s, <= 2026-12-01 12:50 +0000"},
	"05 lowered to what is allowed": {func(w *world) {
		w.both("@ IN MX 10 mx.old.test.", "@ 600 IN MX 10 mx.old.test.\nq IN A 192.0.2.1")
		w.both("@ IN TXT \"token=abc\"", "@ 3600 IN TXT \"token=abc\"")
		w.aim.MinTTL, w.aim.Opens = 600, now
	}, "warning acme.test TXT"},
	"06 floor": {func(w *world) { w.aim.MinTTL = 600 }, "warning 10m0s"},
	"06 the account's floor": {func(w *world) {
		w.view = func(v *View) { w.accounted(v); v.Account.MinTTL = 600 }
	}, "warning 10m0s"},
	"07 negative TTL": {func(w *world) {
		w.both("7 3600 600 86400 300", "7 3600 600 86400 86400")
		w.both("@ 3600 IN SOA", "@ 90000 IN SOA")
	}, "warning SOA acme.test: 24h0m0s"},
	"07 a name to come":   {func(w *world) { w.both("s2026._domainkey", "other") }, "warning s2026._domainkey.acme.test: 5m0s <= 2026-12-05 11:55"},
	"08 no address":       {func(w *world) { w.both("mx.old.test", "gone.old.test") }, "blocks 10 gone.old.test: A -, AAAA -"},
	"08 an alias":         {func(w *world) { w.addElse(0, "gone 300 IN CNAME mx.old.test."); w.both("mx.old.test", "gone.old.test") }, "blocks CNAME mx.old.test"},
	"08 an address":       {func(w *world) { w.both("mx.old.test.", "192.0.2.10.") }, "blocks IP"},
	"08 twice":            {func(w *world) { w.add("acme.test. 300 IN MX 20 mx.old.test.") }, "blocks 20 mx.old.test: 10 mx.old.test"},
	"09 null MX":          {func(w *world) { w.add("acme.test. 300 IN MX 0 .") }, "blocks 0 ., 10 mx.old.test"},
	"10 no MX":            {func(w *world) { w.both("@ IN MX 10 mx.old.test.\n", "") }, "blocks MX -, A 192.0.2.80"},
	"11 record by record": {func(w *world) { w.aim.Via = "dnspod" }, "warning dnspod: 10 mx.old.test -> 10 mx2.new.test, 5 mx1.new.test"},
	"12 leftovers":        {func(w *world) { w.add("acme.test. 300 IN MX 5 mx1.new.test.") }, "blocks 10 mx.old.test"},
	"13 apex CNAME":       {func(w *world) { w.both("@ IN MX 10 mx.old.test.", "@ IN CNAME mx.old.test.") }, "blocks MX: CNAME mx.old.test"},
	"13 in the listing":   {func(w *world) { w.view = listed(record("acme.test", "CNAME", "", "cdn.else.test")) }, "blocks cdn.else.test"},
	"14 lines": {func(w *world) {
		w.view = listed(record("acme.test", "MX", "", "5 a"), record("acme.test", "MX", "境外", "5 b"))
	}, "blocks acme.test MX 境外: 5 b"},
	"14 a line that differs": {func(w *world) {
		w.aim.Zone.Lines = []string{"境外"}
		w.view = listed(record("acme.test", "MX", "", "5 a"), record("acme.test", "MX", "境外", "5 b"))
	}, "blocks acme.test MX 境外: 5 b"},
	"15 locked": {func(w *world) {
		r := record("acme.test", "TXT", "", "v=spf1 -all")
		r.Locked, r.Odd = true, "SetIdentifier one"
		w.view = listed(r)
	}, "warning SetIdentifier one, locked v=spf1 -all"},
	"15 paused": {func(w *world) {
		r := record("acme.test", "MX", "", "5 a")
		r.Off, r.Weight = true, 2
		w.view = listed(r)
	}, "warning paused, weight 2 5 a"},
	"16 wildcard":           {func(w *world) { w.add("*.acme.test. 300 IN TXT any") }, "warning *.acme.test TXT: any"},
	"17 mail below":         {func(w *world) { w.add("smtp.acme.test. 300 IN MX 5 mx.old.test.") }, "warning smtp.acme.test MX: 5 mx.old.test"},
	"17 by the listing":     {func(w *world) { w.view = listed(record("lists.acme.test", "MX", "", "5 a")) }, "warning lists.acme.test MX: 5 a"},
	"18 two records":        {func(w *world) { w.add(`acme.test. 300 IN TXT "v=spf1 -all"`) }, "blocks v=spf1 -all"},
	"18 a blank before":     {func(w *world) { w.add(`acme.test. 300 IN TXT " v=spf1 -all"`) }, `blocks " v=spf1 -all"`},
	"18 missing include":    {func(w *world) { w.both("include:spf.old", "include:gone.old") }, "blocks gone.old.test: TXT -"},
	"18 too many lookups":   {func(w *world) { w.both("v=spf1", "v=spf1"+strings.Repeat(" a:mx.old.test", 9)) }, "blocks SPF: 11/10 DNS"},
	"18 void":               {func(w *world) { w.both("v=spf1", "v=spf1 a:a.old.test a:b.old.test a:c.old.test") }, "blocks SPF: 3/2 void"},
	"19 old senders out":    {func(w *world) { w.both("include:spf.old.test ", "") }, "blocks -: include:spf.old.test"},
	"19 new senders not in": {func(w *world) { w.switched(time.Hour); w.both("include:spf.new.test ", "") }, "warning +: include:spf.new.test"},
	"20 a stranger's error": {func(w *world) { w.both("~all", strings.Repeat("a:mx.old.test ", 9)+"~all") }, "blocks 192.0.2.254: permerror"},
	"20 the old fails":      {func(w *world) { w.both("include:spf.old.test", "-include:spf.old.test") }, "blocks 192.0.2.10: fail"},
	"21 a token gone":       {func(w *world) { w.before("acme.test", "TXT", "token=xyz", "token=abc") }, "blocks acme.test TXT: token=xyz"},
	"22 no key":             {func(w *world) { w.edit(1, "s2026._domainkey", "other") }, "blocks ns2.acme.test 127.53.2.1: s2026._domainkey.acme.test TXT -"},
	"22 to be published":    {func(w *world) { w.both("s2026._domainkey", "other") }, "info ns2.acme.test 127.53.2.1: s2026._domainkey.acme.test TXT -"},
	"22 an old one gone":    {func(w *world) { w.both("s2024._domainkey", "other") }, "blocks s2024._domainkey.acme.test TXT -"},
	"22 gone since":         {func(w *world) { w.switched(time.Hour); w.both("s2026._domainkey", "other") }, "warning s2026._domainkey.acme.test TXT -"},
	"22 another key":        {func(w *world) { w.aim.DKIM["s2026"] = "v=DKIM1; k=ed25519; p=BBBB" }, "blocks s2026._domainkey.acme.test v=DKIM1"},
	"22 short":              {func(w *world) { w.oldKey(key512) }, "blocks RSA 512"},
	"22 not base64":         {func(w *world) { w.oldKey("%%") }, "blocks p= illegal base64"},
	"22 withdrawn":          {func(w *world) { w.oldKey("") }, "blocks p="},
	"22 testing, 1024":      {func(w *world) { w.oldKey(key1024 + "; t=y") }, "info RSA 1024; s2024._domainkey.acme.test: t=y"},
	"22 a wrong alias": {func(w *world) {
		w.both("s2026._domainkey IN TXT", "s2026._domainkey IN CNAME gone.new.test.\nx IN TXT")
		w.aim.DKIM["s2026"] = "dkim.new.test."
	}, "blocks CNAME gone.new.test"},
	"22 none known": {func(w *world) { w.aim.DKIM, w.aim.Selectors = nil, nil }, "warning selectors -"},
	"23 reject":     {func(w *world) { w.both("p=none", "p=reject"); w.aim.DKIM = nil }, "info p=reject"},
	"23 by an alias": {func(w *world) {
		w.both("_dmarc IN TXT \"v=DMARC1; p=none; rua=mailto:d@acme.test\"", "_dmarc IN CNAME dmarc.new.test.")
		w.addElse(1, "dmarc IN TXT \"v=DMARC1; p=reject\"")
		w.aim.DKIM = nil
	}, "blocks p=reject"},
	"23 inherited": {func(w *world) {
		w.both("v=DMARC1", "v=other")
		w.aim.DKIM = nil
		w.root += "_dmarc.test. 300 IN TXT \"v=DMARC1; p=none; sp=quarantine\"\n"
	}, "blocks _dmarc.test: p=quarantine"},
	"23 strict":              {func(w *world) { w.both("p=none", "p=none; adkim=s") }, "warning adkim=s"},
	"23 reports":             {func(w *world) { w.both("d@acme.test", "d@reports.old.test") }, "warning acme.test._report._dmarc.reports.old.test"},
	"24 enforce":             {func(w *world) { w.sts("mode: enforce\nmx: mx.old.test\nmax_age: 604800\n") }, "blocks enforce, max_age 168h0m0s, mx mx.old.test: mx1.new.test"},
	"24 no policy":           {func(w *world) { w.sts(""); w.both("mta-sts IN A 192.0.2.80", "") }, "blocks https://mta-sts.acme.test"},
	"24 no mode":             {func(w *world) { w.sts("mode: on") }, `blocks mode "on"`},
	"25 no TLS reports":      {func(w *world) { w.both("_smtp._tls", "other") }, "warning _smtp._tls.acme.test: TXT -"},
	"26 unsigned":            {func(w *world) { w.addElse(1, "_25._tcp.mx1 300 IN TLSA 3 1 1 00") }, "warning DS -"},
	"26 another certificate": {func(w *world) { w.pinned("mx1.new.test", "1 1 ff") }, "blocks _25._tcp.mx1.new.test: 3 1 1 00"},
	"26 a downgrade":         {func(w *world) { w.pinned("mx.old.test", "1 1 00") }, "warning _25._tcp.mx1.new.test: TLSA -"},
	"27 no such key":         {func(w *world) { w.sign(func(s *signing) { s.keys = nil }) }, "blocks DNSKEY"},
	"27 unsigned set":        {func(w *world) { w.sign(func(s *signing) { s.skip = "MX" }) }, "blocks acme.test MX: no signature"},
	"27 out of date":         {func(w *world) { w.sign(func(s *signing) { s.until = now.Add(-time.Hour) }) }, "blocks out of date"},
	"27 not long enough":     {func(w *world) { w.sign(func(s *signing) { s.until = now.Add(24 * time.Hour) }) }, "warning RRSIG 2026-12-02"},
	"27 forged":              {func(w *world) { w.sign(func(s *signing) { s.forge = "MX" }) }, "blocks acme.test MX: no signature that"},
	"28 autodiscover":        {func(w *world) { w.add("autodiscover.acme.test. 300 IN CNAME mx.old.test.") }, "warning autodiscover.acme.test A: CNAME mx.old.test"},
	"28 by SRV":              {func(w *world) { w.add("_autodiscover._tcp.acme.test. 300 IN SRV 0 0 443 mx.old.test.") }, "warning 0 0 443 mx.old.test"},
	"28 web server": {func(w *world) {
		w.view = func(v *View) { v.Redirect = map[string]bool{"/autodiscover/autodiscover.xml": true} }
	}, "warning https://acme.test"},
	"29 autoconfig":      {func(w *world) { w.add("autoconfig.acme.test. 300 IN A 192.0.2.10") }, "warning autoconfig.acme.test A: 192.0.2.10"},
	"29 vanity":          {func(w *world) { w.add("imap.acme.test. 300 IN A 192.0.2.10") }, "warning imap.acme.test A"},
	"30 no name":         {func(w *world) { w.aim.SPF.Add = []string{"ip4:192.0.2.30"} }, "warning 192.0.2.30: PTR -"},
	"30 leads elsewhere": {func(w *world) { w.aim.SPF.Add = []string{"ip4:192.0.2.21/32"} }, "warning 192.0.2.21: PTR mx1.new.test"},
	"31 a view of its own": {func(w *world) {
		w.resolve(strings.Replace(strings.ReplaceAll(goodZone, "KEY", testKey), "10 mx.old.test.", "1 inside.acme.test.", 1))
		w.servers[cacheAt].Twist(func(_ dns.Question, r *dns.Msg, _ bool) *dns.Msg { r.Authoritative = true; return r })
	}, "warning acme.test MX 1 inside.acme.test"},
	"32 cached": {func(w *world) {
		w.switched(time.Minute)
		w.resolve(strings.ReplaceAll(goodZone, "KEY", testKey))
	}, "info acme.test MX 10 mx.old.test <= 2026-12-01 12:05"},
	"33 the tail": {func(w *world) { w.switched(25 * time.Hour) }, "warning acme.test: <= 2026-12-05 11:00"},
	"34 outgoing": {func(w *world) { w.aim.DKIM, w.aim.SPF.Add = nil, nil }, "blocks SPF -, DKIM -"},
	"35 the way back": {func(w *world) {
		w.switched(time.Hour)
		w.both("@ IN MX 5", "@ 3600 IN MX 5")
		w.both("@ IN MX 10", "@ 3600 IN MX 10")
	}, "warning acme.test MX: 1h0m0s"},
	"36 another edit beside ours": {func(w *world) { w.before("acme.test", "TXT", "token=abcd", "v=spf1 include:spf.old.test ~all") }, "blocks token=abcd"},
	"36 another edit":             {func(w *world) { w.before("acme.test", "MX", "10 mx.first.test") }, "blocks 10 mx.first.test -> 10 mx.old.test"},
}

func (w *world) silence(at string) {
	w.start().servers[at].Twist(func(dns.Question, *dns.Msg, bool) *dns.Msg { return nil })
}

func (w *world) before(name, kind string, values ...string) {
	w.aim.Before = &planner.Zone{Name: "acme.test", Sets: []planner.RRset{{Zone: "acme.test", Name: name, Type: kind, Values: values}}}
}

func (w *world) oldKey(p string) {
	w.both(`k=rsa; p=`+testKey, `k=rsa; p=`+p)
}

func (w *world) sts(body string) {
	w.add(`_mta-sts.acme.test. 300 IN TXT "v=STSv1; id=1"`)
	for i := range w.zone {
		w.zone[i] += "mta-sts IN A 192.0.2.80\n"
	}
	w.obs.Get = policy(body)
}

func (w *world) pinned(host, shown string) {
	w.view = func(v *View) {
		pin, err := wire.Make("_25._tcp."+host, "TLSA", 300, "3 1 1 00")
		if err != nil {
			w.t.Fatal(err)
		}
		target := v.Targets[host]
		target.TLSA, target.Signed, target.Shown = []wire.Record{pin}, true, []string{shown}
		v.Targets[host] = target
	}
}

func TestEveryCheckFires(t *testing.T) {
	fired := map[string]bool{}
	for name, c := range faulty {
		fired[name[:2]] = true
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c.make(w)
			found := w.check()
			i := slices.IndexFunc(found, func(f Finding) bool { return f.Code == "DNS-"+name[:2] })
			if i < 0 {
				t.Fatalf("it does not fire, but %q", codes(found))
			}
			severity, words, _ := strings.Cut(c.want, " ")
			if got := found[i].Args["list"]; string(found[i].Severity) != severity || !strings.Contains(got, words) {
				t.Errorf("%s %s, want %s", found[i].Severity, got, c.want)
			}
			if len(found[i].Evidence) == 0 || found[i].Subject != w.aim.Domain {
				t.Errorf("no evidence or subject: %+v", found[i])
			}
			texts(t, found)
		})
	}
	for n := range checks {
		if !fired[fmt.Sprintf("%02d", n+1)] {
			t.Errorf("no zone fires check %d", n+1)
		}
	}
}

// texts: every finding has its three texts in both languages, fully filled.
func texts(t *testing.T, found []Finding) {
	t.Helper()
	for _, lang := range []text.Lang{text.English, text.Chinese} {
		cat := text.Load(lang)
		for _, f := range found {
			for _, part := range []string{".what", ".why", ".do"} {
				if s := cat.Text(text.Msg{Code: f.Code + part, Args: f.Args}); !cat.Has(f.Code+part) || strings.Contains(s, "{list}") || strings.Contains(s, "{domain}") {
					t.Errorf("%s %s%s: %s", lang, f.Code, part, s)
				}
			}
		}
	}
}
