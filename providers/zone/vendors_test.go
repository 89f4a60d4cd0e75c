package zone

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/providertest/vendors"
)

// with are the usual records and more.
func with(more ...vendors.Record) []vendors.Record {
	return append(slices.Clone(standRecords), more...)
}

func mx(pref int, host string) vendors.Record {
	return vendors.Record{Name: "acme.test", Type: "MX", Value: host, Pref: pref, TTL: 3600}
}

// A set of many records, on several pages, of which some stay.
func TestSetsOfSeveralRecords(t *testing.T) {
	for _, kind := range apis {
		t.Run(kind, func(t *testing.T) {
			st := newStand(t, kind, with(mx(20, "mx1.new.test"), mx(30, "mx3.old.test"), mx(40, "mx4.old.test"), mx(10, "mx2.new.test"))...)
			op := mxOp()
			op.Old.Values = []string{"10 mx.old.test", "20 mx1.new.test", "30 mx3.old.test", "40 mx4.old.test", "10 mx2.new.test"}
			st.must(op)
			st.new()
			if st.fake.Idle() > 0 {
				t.Errorf("%q", st.fake.Calls())
			}
			back := op
			back.Old, back.New = op.New, op.Old
			st.must(planner.Restore{Of: planner.IDOf(op), Op: back})
			st.want("MX", 3600, op.Old.Values...)
		})
	}
}

// A set that changes by several calls is never empty, and a person is told
// what stands between them.
func TestTheMomentsBetweenCallsAreTold(t *testing.T) {
	eachAPI(t, byCall, func(t *testing.T, st *stand) {
		st.must(mxOp())
		if len(st.notes) != 1 || st.notes[0].Code != "zone.calls" || st.notes[0].Args["list"] != "5 mx1.new.test -> 10 mx2.new.test, 5 mx1.new.test" {
			t.Fatalf("%+v", st.notes)
		}
		for _, want := range [][]string{{"ModifyRecord", "CreateRecord"}, {"UpdateDomainRecord", "AddDomainRecord"}} {
			calls := slices.DeleteFunc(st.fake.Calls(), func(c string) bool { return strings.HasPrefix(c, "Describe") })
			if slices.Equal(calls, want) {
				return
			}
		}
		t.Errorf("%q", st.fake.Calls())
	})
}

// What cannot be changed by value is named, and nothing is changed.
func TestWhatIsHeldIsNamed(t *testing.T) {
	locked, paused, weighty, alias := standRecords[0], mx(10, "mx2.new.test"), standRecords[0], standRecords[0]
	locked.Locked, paused.Off, weighty.Weight, alias.Set = true, true, 10, "alias"
	weighty.Set = "one"
	rest := standRecords[1:]
	for _, c := range []struct {
		kind, want string
		records    []vendors.Record
	}{
		{config.ZoneAliDNS, "zone.locked", append([]vendors.Record{locked}, rest...)},
		{config.ZoneCloudflare, "zone.locked", append([]vendors.Record{locked}, rest...)},
		{config.ZoneDNSPod, "zone.paused", with(paused)},
		{config.ZoneAliDNS, "zone.paused", with(paused)},
		{config.ZoneRoute53, "zone.odd", append([]vendors.Record{weighty}, rest...)},
		{config.ZoneRoute53, "zone.odd", append([]vendors.Record{alias}, rest...)},
	} {
		t.Run(c.kind+" "+c.want, func(t *testing.T) {
			st := newStand(t, c.kind, c.records...)
			st.refused(mxOp(), c.want)
			if st.writes() > 0 {
				t.Errorf("%q", st.fake.Calls())
			}
		})
	}
	weighty.Set = ""
	st := newStand(t, config.ZoneDNSPod, append([]vendors.Record{weighty}, rest...)...)
	st.refused(mxOp(), "zone.odd")
}

// A vendor that locks without saying so in the listing.
func TestALockThatShowsLate(t *testing.T) {
	st := newStand(t, config.ZoneDNSPod)
	st.fake.Another(false, func(list []vendors.Record) []vendors.Record { list[0].Locked = true; return list })
	st.refused(mxOp(), "zone.locked")
	st.old()
}

func TestOtherLines(t *testing.T) {
	abroad := mx(10, "mx.old.test")
	abroad.Line = "境外"
	on := func(st *stand) (list []string) {
		for _, r := range st.fake.Records() {
			if r.Line == "境外" {
				list = append(list, r.Value)
			}
		}
		return list
	}
	for _, kind := range withLine {
		t.Run(kind, func(t *testing.T) {
			st := newStand(t, kind, with(abroad)...)
			st.must(mxOp())
			st.new()
			if got := on(st); !slices.Equal(got, []string{"mx.old.test"}) {
				t.Errorf("a line that nobody named: %q", got)
			}
		})
		t.Run(kind+" named", func(t *testing.T) {
			st := newStand(t, kind, with(abroad)...)
			st.zones.Aims[0].Zone.Lines = []string{"境外", "教育网"}
			st.must(mxOp())
			st.new()
			if got := on(st); !slices.Equal(got, []string{"mx1.new.test", "mx2.new.test"}) {
				t.Errorf("a line that was named: %q", got)
			}
		})
		t.Run(kind+" that differs", func(t *testing.T) {
			other := abroad
			other.Value = "mx.abroad.test"
			st := newStand(t, kind, with(other)...)
			st.zones.Aims[0].Zone.Lines = []string{"境外"}
			st.refused(mxOp(), "zone.changed")
			if got := on(st); !slices.Equal(got, []string{"mx.abroad.test"}) {
				t.Errorf("%q", got)
			}
		})
	}
}

func TestKeysThatDoNotServe(t *testing.T) {
	eachAPI(t, apis, func(t *testing.T, st *stand) {
		st.fake.Secret = "another"
		st.refused(mxOp(), "zone.key")
		st.fake.Secret = "s3cr3t-of-the-test"
		st.fake.Zone = "other.test"
		st.refused(mxOp(), "zone.account")
		st.fake.Zone = "acme.test"
		st.old()
	})
	eachAPI(t, slices.DeleteFunc(slices.Clone(apis), func(k string) bool { return k == config.ZoneCloudflare }), func(t *testing.T, st *stand) {
		for _, off := range []time.Duration{-time.Hour, time.Hour} {
			st.fake.Now = func() time.Time { return time.Now().Add(off) }
			st.refused(mxOp(), "zone.key")
		}
		st.old()
	})
}

// A temporary key serves with its token, which is signed and never shown, and
// not without it or with another.
func TestTemporaryKeys(t *testing.T) {
	for _, kind := range []string{config.ZoneDNSPod, config.ZoneAliDNS, config.ZoneRoute53} {
		t.Run(kind, func(t *testing.T) {
			st := newStand(t, kind)
			st.fake.Token = "t0ken/of+the=test"
			st.refused(mxOp(), "zone.key")
			st.zones.Aims[0].Zone.Token = config.SecretRef("env:TOKEN")
			given := "another"
			st.zones.Reveal = func(_ context.Context, s config.Secret) ([]byte, error) {
				if s == config.SecretRef("env:TOKEN") {
					return []byte(given + "\n"), nil
				}
				return []byte(st.fake.Secret), nil
			}
			err := st.do(mxOp())
			if code(err) != "zone.key" || strings.Contains(err.Error(), given) {
				t.Errorf("%v", err)
			}
			st.old()
			given = st.fake.Token
			st.must(mxOp())
			st.new()
			st.fake.Token = ""
			st.refused(lowerOp(), "zone.key")
		})
	}
}

// A vendor's lowest TTL is as low as it gets.
func TestTheLowestTTL(t *testing.T) {
	eachAPI(t, withLine, func(t *testing.T, st *stand) {
		st.fake.MinTTL = 600
		st.must(lowerOp())
		st.want("MX", 600, "10 mx.old.test")
		st.must(lowerOp())
		if n := st.writes(); n != 1 {
			t.Errorf("%d calls: %q", n, st.fake.Calls())
		}
	})
}

// Long texts, quotes, backslashes and octets beyond ASCII stay as they are.
func TestOtherTextsStay(t *testing.T) {
	text := "k=v; p=" + strings.Repeat("A", 400)
	for _, kind := range apis {
		t.Run(kind, func(t *testing.T) {
			st := newStand(t, kind, with(vendors.Record{Name: "acme.test", Type: "TXT", Value: text, TTL: 3600})...)
			st.must(planner.SetRecords{New: planner.RRset{Zone: "acme.test", Name: "acme.test", Type: "TXT"}, Add: []string{"include:spf.new.test"}})
			st.want("TXT", 3600, text, "token=abc", "v=spf1 include:spf.old.test include:spf.new.test ~all")
		})
	}
}

// What an API lists is told by the checks, and plans get the lowest TTL.
func TestListingsReachTheChecks(t *testing.T) {
	abroad, paused, below := mx(10, "mx.old.test"), mx(50, "mx.old.test"), mx(5, "mx.lists.test")
	abroad.Line, paused.Off, below.Name = "境外", true, "lists.acme.test"
	st := newStand(t, config.ZoneDNSPod, with(abroad, paused, below)...)
	st.fake.MinTTL = 600
	st.fake.NS = []string{"ns1.elsewhere.test"}
	zones, found := st.zones.Observe(t.Context())
	if len(zones) != 1 || zones[0].MinTTL != 600 {
		t.Errorf("%+v", zones)
	}
	for code, want := range map[string]string{"DNS-03": "ns1.elsewhere.test", "DNS-06": "10m0s", "DNS-14": "境外", "DNS-15": "paused", "DNS-17": "lists.acme.test"} {
		i := slices.IndexFunc(found, func(f config.Finding) bool { return f.Code == code })
		if i < 0 || !strings.Contains(found[i].Args["list"], want) {
			t.Errorf("%s: %+v", code, found)
		}
	}
	st.fake.Secret = "another"
	v := st.zones.Look(t.Context(), st.zones.Aims[0])
	if v.Account == nil || v.Account.Err == nil {
		t.Errorf("%+v", v.Account)
	}
}

// A set is made where there was none, and taken away again.
func TestASetComesAndGoes(t *testing.T) {
	eachAPI(t, apis, func(t *testing.T, st *stand) {
		set := planner.RRset{Zone: "acme.test", Name: "_mta-sts.acme.test", Type: "TXT", Values: []string{"v=STSv1; id=mxmove1;"}}
		op := planner.SetRecords{New: set, Temporary: true, In: planner.Prepare}
		st.must(op)
		st.must(op)
		back := op
		back.Old, back.New.Values = set, nil
		st.must(planner.Restore{Of: planner.IDOf(op), Op: back})
		if got := st.fake.Records(); len(got) != len(standRecords) || st.fake.Idle() > 0 {
			t.Errorf("%+v", got)
		}
		if n := st.writes(); n != 2 {
			t.Errorf("%d calls: %q", n, st.fake.Calls())
		}
	})
}

// The fakes check signatures: of a request that was changed on the way, or
// sent again, nothing is done.
func TestFakesBelieveNoOne(t *testing.T) {
	changes := map[string]func(r *http.Request){
		"query":  func(r *http.Request) { r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "acme", "acne", 1) },
		"action": func(r *http.Request) { r.Header.Set("X-Acs-Action", "DeleteDomain") },
		"body": func(r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			b = bytes.Replace(b, []byte("acme"), []byte("acne"), 1)
			r.Body = io.NopCloser(bytes.NewReader(b))
		},
		"token": func(r *http.Request) { r.Header.Set("Authorization", r.Header.Get("Authorization")+"x") },
		"again": func(r *http.Request) {
			if resp, err := http.DefaultTransport.RoundTrip(r.Clone(r.Context())); err == nil {
				_ = resp.Body.Close()
			}
		},
	}
	for _, c := range []struct{ kind, change string }{
		{config.ZoneDNSPod, "body"}, {config.ZoneDNSPod, "token"}, {config.ZoneAliDNS, "query"}, {config.ZoneAliDNS, "action"},
		{config.ZoneAliDNS, "again"}, {config.ZoneAliDNS, "token"}, {config.ZoneCloudflare, "token"}, {config.ZoneRoute53, "query"}, {config.ZoneRoute53, "token"},
	} {
		t.Run(c.kind+" "+c.change, func(t *testing.T) {
			st := newStand(t, c.kind)
			st.zones.HTTP = &http.Client{Transport: tripper(changes[c.change])}
			st.refused(mxOp(), "zone.key")
			st.old()
		})
	}
}
