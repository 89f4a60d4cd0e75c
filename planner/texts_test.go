package planner

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/mxmove/mxmove/config/text"
)

var codeInSource = regexp.MustCompile(`(?:blocks|warning)\([^"]*?(?:"[^"]*")?[^"]*?, "([A-Za-z0-9]+[.-][A-Za-z0-9.-]+)"|Undo: "([a-z.-]+)"|d\.add\("([a-z.-]+)"`)

// Every finding, undo and deadline that the planner's source names has its
// texts, and so has every task.
func TestEveryCodeHasTexts(t *testing.T) {
	cat := text.Load(text.Chinese)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil || strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, m := range codeInSource.FindAllStringSubmatch(string(b), -1) {
			n++
			if m[1] != "" && (!cat.Has(m[1]+".what") || !cat.Has(m[1]+".why") || !cat.Has(m[1]+".do")) {
				t.Errorf("%s: %s lacks a text", name, m[1])
			}
			for _, code := range m[2:] {
				if code != "" && !strings.HasSuffix(code, ".") && !cat.Has(code) {
					t.Errorf("%s: %s lacks a text", name, code)
				}
			}
		}
	}
	if n < 60 {
		t.Errorf("only %d codes found: the pattern does not fit the source any more", n)
	}
	for _, name := range Tasks() {
		if !cat.Has("task."+name+".what") || !cat.Has("task."+name+".do") || !cat.Has("undo.task."+name) {
			t.Errorf("task %s lacks a text", name)
		}
	}
}
