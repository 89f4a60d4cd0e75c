package planner

import "time"

// Proof is what shows that a person's act was done, before what needs it goes
// on.
type Proof struct {
	By    string        `json:"by"`              // one of [Proofs]; the texts are proof.BY
	Valid time.Duration `json:"valid,omitempty"` // how long a word holds, then it is asked for anew; 0: for good
}

// What proves.
const (
	byDirectory = "directory" // the next look at the tenant's directory
	byEither    = "either"    // a word; the directory, too, as soon as it tells
	byRefuting  = "refuting"  // a word, which the directory can only show to be wrong
	byCustomers = "customers" // the next look at the customer relations
	byTwice     = "twice"     // words right before and right after
	byWord      = "word"      // a word with evidence
)

// Proofs are the values of Proof.By.
func Proofs() []string {
	return []string{byDirectory, byEither, byRefuting, byCustomers, byTwice, byWord}
}

// proofOf is what proves an op in this world; nil: no person does it.
func (x index) proofOf(op Op) *Proof {
	if !x.of.ByPerson(op) {
		return nil
	}
	return &Proof{By: x.proves(op), Valid: ValidOf(op)}
}

func (x index) proves(op Op) string {
	switch o := op.(type) {
	case Undo:
		return x.proves(o.Op)
	case PutMember:
		return byDirectory
	case SetEnabled:
		return eitherIf(x.members == nil || x.members[o.Account].Enabled != Unknown)
	case SetSeat:
		return eitherIf(x.members[o.Account].VIP != Unknown)
	case Task:
		if by := tasks[o.Name].proof; by != byDirectory {
			return by
		}
		_, seen := taskShown(o, x.of)
		return eitherIf(seen)
	}
	if op.Traits().Risk == Final {
		return byTwice
	}
	return byWord
}

func eitherIf(told bool) string {
	if told {
		return byDirectory
	}
	return byEither
}
