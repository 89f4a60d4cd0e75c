package planner

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config/text"
)

// Each act of people tells what proves it; what mxmove does itself tells none.
func TestProofs(t *testing.T) {
	told := &Tenant{Seen: Seen{At: now, How: "api"}, Domains: []string{"b.test"}, Creator: "zhang", Paid: No, Seats: 5,
		Members: []Member{{Account: "a", Enabled: Yes, VIP: No}}}
	sheet := &Tenant{Seen: Seen{At: now, How: "sheet"}, Members: []Member{{Account: "a"}}}
	people := []string{"compare", "put-member", "set-enabled", "set-seat"}
	for name, c := range map[string]struct {
		op           Op
		api, bySheet string
		valid        time.Duration
	}{
		"put":        {op: PutMember{Account: "new"}, api: byDirectory, bySheet: byDirectory},
		"enable":     {op: SetEnabled{Account: "a"}, api: byDirectory, bySheet: byEither},
		"taken back": {op: Undo{Of: "put-member new @1", Op: SetEnabled{Account: "a"}}, api: byDirectory, bySheet: byEither},
		"seat":       {op: SetSeat{Account: "a", VIP: true}, api: byDirectory, bySheet: byEither},
		"compare":    {op: Compare{What: "members"}, api: byWord, bySheet: byWord},
		"press":      {op: MergeTenants{Into: "wwB"}, api: byTwice, bySheet: byTwice},
		"domain":     {op: Task{Name: "bind-domain", On: "acme.test"}, api: byDirectory, bySheet: byEither},
		"creator":    {op: Task{Name: "creator-ready", Args: map[string]string{"creator": "zhang"}}, api: byRefuting, bySheet: byRefuting, valid: 14 * day},
		"unpaid":     {op: Task{Name: "no-paid-features"}, api: byDirectory, bySheet: byEither, valid: 14 * day},
		"seats":      {op: Task{Name: "buy-seats", Args: map[string]string{"vip": "5"}}, api: byDirectory, bySheet: byEither},
		"contacts":   {op: Task{Name: "confirm-contacts"}, api: byCustomers, bySheet: byCustomers},
		"contract":   {op: Task{Name: "contract"}, api: byWord, bySheet: byWord},
	} {
		for world, tenant := range map[string]*Tenant{c.api: told, c.bySheet: sheet} {
			p := indexOf(Snapshot{Target: Side{Tenant: tenant}, People: people}).proofOf(c.op)
			if p == nil || p.By != world || p.Valid != c.valid {
				t.Errorf("%s by %s: %+v, want %s %v", name, tenant.Seen.How, p, world, c.valid)
			}
		}
	}
	x := indexOf(Snapshot{Target: Side{Tenant: told}})
	for _, op := range []Op{PutMember{Account: "new"}, CopyMailbox{Address: "a"}, Compare{What: "members"}} {
		if p := x.proofOf(op); p != nil {
			t.Errorf("%s: %+v", op.Kind(), p)
		}
	}
}

// Each kind of proof has its words, each task one of them, and it is kept in
// the plan's file.
func TestProofsAreTold(t *testing.T) {
	for _, by := range Proofs() {
		for _, lang := range []text.Lang{text.English, text.Chinese} {
			if !text.Load(lang).Has("proof." + by) {
				t.Errorf("%s: no proof.%s", lang, by)
			}
		}
	}
	for name, task := range tasks {
		if !slices.Contains(Proofs(), task.proof) {
			t.Errorf("%s: %q", name, task.proof)
		}
	}
	s := Step{ID: IDOf(Compare{What: "members", Corp: "wwB"}), Op: Compare{What: "members", Corp: "wwB"}, Proof: &Proof{By: byWord, Valid: day}}
	b, err := json.Marshal(s)
	var back Step
	if err == nil {
		err = json.Unmarshal(b, &back)
	}
	if err != nil || back.Proof == nil || *back.Proof != *s.Proof {
		t.Errorf("%s: %+v %v", b, back.Proof, err)
	}
}
