package planner

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
)

// Stamp sets the version of the tool that made the plan and the ID, which is
// a short hash of all the rest.
func (p *Plan) Stamp(tool string) {
	p.Tool = tool
	p.ID = p.hash()
}

// Encode gives the plan file: JSON with a fixed order, so that the same plan
// has the same octets.
func Encode(p *Plan) ([]byte, error) {
	if p.ID != p.hash() {
		return nil, refused("plan.unstamped", "plan", p.ID)
	}
	return marshal(p)
}

// Decode reads a plan file. It refuses (*Refused) a higher format, a kind of
// step or a field that it does not know, and a file that was changed after it
// was written.
func Decode(b []byte) (*Plan, error) {
	switch head, err := headOf(b); {
	case err != nil:
		return nil, refused("plan.unreadable", "error", err.Error())
	case head.Format > Format:
		return nil, newerFormat(head.Format, Format)
	case head.Format < 1:
		return nil, refused("plan.unreadable", "error", "format "+strconv.Itoa(head.Format))
	}
	p := &Plan{}
	if err := strict(b, p); err != nil {
		if r := (*Refused)(nil); errors.As(err, &r) {
			return nil, r
		}
		return nil, refused("plan.unreadable", "error", err.Error())
	}
	if p.Spec == nil {
		return nil, refused("plan.unreadable", "error", "spec")
	}
	if want := p.hash(); p.ID != want {
		return nil, refused("plan.changed", "plan", p.ID, "computed", want)
	}
	return p, nil
}

func newerFormat(theirs, ours int) *Refused {
	return refused("plan.format", "theirs", strconv.Itoa(theirs), "ours", strconv.Itoa(ours))
}

func marshal(p *Plan) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(p); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// strict decodes exactly one value and no unknown field: what a reader skips
// it would carry out without knowing.
func strict(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}

// plainStep is Step without its methods.
type plainStep Step

// stepFile is a step as it is stored: the op under its kind's name.
type stepFile struct {
	plainStep
	Kind string          `json:"kind"`
	Op   json.RawMessage `json:"op"`
}

// MarshalJSON stores the op with its kind.
func (s Step) MarshalJSON() ([]byte, error) { return appendStep(nil, &s) }

// UnmarshalJSON refuses kinds that this version does not know and an ID that
// is not the op's.
func (s *Step) UnmarshalJSON(b []byte) error {
	var f stepFile
	if err := strict(b, &f); err != nil {
		return err
	}
	op, err := decodeOp(f.Kind, f.Op)
	if err != nil {
		return err
	}
	*s = Step(f.plainStep)
	s.Op = op
	if IDOf(op) != s.ID {
		return refused("plan.changed", "plan", string(s.ID), "computed", string(IDOf(op)))
	}
	return nil
}
