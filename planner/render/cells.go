package render

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"github.com/mattn/go-runewidth"
)

// cells is the number of terminal cells that s takes. Characters of ambiguous
// width (UAX #11) count as one; the catalogue has none.
func cells(s string) int {
	c := runewidth.Condition{StrictEmojiNeutral: true}
	return c.StringWidth(s)
}

// clusters splits into what a person takes for characters (UAX #29), which
// are also what HCL's columns count.
func clusters(s string) []string {
	var out []string
	for it := graphemes.FromString(s); it.Next(); {
		out = append(out, it.Value())
	}
	return out
}

// clean makes what servers and files say harmless for a terminal: control
// characters, which could move the cursor, and those that turn the direction
// of writing are spelt out.
func clean(s string) string {
	if strings.IndexFunc(s, harmful) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if harmful(r) {
			fmt.Fprintf(&b, "\\u%04x", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func harmful(r rune) bool {
	return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029')
}

// Wrap breaks text into lines of at most width cells: at blanks and between
// wide characters, but never before closing or after opening punctuation.
func Wrap(s string, width int) []string {
	var lines []string
	for _, para := range strings.Split(clean(s), "\n") {
		lines = append(lines, wrapLine(para, width)...)
	}
	return lines
}

func wrapLine(s string, width int) []string {
	var lines []string
	line := ""
	for _, t := range tokens(s) {
		gap := ""
		if t.blank && line != "" {
			gap = " "
		}
		if cells(line)+len(gap)+cells(t.text) <= width {
			line += gap + t.text
			continue
		}
		word := t.text
		if before, number, ok := endsInNumber(line); ok && gap != "" && unit(word) && cells(number+" "+word) <= width {
			line, word = before, number+" "+word
		}
		if line != "" {
			lines = append(lines, line)
		}
		var full []string
		full, line = chop(word, width)
		lines = append(lines, full...)
	}
	return append(lines, line)
}

// endsInNumber parts a line from the number at its end, which belongs to the
// word that follows.
func endsInNumber(line string) (before, number string, ok bool) {
	i := strings.LastIndexByte(line, ' ')
	if i < 0 || strings.TrimLeft(line[i+1:], "0123456789,.") != "" || !unicode.IsDigit(rune(line[len(line)-1])) {
		return line, "", false
	}
	return line[:i], line[i+1:], true
}

// unit reports a word that can be what a number counts.
func unit(word string) bool {
	r, _ := utf8.DecodeRuneInString(word)
	return unicode.IsLetter(r) || r == '%'
}

// chop cuts a word that is wider than a line.
func chop(word string, width int) (full []string, rest string) {
	for _, c := range clusters(word) {
		if cells(rest)+cells(c) > width {
			full, rest = append(full, rest), ""
		}
		rest += c
	}
	return full, rest
}

// token is a word, or a wide character with the punctuation that clings to it.
type token struct {
	text  string
	blank bool // a blank stands before it
}

const (
	closing = "，。；：、）」』？！》,.;:)%]}"
	opening = "（「『《([{"
)

func tokens(s string) []token {
	var out []token
	blank, last := true, ""
	for _, c := range clusters(s) {
		if c == " " {
			blank, last = true, ""
			continue
		}
		if last != "" && clings(last, c) {
			out[len(out)-1].text += c
		} else {
			out = append(out, token{c, blank && last == ""})
		}
		blank, last = false, c
	}
	return out
}

func clings(before, c string) bool {
	return strings.Contains(closing, c) || strings.Contains(opening, before) ||
		cells(before) < 2 && cells(c) < 2
}

// pad fills up to width cells on the right, or on the left.
func pad(s string, width int, right bool) string {
	fill := strings.Repeat(" ", max(width-cells(s), 0))
	if right {
		return fill + s
	}
	return s + fill
}
