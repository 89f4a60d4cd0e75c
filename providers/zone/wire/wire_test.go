package wire

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Any octets come back through a TXT record, however it is divided.
func TestTXTRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := escape(string(rapid.SliceOfN(rapid.Byte(), 0, 600).Draw(t, "octets")))
		r, err := Make("a.test", "TXT", 60, value)
		if err != nil || r.Value != value {
			t.Fatalf("%q became %q, %v", value, r.Value, err)
		}
	})
}

func TestMake(t *testing.T) {
	for _, c := range []struct{ kind, value, want string }{
		{"MX", "5 MX1.New.test", "5 mx1.new.test"},
		{"MX", "0 .", "0 ."},
		{"CNAME", "a.b", "a.b"},
		{"SRV", "0 1 443 Mail.test", "0 1 443 mail.test"},
		{"A", "192.0.2.1", "192.0.2.1"},
	} {
		if r, err := Make("A.test.", c.kind, 60, c.value); err != nil || r.Value != c.want || r.Name != "a.test" || r.TTL != 60 {
			t.Errorf("%s %s: %+v %v", c.kind, c.value, r, err)
		}
	}
	for _, c := range [][2]string{{"MX", "x"}, {"MX", ""}, {"A", "1.2.3"}, {"NONE", "x"}, {"SRV", "1 2"}} {
		if r, err := Make("a.test", c[0], 60, c[1]); err == nil {
			t.Errorf("%v: %+v", c, r)
		}
	}
}

// Values that stay keep their division into strings; those before are not changed.
func TestKeep(t *testing.T) {
	long := strings.Repeat("x", 300)
	old, err := Make("a.test", "TXT", 3600, long)
	if err != nil {
		t.Fatal(err)
	}
	now, err := Keep([]Record{old}, "a.test", "TXT", 300, []string{"new", long})
	if err != nil || !slices.Equal(Values(now), []string{"new", long}) || now[1].TTL != 300 || old.TTL != 3600 || old.rr.Header().Ttl != 3600 {
		t.Errorf("%+v %v", now, err)
	}
}

func TestKeysAreNotPrinted(t *testing.T) {
	k := Key{Name: "cutover", Secret: "hunter2"}
	for _, form := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, v := range []any{k, &k, struct{ K *Key }{&k}, []Key{k}} {
			if s := fmt.Sprintf(form, v); strings.Contains(s, "hunter2") {
				t.Errorf("%s: %s", form, s)
			}
		}
	}
}
