package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// speaking are packages that make what people see. An error of cmd/mxmove is
// printed as it is; one of the others is only the detail of a fault with texts
// of its own, as the operating system's are.
var speaking = []string{"cmd/mxmove", "config", "planner", "executor"}

// quoting is a directory whose words are the mail of a made-up company.
const quoting = "cmd/mxmove/demo/"

// sayings are calls whose words reach a person; the writers of builders count,
// since what they build is printed.
var sayings = map[string]bool{"fmt.Fprint": true, "fmt.Fprintf": true, "fmt.Fprintln": true, "fmt.Print": true, "fmt.Printf": true, "fmt.Println": true,
	"io.WriteString": true, "errors.New": true, "fmt.Errorf": true, "WriteString": true, "line": true, "para": true, "hang": true, "flow": true, "section": true}

// fromCatalogue are calls whose words are codes and values, or no words.
var fromCatalogue = map[string]bool{"T": true, "t": true, "say": true, "M": true, "refuse": true, "refused": true, "Has": true, "Text": true, "Join": true,
	"Replace": true, "ReplaceAll": true, "Repeat": true, "Contains": true, "doc": true, "gate": true, "of": true, "SetAttributeValue": true, "NewReplacer": true}

// apart are words that are printed as they are, and why.
var apart = map[string]string{
	"\n# %s\n$ mxmove %s\n":    "a command as it is typed",
	"(--all)":                  "an option as it is typed",
	"changes pending":          "an exit code, never told",
	"not proven":               "an exit code, never told",
	"not fine":                 "an exit code, never told",
	"(secrets)":                "what a program's author sees in place of secrets",
	"domain = \"acme.test\"\n": "the language",
	"  at_most {\n":            "the language",
	"  company       = \"\"\n  administrator = \"\"\n": "the language",
	"acknowledge %q %q {\n  because = \"\"\n":          "the language",
	"\n> ```hcl\n> ":     "markup",
	"> [!CAUTION]\n> **": "markup of GitHub",
}

// wordForm is what a person would read as a word, once verbs of fmt, markup
// and escapes of a terminal are taken away.
var (
	codeForm   = regexp.MustCompile(`^[a-z]+(\.[a-z-]+)+$`)
	wordForm   = regexp.MustCompile(`\pL{2,}`)
	markupForm = regexp.MustCompile(`%[-+# 0-9.*\[\]]*[a-zA-Z]|\x1b\[[0-9;]*[A-Za-z]|</?[a-z]+[^>]*>|&#?\w+;`)
)

// around gives the literals with words that a file prints around the catalogue.
func around(file *ast.File, errors bool) []*ast.BasicLit {
	var found []*ast.BasicLit
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || !sayings[callee(call, true)] && !sayings[callee(call, false)] {
			return true
		}
		if c := callee(call, true); !errors && (c == "errors.New" || c == "fmt.Errorf") {
			return true
		}
		for _, arg := range call.Args {
			found = append(found, literals(arg)...)
		}
		return true
	})
	return found
}

// callee is pkg.Name, or of a method its name alone.
func callee(call *ast.CallExpr, qualified bool) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if pkg, ok := f.X.(*ast.Ident); ok && qualified {
			return pkg.Name + "." + f.Sel.Name
		}
		return f.Sel.Name
	}
	return ""
}

// literals are those with words below a node, but not those that are codes.
func literals(n ast.Node) []*ast.BasicLit {
	var found []*ast.BasicLit
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			return !fromCatalogue[callee(n, false)]
		case *ast.IndexExpr, *ast.FuncLit:
			return false
		case *ast.BasicLit:
			words, err := strconv.Unquote(n.Value)
			if n.Kind == token.STRING && err == nil && !codeForm.MatchString(words) && wordForm.MatchString(markupForm.ReplaceAllString(words, "")) {
				found = append(found, n)
			}
		}
		return true
	})
	return found
}

func goFiles(t *testing.T, dir string) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(filepath.Join(root, dir), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		rel, _ := filepath.Rel(root, name)
		files[filepath.ToSlash(rel)] = f
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Nothing is told to a person but through the catalogue.
func TestNoTextAroundTheCatalogue(t *testing.T) {
	used := map[string]bool{}
	for _, dir := range speaking {
		for name, file := range goFiles(t, dir) {
			if strings.HasPrefix(name, quoting) {
				continue
			}
			for _, lit := range around(file, dir == "cmd/mxmove") {
				words, _ := strconv.Unquote(lit.Value)
				if apart[words] == "" {
					t.Errorf("%s prints %q: make it an entry of the catalogue", name, words)
				}
				used[words] = true
			}
		}
	}
	for words := range apart {
		if !used[words] {
			t.Errorf("%q is excepted and nobody prints it", words)
		}
	}
}

// The checker sees each way to print, and lets codes pass.
func TestTextAroundIsSeen(t *testing.T) {
	for statement, want := range map[string]int{
		`fmt.Fprintln(w, "nothing to do")`:               1,
		`fmt.Fprintf(w, "%d of %s\n", n, s)`:             1,
		`io.WriteString(w, "没有变化")`:                      1,
		`io.WriteString(w, c.cat.T("cmd.done")+" now")`:  1,
		`b.WriteString("left: " + strconv.Itoa(n))`:      1,
		`v.line(v.t("render.none") + ", but")`:           1,
		`return errors.New("broken pipe")`:               1,
		`return fmt.Errorf("no state: %w", err)`:         1,
		`fmt.Fprintf(w, "%s  %d\n", s, n)`:               0,
		`io.WriteString(w, c.cat.T("cmd.done", "n", s))`: 0,
		`b.WriteString("</td><br>\x1b[2K")`:              0,
		`c.say("cmd.done", "file", name)`:                0,
		`x := map[string]string{"name": "value"}`:        0,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "", fmt.Sprintf("package p\nfunc f() error {\n%s\n}", statement), 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := around(file, true); len(got) != want {
			t.Errorf("%s: %d, want %d", statement, len(got), want)
		}
	}
}

// Who prints is in speaking: the other packages have no print statement, and
// none writes to the process's own output.
func TestOnlyThesePrint(t *testing.T) {
	for name, file := range goFiles(t, ".") {
		if slices.ContainsFunc([]string{"cmd/", "planner/render/", "providers/providertest/"}, func(p string) bool { return strings.HasPrefix(name, p) }) {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if c := callee(n, true); c == "fmt.Print" || c == "fmt.Printf" || c == "fmt.Println" || c == "print" || c == "println" {
					t.Errorf("%s calls %s", name, c)
				}
			case *ast.SelectorExpr:
				if pkg, ok := n.X.(*ast.Ident); ok && pkg.Name == "os" && (n.Sel.Name == "Stdout" || n.Sel.Name == "Stderr") {
					t.Errorf("%s uses os.%s", name, n.Sel.Name)
				}
			}
			return true
		})
	}
}
