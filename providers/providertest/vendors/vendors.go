// Package vendors is the APIs of DNS vendors for tests, in this process, each
// by its documentation: signatures are computed anew from the secret, clocks
// that are off are refused, listings come in pages, and a test's faults happen
// where it says.
package vendors

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Record is one value in a vendor's zone.
type Record struct {
	ID     string
	Name   string // in full, without the last dot
	Type   string
	Value  string // without a preference; of TXT the octets
	Pref   int
	TTL    int
	Line   string // "": the default one
	Off    bool
	Locked bool
	Weight int
	Set    string // Route 53: the identifier of one of several sets
}

// Fault is what goes wrong with one call.
type Fault string

// The faults.
const (
	ErrorBody Fault = "error body" // HTTP 200 with an error in it; nothing is done
	TooMany   Fault = "too many"   // HTTP 429, Retry-After: 1; nothing is done
	Hangup    Fault = "hangup"     // the connection ends; nothing is done
	Timeout   Fault = "timeout"    // it is done, and the connection ends
	Broken    Fault = "broken"     // it is done, and HTTP 502 says otherwise
	Doubled   Fault = "doubled"    // it is done, and the answer is that it was before
	Deaf      Fault = "deaf"       // it is not done, and the answer is that it is
)

// Fake is one vendor with one zone.
type Fake struct {
	URL    string
	ID     string
	Secret string
	Token  string // of a temporary key; "": it is none
	Zone   string
	NS     []string // that it gives the zone
	MinTTL int      // what is below is refused
	Page   int      // the most records in one listing; default 2
	Now    func() time.Time

	kind    api
	t       testing.TB
	mu      sync.Mutex
	records []Record
	next    int
	serial  int
	reads   []Fault // of the next listings
	writes  []Fault // of the next changes
	before  func([]Record) []Record
	lag     int // of the next change
	stale   int // listings that still show old
	old     []Record
	calls   []string
	changes int
	idle    int // changes that changed nothing
	nonces  []string
	publish func(zone string)
}

// api is how one vendor speaks.
type api interface {
	// check is the caller's signature.
	check(f *Fake, r *http.Request, body []byte) (code string)
	// serve does the call; commit makes a change and gives the vendor's code of
	// a refusal.
	serve(f *Fake, w http.ResponseWriter, r *http.Request, body []byte)
	// fail writes an error.
	fail(w http.ResponseWriter, status int, code string)
	// writing reports whether a call changes records.
	writing(r *http.Request) bool
	// codes are the vendor's words for: fault, duplicate, locked, gone, invalid.
	codes() map[string]string
}

// New starts a vendor: dnspod, alidns, cloudflare or route53. publish gets the
// zone as text, without its SOA and NS records, after every change.
func New(t testing.TB, kind, zone string, records []Record, publish func(serial int, zone string)) *Fake {
	t.Helper()
	kinds := map[string]api{"dnspod": dnspod{}, "alidns": alidns{}, "cloudflare": cloudflare{}, "route53": route53{}}
	f := &Fake{ID: "AKIDEXAMPLE", Secret: "s3cr3t-of-the-test", Zone: zone, Page: 2, Now: time.Now, kind: kinds[kind], t: t, serial: 7}
	f.publish = func(text string) { publish(f.serial, text) }
	for _, r := range records {
		f.add(r)
	}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.URL = server.URL
	f.publish(f.text())
	return f
}

func (f *Fake) add(r Record) {
	f.next++
	r.ID = strconv.Itoa(1000 + f.next)
	f.records = append(f.records, r)
}

// Records are what the zone holds.
func (f *Fake) Records() []Record {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.records)
}

// Reads are the faults of the next listings, Writes those of the next changes;
// "" is none.
func (f *Fake) Reads(list ...Fault) { f.mu.Lock(); defer f.mu.Unlock(); f.reads = list }

// Writes: see [Fake.Reads].
func (f *Fake) Writes(list ...Fault) { f.mu.Lock(); defer f.mu.Unlock(); f.writes = list }

// Lag lets the n listings after the next change show what was before it.
func (f *Fake) Lag(n int) { f.mu.Lock(); defer f.mu.Unlock(); f.lag = n }

// Another is another administrator's edit, at once or right after the next
// change of ours.
func (f *Fake) Another(late bool, edit func([]Record) []Record) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if late {
		f.before = edit
		return
	}
	f.commit(edit)
}

// Calls are the calls so far that were carried out or refused, by their action.
func (f *Fake) Calls() []string { f.mu.Lock(); defer f.mu.Unlock(); return slices.Clone(f.calls) }

// Changes counts the calls so far that were to change something.
func (f *Fake) Changes() int { f.mu.Lock(); defer f.mu.Unlock(); return f.changes }

// Idle counts changes that changed nothing: vendors call that abuse.
func (f *Fake) Idle() int { f.mu.Lock(); defer f.mu.Unlock(); return f.idle }

// ServeHTTP is the API.
func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	body := make([]byte, max(r.ContentLength, 0))
	if _, err := readFull(r, body); err != nil {
		f.kind.fail(w, http.StatusBadRequest, err.Error())
		return
	}
	if code := f.kind.check(f, r, body); code != "" {
		f.kind.fail(w, http.StatusForbidden, code)
		return
	}
	writing := f.kind.writing(r)
	list := &f.reads
	if writing {
		f.changes++
		list = &f.writes
	}
	fault := Fault("")
	if len(*list) > 0 {
		fault, *list = (*list)[0], (*list)[1:]
	}
	f.answer(w, r, body, fault)
	if writing && f.before != nil && fault == "" {
		edit := f.before
		f.before = nil
		f.commit(edit)
	}
}

func (f *Fake) answer(w http.ResponseWriter, r *http.Request, body []byte, fault Fault) {
	codes := f.kind.codes()
	switch fault {
	case "":
		f.kind.serve(f, w, r, body)
	case ErrorBody:
		f.kind.fail(w, http.StatusOK, codes["fault"])
	case TooMany:
		w.Header().Set("Retry-After", "1")
		f.kind.fail(w, http.StatusTooManyRequests, codes["fault"])
	case Hangup:
		hangUp(w)
	case Timeout:
		f.kind.serve(f, httptest.NewRecorder(), r, body)
		hangUp(w)
	case Broken:
		f.kind.serve(f, httptest.NewRecorder(), r, body)
		http.Error(w, "<html>bad gateway", http.StatusBadGateway)
	case Doubled:
		f.kind.serve(f, httptest.NewRecorder(), r, body)
		f.kind.fail(w, http.StatusBadRequest, codes["duplicate"])
	case Deaf:
		kept := slices.Clone(f.records)
		f.kind.serve(f, w, r, body)
		f.commit(func([]Record) []Record { return kept })
	}
}

func hangUp(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

// commit changes the zone and publishes it.
func (f *Fake) commit(edit func([]Record) []Record) {
	f.old = slices.Clone(f.records)
	f.stale, f.lag = f.lag, 0
	f.records = edit(slices.Clone(f.records))
	for i, r := range f.records {
		if r.ID == "" {
			f.next++
			f.records[i].ID = strconv.Itoa(1000 + f.next)
		}
	}
	if slices.Equal(f.old, f.records) {
		f.idle++
	}
	f.serial++
	f.publish(f.text())
}

// listed are the records as listings show them.
func (f *Fake) listed() []Record {
	if f.stale > 0 {
		f.stale--
		return f.old
	}
	return f.records
}

// change makes one change of one record; the code says why not.
func (f *Fake) change(id string, now *Record) (code string) {
	codes := f.kind.codes()
	at := slices.IndexFunc(f.records, func(r Record) bool { return r.ID == id })
	switch {
	case id != "" && at < 0:
		return codes["gone"]
	case id != "" && f.records[at].Locked:
		return codes["locked"]
	case now != nil && f.MinTTL > now.TTL:
		return codes["invalid"]
	case now != nil && slices.ContainsFunc(f.records, func(r Record) bool {
		return r.ID != id && r.Name == now.Name && r.Type == now.Type && r.Line == now.Line && r.Value == now.Value && (r.Type != "MX" || r.Pref == now.Pref)
	}):
		return codes["duplicate"]
	}
	f.commit(func(list []Record) []Record {
		switch {
		case now == nil:
			return slices.Delete(list, at, at+1)
		case id == "":
			return append(list, *now)
		}
		now.ID, now.Off, now.Weight = id, list[at].Off, list[at].Weight
		list[at] = *now
		return list
	})
	return ""
}
