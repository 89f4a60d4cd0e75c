package config

import (
	"testing"
)

// State is where these tests read values: any text is valid there.
func stateOf(t *testing.T, changes ...change) (string, []Finding) {
	t.Helper()
	l, findings := loadWith(t, append([]change{inMain(`version = ">= 0.1"`, "state = local.state")}, changes...)...)
	if l.Spec == nil {
		return "", findings
	}
	return l.Spec.Migration.State, findings
}

func TestPrecedenceOfVariables(t *testing.T) {
	env := opt(func(o *Options) {
		old := o.Getenv
		o.Getenv = func(n string) string {
			if n == "MXMOVE_VAR_a" {
				return "environment"
			}
			return old(n)
		}
	})
	argv := opt(func(o *Options) { o.Vars = map[string]string{"a": "argv"} })
	spec := more("variable \"a\" { default = \"default\" }\nlocals { state = var.a }\n")
	for name, c := range map[string]struct {
		changes []change
		want    string
	}{
		"default":     {nil, "default"},
		"environment": {[]change{env}, "environment"},
		"file":        {[]change{env, varFile("a = \"file\"\n")}, "file"},
		"--var":       {[]change{env, varFile("a = \"file\"\n"), argv}, "argv"},
	} {
		if got, findings := stateOf(t, append(c.changes, spec)...); got != c.want || len(findings) > 0 {
			t.Errorf("%s: %q, %v", name, got, findings)
		}
	}
}

func TestTypesOfVariables(t *testing.T) {
	for _, c := range []struct{ typ, given, expr, want string }{
		{"string", "007", "var.a", "007"},
		{"number", "7", `format("%d", var.a + 1)`, "8"},
		{"bool", "true", `var.a ? "yes" : "no"`, "yes"},
		{"list(string)", `["x", "y"]`, `join("-", var.a)`, "x-y"},
		{"map(number)", `{ x = 1 }`, `format("%d", var.a["x"])`, "1"},
		{"number", "007x", "var.a", ""},
		{"number", `"7"`, "var.a", ""},
		{"list(string)", "x", "var.a", ""},
		{"list(string)", "[", "var.a", ""},
		{"string", "${path}", "var.a", "${path}"},
	} {
		argv := opt(func(o *Options) { o.Vars = map[string]string{"a": c.given} })
		got, findings := stateOf(t, argv, more("variable \"a\" { type = "+c.typ+" }\nlocals { state = "+c.expr+" }\n"))
		if got != c.want || (len(findings) == 0) != (c.want != "") {
			t.Errorf("%s as %s: %q, %v", c.given, c.typ, got, findings)
		}
	}
}

func TestLocals(t *testing.T) {
	for expr, want := range map[string]string{
		"local.b": "x1", `local["b"]`: "x1", `join(",", keys(local))`: "a,b,state", /* the whole of it */
		`join(",", [for a in ["p", "q"] : a])`: "p,q", `lower("ABC")`: "abc",
	} {
		got, findings := stateOf(t, more("locals {\n b = \"x${local.a}\"\n a = 1\n}\nlocals {\n state = "+expr+"\n}\n"))
		if got != want || len(findings) > 0 {
			t.Errorf("%s: %q, %v", expr, got, findings)
		}
	}
}

// An unknown name is told once, however many things need it.
func TestCauseIsToldOnce(t *testing.T) {
	_, findings := stateOf(t, more("locals {\n state = local.b\n b = [local.c, local.c]\n c = nope\n}\n"))
	if len(findings) != 1 || findings[0].Code != "expr.root" || findings[0].At.String() != "zz.hcl:4:6" {
		t.Errorf("got %v", findings)
	}
}

func TestSensitiveVariable(t *testing.T) {
	spec := []change{more("variable \"pw\" {\n sensitive = true\n description = \"the old one\"\n}\n"), inMain(`env("ZOE_OLD")`, "local.pw"), write("loc.hcl", "locals { pw = var.pw }\n")}
	l, findings := loadWith(t, append(spec, varFile("pw = \"hunter2-var\"\n"))...)
	if len(findings) > 0 {
		t.Fatalf("findings: %v", findings)
	}
	ref := l.Spec.Roster.Mailboxes[2].SourcePassword
	if ref != SecretRef("var:pw") {
		t.Errorf("reference %s", ref)
	}
	if b, err := l.Secrets.Reveal(t.Context(), ref); string(b) != "hunter2-var" || err != nil {
		t.Errorf("revealed %v", err)
	}
}

// The order in which files are read never changes what is told.
func TestFindingsAreDeterministic(t *testing.T) {
	broken := []change{
		inMain("since =", "sinse = nope\n  x = 1\n  y = 2\n  since ="), inMain(`"Junk"`, `"a//b", "c//d"`),
		more("locals {\n a = local.b\n b = local.a\n c = no.d\n}\ncutover {}\nx = 1\ny = 2\n"), csvEdit("robot@", "ro bot@"),
	}
	_, first := loadWith(t, broken...)
	if len(first) < 10 {
		t.Fatalf("only %d findings", len(first))
	}
	for range 20 {
		_, again := loadWith(t, broken...)
		if len(again) != len(first) {
			t.Fatalf("%d findings, then %d", len(first), len(again))
		}
		for i := range again {
			if errorText(again[i].Msg) != errorText(first[i].Msg) && again[i].Code != "block.missing" {
				t.Errorf("%d: %v, then %v", i, first[i], again[i])
			}
		}
	}
}
