package planner

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"github.com/mxmove/mxmove/config"
)

// SnapshotFormat is the version of the snapshot file. A reader refuses a
// higher one.
const SnapshotFormat = 1

// snapshotKind tells a snapshot file from a plan.
const snapshotKind = "snapshot"

// SnapshotFile is a snapshot as it is kept in a file, to plan from it where
// the services cannot be reached.
type SnapshotFile struct {
	Kind     string            `json:"kind"`   // snapshot
	Format   int               `json:"format"` // of this file
	Tool     string            `json:"tool"`
	Salt     string            `json:"salt,omitempty"`  // hexadecimal; masked with it if there is one
	Steps    map[string]StepID `json:"steps,omitempty"` // of a masked one: what steps are called, by a keyed hash of their IDs
	Observed Snapshot          `json:"observed"`
}

// EncodeSnapshot gives the file: JSON with a fixed order, so that the same
// snapshot has the same octets.
func EncodeSnapshot(f *SnapshotFile) ([]byte, error) {
	out := *f
	out.Kind, out.Format = snapshotKind, SnapshotFormat
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	err := e.Encode(out)
	return b.Bytes(), err
}

// IsSnapshot reports whether a file says of itself that it is a snapshot.
func IsSnapshot(b []byte) bool {
	head, err := headOf(b)
	return err == nil && head.Kind == snapshotKind
}

// fileHead is what a file says of itself.
type fileHead struct {
	Kind   string // "": a plan
	Format int
}

// headOf reads a file's first members, up to the first that is an object or a
// list: the rest may be of another format.
func headOf(b []byte) (h fileHead, err error) {
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return h, cmp.Or(err, errors.New("no object"))
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return h, err
		}
		value, err := d.Token()
		if err != nil {
			return h, err
		}
		switch v := value.(type) {
		case json.Delim:
			return h, nil
		case string:
			if name == "kind" {
				h.Kind = v
			}
		case float64:
			if name == "format" {
				h.Format = int(v)
			}
		}
	}
	return h, nil
}

// DecodeSnapshot reads a snapshot file. It refuses (*[Refused]) a plan, a
// higher format and fields that it does not know.
func DecodeSnapshot(b []byte) (*SnapshotFile, error) {
	switch head, err := headOf(b); {
	case err != nil:
		return nil, refused("snapshot.unreadable", "error", err.Error())
	case head.Kind != snapshotKind:
		return nil, refused("snapshot.kind")
	case head.Format > SnapshotFormat:
		return nil, refused("snapshot.format", "theirs", strconv.Itoa(head.Format), "ours", strconv.Itoa(SnapshotFormat))
	case head.Format < 1:
		return nil, refused("snapshot.unreadable", "error", "format "+strconv.Itoa(head.Format))
	}
	f := &SnapshotFile{}
	err := strict(b, f)
	if err == nil && f.Salt != "" {
		_, err = saltOf(f.Salt)
	}
	if err != nil {
		if r := (*Refused)(nil); errors.As(err, &r) {
			return nil, r
		}
		return nil, refused("snapshot.unreadable", "error", err.Error())
	}
	return f, nil
}

func saltOf(salt string) ([]byte, error) {
	b, err := hex.DecodeString(salt)
	if err == nil && len(b) < 16 {
		err = errors.New("salt")
	}
	return b, err
}

// SpecFor is the spec to plan with from this file: masked as the snapshot is,
// or as it was given.
func (f *SnapshotFile) SpecFor(spec *config.Spec) (*config.Spec, error) {
	if f.Salt == "" {
		return spec, nil
	}
	salt, err := saltOf(f.Salt)
	if err != nil {
		return nil, refused("snapshot.unreadable", "error", err.Error())
	}
	m := newMask(salt)
	m.learn(spec)
	m.steps = f.Steps
	return maskOf(m, spec), nil
}

// Lineage is what a lineage is called in this file.
func (f *SnapshotFile) Lineage(lineage string) string {
	if f.Salt == "" {
		return lineage
	}
	salt, err := saltOf(f.Salt)
	if err != nil {
		return ""
	}
	return newMask(salt).word(lineage, lineWord)
}

// beginning is the plan if nothing were on record: it has the steps that were
// done since, by which records are known.
func beginning(plan *Plan) *Plan {
	s := plan.Observed
	s.Records, s.Facts, s.Sights = nil, nil, nil
	return Build(plan.Spec, s, s.At)
}

// MaskSnapshot gives the snapshot of a plan for readers who must not see who
// is in it: local parts of addresses, logins, accounts, names of people and
// folders are replaced by keyed hashes (HMAC-SHA256 with the salt, RFC 2104),
// the same one by the same one, everywhere, in texts too. Domains, hosts,
// waves, departments, companies and all numbers stay. The salt stands in the
// file: whoever guesses a name can confirm it.
func MaskSnapshot(plan *Plan, salt, tool string) (*SnapshotFile, error) {
	key, err := saltOf(salt)
	if err != nil {
		return nil, err
	}
	m, observed := newMask(key), suggest(plan)
	m.learn(plan.Spec)
	m.learn(observed)
	steps := append(slices.Clone(plan.Steps), beginning(plan).Steps...)
	for _, s := range steps {
		m.learn(s.Op)
	}
	for _, s := range steps {
		m.learnStep(s.Op)
	}
	for _, r := range plan.Observed.Records {
		if r.Undo != nil {
			m.learnStep(*r.Undo)
		}
	}
	return &SnapshotFile{Kind: snapshotKind, Format: SnapshotFormat, Tool: tool, Salt: salt, Steps: m.steps, Observed: maskOf(m, observed)}, nil
}
