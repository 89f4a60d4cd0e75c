package config

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFromImapsync(t *testing.T) {
	list := "\ufeff# the list of the loop\r\n\r\n" +
		"old.test;alice;hunter2-a, \"x\";new.test;alice@held.test;hunter2-b\r\n" +
		"old.test;Bob@held.test;hunter2-c;NEW.test;bob.smith@held.test;hunter2-d;--ssl1;\n" +
		"old.test;carol;hunter2-e;other.test;carol;hunter2-f\n" +
		"only;three;hunter2-g\n" +
		"old.test;not an address;hunter2-h;new.test;x;y\n" +
		"old.test;eve;张\xff;new.test;x;y\n"
	got, findings := FromImapsync("file.txt", []byte(list), "held.test")
	want := "address,source_login,source_password,target_address,target_login,target_password\n" +
		"alice@held.test,alice,\"hunter2-a, \"\"x\"\"\",,,hunter2-b\n" +
		"bob@held.test,Bob@held.test,hunter2-c,bob.smith@held.test,,hunter2-d\n" +
		"carol@held.test,carol,hunter2-e,,carol,hunter2-f\n"
	if d := cmp.Diff(want, string(got)); d != "" {
		t.Error(d)
	}
	var codes []string
	for _, f := range findings {
		codes = append(codes, f.Code+" "+f.At.String())
		complete(t, f)
		if !f.Hidden {
			t.Errorf("%s shows its line", f.Code)
		}
	}
	if d := cmp.Diff([]string{"imapsync.hosts file.txt:5", "imapsync.fields file.txt:6", "imapsync.login file.txt:7", "roster.encoding file.txt:8"}, codes); d != "" {
		t.Error(d)
	}
	l, again := loadWith(t, write("roster.csv", string(got)))
	if l.Spec == nil || len(l.Spec.Roster.Mailboxes) != 4 {
		t.Fatalf("%v", again)
	}
	if b, err := l.Secrets.Reveal(t.Context(), l.Spec.Roster.Mailboxes[0].SourcePassword); string(b) != `hunter2-a, "x"` || err != nil {
		t.Errorf("another password: %v", err)
	}
}

func TestLeave(t *testing.T) {
	src := strings.Replace(wholeSpec, "  skip     =", "  # stays\n  skip     =", 1)
	got, err := Leave([]byte(src), " Alice@held.test", "archive", "")
	if err != nil {
		t.Fatal(err)
	}
	l, findings := loadWith(t, append(wholeFiles[:2:2], write("main.hcl", string(got)))...)
	if l.Spec != nil { // alice is bob's heir
		t.Fatal("an heir may leave")
	}
	if len(findings) != 1 || findings[0].Code != "leaver.heir" {
		t.Errorf("%v", findings)
	}
	if got, err = Leave(got, "bob@held.test", "keep", ""); err != nil {
		t.Fatal(err)
	}
	l, findings = loadWith(t, append(wholeFiles[:2:2], write("main.hcl", string(got)))...)
	if len(findings) > 0 {
		t.Fatalf("%v", findings)
	}
	want := []Leaver{{Address: "alice@held.test", Mail: "archive"}, {Address: "bob@held.test", Mail: "keep"}}
	if d := cmp.Diff(want, l.Spec.Roster.Leavers, cmp.Comparer(func(a, b Pos) bool { return true })); d != "" {
		t.Error(d)
	}
	if !strings.Contains(string(got), "# stays") || strings.Count(string(got), "leaver ") != 2 {
		t.Errorf("%s", got)
	}
}

func TestLeaveRefuses(t *testing.T) {
	for name, c := range map[string]struct{ src, address, mail, to, want string }{
		"no address": {wholeSpec, "alice", "keep", "", "address.at"},
		"no heir":    {wholeSpec, "a@held.test", "to", "", "leave.mail"},
		"own heir":   {wholeSpec, "a@held.test", "to", "A@held.test", "leave.mail"},
		"bad heir":   {wholeSpec, "a@held.test", "to", "b", "address.at"},
		"kept to":    {wholeSpec, "a@held.test", "keep", "b@held.test", "leave.mail"},
		"burnt":      {wholeSpec, "a@held.test", "burn", "", "leave.mail"},
		"no roster":  {"history {}\n", "a@held.test", "keep", "", "leave.roster"},
		"broken":     {"roster {\n", "a@held.test", "keep", "", "leave.roster"},
		"deep":       {"roster {\n x = " + strings.Repeat("[", 200), "a@held.test", "keep", "", "leave.roster"},
	} {
		_, err := Leave([]byte(c.src), c.address, c.mail, c.to)
		var leave *LeaveError
		var address *AddressError
		switch {
		case errors.As(err, &leave):
			complete(t, Finding{Msg: leave.Msg})
			if leave.Code != c.want {
				t.Errorf("%s: %v", name, err)
			}
		case errors.As(err, &address):
			if address.Code != c.want {
				t.Errorf("%s: %v", name, err)
			}
		default:
			t.Errorf("%s: %v", name, err)
		}
	}
}
