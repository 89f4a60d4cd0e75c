package config

import (
	"testing"
)

// The default is as if nothing was written, so that approvals of plans that
// knew no such setting count; what removes is part of what is approved.
func TestRollbackCopies(t *testing.T) {
	for text, want := range map[string]string{"": "", `rollback_copies = "keep"`: "", `rollback_copies = "remove"`: CopiesRemove} {
		l, findings := loadWith(t, whole("  approvals = 2\n", "  approvals = 2\n  "+text+"\n")...)
		if len(findings) > 0 || l.Spec.Cutover.RollbackCopies != want {
			t.Errorf("%q: %q, %v", text, l.Spec.Cutover.RollbackCopies, findings)
		}
	}
	checkFindings(t, whole("  approvals = 2\n", "  approvals = 2\n  rollback_copies = \"sometimes\"\n"), []string{"value.choice main.hcl:83:21"})
}
