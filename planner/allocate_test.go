package planner

import (
	"slices"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
)

func TestPinyinOf(t *testing.T) {
	for name, want := range map[string]struct {
		local  string
		unsure bool
	}{
		"王芬": {"wangfen", false}, "李 娜": {"lina", true}, "曾国强": {"zengguoqiang", true}, "单田芬": {"shantianfen", false}, "盖叫天": {"gaijiaotian", true},
		"吕布": {"lvbu", false}, "张重": {"zhangzhong", true}, "Alice": {"", false}, "王Alice": {"", false}, "": {"", false},
	} {
		if local, unsure := pinyinOf(name); local != want.local || unsure != want.unsure {
			t.Errorf("%s: %s, unsure %v", name, local, unsure)
		}
	}
}

// company is a target whose members have no rows and no addresses.
func company(members ...Member) (*config.Spec, Snapshot) {
	at := time.Date(2026, 12, 3, 8, 0, 0, 0, time.UTC)
	spec := &config.Spec{
		Source:  config.Side{Kind: "imap", Domain: "acme.test"},
		Target:  config.Side{Kind: "wecom", CorpID: "wwB", Procedure: "history"},
		History: &config.History{Mover: "mxmove"},
		Roster: config.Roster{Unlisted: "allocate", Mailboxes: []config.Mailbox{
			{Address: "wangfen@acme.test", TargetAddress: "wangfen@acme.test", Account: "row", Kind: "member"}}},
	}
	members = append(members, Member{Account: "row", Address: "wangfen@acme.test", Enabled: Yes})
	return spec, Snapshot{At: at, Target: Side{Tenant: &Tenant{Seen: Seen{At: at, How: "api"}, Corp: "wwB", Members: members}}}
}

// made gives by account the addresses that a plan makes, and how it tells of them.
func made(p *Plan) map[string]string {
	out := map[string]string{}
	for _, s := range p.Steps {
		if op, ok := s.Op.(PutMember); ok && len(op.Aliases) == 0 {
			i := slices.IndexFunc(p.Findings, func(f config.Finding) bool { return f.Subject == op.Address && f.Args["account"] == op.Account })
			code := "not told"
			if i >= 0 {
				code = p.Findings[i].Code
			}
			out[op.Account] = op.Address + " " + code
		}
	}
	return out
}

// Everybody gets an address of their own, whatever the order of looking; each is
// told, and names that may be read otherwise are to be looked at.
func TestAllocatedAddresses(t *testing.T) {
	spec, snap := company(
		Member{Account: "c3", Name: "王芬", Enabled: Yes}, Member{Account: "a1", Name: "王芬", Enabled: Yes},
		Member{Account: "b2", Name: "曾重", Enabled: Yes}, Member{Account: "Bob.X", Name: "Bob", Enabled: Yes},
		Member{Account: "d4", Name: "王芬", Enabled: No}, Member{Account: "有", Name: "?", Enabled: Yes},
		Member{Account: "e5", Name: "李军", Address: "lijun1@acme.test", Enabled: Yes}, Member{Account: "f6", Name: "李军", Aliases: []string{"lijun@acme.test"}, Enabled: Yes})
	want := map[string]string{
		"a1": "wangfen1@acme.test HISTORY-05-made", "c3": "wangfen2@acme.test HISTORY-05-made",
		"b2": "zengzhong@acme.test HISTORY-05-reading", "Bob.X": "bob.x@acme.test HISTORY-05-made",
		"有": "member@acme.test HISTORY-05-made", "f6": "lijun2@acme.test HISTORY-05-made",
	}
	for range 2 {
		got := made(Build(spec, snap, snap.At))
		for account, words := range want {
			if got[account] != words {
				t.Errorf("%s: %q, want %q", account, got[account], words)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%v", got)
		}
		slices.Reverse(snap.Target.Tenant.Members)
	}
}

// A masked snapshot tells which addresses were made, not of which names.
func TestAllocatedMasked(t *testing.T) {
	spec, snap := company(Member{Account: "b2", Name: "曾重", Enabled: Yes}, Member{Account: "a1", Name: "王芬", Enabled: Yes})
	p := Build(spec, snap, snap.At)
	f, err := MaskSnapshot(p, "000102030405060708090a0b0c0d0e0f", "")
	if err != nil {
		t.Fatal(err)
	}
	masked, err := f.SpecFor(spec)
	if err != nil {
		t.Fatal(err)
	}
	q := Build(masked, f.Observed, snap.At)
	for _, s := range p.Steps {
		if s.Op.Kind() != (PutMember{}).Kind() {
			continue
		}
		m := newMask([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
		if _, same := q.Step(f.Steps[m.stepKey(s.ID)]); !same {
			t.Errorf("%s is called otherwise in the masked plan", s.ID)
		}
	}
	n := 0
	for _, f := range q.Findings {
		if f.Code == "HISTORY-05-reading" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d names are to be looked at", n)
	}
}
