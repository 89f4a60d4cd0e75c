package config

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/mxmove/mxmove/config/text"
)

// rosterFile reads a CSV file of mailboxes; at is where the spec names it.
func (l *loader) rosterFile(name string, at Pos) {
	switch ext := strings.ToLower(path.Ext(name)); {
	case strings.Contains(name, "#"): // references to cells are split there
		l.say(Error, at, "roster.file-name", "file", name)
		return
	case ext == ".xlsx" || ext == ".xls" || ext == ".ods":
		l.say(Error, at, "roster.workbook", "file", name)
		return
	}
	b, ok := l.read(within(l.o.Dir, name), name, at)
	if !ok {
		return
	}
	f := &rosterReader{l: l, sheet: newSheet(name, b)}
	if i := bytes.IndexByte(f.sheet.data, 0); i >= 0 {
		line := bytes.Count(f.sheet.data[:i], []byte{'\n'}) + 1
		f.say(f.sheet.at(line, i-f.sheet.starts[line-1]+1), Error, "roster.nul", "file", name)
		return
	}
	f.read()
	if f.literal != (Pos{}) {
		l.mustStayOut(within(l.o.Dir, name), f.literal, name)
	}
}

// unnamed is a column without a header: only empty cells may stand in it.
const unnamed = -2

// rosterReader is one roster file being read.
type rosterReader struct {
	l       *loader
	sheet   *sheet
	header  []int // column of each cell; -1: none of ours, or unnamed
	literal Pos   // the first cell that holds a password itself
}

// say adds a finding about a place whose line may hold a password.
func (f *rosterReader) say(at Pos, s Severity, code string, pairs ...string) {
	f.l.sayHidden(at, s, text.M(code, pairs...))
}

func (f *rosterReader) read() {
	for {
		err := f.sheet.next()
		var bad *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			if f.header == nil {
				f.say(Pos{File: f.sheet.file}, Error, "roster.no-header", "file", f.sheet.file)
			}
			return
		case errors.As(err, &bad):
			f.say(f.sheet.at(bad.Line, bad.Column), Error, "roster.quotes")
			if f.header == nil {
				return
			}
		case err != nil:
			return
		case f.header == nil:
			if !f.readHeader() {
				return
			}
		default:
			f.readRow()
		}
	}
}

// readHeader tells what is wrong with the header. Without an address column it
// may be no header but a row with passwords: then only names that are nearly
// right are repeated.
func (f *rosterReader) readHeader() bool {
	f.header = f.sheet.header()
	sure := slices.Contains(f.header, colAddress)
	seen := map[int]Pos{}
	for i, column := range f.header {
		name, at := strings.TrimSpace(f.sheet.cells[i]), f.sheet.pos(i)
		first, twice := seen[column]
		switch {
		case column < 0 && name == "": // most often a separator at the line's end
			f.header[i] = unnamed
		case column < 0 && !sure && nearest(strings.ToLower(name), columns[:]) == "":
		case column < 0:
			f.l.sayUnknown(Error, at, "roster.column", name, columns[:])
			f.l.findings[len(f.l.findings)-1].Hidden = true
		case twice:
			f.say(at, Error, "roster.column-twice", "name", name, "first", first.String())
		default:
			seen[column] = at
		}
	}
	if _, ok := seen[colAddress]; !ok {
		f.say(f.sheet.pos(0), Error, "roster.no-address", "file", f.sheet.file)
		return false
	}
	return true
}

func (f *rosterReader) readRow() {
	var r row
	r.file = true
	var cells [numColumns]string
	for i, cell := range f.sheet.cells {
		switch {
		case strings.TrimSpace(cell) == "":
		case i >= len(f.header) || f.header[i] == unnamed:
			f.say(f.sheet.pos(i), Error, "roster.cells", "got", strconv.Itoa(len(f.sheet.cells)), "want", strconv.Itoa(len(f.header)))
		case f.header[i] >= 0:
			cells[f.header[i]], r.at[f.header[i]] = cell, f.sheet.pos(i)
		}
	}
	if r.at[colAddress] == (Pos{}) {
		f.say(f.sheet.pos(0), Error, "address.empty", "address", "")
		return
	}
	r.At = r.at[colAddress]
	f.fill(&r, &cells)
	f.l.rows = append(f.l.rows, r)
}

func (f *rosterReader) fill(r *row, cells *[numColumns]string) {
	r.Address = cells[colAddress]
	r.SourceLogin = f.plainCell(r, cells, colSourceLogin)
	r.TargetAddress = cells[colTargetAddress]
	r.TargetLogin = f.plainCell(r, cells, colTargetLogin)
	r.Name = f.plainCell(r, cells, colName)
	r.Department = f.plainCell(r, cells, colDepartment)
	r.Kind = f.plainCell(r, cells, colKind)
	r.Wave = f.plainCell(r, cells, colWave)
	r.SourcePassword = f.password(r, cells, colSourcePassword)
	r.TargetPassword = f.password(r, cells, colTargetPassword)
}

func (f *rosterReader) plainCell(r *row, cells *[numColumns]string, column int) string {
	s := strings.TrimSpace(cells[column])
	if strings.ContainsFunc(s, unicode.IsControl) {
		f.say(r.at[column], Error, "value.control", "name", columns[column])
		return ""
	}
	return s
}

// password gives a cell's reference: env: and file: as written, else to the cell itself.
func (f *rosterReader) password(r *row, cells *[numColumns]string, column int) Secret {
	cell := cells[column]
	if cell == "" {
		return Secret{}
	}
	at := r.at[column]
	if s, ok := cellRef(cell); ok {
		n := len(f.l.findings)
		f.l.checkSecret(s, at)
		for i := n; i < len(f.l.findings); i++ {
			f.l.findings[i].Hidden = true
		}
		return s
	}
	if f.literal == (Pos{}) {
		f.literal = at
	}
	address, err := Canonical(r.Address)
	if err != nil {
		return Secret{} // the address is told of, and the row is not used
	}
	return SecretRef(refCell + ":" + f.sheet.file + "#" + address + "#" + columns[column])
}
