package config

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/config/text"
)

func TestExplainRule(t *testing.T) {
	for _, name := range []string{"MERGE-03", "merge-03", "merge-3"} {
		got, err := Explain(text.English, name)
		if err != nil || !strings.HasPrefix(got, "rule: MERGE-03\n\n  all mail that the target had before is erased and cannot be recovered\n\n  kind: cannot be undone") {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
	got, err := Explain(text.Chinese, "MERGE-01") // a finding too, with two kinds
	if err != nil || !strings.Contains(got, "类型：解决之前阻止执行；由人执行或查看\n") || !strings.Contains(got, "检查结果：MERGE-01") {
		t.Errorf("%v\n%s", err, got)
	}
}

// Each rule has its texts, and no rule is told of that is not in the table.
func TestRulesAreTold(t *testing.T) {
	c := text.Load(text.English)
	var codes []string
	for _, r := range procedureRules {
		codes = append(codes, r.code)
		if !c.Has("rule."+r.code+".does") || len(r.kinds) == 0 {
			t.Errorf("%s has no text or kind", r.code)
		}
		for _, k := range r.kinds {
			if !c.Has("rule.kind." + k) {
				t.Errorf("%s: no kind %s", r.code, k)
			}
		}
	}
	slices.Sort(codes)
	var told []string
	for _, code := range c.Codes(".fact") {
		told = append(told, strings.TrimPrefix(code, "rule."))
	}
	if d := cmp.Diff(codes, told); d != "" {
		t.Errorf("-table +catalogue\n%s", d)
	}
	form := regexp.MustCompile(`^(?:EDITION|HISTORY|MERGE|UPGRADE|CUSTOMERS)-[0-9]{2}`)
	for _, code := range c.Codes(".what") {
		if of := form.FindString(code); of != "" && !slices.Contains(codes, of) {
			t.Errorf("finding %s is of no rule", code)
		}
	}
}

func TestExplainUnknown(t *testing.T) {
	en := text.Load(text.English)
	for name, want := range map[string]string{
		"cutover.zone.mix": "did you mean cutover.zone.mx",
		"roster.duplicat":  "did you mean roster.duplicate",
		"Merge-45":         "did you mean MERGE-0",
		"secret.":          "did you mean secret.cell, secret.command",
		"edition":          "did you mean EDITION-01, EDITION-02",
		"exce":             "did you mean exec",
		"name":             "did you mean source.name, target.name, roster.mailbox.name, roster.shared.name, roster.group.name",
		"frobnicate":       "topics are blocks, arguments (BLOCK.ARGUMENT), functions, codes of findings and rules; among them: migration, source,",
	} {
		_, err := Explain(text.Chinese, name)
		var bad *TopicError
		if !errors.As(err, &bad) || bad.Code != "explain.unknown" {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := en.Text(text.Msg{Code: bad.Code + ".why", Args: bad.Args}); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q", name, got)
		}
		complete(t, Finding{Msg: bad.Msg})
	}
}
