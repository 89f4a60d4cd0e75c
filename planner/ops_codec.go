package planner

import (
	"encoding/json"
	"errors"
	"slices"
)

// opKinds decodes each kind; the set is closed.
var opKinds = map[string]func(json.RawMessage) (Op, error){
	Task{}.Kind():           as[Task],
	SetOption{}.Kind():      as[SetOption],
	SetTTL{}.Kind():         as[SetTTL],
	ArchiveMailbox{}.Kind(): as[ArchiveMailbox],
	Inventory{}.Kind():      as[Inventory],
	PutMember{}.Kind():      as[PutMember],
	PutShared{}.Kind():      as[PutShared],
	PutGroup{}.Kind():       as[PutGroup],
	SetEnabled{}.Kind():     as[SetEnabled],
	SetSeat{}.Kind():        as[SetSeat],
	Notify{}.Kind():         as[Notify],
	CopyMailbox{}.Kind():    as[CopyMailbox],
	WizardCopy{}.Kind():     as[WizardCopy],
	DropMailbox{}.Kind():    as[DropMailbox],
	HoldDirectory{}.Kind():  as[HoldDirectory],
	FinishWizard{}.Kind():   as[FinishWizard],
	MergeTenants{}.Kind():   as[MergeTenants],
	UpgradeTenant{}.Kind():  as[UpgradeTenant],
	MoveCustomers{}.Kind():  as[MoveCustomers],
	SetRecords{}.Kind():     as[SetRecords],
	ProbeMX{}.Kind():        as[ProbeMX],
	Canary{}.Kind():         as[Canary],
	CanaryOut{}.Kind():      as[CanaryOut],
	CanaryArrival{}.Kind():  as[CanaryArrival],
	RemovePlaced{}.Kind():   as[RemovePlaced],
	TryAppend{}.Kind():      as[TryAppend],
	Wait{}.Kind():           as[Wait],
	Compare{}.Kind():        as[Compare],
	PutTags{}.Kind():        as[PutTags],
}

const restoreKind = "restore"

// Kinds names every kind of op, in order.
func Kinds() []string {
	kinds := append(sortedKeys(opKinds), restoreKind, undoKind)
	slices.Sort(kinds)
	return kinds
}

// decodeOp refuses a kind, a field or a phase that it does not know.
func decodeOp(kind string, b json.RawMessage) (Op, error) {
	switch kind {
	case restoreKind:
		return asRestore(b)
	case undoKind:
		var u Undo
		err := json.Unmarshal(b, &u)
		return u, err
	}
	decode, ok := opKinds[kind]
	if !ok {
		return nil, refused("plan.unknown-kind", "kind", kind)
	}
	return decode(b)
}

func as[T Op](b json.RawMessage) (Op, error) {
	var op T
	if err := strict(b, &op); err != nil {
		return nil, err
	}
	return op, nil
}

type restoreFile struct {
	Of   StepID          `json:"of"`
	Kind string          `json:"kind"`
	Op   json.RawMessage `json:"op"`
}

// MarshalJSON stores the op with its kind.
func (r Restore) MarshalJSON() ([]byte, error) {
	if r.Op == nil {
		return nil, errors.New("restore without an op")
	}
	op, err := json.Marshal(r.Op)
	if err != nil {
		return nil, err
	}
	return json.Marshal(restoreFile{Of: r.Of, Kind: r.Op.Kind(), Op: op})
}

func asRestore(b json.RawMessage) (Op, error) {
	var f restoreFile
	if err := strict(b, &f); err != nil {
		return nil, err
	}
	var op Op
	var err error
	switch f.Kind { // only Temporaries, so that one restore is never inside another
	case SetTTL{}.Kind():
		op, err = as[SetTTL](f.Op)
	case SetOption{}.Kind():
		op, err = as[SetOption](f.Op)
	case SetRecords{}.Kind():
		op, err = as[SetRecords](f.Op)
	case HoldDirectory{}.Kind():
		op, err = as[HoldDirectory](f.Op)
	default:
		return nil, refused("plan.unknown-kind", "kind", restoreKind+" "+f.Kind)
	}
	return Restore{Of: f.Of, Op: op}, err
}

// UnmarshalJSON takes a phase's number and refuses one that there is not.
func (p *Phase) UnmarshalJSON(b []byte) error {
	var n uint8
	if err := json.Unmarshal(b, &n); err != nil {
		return err
	}
	if n > uint8(Retire) {
		return errors.New("phase " + string(b))
	}
	*p = Phase(n)
	return nil
}
