package config

import (
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// variable is one variable block.
type variable struct {
	name      string
	at        Pos
	typ       cty.Type
	fallback  cty.Value // cty.NilVal: none
	sensitive bool
	broken    bool // told already
}

// given is a variable's value from outside, before it has a type.
type given struct {
	text  string    // of the environment and --var
	value cty.Value // of a file of variables; cty.NilVal: text counts
	at    Pos
}

func (l *loader) variables() {
	decls := map[string]*variable{}
	for _, body := range l.bodies {
		for _, b := range body.Blocks {
			if b.Type == "variable" {
				l.declare(b, decls)
			}
		}
	}
	names := slices.Sorted(maps.Keys(decls))
	l.known[rootVar] = names
	values := map[string]cty.Value{}
	at := l.givenValues(decls, names)
	for _, n := range names {
		values[n] = l.settle(decls[n], at)
	}
	l.ctx.Variables[rootVar] = cty.ObjectVal(values)
}

func (l *loader) declare(b *hclsyntax.Block, decls map[string]*variable) {
	if !l.labels(b, variableBlock) {
		return
	}
	v := &variable{name: b.Labels[0], at: l.pos(b.DefRange()), typ: cty.String}
	if !hclsyntax.ValidIdentifier(v.name) {
		l.say(Error, l.pos(b.LabelRanges[0]), "variable.name", "name", v.name)
		return
	}
	if first := decls[v.name]; first != nil {
		l.say(Error, v.at, "variable.repeated", "name", v.name, "first", first.at.String())
		return
	}
	decls[v.name] = v
	before := len(l.findings)
	var description string
	l.take(b, variableBlock, []field{
		{name: "type", raw: func(e hclsyntax.Expression) { l.variableType(v, e) }},
		{name: "sensitive", into: &v.sensitive},
		{name: "description", into: &description},
		{name: "default", raw: func(hclsyntax.Expression) {}},
	}, nil)
	if a := b.Body.Attributes["default"]; a != nil {
		l.variableDefault(v, a)
	}
	if v.sensitive && v.typ != cty.String {
		l.say(Error, v.at, "variable.secret-type", "name", v.name)
	}
	v.broken = len(l.findings) > before
}

func (l *loader) variableType(v *variable, e hclsyntax.Expression) {
	t, diags := typeexpr.TypeConstraint(e)
	if diags.HasErrors() {
		l.say(Error, l.pos(e.Range()), "variable.type", "name", v.name)
		return
	}
	v.typ = t
}

func (l *loader) variableDefault(v *variable, a *hclsyntax.Attribute) {
	if v.sensitive {
		l.secretAt = append(l.secretAt, a.Expr.Range())
		l.say(Error, l.pos(a.Expr.Range()), "secret.literal", "name", "variable "+v.name)
		return
	}
	if len(a.Expr.Variables()) > 0 {
		l.say(Error, l.pos(a.Expr.Range()), "variable.constant", "name", v.name)
		return
	}
	val, ok := l.eval(a.Expr)
	if !ok {
		v.broken = true
		return
	}
	if v.fallback, ok = conform(val, v.typ); !ok {
		l.say(Error, l.pos(a.Expr.Range()), "variable.value", "name", v.name, "want", typeexpr.TypeString(v.typ))
	}
}

// conform takes a value of the declared type: text and numbers as they are
// written, collections with their elements' types unified.
func conform(v cty.Value, t cty.Type) (cty.Value, bool) {
	if v.IsNull() || !v.IsWhollyKnown() || holdsSecret(v.Type()) {
		return cty.NilVal, false
	}
	if t.IsPrimitiveType() {
		return v, v.Type() == t
	}
	out, err := convert.Convert(v, t)
	return out, err == nil
}

// givenValues gathers what is at hand: environment, then files, then --var.
func (l *loader) givenValues(decls map[string]*variable, names []string) map[string]given {
	out := map[string]given{}
	for _, n := range names {
		if v := l.o.Getenv(varPrefix + n); v != "" {
			out[n] = given{text: v, at: Pos{File: varPrefix + n}}
		}
	}
	for _, file := range l.o.VarFiles {
		l.varFile(file, decls, out)
	}
	for _, n := range slices.Sorted(maps.Keys(l.o.Vars)) {
		at := Pos{File: "--var " + n}
		switch d := decls[n]; {
		case d == nil:
			l.sayUnknown(Error, at, "variable.unknown", n, names)
		case d.sensitive:
			l.say(Error, at, "variable.argv", "name", n, "env", varPrefix+n)
		default:
			out[n] = given{text: l.o.Vars[n], at: at}
		}
	}
	return out
}

// varFile reads a file of name = value lines. Their values are not kept for
// snippets: they may be secret.
func (l *loader) varFile(file string, decls map[string]*variable, out map[string]given) {
	at := Pos{File: file}
	b, ok := l.read(file, file, at)
	if !ok || !l.readable(file, b) {
		return
	}
	if _, deep := tooDeep(file, b); deep {
		l.say(Error, at, "file.deep", "limit", "100")
		return
	}
	from := len(l.findings)
	f, diags := hclsyntax.ParseConfig(b, file, hcl.InitialPos)
	l.diagnose(diags, "hcl.syntax")
	if body, ok := f.Body.(*hclsyntax.Body); ok && !diags.HasErrors() {
		for _, block := range body.Blocks {
			l.say(Error, l.pos(block.TypeRange), "variable.block", "name", block.Type)
		}
		for _, n := range slices.Sorted(maps.Keys(body.Attributes)) {
			l.varLine(body.Attributes[n], decls, out)
		}
	}
	for i := from; i < len(l.findings); i++ {
		l.findings[i].Hidden = true
	}
}

func (l *loader) varLine(a *hclsyntax.Attribute, decls map[string]*variable, out map[string]given) {
	at, d := l.pos(a.NameRange), decls[a.Name]
	if d == nil {
		l.sayUnknown(Warning, at, "variable.unknown", a.Name, l.known[rootVar])
		return
	}
	v, diags := a.Expr.Value(nil)
	if diags.HasErrors() || !v.IsWhollyKnown() {
		l.say(Error, at, "variable.constant", "name", a.Name)
		return
	}
	if d.sensitive {
		l.mustStayOut(a.SrcRange.Filename, at, at.File)
	}
	out[a.Name] = given{value: v, at: at}
}

// settle gives a variable its value, or tells why it has none.
func (l *loader) settle(d *variable, all map[string]given) cty.Value {
	g, ok := all[d.name]
	v, fits := d.fallback, true
	if ok {
		v, fits = l.convert(g, d.typ)
	}
	switch {
	case d.broken:
		return cty.DynamicVal
	case !fits:
		l.say(Error, g.at, "variable.value", "name", d.name, "want", typeexpr.TypeString(d.typ))
		l.findings[len(l.findings)-1].Hidden = d.sensitive
		return cty.DynamicVal
	case d.sensitive:
		if ok {
			l.sensitive[d.name] = v.AsString()
		}
		return secretVal(refVar + ":" + d.name)
	case v == cty.NilVal:
		l.say(Error, d.at, "variable.unset", "name", d.name, "env", varPrefix+d.name)
		return cty.DynamicVal
	}
	return v
}

// convert reads text from outside as the declared type: as it is for a string,
// else as HCL writes such a value.
func (l *loader) convert(g given, t cty.Type) (cty.Value, bool) {
	if g.value != cty.NilVal {
		return conform(g.value, t)
	}
	if t == cty.String {
		return cty.StringVal(g.text), true
	}
	b := []byte(g.text)
	if _, deep := tooDeep("", b); deep {
		return cty.NilVal, false
	}
	e, diags := hclsyntax.ParseExpression(b, "", hcl.InitialPos)
	if diags.HasErrors() {
		return cty.NilVal, false
	}
	v, diags := e.Value(nil)
	if diags.HasErrors() {
		return cty.NilVal, false
	}
	return conform(v, t)
}
