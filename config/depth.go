package config

import (
	"bytes"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Bounds of nesting and of operators in one file: the parser recurses on them.
const (
	maxDepth     = 100
	maxOperators = 20000
)

// closers names what ends each token that nests.
var closers = map[hclsyntax.TokenType]hclsyntax.TokenType{
	hclsyntax.TokenOParen:          hclsyntax.TokenCParen,
	hclsyntax.TokenOBrace:          hclsyntax.TokenCBrace,
	hclsyntax.TokenOBrack:          hclsyntax.TokenCBrack,
	hclsyntax.TokenOQuote:          hclsyntax.TokenCQuote,
	hclsyntax.TokenOHeredoc:        hclsyntax.TokenCHeredoc,
	hclsyntax.TokenTemplateInterp:  hclsyntax.TokenTemplateSeqEnd,
	hclsyntax.TokenTemplateControl: hclsyntax.TokenTemplateSeqEnd,
}

// tooDeep looks for nesting that would exhaust the parser's stack. A closer
// without its opener closes nothing: the parser stays where it is, too.
func tooDeep(name string, b []byte) (hcl.Range, bool) {
	if shallow(b) {
		return hcl.Range{}, false
	}
	return exactlyTooDeep(name, b)
}

func exactlyTooDeep(name string, b []byte) (hcl.Range, bool) {
	tokens, _ := hclsyntax.LexConfig(b, name, hcl.InitialPos)
	var open []hclsyntax.TokenType
	operators := 0
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenBang, hclsyntax.TokenMinus, hclsyntax.TokenQuestion:
			operators++
		}
		if end, ok := closers[t.Type]; ok {
			open = append(open, end)
		} else if n := len(open); n > 0 && open[n-1] == t.Type {
			open = open[:n-1]
		}
		if len(open) > maxDepth || operators > maxOperators {
			return t.Range, true
		}
	}
	return hcl.Range{}, false
}

// shallow reports whether a file without templates, heredocs and comments over
// several lines surely nests little. It saves most files a second lexing, a
// third of the time that 10,000 mailbox blocks take.
func shallow(b []byte) bool {
	if bytes.Contains(b, []byte("{")) && (bytes.Contains(b, []byte("${")) || bytes.Contains(b, []byte("%{"))) ||
		bytes.Contains(b, []byte("<<")) || bytes.Contains(b, []byte("/*")) {
		return false
	}
	var open []byte // what ends each bracket that is open
	operators := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			end := stringEnd(b[i+1:])
			if end < 0 {
				return false
			}
			i += end + 1
		case '#':
			i = lineEnd(b, i)
		case '/':
			if i+1 < len(b) && b[i+1] == '/' {
				i = lineEnd(b, i)
			}
		case '(':
			open = append(open, ')')
		case '[':
			open = append(open, ']')
		case '{':
			open = append(open, '}')
		case ')', ']', '}':
			if n := len(open); n > 0 && open[n-1] == b[i] {
				open = open[:n-1]
			}
		case '!', '-', '?':
			operators++
		}
		if len(open) >= maxDepth || operators >= maxOperators {
			return false
		}
	}
	return true
}

// stringEnd is where the quote stands that ends a string, or -1: strings end on
// their line.
func stringEnd(b []byte) int {
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			return i
		case '\n':
			return -1
		case '\\':
			i++
			if i < len(b) && b[i] == '\n' {
				return -1
			}
		}
	}
	return -1
}

func lineEnd(b []byte, i int) int {
	if n := bytes.IndexByte(b[i:], '\n'); n >= 0 {
		return i + n
	}
	return len(b)
}
