package cloudflare

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/mxmove/mxmove/providers/zone/vendor"
)

// Success is what the body says, whatever HTTP says.
func TestWhatAnswersMean(t *testing.T) {
	for _, c := range []struct {
		status, code int
		want         vendor.Kind
	}{
		{429, 971, vendor.Busy},
		{400, 81057, vendor.Duplicate},
		{400, 81058, vendor.Duplicate},
		{404, 81044, vendor.Stale},
		{404, 7003, vendor.NoZone},
		{403, 10000, vendor.Refused},
		{400, 6003, vendor.Refused},
		{401, 1, vendor.Refused},
		{400, 9005, vendor.Invalid},
		{200, 10500, vendor.Lost},
	} {
		_, err := judge(c.status, fmt.Appendf(nil, `{"success":false,"errors":[{"code":%d,"message":"of the test"}],"result":null}`, c.code), nil)
		if !vendor.Is(err, c.want) || !strings.Contains(err.Error(), "of the test") {
			t.Errorf("%d %d: %v, want %s", c.status, c.code, err, c.want)
		}
	}
	for _, body := range []string{"<html>", `{"success":true,"result":7}`} {
		if _, err := judge(200, []byte(body), &[]row{}); !vendor.Is(err, vendor.Lost) {
			t.Errorf("%s: %v", body, err)
		}
	}
	if _, err := judge(403, []byte(`{"success":false}`), nil); !vendor.Is(err, vendor.Refused) || !strings.Contains(err.Error(), "403") {
		t.Errorf("%v", err)
	}
}

func TestRecordsAreRead(t *testing.T) {
	for in, want := range map[string]vendor.Record{
		`{"id":"1","name":"Acme.test","type":"MX","content":"MX.Old.test","priority":10,"ttl":1}`:                           {ID: "1", Name: "acme.test", Type: "MX", Value: "mx.old.test", Pref: 10, TTL: 300},
		`{"id":"2","name":"acme.test","type":"TXT","content":"\"v=spf1 \" \"-all\"","ttl":60}`:                              {ID: "2", Name: "acme.test", Type: "TXT", Value: "v=spf1 -all", TTL: 60},
		`{"id":"3","name":"acme.test","type":"TXT","content":"token","ttl":60,"meta":{"read_only":true}}`:                   {ID: "3", Name: "acme.test", Type: "TXT", Value: "token", TTL: 60, Locked: true},
		`{"id":"4","name":"acme.test","type":"A","content":"192.0.2.1","ttl":1,"proxied":true,"meta":{"auto_added":false}}`: {ID: "4", Name: "acme.test", Type: "A", Value: "192.0.2.1", TTL: 300, Odd: "proxied"},
	} {
		var r row
		if err := json.Unmarshal([]byte(in), &r); err != nil {
			t.Fatal(err)
		}
		if got := record(r); got != want {
			t.Errorf("%s: %+v, want %+v", in, got, want)
		}
	}
}

// A patch names what changes and nothing else, so that comments, tags and
// flags stay.
func TestWhatIsWritten(t *testing.T) {
	b, err := json.Marshal(written(vendor.Record{ID: "1", Name: "acme.test", Type: "MX", Value: "mx.new.test", Pref: 0, TTL: 300}))
	if want := `{"id":"1","content":"mx.new.test","ttl":300,"priority":0}`; err != nil || string(b) != want {
		t.Errorf("%s %v, want %s", b, err, want)
	}
	b, err = json.Marshal(written(vendor.Record{Type: "TXT", Value: `a"b`, TTL: 300}))
	if want := `{"content":"\"a\\\"b\"","ttl":300}`; err != nil || string(b) != want {
		t.Errorf("%s %v, want %s", b, err, want)
	}
}

func TestNoTokenIsPrinted(t *testing.T) {
	c := &Client{Zone: "acme.test", Token: "hunter2"}
	if s := fmt.Sprintf("%v %+v %#v %s", c, c, c, c); strings.Contains(s, "hunter2") || !strings.Contains(s, "acme.test") {
		t.Error(s)
	}
}
