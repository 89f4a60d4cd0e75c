package vendor

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func some(t *rapid.T, label string) []Record {
	n := rapid.IntRange(0, 5).Draw(t, label)
	var out []Record
	for range n {
		r := Record{Name: "a.test", Type: "MX", Pref: uint16(rapid.IntRange(0, 3).Draw(t, "pref")), Value: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "host"), TTL: 300}
		if !slices.ContainsFunc(out, func(o Record) bool { return o.rank(r) == 0 }) {
			out = append(out, r)
		}
	}
	return out
}

// Call by call or at once: the end is what was wanted; no call is for nothing;
// a set that was there and is to be there is never empty.
func TestEveryWayLeadsThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		is, want := some(t, "is"), some(t, "want")
		for i := range is {
			is[i].ID, is[i].TTL = strconv.Itoa(i), uint32(rapid.SampledFrom([]int{300, 600}).Draw(t, "ttl"))
		}
		e := Between(is, want)
		if !Alike(e.After(), want) {
			t.Fatalf("%+v leads to %+v", e, e.After())
		}
		calls := e.Calls()
		for at := is; ; calls-- {
			e := Between(at, want)
			if e.Calls() != calls {
				t.Fatalf("%d calls are left, not %d: %+v", e.Calls(), calls, e)
			}
			if calls == 0 {
				return
			}
			next := e.First().After()
			if Alike(next, at) || len(is) > 0 && len(want) > 0 && len(next) == 0 {
				t.Fatalf("%+v -> %+v", at, next)
			}
			for i := range next { // as the vendor gives ids
				if next[i].ID == "" {
					next[i].ID = "new" + strconv.Itoa(calls)
				}
			}
			at = next
		}
	})
}

func TestTextsGoThereAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOfN(rapid.Byte(), 0, 600).Draw(t, "octets"))
		if got := Unquote(Quote(s, Decimal)); got != s {
			t.Fatalf("%q: %q", s, got)
		}
		if got := UnquoteOctal(Quote(s, Octal)); got != s {
			t.Fatalf("%q: %q", s, got)
		}
		for _, part := range strings.SplitAfter(Quote(strings.Repeat("x", len(s)), Decimal), `" `) {
			if len(part) > maxString+3 {
				t.Fatalf("a string of %d", len(part))
			}
		}
	})
	for in, want := range map[string]string{`plain "text"`: `plain "text"`, `"a" "b"`: "ab", `"\065"`: "A", `"\q"`: "q", `"a`: "a", `"\999"`: `"\999"`} {
		if got := Unquote(in); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

func TestNames(t *testing.T) {
	for label, full := range map[string]string{"@": "acme.test", "www": "www.acme.test", "*.a": "*.a.acme.test"} {
		if Full(label, "acme.test") != full || Label(full, "acme.test") != label {
			t.Errorf("%s %s: %s %s", label, full, Full(label, "acme.test"), Label(full, "acme.test"))
		}
	}
	if Full("", "acme.test") != "acme.test" || Host("MX", "MX.Old.Test.") != "mx.old.test" || Host("TXT", "A.") != "A." || Host("MX", ".") != "." {
		t.Error("spelling")
	}
	if Plain("TXT", `"v=spf1" " -all"`) != "v=spf1 -all" || Plain("TXT", "v=spf1 -all") != "v=spf1 -all" || Plain("CNAME", "A.") != "a" {
		t.Error("texts")
	}
}

// answers are given one after another, the last one for ever.
type answers struct {
	list []*http.Response
	n    int
}

func (a *answers) RoundTrip(*http.Request) (*http.Response, error) {
	i := min(a.n, len(a.list)-1)
	a.n++
	if a.list[i] == nil {
		return nil, errors.New("connection reset")
	}
	r := *a.list[i]
	r.Body = io.NopCloser(strings.NewReader("{}"))
	return &r, nil
}

func answer(status int, after string) *http.Response {
	return &http.Response{StatusCode: status, Status: strconv.Itoa(status), Header: http.Header{"Retry-After": {after}}}
}

func TestCallsWaitWhereTheyAreTold(t *testing.T) {
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	busy := func() error { return &Error{Kind: Busy, Text: "slow down"} }
	for name, c := range map[string]struct {
		list  []*http.Response
		reads bool
		judge func() error
		slept []time.Duration
		want  Kind
		tries int
	}{
		"seconds":                {[]*http.Response{answer(429, "7"), answer(200, "")}, false, nil, []time.Duration{7 * time.Second}, "", 2},
		"a date":                 {[]*http.Response{answer(429, "Tue, 01 Dec 2026 12:00:05 GMT"), answer(200, "")}, false, nil, []time.Duration{5 * time.Second}, "", 2},
		"no word":                {[]*http.Response{answer(429, ""), answer(429, "soon"), answer(200, "")}, false, nil, []time.Duration{time.Second, 2 * time.Second}, "", 3},
		"too long":               {[]*http.Response{answer(429, "3600")}, false, nil, nil, Busy, 1},
		"for ever":               {[]*http.Response{answer(429, "1")}, true, nil, []time.Duration{time.Second, time.Second, time.Second, time.Second}, Busy, maxTries},
		"by the body":            {[]*http.Response{answer(200, "")}, false, busy, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}, Busy, maxTries},
		"a write that is lost":   {[]*http.Response{nil}, false, nil, nil, Lost, 1},
		"a write that broke":     {[]*http.Response{answer(502, "")}, false, nil, nil, Lost, 1},
		"a listing that is lost": {[]*http.Response{nil, answer(502, ""), answer(200, "")}, true, nil, []time.Duration{time.Second, 2 * time.Second}, "", 3},
		"somewhere else":         {[]*http.Response{answer(302, "")}, false, nil, nil, Refused, 1},
	} {
		t.Run(name, func(t *testing.T) {
			a := &answers{list: c.list}
			var slept []time.Duration
			call := Caller{HTTP: &http.Client{Transport: a, CheckRedirect: plain().CheckRedirect}, Now: func() time.Time { return now },
				Sleep: func(_ context.Context, d time.Duration) error { slept = append(slept, d); return nil }}
			err := call.Do(t.Context(), c.reads, func(ctx context.Context) (*http.Request, error) {
				return JSON(ctx, http.MethodPost, "https://api.test/x?secret=hunter2", nil)
			}, func(int, []byte) error {
				if c.judge != nil {
					return c.judge()
				}
				return nil
			})
			if (c.want == "") != (err == nil) || c.want != "" && !Is(err, c.want) || a.n != c.tries || !slices.Equal(slept, c.slept) {
				t.Errorf("%v after %d tries, slept %v", err, a.n, slept)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%v shows the address", err)
			}
		})
	}
}

func TestACallEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	call := Caller{HTTP: &http.Client{Transport: &answers{list: []*http.Response{answer(429, "1")}}}, Now: time.Now,
		Sleep: func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }}
	err := call.Do(ctx, true, func(ctx context.Context) (*http.Request, error) { return JSON(ctx, "GET", "https://api.test", nil) }, func(int, []byte) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestWordsAreShort(t *testing.T) {
	if got := Words("Code", "a\n  b"); got != "Code a b" {
		t.Error(got)
	}
	if got := Words("Code", strings.Repeat("字", 200)); len(got) > maxWords || !strings.HasPrefix(got, "Code 字") {
		t.Errorf("%d: %s", len(got), got)
	}
}
