package config

import (
	"reflect"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// secretType is a reference in an expression. It is a capsule, so that it can
// be handed on but not be joined to text; of what prints it, only the
// reference is seen.
var secretType = cty.CapsuleWithOps("secret", reflect.TypeFor[Secret](), &cty.CapsuleOps{
	GoString: func(v any) string { return "(secret) " + v.(*Secret).ref },
	// Known even where refs are alike only by chance: an unknown result makes
	// stdlib's distinct panic.
	Equals:    func(a, b any) cty.Value { return cty.BoolVal(a.(*Secret).ref == b.(*Secret).ref) },
	RawEquals: func(a, b any) bool { return a.(*Secret).ref == b.(*Secret).ref },
	HashKey:   func(v any) string { return v.(*Secret).ref },
})

func secretVal(ref string) cty.Value {
	s := SecretRef(ref)
	return cty.CapsuleVal(secretType, &s)
}

// secretFunc makes env and file: a reference of what they are given, not its value.
func secretFunc(kind string) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "name", Type: cty.String}},
		Type:   function.StaticReturnType(secretType),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return secretVal(kind + ":" + args[0].AsString()), nil
		},
	})
}

// execFunc makes exec: a reference to a command, which runs when the secret is
// used.
func execFunc() function.Function {
	return function.New(&function.Spec{
		VarParam: &function.Parameter{Name: "command", Type: cty.String},
		Type:     function.StaticReturnType(secretType),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			command := make([]string, len(args))
			for i, a := range args {
				command[i] = a.AsString()
			}
			return secretVal(commandRef(command)), nil
		},
	})
}

// functions are those that name secrets and the pure ones of cty's library.
func functions() map[string]function.Function {
	return map[string]function.Function{
		"env": secretFunc(refEnv), "file": secretFunc(refFile),
		"exec": execFunc(), "sealed": secretFunc(refSealed),

		"abs": stdlib.AbsoluteFunc, "ceil": stdlib.CeilFunc, "chomp": stdlib.ChompFunc,
		"chunklist": stdlib.ChunklistFunc, "coalesce": stdlib.CoalesceFunc,
		"coalescelist": stdlib.CoalesceListFunc, "compact": stdlib.CompactFunc,
		"concat": stdlib.ConcatFunc, "contains": stdlib.ContainsFunc,
		"csvdecode": stdlib.CSVDecodeFunc, "distinct": stdlib.DistinctFunc,
		"element": stdlib.ElementFunc, "flatten": stdlib.FlattenFunc, "floor": stdlib.FloorFunc,
		"format": stdlib.FormatFunc, "formatdate": stdlib.FormatDateFunc,
		"formatlist": stdlib.FormatListFunc, "indent": stdlib.IndentFunc,
		"index": stdlib.IndexFunc, "int": stdlib.IntFunc, "join": stdlib.JoinFunc,
		"jsondecode": stdlib.JSONDecodeFunc, "jsonencode": stdlib.JSONEncodeFunc,
		"keys": stdlib.KeysFunc, "length": stdlib.LengthFunc, "log": stdlib.LogFunc,
		"lookup": stdlib.LookupFunc, "lower": stdlib.LowerFunc, "max": stdlib.MaxFunc,
		"merge": stdlib.MergeFunc, "min": stdlib.MinFunc, "parseint": stdlib.ParseIntFunc,
		"pow": stdlib.PowFunc, "range": stdlib.RangeFunc, "regex": stdlib.RegexFunc,
		"regexall": stdlib.RegexAllFunc, "regexreplace": stdlib.RegexReplaceFunc,
		"replace": stdlib.ReplaceFunc, "reverse": stdlib.ReverseListFunc,
		"setintersection": stdlib.SetIntersectionFunc, "setproduct": stdlib.SetProductFunc,
		"setsubtract": stdlib.SetSubtractFunc, "setunion": stdlib.SetUnionFunc,
		"signum": stdlib.SignumFunc, "slice": stdlib.SliceFunc, "sort": stdlib.SortFunc,
		"split": stdlib.SplitFunc, "strlen": stdlib.StrlenFunc, "strrev": stdlib.ReverseFunc,
		"substr": stdlib.SubstrFunc, "timeadd": stdlib.TimeAddFunc, "title": stdlib.TitleFunc,
		"tobool": stdlib.MakeToFunc(cty.Bool), "tolist": stdlib.MakeToFunc(cty.List(cty.DynamicPseudoType)),
		"tomap": stdlib.MakeToFunc(cty.Map(cty.DynamicPseudoType)), "tonumber": stdlib.MakeToFunc(cty.Number),
		"toset": stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType)), "tostring": stdlib.MakeToFunc(cty.String),
		"trim": stdlib.TrimFunc, "trimprefix": stdlib.TrimPrefixFunc, "trimspace": stdlib.TrimSpaceFunc,
		"trimsuffix": stdlib.TrimSuffixFunc, "upper": stdlib.UpperFunc, "values": stdlib.ValuesFunc,
		"zipmap": stdlib.ZipmapFunc,
	}
}
