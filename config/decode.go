package config

import (
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// field is one argument of a block and where its value goes. Decoding is
// strict: a value must have the type that is written, where gohcl converts.
type field struct {
	name  string
	into  any // *string, *int, *bool, *[]string, *map[string]string or *Secret
	must  bool
	min   int                          // of *int
	max   int                          // of *int
	oneOf []string                     // of *string: what this version knows
	later []string                     // of *string: what later versions will know
	at    *Pos                         // gets where the value stands
	raw   func(e hclsyntax.Expression) // instead of into: the expression as written
}

// child is a kind of block inside a block.
type child struct {
	name   string
	labels int
	many   bool
	must   bool
	take   func(b *hclsyntax.Block)
}

// laterArguments and laterBlocks are of the language, by the block they stand
// in, but not of this version.
var (
	laterArguments = map[string][]string{
		"migration": {"identity", "mirror"},
		"source":    {"corp_id", "creator"},
		"target":    {"corp_id", "creator", "procedure"},
		"roster":    {"unlisted"},
		"mailbox":   {"account", "users", "archive_password"},
		"limits":    {"per_mailbox", "rate"},
	}
	laterBlocks = map[string][]string{
		"":       {"cutover", "guards", "acknowledge", "again", "customers"},
		"source": {"api"},
		"target": {"api", "seats", "archive"},
		"roster": {"shared", "group"},
		"limits": {"hours"},
	}
)

// secretNames are what people call arguments that hold a secret.
var secretNames = []string{"password", "passwd", "secret", "token", columns[colSourcePassword], columns[colTargetPassword]}

// take decodes a block by its fields and children and tells everything else
// that stands in it. where is the block's kind, for the findings.
func (l *loader) take(b *hclsyntax.Block, where string, fields []field, children []child) {
	for name, a := range b.Body.Attributes {
		if !slices.ContainsFunc(fields, func(f field) bool { return f.name == name }) {
			l.strayArgument(a, where, fields)
		}
	}
	for i := range fields {
		f := &fields[i]
		a := b.Body.Attributes[f.name]
		switch {
		case a == nil && f.must:
			l.say(Error, l.pos(b.DefRange()), "argument.missing", "name", f.name, "in", where)
		case a == nil:
		case f.raw != nil:
			f.raw(a.Expr)
		default:
			l.set(f, a.Expr)
		}
	}
	l.takeBlocks(b.Body.Blocks, where, l.pos(b.DefRange()), children)
}

func (l *loader) strayArgument(a *hclsyntax.Attribute, where string, fields []field) {
	at := l.pos(a.NameRange)
	if where == "login" || where == "mailbox" || nearest(strings.ToLower(a.Name), secretNames) != "" {
		l.secretAt = append(l.secretAt, a.Expr.Range()) // perhaps a password under a mistyped name
	}
	if slices.Contains(laterArguments[where], a.Name) {
		l.say(Error, at, "later.argument", "name", a.Name, "in", where)
		return
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	if len(names) == 0 {
		l.say(Error, at, "argument.none", "name", a.Name, "in", where)
		return
	}
	l.sayUnknown(Error, at, "argument.unknown", a.Name, names, "in", where)
}

// takeBlocks decodes the blocks of one place: at is what a missing block is told of.
func (l *loader) takeBlocks(blocks hclsyntax.Blocks, where string, at Pos, children []child) {
	first := make([]*hclsyntax.Block, len(children))
	for _, b := range blocks {
		i := slices.IndexFunc(children, func(c child) bool { return c.name == b.Type })
		switch {
		case i < 0:
			l.strayBlock(b, where, children)
		case first[i] != nil && !children[i].many:
			l.say(Error, l.pos(b.DefRange()), "block.repeated", "name", b.Type, "first", l.pos(first[i].DefRange()).String())
		default:
			first[i] = b
			if l.labels(b, children[i].labels) {
				children[i].take(b)
			}
		}
	}
	for i, c := range children {
		if c.must && first[i] == nil {
			l.say(Error, at, "block.missing", "name", c.name, "in", orElse(where, l.o.Dir))
		}
	}
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func (l *loader) strayBlock(b *hclsyntax.Block, where string, children []child) {
	at := l.pos(b.TypeRange)
	if slices.Contains(laterBlocks[where], b.Type) {
		l.say(Error, at, "later.block", "name", b.Type)
		return
	}
	names := make([]string, len(children))
	for i, c := range children {
		names[i] = c.name
	}
	l.sayUnknown(Error, at, "block.unknown", b.Type, names, "in", orElse(where, l.o.Dir))
}

// labels reports whether a block has as many labels as it must.
func (l *loader) labels(b *hclsyntax.Block, n int) bool {
	if len(b.Labels) == n {
		return true
	}
	l.say(Error, l.pos(b.DefRange()), "block.labels", "name", b.Type, "want", strconv.Itoa(n), "got", strconv.Itoa(len(b.Labels)))
	return false
}
