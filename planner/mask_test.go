package planner_test

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

const salt = "000102030405060708090a0b0c0d0e0f"

// throughFile masks what a plan was built from, writes and reads it, and
// builds from it.
func throughFile(t interface {
	Fatal(...any)
	Helper()
}, spec *config.Spec, p *planner.Plan, now time.Time) (*planner.SnapshotFile, *planner.Plan, string) {
	t.Helper()
	f, err := planner.MaskSnapshot(p, salt, "0.1.0")
	if err != nil {
		t.Fatal(err)
	}
	b, err := planner.EncodeSnapshot(f)
	if err != nil {
		t.Fatal(err)
	}
	if f, err = planner.DecodeSnapshot(b); err != nil {
		t.Fatal(err)
	}
	masked, err := f.SpecFor(spec)
	if err != nil {
		t.Fatal(err)
	}
	q := planner.Build(masked, f.Observed, now)
	q.Stamp("0.1.0")
	out, err := planner.Encode(q)
	if err != nil {
		t.Fatal(err)
	}
	return f, q, string(b) + string(out)
}

// shapes counts steps by all that masking must not change.
func shapes(p *planner.Plan) map[string]int {
	n := map[string]int{}
	for _, s := range p.Steps {
		n[fmt.Sprint(s.Op.Kind(), s.Op.Traits().Phase, s.Op.Traits().Risk, s.Work, s.Doubt, len(s.Needs), s.Estimate)]++
	}
	for _, f := range p.Findings {
		n[f.Code+" "+string(f.Severity)]++
	}
	return n
}

// At every moment of a migration of any kind, the masked snapshot leads to the
// same steps under other names, and nobody is named.
func TestMaskedPlansAreTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newSite(drawShape(t), "")
		s.pace = time.Second
		check := func() {
			p := s.plan()
			f, q, out := throughFile(t, s.spec, p, s.now)
			if d := cmp.Diff(shapes(p), shapes(q)); d != "" {
				t.Fatal(d)
			}
			renamed := slices.Collect(maps.Values(f.Steps))
			for _, st := range q.Steps {
				if _, same := p.Step(st.ID); !same && !slices.Contains(renamed, st.ID) {
					t.Fatalf("nothing is renamed to %s", st.ID)
				}
			}
			for _, word := range []string{"m0", "m1", "m2", "zhang", "5f0e", "env:PW"} {
				if at := strings.Index(out, word); at >= 0 {
					t.Fatalf("%s: %s", word, out[max(0, at-80):at+20])
				}
			}
		}
		check()
		n, every := 0, rapid.IntRange(3, 17).Draw(t, "every")
		p := s.plan()
		if err := s.run(p, func() error {
			if n++; n%every == 0 {
				check()
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		check()
	})
}

// people is a spec and snapshot with names, of as many rows as are drawn.
func people(t *rapid.T) (*config.Spec, planner.Snapshot, []string) {
	spec := specFor(shape{route: "history", rows: 1, domains: 1, ttl: 300})
	snap := planner.Snapshot{Format: 1, At: start, Lineage: "5f0e"}
	tenant := &planner.Tenant{Corp: "wwB", Seen: planner.Seen{At: start, How: "api"}}
	n := rapid.IntRange(1, 40).Draw(t, "rows")
	var secret []string
	spec.Roster.Mailboxes = nil
	for i := range n {
		local, name, account := fmt.Sprintf("zlocal%dq", i), fmt.Sprintf("Zoë Name%dq", i), fmt.Sprintf("zaccount%dq", i)
		secret = append(secret, local, name, account)
		row := config.Mailbox{Address: local + "@acme.test", SourceLogin: local, TargetAddress: local + "@acme.test",
			TargetLogin: local + "@acme.test", Name: name, Account: account, Kind: "member", TargetPassword: config.SecretRef("env:Z_" + local)}
		spec.Roster.Mailboxes = append(spec.Roster.Mailboxes, row)
		tenant.Members = append(tenant.Members, planner.Member{Account: account, Name: name, Address: row.Address, Enabled: planner.Yes})
		words := text.M("signin.refused", "login", local, "answer", "NO "+name+": "+strings.ToUpper(local)+" ("+row.Address+", "+account+")")
		snap.Mailboxes = append(snap.Mailboxes, planner.Mailbox{Address: row.Address, State: planner.WaitPerson, Reason: &words,
			Source: planner.Store{Login: local, Messages: i, Mark: "abc" + local, Seen: planner.Seen{At: start, How: "imap", Err: &planner.Fault{Msg: words}}}})
		snap.Findings = append(snap.Findings, config.Finding{Msg: words, Severity: config.Warning, Subject: row.Address})
	}
	byAddress := func(a, b string) int { return strings.Compare(a, b) }
	slices.SortFunc(spec.Roster.Mailboxes, func(a, b config.Mailbox) int { return byAddress(a.Address, b.Address) })
	slices.SortFunc(snap.Mailboxes, func(a, b planner.Mailbox) int { return byAddress(a.Address, b.Address) })
	slices.SortFunc(tenant.Members, func(a, b planner.Member) int { return byAddress(a.Account, b.Account) })
	snap.Target.Tenant = tenant
	spec.History.Skip, spec.History.Map = []string{"zfolder/of"}, map[string]string{"zfolder": "zother"}
	return spec, snap, append(secret, "zfolder", "zother")
}

// Masking is the same each time, keeps rows apart and counts as they are, and
// no name, login or account is left, not in servers' words either.
func TestMaskHidesPeople(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec, snap, secret := people(t)
		p := planner.Build(spec, snap, start)
		f, q, out := throughFile(t, spec, p, start)
		_, _, again := throughFile(t, spec, p, start)
		if out != again {
			t.Fatal("masked twice, it differs")
		}
		rows, of := map[string]bool{}, map[string]bool{}
		total := 0
		for i, m := range f.Observed.Mailboxes {
			rows[m.Address] = true
			total += m.Source.Messages
			if i > 0 && f.Observed.Mailboxes[i-1].Address >= m.Address {
				t.Fatal("the rows are out of order")
			}
			if local, domain, _ := strings.Cut(m.Address, "@"); domain != "acme.test" || m.Source.Login != local {
				t.Fatalf("%s, login %s", m.Address, m.Source.Login)
			}
		}
		for _, m := range q.Spec.Roster.Mailboxes {
			of[m.Address] = true
		}
		n := len(snap.Mailboxes)
		if len(rows) != n || total != n*(n-1)/2 || !maps.Equal(rows, of) {
			t.Fatalf("%d rows, %d messages of %d rows", len(rows), total, n)
		}
		low := strings.ToLower(out)
		for _, s := range secret {
			if at := strings.Index(low, strings.ToLower(s)); at >= 0 {
				t.Fatalf("%s: %s", s, low[max(0, at-80):at+20])
			}
		}
		if len(q.Steps) != len(p.Steps) || spec.Roster.Mailboxes[0].Address == q.Spec.Roster.Mailboxes[0].Address {
			t.Fatalf("%d steps of %d", len(q.Steps), len(p.Steps))
		}
	})
}

// Another salt gives other names; what is kept stays.
func TestMaskOtherSalt(t *testing.T) {
	p := planner.Build(specFor(shape{route: "imap", rows: 1, domains: 1}), planner.Snapshot{Format: 1, Lineage: "5f0e",
		Mailboxes: []planner.Mailbox{{Address: "m0@acme.test"}}}, start)
	a, err := planner.MaskSnapshot(p, salt, "")
	if err != nil {
		t.Fatal(err)
	}
	b, err := planner.MaskSnapshot(p, strings.Repeat("ff", 16), "")
	if err != nil {
		t.Fatal(err)
	}
	if a.Observed.Mailboxes[0].Address == b.Observed.Mailboxes[0].Address || a.Lineage("5f0e") != a.Observed.Lineage {
		t.Errorf("%v %v", a.Observed, b.Observed)
	}
	for _, bad := range []string{"", "00", "xyz"} {
		if _, err := planner.MaskSnapshot(p, bad, ""); err == nil {
			t.Errorf("the salt %q was taken", bad)
		}
	}
}

func TestDecodeSnapshotRefuses(t *testing.T) {
	good, err := planner.EncodeSnapshot(&planner.SnapshotFile{Tool: "0.1.0", Observed: planner.Snapshot{Format: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := planner.DecodeSnapshot(good); err != nil || !planner.IsSnapshot(good) {
		t.Fatal(err)
	}
	for in, code := range map[string]string{
		"": "snapshot.unreadable", "{}": "snapshot.kind", `{"format": 1, "id": "x"}`: "snapshot.kind",
		`{"kind": "snapshot"}`:                            "snapshot.unreadable",
		`{"kind": "snapshot", "format": 2, "new": 1}`:     "snapshot.format",
		`{"kind": "snapshot", "format": 1, "new": 1}`:     "snapshot.unreadable",
		`{"kind": "snapshot", "format": 1, "salt": "00"}`: "snapshot.unreadable",
		string(good) + string(good):                       "snapshot.unreadable",
	} {
		_, err := planner.DecodeSnapshot([]byte(in))
		var r *planner.Refused
		cat := text.Load(text.Chinese)
		if !errors.As(err, &r) || r.Code != code || !cat.Has(code+".what") || !cat.Has(code+".why") || !cat.Has(code+".do") {
			t.Errorf("%s: %v, want %s", in, err, code)
		}
	}
}

// decided are the fields with strings that masking leaves as they are. A new
// field must be put here or among those that are masked.
const decided = `
Snapshot.Can Snapshot.People Directory.Sheet Side.Caps Tenant.Corp Tenant.Name Tenant.Domains Seen.How Msg.Code Fault.Class Finding.Severity Pos.File
Mailbox.State Member.Departments Mailbox.Wave Mailbox.Department Mailbox.Kind Mailbox.Mover Zone.Name Zone.Names Zone.Selectors Zone.DKIM Cache.Resolver Cache.Err Cutover.Resolvers Authority.Host Authority.Addr Authority.Err
RRset.Zone RRset.Name RRset.Type RRset.Line RRset.Values PutShared.Corp PutGroup.Corp PutGroup.Allow
Fact.Checked Migration.Name Migration.Version Migration.Language Migration.State Migration.Mirror Migration.Identity
Side.Kind Side.Domain Side.Aliases Side.CorpID Side.Name Side.Procedure IMAP.Host IMAP.TLS IMAP.CAFile Login.Kind Login.Separator
Login.Mechanism Hours.From Hours.To API.Name Archive.Path Roster.Files Roster.Unlisted Group.Allow Leaver.Mail
History.Mover History.Since History.Deletions History.Refused Cutover.Start Cutover.RollbackCopies Cutover.Approvers Zone.Domain Zone.Kind Zone.Server
Service.Host Service.TLS Service.CAFile Zone.KeyName Zone.KeyID Zone.Algorithm Zone.ZoneID Zone.Region Zone.Endpoint Zone.Lines Zone.MX SPF.Add SPF.Remove Acknowledge.Kind Acknowledge.Company Customers.JoinCodes Contract.Number
SetRecords.Add SetRecords.Remove PutMember.Corp PutMember.Departments SetEnabled.Corp SetSeat.Corp
`

func TestEveryFieldIsVeiledOrPlain(t *testing.T) {
	plain, seen := strings.Fields(decided), map[reflect.Type]bool{}
	var visit func(reflect.Type, string)
	visit = func(typ reflect.Type, field string) {
		switch {
		case typ == reflect.TypeFor[time.Time](), typ == reflect.TypeFor[config.Secret](),
			typ == reflect.TypeFor[planner.StepID](), typ == reflect.TypeFor[planner.Endpoint]():
		case typ.Kind() == reflect.String:
			_, short, _ := strings.Cut(field, ".")
			if planner.Veiled(field) == slices.Contains(plain, short) && !strings.HasSuffix(field, "Customers.JoinCodes") {
				t.Errorf("%s: masked %v, said to stay %v", field, planner.Veiled(field), slices.Contains(plain, short))
			}
		case typ.Kind() == reflect.Interface: // the op of an Undo
			for _, op := range []planner.Op{planner.SetRecords{}, planner.PutMember{}, planner.PutShared{}, planner.PutGroup{}, planner.SetEnabled{}, planner.SetSeat{}} {
				visit(reflect.TypeOf(op), field)
			}
		case typ.Kind() == reflect.Slice, typ.Kind() == reflect.Pointer:
			visit(typ.Elem(), field)
		case typ.Kind() == reflect.Map:
			visit(typ.Key(), field)
			visit(typ.Elem(), field)
		case typ.Kind() == reflect.Struct && !seen[typ]:
			seen[typ] = true
			for i := range typ.NumField() {
				visit(typ.Field(i).Type, typ.String()+"."+typ.Field(i).Name)
			}
		}
	}
	visit(reflect.TypeFor[planner.Snapshot](), "")
	visit(reflect.TypeFor[config.Spec](), "")
	if len(seen) < 30 {
		t.Errorf("only %d types were seen", len(seen))
	}
}

// Ten thousand mailboxes, each with a fault's words.
func BenchmarkMaskedPlan(b *testing.B) {
	spec := specFor(shape{route: "imap", rows: 10000, domains: 1})
	snap := planner.Snapshot{Format: 1, At: start, Lineage: "5f0e"}
	slices.SortFunc(spec.Roster.Mailboxes, func(a, b config.Mailbox) int { return strings.Compare(a.Address, b.Address) })
	for i, row := range spec.Roster.Mailboxes {
		spec.Roster.Mailboxes[i].Name = fmt.Sprintf("Name %d", i)
		words := text.M("signin.refused", "login", row.SourceLogin, "answer", "NO "+row.Address+" is not let in")
		snap.Mailboxes = append(snap.Mailboxes, planner.Mailbox{Address: row.Address, Reason: &words})
	}
	p := planner.Build(spec, snap, start)
	f, err := planner.MaskSnapshot(p, salt, "")
	if err != nil {
		b.Fatal(err)
	}
	b.Run("snapshot", func(b *testing.B) {
		for b.Loop() {
			if _, err := planner.MaskSnapshot(p, salt, ""); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("spec", func(b *testing.B) {
		for b.Loop() {
			if _, err := f.SpecFor(spec); err != nil {
				b.Fatal(err)
			}
		}
	})
}
