package config

import (
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// field says where an argument's value goes. Decoding is strict: a value must
// have the type that is written, where gohcl converts.
type field struct {
	name string
	into any                          // pointer to what the argument's type is decoded as
	at   *Pos                         // gets where the value stands
	raw  func(e hclsyntax.Expression) // instead of into: the expression as written
	arg  *arg                         // filled in by take
}

// takers decode the blocks inside a block, by name.
type takers map[string]func(b *hclsyntax.Block)

// secretNames are what people call arguments that hold a secret.
var secretNames = []string{"password", "passwd", "secret", "token", "key", columns[colSourcePassword], columns[colTargetPassword]}

// take decodes a block as its part of the language says and tells everything
// else that stands in it.
func (l *loader) take(b *hclsyntax.Block, s *block, fields []field, inside takers) {
	kind := ""
	if i := s.kindLabel(); i >= 0 {
		kind = b.Labels[i]
	}
	for name, a := range b.Body.Attributes {
		if !slices.ContainsFunc(s.args, func(x arg) bool { return x.name == name && x.fits(kind) }) {
			l.strayArgument(a, s, kind)
		}
	}
	for i := range s.args {
		l.takeArgument(b, &s.args[i], kind, fields)
	}
	l.takeBlocks(b.Body.Blocks, s, kind, l.pos(b.DefRange()), inside)
}

func (l *loader) takeArgument(b *hclsyntax.Block, x *arg, kind string, fields []field) {
	if !x.fits(kind) {
		return
	}
	f := bound(fields, x)
	a := b.Body.Attributes[x.name]
	switch {
	case a == nil && needed(x.must, kind):
		l.say(Error, l.pos(b.DefRange()), "argument.missing", "name", x.name, "in", b.Type)
	case a == nil && x.def != "" && f.into != nil:
		f.at = nil // it stands nowhere
		l.setPlain(&f, l.defaultValue(x.def), nil)
	case a == nil:
	case f.raw != nil:
		f.raw(a.Expr)
	default:
		l.set(&f, a.Expr)
	}
}

// fillDefaults gives the arguments of a block their defaults, where the block
// itself may be absent.
func (l *loader) fillDefaults(s *block, fields []field) {
	for i := range s.args {
		if f := bound(fields, &s.args[i]); f.arg.def != "" {
			l.setPlain(&f, l.defaultValue(f.arg.def), nil)
		}
	}
}

// bound finds where an argument's value goes. That there is a place is this
// package's own promise, which a test keeps for the whole language.
func bound(fields []field, x *arg) field {
	i := slices.IndexFunc(fields, func(f field) bool { return f.name == x.name })
	if i < 0 {
		panic("config: no place for the argument " + x.name)
	}
	f := fields[i]
	f.arg = x
	return f
}

// defaultValue reads a default of the language's table.
func (l *loader) defaultValue(src string) cty.Value {
	if v, ok := l.defaults[src]; ok {
		return v
	}
	e, _ := hclsyntax.ParseExpression([]byte(src), "", hcl.InitialPos)
	v, _ := e.Value(nil)
	l.defaults[src] = v
	return v
}

func (l *loader) strayArgument(a *hclsyntax.Attribute, s *block, kind string) {
	at := l.pos(a.NameRange)
	known := s.arg(a.Name)
	if s == loginBlock || s.name == "mailbox" || known != nil && known.typ == typSecret || Nearest(strings.ToLower(a.Name), secretNames) != "" {
		l.secretAt = append(l.secretAt, a.Expr.Range()) // perhaps a password under a mistyped name
	}
	if known != nil {
		l.say(Error, at, "argument.kind", "name", a.Name, "in", s.name, "kind", kind, "kinds", strings.Join(known.only, ", "))
		return
	}
	var names []string
	for _, x := range s.args {
		if x.fits(kind) {
			names = append(names, x.name)
		}
	}
	if len(names) == 0 {
		l.say(Error, at, "argument.none", "name", a.Name, "in", s.name)
		return
	}
	l.sayUnknown(Error, at, "argument.unknown", a.Name, names, "in", s.name)
}

// takeBlocks decodes the blocks of one place: at is what a missing block is told of.
func (l *loader) takeBlocks(blocks hclsyntax.Blocks, s *block, kind string, at Pos, inside takers) {
	first := map[string]*hclsyntax.Block{}
	for _, b := range blocks {
		child := s.child(b.Type)
		switch {
		case child == nil || !child.fits(kind):
			l.strayBlock(b, s, child, kind)
		case first[b.Type] != nil && !child.many:
			l.say(Error, l.pos(b.DefRange()), "block.repeated", "name", b.Type, "first", l.pos(first[b.Type].DefRange()).String())
		default:
			first[b.Type] = b
			if l.labels(b, child) {
				inside[b.Type](b)
			}
		}
	}
	for _, c := range s.blocks {
		if needed(c.must, kind) && c.fits(kind) && first[c.name] == nil {
			l.say(Error, at, "block.missing", "name", c.name, "in", orElse(s.name, l.o.Dir))
		}
	}
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func (l *loader) strayBlock(b *hclsyntax.Block, s, known *block, kind string) {
	at := l.pos(b.TypeRange)
	if known != nil {
		l.say(Error, at, "argument.kind", "name", b.Type, "in", s.name, "kind", kind, "kinds", strings.Join(known.only, ", "))
		return
	}
	var names []string
	for _, c := range s.blocks {
		if c.fits(kind) {
			names = append(names, c.name)
		}
	}
	l.sayUnknown(Error, at, "block.unknown", b.Type, names, "in", orElse(s.name, l.o.Dir))
}

// labels reports whether a block has the labels that it must.
func (l *loader) labels(b *hclsyntax.Block, s *block) bool {
	if len(b.Labels) != len(s.labels) {
		l.say(Error, l.pos(b.DefRange()), "block.labels", "name", b.Type, "want", strconv.Itoa(len(s.labels)), "got", strconv.Itoa(len(b.Labels)))
		return false
	}
	for i, label := range s.labels {
		if !l.choice(b.Type, label.oneOf, b.Labels[i], l.pos(b.LabelRanges[i])) {
			return false
		}
		if strings.TrimSpace(b.Labels[i]) == "" && label.name != "ADDRESS" {
			l.say(Error, l.pos(b.LabelRanges[i]), "value.empty", "name", b.Type)
			return false
		}
	}
	return true
}
