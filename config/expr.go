package config

import (
	"maps"
	"slices"
	"strings"

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
		l.say(Error, at, "expr.root", "name", root, "hint", hint(root, []string{rootVar, rootLocal}))
		return false
	}
	name, ok := step(t)
	if !ok || slices.Contains(l.known[root], name) {
		return true
	}
	l.say(Error, at, "expr."+root, "name", name, "hint", hint(name, l.known[root]))
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
	if laterFunctions[call.Name] {
		l.say(Error, at, "later.function", "name", call.Name)
		return false
	}
	names := slices.Sorted(maps.Keys(l.ctx.Functions))
	l.say(Error, at, "expr.function", "name", call.Name, "hint", hint(call.Name, names))
	return false
}

// hint is the nearest name, or the list of them all where it is short.
func hint(written string, names []string) string {
	if n := nearest(written, names); n != "" {
		return n
	}
	switch {
	case len(names) == 0:
		return "-"
	case len(names) <= 12:
		return strings.Join(slices.Sorted(slices.Values(names)), ", ")
	}
	return "-"
}

// locals evaluates all locals of all files, each after those it names.
func (l *loader) locals() {
	g := &localGraph{l: l, exprs: map[string]hclsyntax.Expression{}, values: map[string]cty.Value{}, state: map[string]int{}}
	for _, body := range l.bodies {
		for _, b := range body.Blocks {
			if b.Type == "locals" {
				g.add(b)
			}
		}
	}
	g.names = slices.Sorted(maps.Keys(g.exprs))
	l.known[rootLocal] = g.names
	for _, n := range g.names {
		g.visit(n, nil)
	}
	l.ctx.Variables[rootLocal] = cty.ObjectVal(g.values)
}

// localGraph walks locals depth first, in the order of their names.
type localGraph struct {
	l      *loader
	exprs  map[string]hclsyntax.Expression
	names  []string
	values map[string]cty.Value
	state  map[string]int // 1: being visited, 2: done
}

func (g *localGraph) add(b *hclsyntax.Block) {
	g.l.labels(b, 0)
	for _, inner := range b.Body.Blocks {
		g.l.say(Error, g.l.pos(inner.TypeRange), "block.unknown", "name", inner.Type, "in", "locals", "hint", "-")
	}
	for _, name := range slices.Sorted(maps.Keys(b.Body.Attributes)) {
		a := b.Body.Attributes[name]
		if first, twice := g.exprs[name]; twice {
			g.l.say(Error, g.l.pos(a.NameRange), "local.repeated", "name", name, "first", g.l.pos(first.Range()).String())
			continue
		}
		g.exprs[name] = a.Expr
	}
}

func (g *localGraph) visit(name string, path []string) {
	switch g.state[name] {
	case 1:
		circle := append(path[slices.Index(path, name):], name)
		g.l.say(Error, g.l.pos(g.exprs[name].Range()), "local.circle", "circle", strings.Join(circle, " -> "))
		g.values[name] = cty.DynamicVal
		return
	case 2:
		return
	}
	g.state[name] = 1
	path = append(path, name)
	for _, needed := range g.needs(name) {
		g.visit(needed, path)
	}
	g.state[name] = 2
	if _, circular := g.values[name]; circular {
		return
	}
	g.l.ctx.Variables[rootLocal] = cty.ObjectVal(g.known())
	v, ok := g.l.eval(g.exprs[name])
	if !ok {
		v = cty.DynamicVal
	}
	g.values[name] = v
}

// known is the values so far; what is not yet settled is in a circle, and unknown.
func (g *localGraph) known() map[string]cty.Value {
	all := make(map[string]cty.Value, len(g.names))
	for _, n := range g.names {
		all[n] = cty.DynamicVal
	}
	maps.Copy(all, g.values)
	return all
}

// needs is the locals that an expression names; all others where it takes the object as a whole.
func (g *localGraph) needs(name string) []string {
	var out []string
	for _, t := range g.exprs[name].Variables() {
		if t.RootName() != rootLocal {
			continue
		}
		n, ok := step(t)
		switch {
		case !ok:
			for _, other := range g.names {
				if other != name {
					out = append(out, other)
				}
			}
		case g.exprs[n] != nil:
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
