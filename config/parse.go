package config

import (
	"bytes"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Bounds of nesting and of operators in one file: the parser recurses on them.
const (
	maxDepth     = 100
	maxOperators = 20000
)

// parse gives a file's body, or nil after telling why there is none.
func (l *loader) parse(name string, b []byte) *hclsyntax.Body {
	b = bytes.TrimPrefix(b, byteOrderMark)
	l.files[name] = bytes.Clone(b)
	l.starts[name] = lineStarts(b)
	if at, deep := tooDeep(name, b); deep {
		l.say(Error, l.pos(at), "file.deep", "limit", "100")
		return nil
	}
	f, diags := hclsyntax.ParseConfig(b, name, hcl.InitialPos)
	l.diagnose(diags, "hcl.syntax")
	body, ok := f.Body.(*hclsyntax.Body)
	if !ok || diags.HasErrors() {
		l.noteSecrets(body)
		return nil
	}
	l.repeatedKeys(body)
	return body
}

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

// diagnose turns hcl's findings into ours; code is for those without one of their own.
func (l *loader) diagnose(diags hcl.Diagnostics, code string) {
	for _, d := range diags {
		if d.Severity != hcl.DiagError {
			continue
		}
		var at Pos
		if d.Subject != nil {
			at = l.pos(*d.Subject)
		}
		if d.Summary == "Attribute redefined" {
			l.say(Error, at, "argument.repeated", "name", l.slice(*d.Subject))
			continue
		}
		l.say(Error, at, code, "summary", d.Summary, "detail", d.Detail)
	}
}

// slice is what is written in a range that holds a name.
func (l *loader) slice(r hcl.Range) string {
	b := l.files[r.Filename]
	if r.Start.Byte < 0 || r.End.Byte > len(b) || r.Start.Byte > r.End.Byte {
		return ""
	}
	return string(b[r.Start.Byte:r.End.Byte])
}

// noteSecrets keeps where secrets' places stand in a file that is not decoded,
// so that no snippet shows them.
func (l *loader) noteSecrets(body *hclsyntax.Body) {
	if body == nil {
		return
	}
	for name, a := range body.Attributes {
		if telling.MatchString(name + "=") {
			l.secretAt = append(l.secretAt, a.Expr.Range())
		}
	}
	for _, b := range body.Blocks {
		l.noteSecrets(b.Body)
	}
}

// repeatedKeys tells keys that stand twice in an object: hcl keeps the last one silently.
func (l *loader) repeatedKeys(body *hclsyntax.Body) {
	hclsyntax.VisitAll(body, func(n hclsyntax.Node) hcl.Diagnostics {
		o, ok := n.(*hclsyntax.ObjectConsExpr)
		if !ok {
			return nil
		}
		seen := map[string]bool{}
		for _, item := range o.Items {
			key, ok := literalKey(item.KeyExpr)
			if ok && seen[key] {
				l.say(Error, l.pos(item.KeyExpr.Range()), "value.repeated-key", "key", key)
			}
			seen[key] = true
		}
		return nil
	})
}

func literalKey(e hclsyntax.Expression) (string, bool) {
	if k := hcl.ExprAsKeyword(e); k != "" {
		return k, true
	}
	if w, ok := e.(*hclsyntax.ObjectConsKeyExpr); ok {
		e = w.Wrapped
	}
	v, diags := e.Value(nil)
	if diags.HasErrors() || v.IsNull() || !v.IsKnown() || v.Type() != cty.String {
		return "", false
	}
	return v.AsString(), true
}
