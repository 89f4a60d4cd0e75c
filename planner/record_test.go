package planner

import (
	"testing"
	"time"
)

// passed is what became of one pass of a mailbox.
type passed struct {
	at   time.Duration // when it began, since the tail's end
	did  Tally
	died bool
}

func TestTailCloses(t *testing.T) {
	end := time.Date(2026, 12, 10, 9, 0, 0, 0, time.UTC)
	mail, adopted, refused := Tally{Copied: 1}, Tally{Adopted: 1}, Tally{Refused: 1}
	hour := time.Hour
	for name, c := range map[string]struct {
		passes []passed
		want   bool
	}{
		"no pass":                  {nil, false},
		"one":                      {[]passed{{at: hour}}, false},
		"two":                      {[]passed{{at: hour}, {at: 2 * hour}}, true},
		"both before the end":      {[]passed{{at: -2 * hour}, {at: -hour}}, false},
		"the second at the end":    {[]passed{{at: -hour}, {}}, true},
		"late mail in the last":    {[]passed{{at: -hour}, {at: hour, did: mail}}, false},
		"late mail, one since":     {[]passed{{at: hour, did: mail}, {at: 2 * hour}}, false},
		"late mail, two since":     {[]passed{{did: mail}, {at: hour}, {at: 2 * hour}}, true},
		"adopted is mail":          {[]passed{{at: hour}, {at: 2 * hour, did: adopted}, {at: 3 * hour}}, false},
		"refused is mail":          {[]passed{{at: hour}, {at: 2 * hour, did: refused}, {at: 3 * hour}}, false},
		"flags are none":           {[]passed{{at: hour, did: Tally{Flags: 3}}, {at: 2 * hour, did: Tally{Missing: 1, Skipped: 9}}}, true},
		"died between":             {[]passed{{at: hour}, {at: 2 * hour, died: true}, {at: 3 * hour}}, false},
		"died last":                {[]passed{{at: hour}, {at: 2 * hour}, {at: 3 * hour, died: true}}, false},
		"mail for a tail's length": {[]passed{{at: hour, did: mail}, {at: 23 * hour, did: mail}}, false},
		"mail for longer":          {[]passed{{at: hour, did: mail}, {at: 24 * hour, did: mail}}, true},
	} {
		for _, kind := range []string{"copy-mailbox", "archive-mailbox"} {
			r := Record{Step: StepID(kind + " a@acme.test @00000001")}
			for i, p := range c.passes {
				r = r.Begun(2*i+1, end.Add(p.at))
				if !p.died {
					r = r.Ended(2*i+2, end.Add(p.at), p.did)
				}
			}
			if got := r.closes(end, 24*hour); got != c.want {
				t.Errorf("%s, %s: %v after %+v", name, kind, got, r)
			}
		}
	}
}

// A fault that stands keeps a tail open, and only passes are counted.
func TestTailStaysOpen(t *testing.T) {
	end := time.Date(2026, 12, 10, 9, 0, 0, 0, time.UTC)
	r := Record{Step: "copy-mailbox a@acme.test @00000001"}
	r = r.Begun(1, end).Ended(2, end, Tally{}).Begun(3, end).Ended(4, end, Tally{})
	if !r.closes(end, time.Hour) {
		t.Fatal("it does not close")
	}
	r.Failed = &Fault{}
	if r.closes(end, time.Hour) {
		t.Error("closed by a pass that failed")
	}
	set := Record{Step: "set-records acme.test MX @00000001"}
	if set = set.Begun(1, end).Ended(2, end, Tally{}); set.Empty != 0 {
		t.Errorf("a record set was counted as a pass: %+v", set)
	}
}
