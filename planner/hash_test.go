package planner

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// What is hashed is what encoding/json writes of the plan's fields, so that
// plan files are read by other versions too.
func TestHashIsOfTheJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := drawSpec(t)
		p := Build(spec, drawSnapshot(t, spec), now)
		p.Tool = rapid.String().Draw(t, "tool")
		if rapid.Bool().Draw(t, "no steps") {
			p.Steps = nil
		}
		if rapid.Bool().Draw(t, "empty findings") {
			p.Findings = nil
		}
		if got, want := p.hash(), slowHash(t, p); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	})
	for _, p := range []*Plan{{}, {Steps: []Step{{}}}, sample()} {
		if got, want := p.hash(), slowHash(t, p); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	unencodable := &Plan{Steps: []Step{{Op: Restore{}}}}
	if got := unencodable.hash(); got != "" {
		t.Errorf("%s for a plan that cannot be encoded", got)
	}
}

// slowHash is the hash by encoding/json alone.
func slowHash(t interface{ Fatal(...any) }, p *Plan) string {
	rest := *p
	rest.ID = ""
	h := sha256.New()
	e := json.NewEncoder(h)
	e.SetEscapeHTML(false)
	if err := e.Encode(&rest); err != nil {
		t.Fatal(err)
	}
	sum := hex.EncodeToString(h.Sum(nil))
	return sum[:4] + "-" + sum[4:8]
}

// Steps are written by hand, as encoding/json would write their fields.
func TestStepsInJSON(t *testing.T) {
	word := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "a@b.test", "<&>", "\\\"", "\u2028\x7f", "王", "\xff\x00"}))
	rapid.Check(t, func(t *rapid.T) {
		s := Step{ID: StepID(word.Draw(t, "id")), Work: rapid.Bool().Draw(t, "work"), Doubt: rapid.Bool().Draw(t, "doubt")}
		s.Estimate = time.Duration(rapid.Int64().Draw(t, "estimate"))
		for _, need := range rapid.SliceOfN(word, 0, 3).Draw(t, "needs") {
			s.Needs = append(s.Needs, StepID(need))
		}
		if rapid.Bool().Draw(t, "an op") {
			s.Op = SetTTL{Set: RRset{Zone: word.Draw(t, "zone")}, New: 60}
		}
		kind := ""
		if s.Op != nil {
			kind = s.Op.Kind()
		}
		want, err := json.Marshal(struct {
			plainStep
			Kind string `json:"kind"`
			Op   Op     `json:"op"`
		}{plainStep(s), kind, s.Op})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := json.Marshal(s); err != nil || string(got) != string(want) {
			t.Fatalf("%v\n%s\n%s", err, got, want)
		}
	})
}
