package config

import (
	"encoding/csv"
	"errors"
	"io"
	"maps"
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
	t := decodeText(b)
	f := &rosterReader{l: l, sheet: newSheet(name, t.data)}
	for _, line := range t.bad {
		f.say(Pos{File: name, Line: line}, Error, "roster.encoding", "file", name)
	}
	f.read()
	if f.literal != (Pos{}) {
		l.mustStayOut(within(l.o.Dir, name), f.literal, name)
	}
}

// rosterReader is one roster file being read.
type rosterReader struct {
	l       *loader
	sheet   *sheet
	header  header
	begun   bool // the header was read
	literal Pos  // the first cell that holds a password itself
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
			if !f.begun {
				f.say(Pos{File: f.sheet.file}, Error, "roster.no-header", "file", f.sheet.file)
			}
			return
		case errors.As(err, &bad):
			f.say(f.sheet.at(bad.Line, bad.Column), Error, "roster.quotes")
			if !f.begun {
				return
			}
		case err != nil:
			return
		case !f.begun:
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
	if i := slices.IndexFunc(f.sheet.cells, func(c string) bool { return strings.ContainsRune(c, 0) }); i >= 0 {
		f.say(f.sheet.pos(i), Error, "roster.nul", "file", f.sheet.file)
		return false
	}
	f.header, f.begun = readHeader(f.sheet.cells), true
	sure := slices.Contains(f.header.columns, colAddress)
	seen := map[int]Pos{}
	known := slices.Concat(columns[:], slices.Collect(maps.Keys(aliases)))
	for i, column := range f.header.columns {
		name, at := strings.TrimSpace(f.sheet.cells[i]), f.sheet.pos(i)
		first, twice := seen[column]
		switch {
		case column == unnamed: // most often a separator at the line's end
		case column == ignored:
			f.foreignTwice(i, name, at)
		case column == stray && !sure && Nearest(strings.ToLower(name), known) == "":
		case column == stray:
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

// foreignTwice warns of a header that stands twice in a column that is left
// alone: the file is another tool's, and was perhaps edited.
func (f *rosterReader) foreignTwice(i int, name string, at Pos) {
	for j := range i {
		if f.header.columns[j] == ignored && normal(f.sheet.cells[j]) == normal(name) {
			f.say(at, Warning, "roster.foreign-twice", "name", name, "first", f.sheet.pos(j).String())
			return
		}
	}
}

func (f *rosterReader) readRow() {
	var r row
	r.file = true
	var cells [numColumns]string
	surplus := false
	for i, cell := range f.sheet.cells {
		switch {
		case strings.TrimSpace(cell) == "":
		case i >= len(f.header.columns) || f.header.columns[i] == unnamed:
			if !surplus {
				f.say(f.sheet.pos(i), Warning, "roster.cells", "got", strconv.Itoa(len(f.sheet.cells)), "want", strconv.Itoa(len(f.header.columns)))
			}
			surplus = true
		case f.header.columns[i] >= 0:
			cells[f.header.columns[i]], r.at[f.header.columns[i]] = cell, f.sheet.pos(i)
		}
	}
	if r.at[colAddress] == (Pos{}) {
		f.say(f.sheet.pos(0), Error, "address.empty", "address", "")
		return
	}
	if domain := f.l.spec.Source.Domain; f.header.local && domain != "" {
		cells[colAddress] = strings.TrimSpace(cells[colAddress]) + "@" + domain
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
	r.Account = f.plainCell(r, cells, colAccount)
	r.Was = cells[colWas]
	r.Mover = f.plainCell(r, cells, colMover)
	if r.Kind == "" && f.header.shared {
		r.Kind = kindShared
	}
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

// heldAlready stands in the vendor's workbook where it holds a password, which
// the sheet does not show (HISTORY-07).
const heldAlready = "已存在密码"

// password gives a cell's reference: env: and file: as written, else to the cell itself.
func (f *rosterReader) password(r *row, cells *[numColumns]string, column int) Secret {
	cell := cells[column]
	if strings.TrimSpace(cell) == heldAlready {
		r.at[column] = Pos{}
		return Secret{}
	}
	if cell == "" {
		return Secret{}
	}
	at := r.at[column]
	if strings.ContainsRune(cell, 0) {
		f.say(at, Error, "value.control", "name", columns[column])
		return Secret{}
	}
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
