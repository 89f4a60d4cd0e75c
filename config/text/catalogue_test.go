package text

import (
	"regexp"
	"slices"
	"testing"
)

var placeholder = regexp.MustCompile(`\{[a-z_]+`)

// Every entry stands in both languages and names the same values in both.
func TestCatalogueIsComplete(t *testing.T) {
	all, err := parseAll(files)
	if err != nil {
		t.Fatal(err)
	}
	for code, entry := range all {
		en, zh := entry[English], entry[Chinese]
		if en == "" || zh == "" {
			t.Errorf("%s: a language is missing", code)
		}
		if a, b := names(en), names(zh); !slices.Equal(a, b) {
			t.Errorf("%s: en names %v, zh names %v", code, a, b)
		}
	}
}

func names(s string) []string {
	n := placeholder.FindAllString(s, -1)
	slices.Sort(n)
	return slices.Compact(n)
}

func TestTextFillsValues(t *testing.T) {
	c := &Catalogue{entries: map[string]string{"a": "{n} {n|message|messages} in {box}, {absent}"}}
	for n, want := range map[string]string{
		"1": "1 message in INBOX, {absent}",
		"2": "2 messages in INBOX, {absent}",
	} {
		if got := c.T("a", "n", n, "box", "INBOX"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := c.T("no.such", "k", "v"); got != "no.such map[k:v]" {
		t.Errorf("a code without entry was hidden: %q", got)
	}
}
