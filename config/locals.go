package config

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

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
	g.l.labels(b, language.child("locals"))
	for _, inner := range b.Body.Blocks {
		g.l.sayUnknown(Error, g.l.pos(inner.TypeRange), "block.unknown", inner.Type, nil, "in", "locals")
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
