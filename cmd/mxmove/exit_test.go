package main

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
)

func TestExitCodes(t *testing.T) {
	for _, each := range []struct {
		err  error
		code int
		says string // on Stderr
	}{
		{nil, 0, ""},
		{errChanges, 2, ""},
		{errNotProven, 4, ""},
		{errors.New("odd"), 1, "odd"},
		{&invalid{found: []config.Finding{{Msg: text.M("cmd.file", "file", "a.hcl", "error", "gone"), Severity: config.Error}}}, 1, "a.hcl cannot be used"},
		{&usageError{errors.New("unknown flag: --x")}, 1, "unknown flag: --x"},
		{&unknownError{"plam", []string{"plan"}}, 1, "Spelled alike: plan"},
		{context.Canceled, 1, "interrupted"},
		{refuse("cmd.apply.unasked"), 3, "REFUSED for 1 reason."},
		{&planner.Refused{Msg: text.M("plan.changed", "plan", "1", "computed", "2")}, 3, "plan.changed"},
		{&executor.Held{Condition: executor.HolderStarting}, 3, "lock.starting"},
		{&executor.Incomplete{Reason: executor.ReasonStopped, Left: 2}, 4, "2 have work left"},
		{fmt.Errorf("wrapped: %w", &executor.Incomplete{Reason: executor.ReasonFailed}), 4, "safe to run apply again"},
		{&planner.Fault{Msg: text.M("cmd.file", "file", "a.plan", "error", "gone")}, 1, "a.plan cannot be used"},
		{fileFault("a.plan", fs.ErrNotExist), 1, "file does not exist"},
		{&config.SecretError{Msg: text.M("secret.unset", "ref", "env:X")}, 1, "env:X"},
		{&exited{4}, 4, "exit code 4"},
	} {
		var stderr strings.Builder
		c := &cli{env: &env{Stderr: &stderr, Screen: func() int { return 0 }, Now: eight, Getenv: func(string) string { return "" }}}
		c.speak(text.English)
		c.tell(each.err)
		if code := exitCode(each.err); code != each.code {
			t.Errorf("%v: exit code %d, want %d", each.err, code, each.code)
		}
		if said := stderr.String(); (each.says == "") != (said == "") || !strings.Contains(said, each.says) {
			t.Errorf("%v: said %q, want %q", each.err, said, each.says)
		}
	}
}

// Every code in this package's sources has its texts.
func TestEveryCodeHasTexts(t *testing.T) {
	cat := text.Load(text.Chinese)
	n := 0
	for _, code := range codesInSources(t) {
		n++
		if !cat.Has(code) && !(cat.Has(code+".what") && cat.Has(code+".why") && cat.Has(code+".do")) {
			t.Errorf("no text for %s", code)
		}
	}
	if n < 60 {
		t.Errorf("only %d codes were found", n)
	}
}

// codesInSources gives each string that is a catalogue code of this package.
func codesInSources(t *testing.T) (codes []string) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			lit, ok := node.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			code, err := strconv.Unquote(lit.Value)
			if err == nil && strings.HasPrefix(code, "cmd.") && !strings.HasSuffix(code, ".") {
				codes = append(codes, code)
			}
			return true
		})
	}
	return codes
}

// The help of each command is in both languages, names its exit codes and
// gives an example that the command takes.
func TestHelp(t *testing.T) {
	for _, lang := range []text.Lang{text.English, text.Chinese} {
		c := &cli{env: call{}.env(nil, nil)}
		c.speak(lang)
		for _, cmd := range allCommands(newRoot(c)) {
			if cmd.Name() == "help" {
				continue
			}
			for _, s := range []string{cmd.Short, cmd.Long} {
				if strings.Contains(s, "cmd.") {
					t.Errorf("%s %s: %q", lang, cmd.Name(), s)
				}
			}
			if !strings.Contains(cmd.Long, c.cat.T("cmd.help.exit")+"\n  0  ") {
				t.Errorf("%s %s: no exit codes", lang, cmd.Name())
			}
			for line := range strings.Lines(cmd.Example) {
				words := strings.Fields(line)
				found, rest, err := newRoot(c).Find(words[1:])
				if err != nil || found.CommandPath() != cmd.CommandPath() {
					t.Errorf("%s: the example %q is of %v (%v)", cmd.Name(), line, found.Name(), err)
				}
				if err := found.ParseFlags(rest); err != nil {
					t.Errorf("%s: the example %q: %v", cmd.Name(), line, err)
				}
			}
			if flag := cmd.Flags().Lookup("dir"); cmd.InheritedFlags().Lookup("dir") == nil && flag == nil {
				t.Errorf("%s has no --dir", cmd.Name())
			}
		}
	}
}

// allCommands are the commands and those below them.
func allCommands(cmd *cobra.Command) (all []*cobra.Command) {
	for _, c := range cmd.Commands() {
		all = append(append(all, c), allCommands(c)...)
	}
	return all
}

func TestLanguage(t *testing.T) {
	for _, each := range []struct {
		args []string
		vars map[string]string
		want text.Lang
	}{
		{nil, nil, text.English},
		{nil, map[string]string{"LANG": "zh_CN.UTF-8"}, text.Chinese},
		{nil, map[string]string{"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, text.English},
		{nil, map[string]string{"LANG": "de_DE.UTF-8", "LC_MESSAGES": "zh_TW"}, text.Chinese},
		{[]string{"plan", "--lang", "zh-CN"}, nil, text.Chinese},
		{[]string{"--lang=en", "plan"}, map[string]string{"LANG": "zh_CN"}, text.English},
		{[]string{"plan", "--lang"}, nil, text.English},
	} {
		if got := wanted(each.args, func(name string) string { return each.vars[name] }); got != each.want {
			t.Errorf("%v %v: got %s, want %s", each.args, each.vars, got, each.want)
		}
	}
}

func TestColor(t *testing.T) {
	for _, each := range []struct {
		screen int
		vars   map[string]string
		want   bool
	}{
		{80, nil, true},
		{0, nil, false},
		{80, map[string]string{"NO_COLOR": "1"}, false},
		{80, map[string]string{"TERM": "dumb"}, false},
	} {
		got := call{args: []string{"validate", "--dir", t.TempDir()}, screen: each.screen, vars: each.vars}.run(t.Context())
		if strings.Contains(got.errors, "\x1b[") != each.want {
			t.Errorf("screen %d, %v: %q", each.screen, each.vars, got.errors)
		}
	}
}

// The program leaves nothing to a command that it would miss.
func TestSystemEnvIsWhole(t *testing.T) {
	e := reflect.ValueOf(*systemEnv(make(chan struct{})))
	for i := range e.NumField() {
		if e.Type().Field(i).Name != "DNS" && e.Field(i).IsZero() { // no DNS is that of the Internet
			t.Errorf("%s is not set", e.Type().Field(i).Name)
		}
	}
}

func TestAlive(t *testing.T) {
	if !alive(os.Getpid()) {
		t.Error("this process is not alive")
	}
	cmd := exec.Command("true")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if alive(cmd.Process.Pid) {
		t.Error("a process that ended is alive")
	}
}
