package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/mxmove/mxmove"

// arrows says what each part of the program may import of the others; the
// first pattern that fits a package is its rule. A pattern ending in /... takes
// in what is below. Tests may also import what their helpers need.
var arrows = []struct {
	part string
	may  []string
}{
	{"config/text", nil},
	{"config", []string{"config/..."}},
	{"planner", []string{"config", "config/text"}},
	{"planner/render/...", []string{"planner/...", "config", "config/text"}},
	{"executor/...", []string{"executor/...", "planner", "config", "config/text"}},
	{"providers/mailstore/wire", []string{"config/text"}},
	{"providers/mailstore/mend", []string{"config/text"}},
	{"providers/mailstore/transfer", []string{"providers/mailstore/mend", "planner", "config", "config/text"}},
	{"providers/mailstore", []string{"providers/mailstore/...", "planner", "config", "config/text"}},
	{"providers/memory/imapd", nil},
	{"providers/memory", []string{"planner", "config", "config/text"}},
	{"providers/providertest/...", []string{"providers/providertest/...", "planner", "config", "config/text"}},
	{"providers/zone/wire", nil},
	{"providers/zone/vendor", nil},
	{"providers/zone", []string{"providers/zone/...", "planner", "config", "config/text"}},
	{"providers/zone/...", []string{"providers/zone/vendor"}},
	{"providers/smtp", []string{"planner", "config", "config/text"}},
	{"providers/...", []string{"providers/...", "planner", "config", "config/text"}},
	{"cmd/mxmove/demo", []string{"providers/memory/imapd"}},
	{"cmd/...", []string{"..."}},
	{"examples/...", []string{"..."}},
}

// libraries says where modules of others may be imported, outside of tests.
var libraries = []struct {
	module string
	in     []string
}{
	{"github.com/hashicorp/hcl", []string{"config"}},
	{"github.com/zclconf/go-cty", []string{"config"}},
	{"github.com/spf13/cobra", []string{"cmd/..."}},
	{"github.com/emersion/go-imap/v2/imapclient", nil},
	{"github.com/emersion/go-imap/v2/imapserver", nil},
	{"github.com/emersion/go-smtp", []string{"providers/providertest/..."}},
	{"github.com/miekg/dns", []string{"providers/zone/wire", "providers/providertest/..."}},
	{"blitiri.com.ar/go/spf", []string{"providers/zone"}},
	{"github.com/google/go-cmp", []string{"providers/providertest/..."}},
	{"github.com/rogpeppe/go-internal", []string{"providers/providertest/..."}},
	{"go.uber.org/goleak", []string{"providers/providertest/..."}},
	{"pgregory.net/rapid", []string{"providers/providertest/..."}},
}

// source is a Go file: its package's directory below the module, and what it
// imports.
type source struct {
	dir, name string
	imports   []string
}

func (s source) test() bool { return strings.HasSuffix(s.name, "_test.go") }

func within(dir string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		below, all := strings.CutSuffix(p, "...")
		return p == dir || all && strings.HasPrefix(dir+"/", below)
	})
}

// violations gives a line for each import that breaks an arrow.
func violations(files []source) []string {
	var all []string
	for _, f := range files {
		for _, imported := range f.imports {
			if why := wrong(f, imported); why != "" {
				all = append(all, fmt.Sprintf("%s imports %s: %s", path.Join(f.dir, f.name), imported, why))
			}
		}
	}
	return all
}

func wrong(f source, imported string) string {
	if dir, ours := strings.CutPrefix(imported, module+"/"); ours {
		return wrongArrow(f, dir)
	}
	if f.test() {
		return ""
	}
	for _, l := range libraries {
		if (imported == l.module || strings.HasPrefix(imported, l.module+"/")) && !within(f.dir, l.in) {
			return fmt.Sprintf("only %v and tests may", l.in)
		}
	}
	return ""
}

func wrongArrow(f source, dir string) string {
	if f.test() {
		if f.dir == "config/text" || f.dir == "config" {
			if !within(dir, []string{"config/..."}) {
				return "not even a test may: config stands alone"
			}
		}
		return ""
	}
	if strings.HasPrefix(dir, "providers/providertest") && !strings.HasPrefix(f.dir, "providers/providertest") {
		return "only tests may use the suites"
	}
	for _, a := range arrows {
		if within(f.dir, []string{a.part}) {
			if within(dir, a.may) {
				return ""
			}
			return fmt.Sprintf("%s may import %v", a.part, a.may)
		}
	}
	return "no rule for this package: add it to arrows, and to the map in README.md"
}

// sources parses the imports of every Go file below root.
func sources(root string) ([]source, error) {
	var all []source
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil {
			return err
		}
		s := source{dir: filepath.ToSlash(dir), name: filepath.Base(name)}
		for _, i := range file.Imports {
			imported, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			s.imports = append(s.imports, imported)
		}
		all = append(all, s)
		return nil
	})
	return all, err
}

func TestArrows(t *testing.T) {
	all, err := sources(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 50 {
		t.Fatalf("only %d files were found", len(all))
	}
	for _, v := range violations(all) {
		t.Error(v)
	}
}

// The checker sees each kind of broken arrow, and lets the true ones pass.
func TestArrowsAreSeen(t *testing.T) {
	for _, each := range []struct {
		dir, file, imported string
		allowed             bool
	}{
		{"planner", "build.go", module + "/config", true},
		{"planner", "build.go", module + "/executor", false},
		{"planner", "build.go", module + "/planner/render", false},
		{"planner/render", "text.go", module + "/planner", true},
		{"planner/render", "text.go", module + "/executor", false},
		{"config", "load.go", module + "/planner", false},
		{"config", "load_test.go", module + "/planner", false},
		{"config", "load.go", module + "/config/text", true},
		{"config/text", "text.go", module + "/config", false},
		{"executor", "run.go", module + "/planner", true},
		{"executor", "run.go", module + "/providers/memory", false},
		{"executor", "run_test.go", module + "/providers/memory", true},
		{"executor", "run.go", module + "/planner/render", false},
		{"providers/memory", "world.go", module + "/executor", false},
		{"providers/memory", "world.go", module + "/providers/mailstore", false},
		{"providers/mailstore/wire", "conn.go", module + "/planner", false},
		{"providers/mailstore/wire", "conn.go", module + "/providers/mailstore/transfer", false},
		{"providers/mailstore/transfer", "pass.go", module + "/providers/mailstore/wire", false},
		{"providers/mailstore", "open.go", module + "/providers/mailstore/wire", true},
		{"providers/mailstore", "open.go", module + "/providers/providertest/peer", false},
		{"providers/mailstore", "open_test.go", module + "/providers/providertest/peer", true},
		{"cmd/mxmove", "main.go", module + "/providers/mailstore", true},
		{"somewhere", "new.go", module + "/planner", false},
		{"config", "load.go", "github.com/hashicorp/hcl/v2/gohcl", true},
		{"planner", "build.go", "github.com/hashicorp/hcl/v2", false},
		{"planner", "build.go", "github.com/zclconf/go-cty/cty", false},
		{"planner", "build.go", "github.com/spf13/cobra", false},
		{"cmd/mxmove", "root.go", "github.com/spf13/cobra", true},
		{"planner", "build.go", "github.com/google/go-cmp/cmp", false},
		{"planner", "build_test.go", "github.com/google/go-cmp/cmp", true},
		{"executor", "run.go", "pgregory.net/rapid", false},
		{"cmd/mxmove", "main.go", "github.com/rogpeppe/go-internal/testscript", false},
		{"providers/mailstore/wire", "conn.go", "github.com/emersion/go-imap/v2/imapclient", false},
		{"providers/mailstore/wire", "conn.go", "github.com/emersion/go-imap/v2", true},
	} {
		got := violations([]source{{each.dir, each.file, []string{each.imported}}})
		if (len(got) == 0) != each.allowed {
			t.Errorf("%s/%s importing %s: allowed %v, the checker says %q", each.dir, each.file, each.imported, each.allowed, got)
		}
	}
}
