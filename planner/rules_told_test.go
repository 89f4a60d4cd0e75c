package planner

import (
	"testing"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
)

// Whatever rule a step or its plan names, mxmove explain knows it.
func TestRulesOfStepsAreExplained(t *testing.T) {
	named := 0
	for _, op := range everyOp() {
		for _, code := range op.Traits().Rules {
			named++
			if _, err := config.Explain(text.Chinese, code); err != nil {
				t.Errorf("%s: %v", op.Kind(), err)
			}
		}
	}
	if named < 30 {
		t.Errorf("only %d rules are named", named)
	}
}
