package config

import (
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Roots of what expressions may name.
const (
	rootVar   = "var"
	rootLocal = "local"
)

// evaluate settles variables and locals, on which everything else stands.
func (l *loader) evaluate() {
	l.ctx = &hcl.EvalContext{Functions: functions(), Variables: map[string]cty.Value{
		rootVar: cty.EmptyObjectVal, rootLocal: cty.EmptyObjectVal,
	}}
	l.variables()
	l.locals()
}

// eval gives an expression's value; false means that it has none, which is
// told already, here or where the cause stands.
func (l *loader) eval(e hclsyntax.Expression) (cty.Value, bool) {
	if !literal(e) && !l.sound(e) {
		return cty.DynamicVal, false
	}
	v, diags := e.Value(l.ctx)
	if diags.HasErrors() {
		l.diagnose(diags, "expr.failed")
		return cty.DynamicVal, false
	}
	return v, v.IsWhollyKnown()
}

func literal(e hclsyntax.Expression) bool {
	switch e := e.(type) {
	case *hclsyntax.LiteralValueExpr:
		return true
	case *hclsyntax.TemplateExpr:
		return e.IsStringLiteral()
	}
	return false
}

// sound tells every name in an expression that stands for nothing.
func (l *loader) sound(e hclsyntax.Expression) bool {
	ok := true
	for _, t := range e.Variables() {
		ok = l.soundName(t) && ok
	}
	hclsyntax.VisitAll(e, func(n hclsyntax.Node) hcl.Diagnostics {
		if call, is := n.(*hclsyntax.FunctionCallExpr); is {
			ok = l.soundCall(call) && ok
		}
		return nil
	})
	return ok
}

func (l *loader) soundName(t hcl.Traversal) bool {
	root, at := t.RootName(), l.pos(t.SourceRange())
	if root != rootVar && root != rootLocal {
		l.sayUnknown(Error, at, "expr.root", root, []string{rootVar, rootLocal})
		return false
	}
	name, ok := step(t)
	if !ok || slices.Contains(l.known[root], name) {
		return true
	}
	l.sayUnknown(Error, at, "expr."+root, name, l.known[root])
	return false
}

// step is the name after the root: var.NAME or var["NAME"].
func step(t hcl.Traversal) (string, bool) {
	if len(t) < 2 {
		return "", false
	}
	switch s := t[1].(type) {
	case hcl.TraverseAttr:
		return s.Name, true
	case hcl.TraverseIndex:
		if s.Key.Type() == cty.String && s.Key.IsKnown() && !s.Key.IsNull() {
			return s.Key.AsString(), true
		}
	}
	return "", false
}

func (l *loader) soundCall(call *hclsyntax.FunctionCallExpr) bool {
	if _, ok := l.ctx.Functions[call.Name]; ok {
		return true
	}
	at := l.pos(call.NameRange)
	l.sayUnknown(Error, at, "expr.function", call.Name, slices.Collect(maps.Keys(l.ctx.Functions)))
	return false
}
