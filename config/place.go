package config

import (
	"regexp"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
)

// pos is a range's place with columns in characters; End only where the range
// ends on its first line.
func (l *loader) pos(r hcl.Range) Pos {
	p := Pos{File: r.Filename, Line: r.Start.Line, Column: l.column(r.Filename, r.Start)}
	if r.End.Line == r.Start.Line {
		p.End = l.column(r.Filename, r.End)
	}
	return p
}

func (l *loader) column(file string, at hcl.Pos) int {
	b, starts := l.files[file], l.starts[file]
	if at.Line < 1 || at.Line > len(starts) {
		return at.Column
	}
	from := starts[at.Line-1]
	to := min(max(at.Byte, from), len(b))
	return utf8.RuneCount(b[from:to]) + 1
}

func (l *loader) line(file string, n int) string {
	b, starts := l.files[file], l.starts[file]
	if n < 1 || n > len(starts) {
		return ""
	}
	if n < len(starts) {
		return string(b[starts[n-1]:starts[n]])
	}
	return string(b[starts[n-1]:])
}

// telling matches an assignment whose name says that a secret follows.
var telling = regexp.MustCompile(`(?i)(pass|pwd?|secret|token|credential|key)\w*["']?\s*[=:]`)

// reference matches what stands harmlessly in a secret's place.
var reference = regexp.MustCompile(`\b(?:(?:env|file|sealed)\("[^"]*"\)|exec\((?:"[^"]*"(?:,\s*)?)+\))`)

// hide marks a finding whose line may hold a secret's literal. hcl's detail
// goes too: it may quote what was written.
func (l *loader) hide(f *Finding) {
	line := l.line(f.At.File, f.At.Line)
	bare := reference.ReplaceAllString(line, "")
	if telling.MatchString(bare) && regexpLiteral.MatchString(bare) || l.insideSecret(f.At) {
		f.Hidden = true
	}
	if f.Hidden && f.Args["detail"] != "" {
		f.Args["detail"] = "-"
	}
}

// regexpLiteral matches the beginning of a string, of whatever quotes.
var regexpLiteral = regexp.MustCompile("[\"'\u2018\u2019\u201c\u201d`]|<<")

func (l *loader) insideSecret(p Pos) bool {
	for _, r := range l.secretAt {
		if r.Filename == p.File && r.Start.Line <= p.Line && p.Line <= r.End.Line {
			return true
		}
	}
	return false
}

// mask overwrites the literals in secrets' places in the files kept for snippets.
func (l *loader) mask() {
	for _, r := range l.secretAt {
		b := l.files[r.Filename]
		for i := max(r.Start.Byte, 0); i < r.End.Byte && i < len(b); i++ {
			if b[i] != '\n' && b[i] != '\r' {
				b[i] = '*'
			}
		}
	}
}
