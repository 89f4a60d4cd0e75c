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
	if !slices.Contains(rosterBlock.child("leaver").arg("mail").oneOf, mail) || (mail == MailTo) != (to != "") || to == address {
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

// Departure is what becomes of the mail of a row whose person has left: Heir is
// the row that gets it where it is given on, and zero otherwise.
type Departure struct {
	Leaver
	Heir Mailbox
}

// Leaves the mailbox behind: its mail goes elsewhere than into a mailbox of its own.
func (d Departure) Leaves() bool { return d.Mail == MailTo || d.Mail == MailArchive }

// What becomes of a leaver's mail.
const (
	MailKeep    = "keep"    // the mailbox moves as any other
	MailTo      = "to"      // another row's mailbox gets it
	MailArchive = "archive" // it is kept in the archive only
)

// Departures gives the rows whose people have left, by address; nil: none.
func (r *Roster) Departures() map[string]Departure {
	if len(r.Leavers) == 0 {
		return nil
	}
	all, heirs := make(map[string]Departure, len(r.Leavers)), map[string]Mailbox{}
	for _, v := range r.Leavers {
		if v.Mail == MailTo {
			heirs[v.To] = Mailbox{}
		}
	}
	for _, m := range r.Mailboxes {
		if _, is := heirs[m.Address]; is {
			heirs[m.Address] = m
		}
	}
	for _, v := range r.Leavers {
		all[v.Address] = Departure{v, heirs[v.To]}
	}
	return all
}
