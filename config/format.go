package config

import (
	"bytes"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

// Format lays out an HCL file in the one way, as fmt does; comments stay. A
// file that does not parse comes back as it is: [Load] says what is wrong.
func Format(src []byte) []byte {
	b := bytes.TrimPrefix(src, byteOrderMark)
	if _, deep := tooDeep("", b); deep {
		return src
	}
	if _, diags := hclsyntax.ParseConfig(b, "", hcl.InitialPos); diags.HasErrors() {
		return src
	}
	return hclwrite.Format(b)
}
