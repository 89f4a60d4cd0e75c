package planner

import (
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// Undo is the inverse of a Once step that was carried out: Op writes back what
// the intent of Of found. It is made before that intent is journaled and kept
// with it, for the world does not show afterwards what was there. Its phase is
// the mirror image of the step's; its risk is Op's. Once.
type Undo struct {
	Of    StepID    `json:"of"`
	In    Phase     `json:"in"`
	Since time.Time `json:"since,omitzero"`  // of the look before the first intent of Of
	Wrote []string  `json:"wrote,omitempty"` // users or members as Of put them, ordered
	Op    Op        `json:"-"`               // SetRecords, PutMember, PutShared, PutGroup, SetEnabled or SetSeat
}

const undoKind = "undo"

// Kind is undo.
func (Undo) Kind() string { return undoKind }

// Subject is that of the step that is taken back.
func (u Undo) Subject() string { return u.Of.Subject() }

// Identity is the step that is taken back, and what is written.
func (u Undo) Identity() []string {
	return append([]string{string(u.Of), u.Op.Kind()}, u.Op.Identity()...)
}

// Traits of going back are Op's, in the phase that it has on the way back.
func (u Undo) Traits() Traits {
	return Traits{Phase: u.In, Risk: u.Op.Traits().Risk, Repeat: Once, Undo: "undo.undo"}
}

func (Undo) op() {}

// undoFile is an Undo as it is stored: the op under its kind's name.
type undoFile struct {
	Of    StepID          `json:"of"`
	In    Phase           `json:"in"`
	Since time.Time       `json:"since,omitzero"`
	Wrote []string        `json:"wrote,omitempty"`
	Kind  string          `json:"kind"`
	Op    json.RawMessage `json:"op"`
}

// MarshalJSON stores the op with its kind.
func (u Undo) MarshalJSON() ([]byte, error) {
	if u.Op == nil {
		return nil, errors.New("undo without an op")
	}
	op, err := json.Marshal(u.Op)
	if err != nil {
		return nil, err
	}
	return json.Marshal(undoFile{Of: u.Of, In: u.In, Since: u.Since, Wrote: u.Wrote, Kind: u.Op.Kind(), Op: op})
}

// undoable are the kinds that an Undo may hold.
var undoable = []string{SetRecords{}.Kind(), PutMember{}.Kind(), PutShared{}.Kind(), PutGroup{}.Kind(), SetEnabled{}.Kind(), SetSeat{}.Kind()}

// UnmarshalJSON refuses kinds and fields that it does not know.
func (u *Undo) UnmarshalJSON(b []byte) error {
	var f undoFile
	if err := strict(b, &f); err != nil {
		return err
	}
	if !slices.Contains(undoable, f.Kind) {
		return refused("plan.unknown-kind", "kind", undoKind+" "+f.Kind)
	}
	op, err := opKinds[f.Kind](f.Op)
	*u = Undo{Of: f.Of, In: f.In, Since: f.Since, Wrote: f.Wrote, Op: op}
	return err
}

// Whole reports whether an Undo leaves nothing of its step, so that the step
// is as if it had never been carried out. A disabled account is still there.
func (u Undo) Whole() bool { return u.Op.Kind() == u.Of.Kind() }
