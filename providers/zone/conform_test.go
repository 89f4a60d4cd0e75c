package zone

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/providertest/peer"
	"github.com/mxmove/mxmove/providers/providertest/vendors"
)

var (
	apis     = []string{config.ZoneDNSPod, config.ZoneAliDNS, config.ZoneCloudflare, config.ZoneRoute53}
	byCall   = apis[:2] // that take a call for each record
	withLine = apis[:2]
)

// eachAPI runs a test with every vendor.
func eachAPI(t *testing.T, kinds []string, f func(t *testing.T, st *stand)) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) { f(t, newStand(t, kind)) })
	}
}

// changer is any kind of zone under the same test.
type changer interface {
	must(planner.Op)
	want(kind string, ttl uint32, values ...string)
}

// person enters what is told, exactly, and nothing else.
func person(st *stand) {
	st.aside = func(note *config.Finding) {
		name, kind, _ := strings.Cut(note.Args["set"], " ")
		st.fake.Another(false, func(list []vendors.Record) []vendors.Record {
			list = slices.DeleteFunc(list, func(r vendors.Record) bool { return r.Name == name && r.Type == kind })
			ttl, _ := time.ParseDuration(note.Args["ttl"] + "s")
			for _, v := range strings.Split(note.Args["now"], ", ") {
				r := recordOf(name, kind, v, 0)
				list = append(list, vendors.Record{Name: name, Type: kind, Value: r.Value, Pref: int(r.Pref), TTL: int(ttl.Seconds())})
			}
			return list
		})
	}
}

// Every kind of zone goes the whole way and back.
func TestEveryKindOfZoneConforms(t *testing.T) {
	for _, kind := range []peer.Kind{peer.KindBIND, peer.KindKnot} {
		t.Run(config.ZoneRFC2136+" "+string(kind), func(t *testing.T) { wholeWay(newLive(t, kind)) })
	}
	for _, kind := range append([]string{config.ZoneManual}, apis...) {
		t.Run(kind, func(t *testing.T) {
			st := newStand(t, kind)
			if kind == config.ZoneManual {
				person(st)
			}
			wholeWay(st)
			if kind != config.ZoneManual && st.fake.Idle() > 0 {
				t.Errorf("%d calls changed nothing", st.fake.Idle())
			}
		})
	}
}

func wholeWay(c changer) {
	c.must(lowerOp())
	c.want("MX", 300, "10 mx.old.test")
	c.must(mxOp())
	c.must(mxOp()) // is in effect: nothing is sent
	c.want("MX", 300, "5 mx1.new.test", "10 mx2.new.test")
	edit := planner.SetRecords{New: planner.RRset{Zone: "acme.test", Name: "acme.test", Type: "TXT"}, Add: []string{"include:spf.new.test"}}
	c.must(edit)
	c.want("TXT", 3600, "token=abc", "v=spf1 include:spf.old.test include:spf.new.test ~all")
	back := mxOp()
	back.Old, back.New = back.New, back.Old
	c.must(planner.Restore{Of: planner.IDOf(mxOp()), Op: back})
	raise := lowerOp()
	raise.New = 3600
	c.must(planner.Restore{Of: planner.IDOf(lowerOp()), Op: raise})
	c.want("MX", 3600, "10 mx.old.test")
}

// Whatever becomes of a call or its answer, the set is changed once.
func TestVendorsFaults(t *testing.T) {
	for name, set := range map[string]func(f *vendors.Fake){
		"an error in a good answer":   func(f *vendors.Fake) { f.Writes(vendors.ErrorBody) },
		"too many calls":              func(f *vendors.Fake) { f.Writes(vendors.TooMany, vendors.TooMany) },
		"a call is lost":              func(f *vendors.Fake) { f.Writes(vendors.Hangup) },
		"an answer is lost":           func(f *vendors.Fake) { f.Writes(vendors.Timeout) },
		"a proxy's error":             func(f *vendors.Fake) { f.Writes(vendors.Broken) },
		"it says that it was so":      func(f *vendors.Fake) { f.Writes(vendors.Doubled) },
		"the second answer is lost":   func(f *vendors.Fake) { f.Writes("", vendors.Timeout) },
		"a listing is lost":           func(f *vendors.Fake) { f.Reads(vendors.Hangup, vendors.Hangup) },
		"too many listings":           func(f *vendors.Fake) { f.Reads(vendors.TooMany, "", vendors.TooMany) },
		"an error in a good listing":  func(f *vendors.Fake) { f.Reads(vendors.ErrorBody, "", "", vendors.ErrorBody) },
		"a listing that lags":         func(f *vendors.Fake) { f.Lag(5) },
		"an answer and the list lags": func(f *vendors.Fake) { f.Writes(vendors.Timeout); f.Lag(3) },
	} {
		t.Run(name, func(t *testing.T) {
			eachAPI(t, apis, func(t *testing.T, st *stand) {
				set(st.fake)
				st.must(mxOp())
				st.new()
				most := 2
				if slices.Contains([]string{config.ZoneCloudflare, config.ZoneRoute53}, st.zones.Aims[0].Via) {
					most = 1
				}
				if st.writes() != most || st.fake.Idle() > 0 {
					t.Errorf("%d calls that write, %d of them for nothing: %q", st.writes(), st.fake.Idle(), st.fake.Calls())
				}
			})
		})
	}
}

func TestWhatAVendorAsksToWaitIsWaited(t *testing.T) {
	eachAPI(t, apis, func(t *testing.T, st *stand) {
		st.fake.Writes(vendors.TooMany)
		st.must(mxOp())
		if !slices.Contains(st.slept, time.Second) {
			t.Errorf("%v", st.slept)
		}
		st.fake.Writes(slices.Repeat([]vendors.Fault{vendors.TooMany}, 9)...)
		st.refused(lowerOp(), "zone.busy")
		st.new()
	})
}

func TestAVendorThatOnlySaysYes(t *testing.T) {
	eachAPI(t, apis, func(t *testing.T, st *stand) {
		st.fake.Writes(vendors.Deaf)
		st.refused(lowerOp(), "zone.ignored")
		st.old()
	})
}

// Another administrator was there before, or comes between our calls.
func TestConcurrentEditsAreRefused(t *testing.T) {
	theirs := func(list []vendors.Record) []vendors.Record {
		return append(list, vendors.Record{Name: "acme.test", Type: "MX", Value: "mx.third.test", Pref: 7, TTL: 3600})
	}
	eachAPI(t, apis, func(t *testing.T, st *stand) {
		st.fake.Another(false, theirs)
		st.refused(mxOp(), "zone.changed")
		st.want("MX", 3600, "10 mx.old.test", "7 mx.third.test")
		if st.writes() > 0 {
			t.Errorf("%q", st.fake.Calls())
		}
	})
	eachAPI(t, byCall, func(t *testing.T, st *stand) {
		st.fake.Another(true, theirs)
		st.refused(mxOp(), "zone.changed")
		st.want("MX", 3600, "5 mx1.new.test", "7 mx.third.test")
		if st.writes() != 1 {
			t.Errorf("it went on: %q", st.fake.Calls())
		}
	})
}

// Route 53 compares by itself: an edit between our listing and our call.
func TestAnEditThatOnlyTheVendorSees(t *testing.T) {
	st := newStand(t, config.ZoneRoute53)
	edited := false
	st.zones.HTTP = &http.Client{Transport: tripper(func(r *http.Request) {
		if r.Method == http.MethodPost && !edited {
			edited = true
			st.fake.Another(false, func(list []vendors.Record) []vendors.Record {
				list[0].Value = "mx.third.test"
				return list
			})
		}
	})}
	st.refused(mxOp(), "zone.changed")
	st.want("MX", 3600, "10 mx.third.test")
}

type tripper func(*http.Request)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) {
	f(r)
	return http.DefaultTransport.RoundTrip(r)
}

// Killed at any request, before or after it was sent, and run again: the same
// end; or restored: as it was.
func TestVendorsKilledUnderWay(t *testing.T) {
	for _, kind := range apis {
		t.Run(kind, func(t *testing.T) {
			for at := 1; ; at++ {
				if !killedAt(t, kind, at) {
					break
				}
			}
		})
	}
}

func killedAt(t *testing.T, kind string, at int) (killed bool) {
	for _, sent := range []bool{false, true} {
		for _, back := range []bool{false, true} {
			t.Run("", func(t *testing.T) { // so that its servers end with it
				st := newStand(t, kind)
				ctx, cancel := context.WithCancel(t.Context())
				d := &deadline{at: at, sent: sent, cancel: cancel}
				st.zones.HTTP = &http.Client{Transport: d}
				err := st.zones.Do(ctx, mxOp(), make(chan struct{}), st.told)
				cancel()
				killed = err != nil
				st.zones.HTTP = nil
				if !back {
					st.must(mxOp())
					st.new()
					return
				}
				undo := mxOp()
				undo.Old, undo.New = undo.New, undo.Old
				st.must(planner.Restore{Of: planner.IDOf(mxOp()), Op: undo})
				st.old()
			})
		}
	}
	return killed
}
