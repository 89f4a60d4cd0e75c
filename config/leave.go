package config

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/mxmove/mxmove/config/text"
)

// LeaveError says why a person could not be written down as having left; its
// code has the catalogue's three texts.
type LeaveError struct{ text.Msg }

// Error gives the code and the values, for logs and tests.
func (e *LeaveError) Error() string { return errorText(e.Msg) }

// Leave writes into the roster block of an HCL file that the person of an
// address has left and what becomes of the mail: keep, archive, or to with the
// address that gets it. A block for the address that is there already is
// replaced; everything else stays as it is, comments too. The error is a
// [*LeaveError] or an [*AddressError].
func Leave(src []byte, address, mail, to string) ([]byte, error) {
	address, err := Canonical(address)
	if err != nil {
		return nil, err
	}
	if to != "" {
		if to, err = Canonical(to); err != nil {
			return nil, err
		}
	}
	if !slices.Contains(rosterBlock.child("leaver").arg("mail").oneOf, mail) || (mail == "to") != (to != "") || to == address {
		return nil, &LeaveError{text.M("leave.mail", "mail", mail)}
	}
	if _, deep := tooDeep("", src); deep {
		return nil, &LeaveError{text.M("leave.roster")}
	}
	f, diags := hclwrite.ParseConfig(src, "", hcl.InitialPos)
	if diags.HasErrors() {
		return nil, &LeaveError{text.M("leave.roster")}
	}
	roster := f.Body().FirstMatchingBlock("roster", nil)
	if roster == nil {
		return nil, &LeaveError{text.M("leave.roster")}
	}
	for _, b := range roster.Body().Blocks() {
		if b.Type() != "leaver" || len(b.Labels()) != 1 {
			continue
		}
		if a, err := Canonical(b.Labels()[0]); err == nil && a == address {
			roster.Body().RemoveBlock(b)
		}
	}
	b := roster.Body().AppendNewBlock("leaver", []string{address}).Body()
	b.SetAttributeValue("mail", cty.StringVal(mail))
	if to != "" {
		b.SetAttributeValue("to", cty.StringVal(to))
	}
	return hclwrite.Format(f.Bytes()), nil
}
