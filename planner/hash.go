package planner

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"
)

// hash is of the plan as one line of JSON, without its ID. It is "" for a plan
// that cannot be encoded, which no other plan has. Most of a large plan is its
// steps, so they are written beside the rest.
func (p *Plan) hash() string {
	var steps []byte
	var failed error
	var both sync.WaitGroup
	both.Go(func() { steps, failed = appendSteps(nil, p.Steps) })
	rest := *p
	rest.ID, rest.Steps, rest.Findings = "", nil, nil
	head, err := line(&rest)
	found, err2 := line(p.Findings)
	both.Wait()
	if cmp.Or(failed, err, err2) != nil {
		return ""
	}
	h := sha256.New()
	h.Write(bytes.TrimSuffix(head, []byte("null}")))
	h.Write(steps)
	if len(p.Findings) > 0 {
		h.Write([]byte(`,"findings":`))
		h.Write(found)
	}
	h.Write([]byte("}\n"))
	sum := hex.EncodeToString(h.Sum(nil))
	return sum[:4] + "-" + sum[4:8]
}

// line is a value as one line of JSON, without the end of the line.
func line(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// appendSteps is encoding/json's output for a list of steps, in a tenth of
// the time: a step for 10,000 mailboxes may need as many others.
func appendSteps(b []byte, steps []Step) ([]byte, error) {
	if steps == nil {
		return append(b, "null"...), nil
	}
	size := 0
	for i := range steps {
		size += 300 + 60*len(steps[i].Needs)
	}
	b = append(slices.Grow(b, size), '[')
	for i := range steps {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendStep(b, &steps[i]); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func appendStep(b []byte, s *Step) ([]byte, error) {
	b = appendText(append(b, `{"id":`...), string(s.ID))
	if len(s.Needs) > 0 {
		b = append(b, `,"needs":[`...)
		for i, id := range s.Needs {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendText(b, string(id))
		}
		b = append(b, ']')
	}
	b = strconv.AppendBool(append(b, `,"work":`...), s.Work)
	if s.Doubt {
		b = append(b, `,"doubt":true`...)
	}
	b = strconv.AppendInt(append(b, `,"estimate":`...), int64(s.Estimate), 10)
	if p := s.Proof; p != nil {
		b = appendText(append(b, `,"proof":{"by":`...), p.By)
		if p.Valid != 0 {
			b = strconv.AppendInt(append(b, `,"valid":`...), int64(p.Valid), 10)
		}
		b = append(b, '}')
	}
	kind := ""
	if s.Op != nil {
		kind = s.Op.Kind()
	}
	b = append(appendText(append(b, `,"kind":`...), kind), `,"op":`...)
	op, err := json.Marshal(s.Op)
	return append(append(b, op...), '}'), err
}

// appendText is a string in JSON, escaped as json.Marshal does.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, _ := json.Marshal(s) // no string is refused
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
