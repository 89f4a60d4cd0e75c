package mailstore_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/providers/providertest/suite"
)

// A copy over compressed lines is the same copy.
func TestCompressedCopy(t *testing.T) {
	h := newInProcess(t)
	h.spec.Source.IMAP.Compress, h.spec.Target.IMAP.Compress = true, true
	h.fill("alice", 300)
	world := open(h.spec, h.state)
	if tally, err := h.try(world, "alice@acme.test"); err != nil || tally.Copied != 300 {
		t.Fatalf("%+v, %v", tally, err)
	}
	for _, side := range []suite.Side{suite.Source, suite.Target} {
		if n := h.servers[side].Count("alice@acme.test", "COMPRESS"); n == 0 {
			t.Errorf("side %d: nothing was compressed", side)
		}
	}
	if d := cmp.Diff(h.Dump(suite.Source, "alice@acme.test"), h.Dump(suite.Target, "alice@acme.test")); d != "" {
		t.Error(d)
	}
	if tally, err := h.try(world, "alice@acme.test"); err != nil || tally.Copied != 0 {
		t.Errorf("again: %+v, %v", tally, err)
	}
}
