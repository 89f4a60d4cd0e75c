package render

import (
	"strings"
	"testing"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// A plan says whether deletions are left behind or carried out.
func TestDeletionsAreTold(t *testing.T) {
	for deletions, want := range map[string]bool{"keep": false, "follow": true} {
		v := &planView{page: newPage(text.Load(text.English), options(100)), plan: &planner.Plan{Spec: &config.Spec{History: &config.History{Deletions: deletions},
			Guards: config.Guards{Removed: config.Share{Percent: 2.5}}}}}
		if got := strings.Join(v.removals(), ""); strings.Contains(got, "at most 2.5 % of a mailbox") != want {
			t.Errorf("%s: %q", deletions, got)
		}
		if left := strings.Contains(v.notCarriedWords(), "deletions"); left == want {
			t.Errorf("%s: not carried: %v", deletions, left)
		}
	}
}
