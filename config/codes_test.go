package config

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mxmove/mxmove/config/text"
)

// codesOf are the finding codes that this package's sources say: strings that
// the catalogue has a what for.
func codesOf(t *testing.T) map[string]string {
	t.Helper()
	c, codes := text.Load(text.English), map[string]string{}
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if code, err := strconv.Unquote(lit.Value); err == nil && strings.Contains(code, ".") && c.Has(code+".what") {
					codes[code] = name
				}
			}
			return true
		})
	}
	return codes
}

// fired are the codes that the tests of this package want by name.
func fired(t *testing.T) map[string]bool {
	t.Helper()
	seen := map[string]bool{}
	for _, all := range []map[string]struct {
		change []change
		want   []string
	}{findingCases, languageCases, mergeCases} {
		for _, c := range all {
			for _, w := range c.want {
				code, _, _ := strings.Cut(w, " ")
				seen[code] = true
			}
		}
	}
	names, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	form := regexp.MustCompile(`"(?:error |warning |blocks )?([a-z]+(?:\.[a-z0-9-]+)+)[" ]`)
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range form.FindAllStringSubmatch(string(b), -1) {
			seen[m[1]] = true
		}
	}
	return seen
}

// Each check of the language fires on a spec that was made for it; the good
// specs, TestGoodSpec, TestWholeLanguage and TestMergeSpec, are without any.
func TestEveryCheckFires(t *testing.T) {
	codes, seen := codesOf(t), fired(t)
	if len(codes) < 100 {
		t.Errorf("only %d codes were found", len(codes))
	}
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		if !seen[code] {
			t.Errorf("%s (%s): no case fires it", code, codes[code])
		}
	}
}
