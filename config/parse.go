package config

import (
	"bytes"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
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
