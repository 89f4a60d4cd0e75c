package imapd

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// show writes values in one line: (list), "string", atom.
func show(all []value) string {
	words := make([]string, len(all))
	for i, v := range all {
		switch {
		case v.isList:
			words[i] = "(" + show(v.list) + ")"
		case v.quoted:
			words[i] = fmt.Sprintf("%q", v.text)
		default:
			words[i] = v.text
		}
	}
	return strings.Join(words, " ")
}

func TestArguments(t *testing.T) {
	for line, want := range map[string]string{
		"\r\n":                               "",
		"\n":                                 "",
		" a\r\n":                             "a",
		" a b\r\n":                           "a b",
		" \"a b\" c\r\n":                     `"a b" c`,
		" \"a\\\"b\\\\c\"\r\n":               `"a\"b\\c"`,
		" \"\"\r\n":                          `""`,
		" ()\r\n":                            "()",
		" (a (b \"c\") d)\r\n":               `(a (b "c") d)`,
		" 1:* (UID FLAGS BODY.PEEK[])\r\n":   "1:* (UID FLAGS BODY.PEEK[])",
		" BODY.PEEK[HEADER.FIELDS (DATE)]\n": "BODY.PEEK[HEADER.FIELDS (DATE)]",
		" {3+}\r\na\r\n b\r\n":               `"a\r\n" b`,
		" {0+}\r\n\r\n":                      `""`,
		" {2}\r\nhi {1}\r\n!\r\n":            `"hi" "!"`,
		" \\Seen $Todo\r\n":                  "\\Seen $Todo",
	} {
		asked := 0
		lex := &lexer{br: bufio.NewReader(strings.NewReader(line)), left: maxLine, more: func() error { asked++; return nil }}
		got, err := arguments(lex)
		if err != nil || show(got) != want {
			t.Errorf("%q: got %s (%v), want %s", line, show(got), err, want)
		}
		if n := strings.Count(line, "}") - strings.Count(line, "+}"); asked != n {
			t.Errorf("%q: the client was asked to go on %d times, want %d", line, asked, n)
		}
	}
}

func TestArgumentsThatAreWrong(t *testing.T) {
	for line, want := range map[string]error{
		" \"open\r\n":                            errSyntax,
		"  a\r\n":                                errSyntax,
		" )\r\n":                                 errSyntax,
		" a)\r\n":                                errSyntax,
		" (a\r\n":                                errSyntax,
		" " + strings.Repeat("a", maxLine+1):     errSyntax,
		" {x}\r\n":                               io.ErrUnexpectedEOF,
		" {-1}\r\n":                              io.ErrUnexpectedEOF,
		" {99999999999}\r\n":                     io.ErrUnexpectedEOF,
		" {5+}\r\nabc":                           io.ErrUnexpectedEOF,
		" a":                                     io.EOF,
		" " + strings.Repeat("(", maxLine) + "(": errSyntax,
	} {
		lex := &lexer{br: bufio.NewReader(strings.NewReader(line)), left: maxLine, more: func() error { return nil }}
		if got, err := arguments(lex); !errors.Is(err, want) {
			t.Errorf("%.40q: got %.60s (%v), want %v", line, show(got), err, want)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, each := range []struct {
		pattern string
		want    string
	}{
		{"*", "INBOX,a,a/b,a/b/c,ab"},
		{"%", "INBOX,a,ab"},
		{"a", "a"},
		{"a*", "a,a/b,a/b/c,ab"},
		{"a%", "a,ab"},
		{"a/*", "a/b,a/b/c"},
		{"a/%", "a/b"},
		{"%/%", "a/b"},
		{"*c", "a/b/c"},
		{"%b", "ab"},
		{"*b*", "a/b,a/b/c,ab"},
		{"", ""},
		{"nothing", ""},
	} {
		var got []string
		for _, name := range []string{"INBOX", "a", "a/b", "a/b/c", "ab"} {
			if match(name, each.pattern) {
				got = append(got, name)
			}
		}
		if s := strings.Join(got, ","); s != each.want {
			t.Errorf("%q matches %q, want %q", each.pattern, s, each.want)
		}
	}
}

func TestSets(t *testing.T) {
	for set, want := range map[string][][2]int{
		"1":         {{1, 1}},
		"1:3,7":     {{1, 3}, {7, 7}},
		"3:1":       {{1, 3}},
		"*":         {{9, 9}},
		"5:*":       {{5, 9}},
		"12:*":      {{9, 12}}, // RFC 3501 section 6.4.8: the last one, whatever its number
		"1,1:2,*:8": {{1, 1}, {1, 2}, {8, 9}},
	} {
		got, err := parseSet(set, 9)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", set, err, diff)
		}
	}
	for _, set := range []string{"", ",", "a", "1:", ":1", "1,,2", "-1", "1 2"} {
		if got, err := parseSet(set, 9); err == nil {
			t.Errorf("%q is %v", set, got)
		}
	}
}

// A name that was encoded is printable ASCII and decodes to the same levels.
func TestNamesGoRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		path := rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune("aZ&-+, ~项目客户é😀\u200d")), 1, 12, -1), 1, 4).Draw(t, "path")
		name := encodeName(path)
		for i := range len(name) {
			if name[i] < ' ' || name[i] > '~' {
				t.Fatalf("%q is not ASCII", name)
			}
		}
		got, ok := decodeName(name)
		if !ok || !cmp.Equal(got, path) {
			t.Fatalf("%q: got %q, want %q", name, got, path)
		}
	})
}

func TestNamesThatAreNotModifiedUTF7(t *testing.T) {
	for _, name := range []string{"a&b", "&", "&AG", "&AAAA-", "&*-"} {
		if path, ok := decodeName(name); ok {
			t.Errorf("%q was taken for %q", name, path)
		}
	}
}
