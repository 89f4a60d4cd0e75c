package mailstore_test

import (
	"testing"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// What a spec asks for and this provider does not do is said, and stops a run.
func TestWhatIsNotDoneIsSaid(t *testing.T) {
	for name, change := range map[string]func(*config.Spec){
		"history.refused": func(s *config.Spec) { s.History.Refused = "repair" },
	} {
		h := newInProcess(t)
		for want, codes := range [][]string{0: nil, 1: {name}} {
			if want == 1 {
				change(h.spec)
			}
			snap, err := open(h.spec, h.state).Observe(t.Context(), planner.Recorded)
			if err != nil {
				t.Fatal(err)
			}
			if len(snap.Findings) != want {
				t.Fatalf("%s: %v", name, snap.Findings)
			}
			for i, f := range snap.Findings {
				if f.Code != "setting.cannot" || f.Severity != config.Blocks || f.Args["setting"] != codes[i] {
					t.Errorf("%s: %+v", name, f)
				}
			}
		}
	}
}
