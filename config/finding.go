package config

import (
	"strconv"

	"github.com/mxmove/mxmove/config/text"
)

// Severity of a finding.
type Severity string

const (
	Error   Severity = "error"   // nothing is planned
	Blocks  Severity = "blocks"  // planned, but apply refuses what needs it
	Warning Severity = "warning" // shown
)

// Pos is a place in what people write: of HCL and CSV a file, line and column
// (columns count characters), of a workbook a sheet and cell.
type Pos struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	End    int    `json:"end,omitempty"` // column after the last character, on the same line; 0: unknown
}

// String gives file:line:column as far as they are known.
func (p Pos) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Column == 0:
		return p.File + ":" + strconv.Itoa(p.Line)
	}
	return p.File + ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column)
}

// Finding is something that a person must know or mend. The catalogue has
// three texts for its code: what (CODE.what), why (CODE.why) and what to do
// (CODE.do); Values fill all three.
type Finding struct {
	text.Msg
	Severity Severity `json:"severity"`
	At       Pos      `json:"at,omitzero"`
	Subject  string   `json:"subject,omitempty"` // a mailbox or server, where it is not about a place
	Hidden   bool     `json:"hidden,omitempty"`  // the place may hold a secret: never show its line
}
