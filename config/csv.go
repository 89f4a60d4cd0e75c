package config

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Columns of a roster file, which are also the arguments of a mailbox block.
const (
	colAddress = iota
	colSourceLogin
	colSourcePassword
	colTargetAddress
	colTargetLogin
	colTargetPassword
	colName
	colDepartment
	colKind
	colWave
	colAccount
	colWas
	colMover
	numColumns
)

var columns = [numColumns]string{
	"address", "source_login", "source_password", "target_address", "target_login",
	"target_password", "name", "department", "kind", "wave", "account", "was", "mover",
}

var byteOrderMark = []byte("\ufeff")

// sheet reads one CSV file (RFC 4180) and knows where each cell stands.
type sheet struct {
	file   string
	data   []byte // in UTF-8, without the mark
	starts []int  // offset of each line
	csv    *csv.Reader
	cells  []string // of the current row
}

// newSheet reads text in UTF-8 without a mark.
func newSheet(file string, data []byte) *sheet {
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = separator(data), -1, true
	return &sheet{file: file, data: data, starts: lineStarts(data), csv: r}
}

func lineStarts(data []byte) []int {
	starts := make([]int, 1, bytes.Count(data, []byte{'\n'})+1)
	for i := 0; ; {
		n := bytes.IndexByte(data[i:], '\n')
		if n < 0 {
			return starts
		}
		i += n + 1
		starts = append(starts, i)
	}
}

// separator is the one of comma, semicolon and tab that stands most often in
// the header: spreadsheets write the list separator of the machine's locale.
func separator(data []byte) rune {
	header, _, _ := bytes.Cut(data, []byte{'\n'})
	best, most := ',', 0
	for _, c := range ",;\t" {
		if n := bytes.Count(header, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

// next reads a row that holds something. io.EOF ends the file; a
// *csv.ParseError is about one row, and the next one can be read.
func (s *sheet) next() error {
	for {
		cells, err := s.csv.Read()
		if err != nil {
			return err
		}
		s.cells = cells
		if slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" }) {
			return nil
		}
	}
}

// pos is where cell i of the current row begins; a row's end, if it has no such cell.
func (s *sheet) pos(i int) Pos {
	if i < 0 || i >= len(s.cells) {
		line, _ := s.csv.FieldPos(0)
		return Pos{File: s.file, Line: line}
	}
	return s.at(s.csv.FieldPos(i))
}

// at turns a line and a column in octets, both from 1, into a place.
func (s *sheet) at(line, column int) Pos {
	p := Pos{File: s.file, Line: line, Column: 1}
	if line < 1 || line > len(s.starts) {
		return p
	}
	from := s.starts[line-1]
	to := min(from+max(column-1, 0), len(s.data))
	p.Column += utf8.RuneCount(s.data[from:to])
	return p
}

// errNoCell means that a row or column is gone since the roster was read.
var errNoCell = errors.New("no such row or column")

// cellIndex finds cells of roster files again. It keeps where rows begin, not
// what they hold, and reads a file anew when it has changed.
type cellIndex struct {
	mu    sync.Mutex
	files map[string]*indexed
}

type indexed struct {
	size   int64
	mod    time.Time
	enc    encoding
	comma  rune
	header header
	rows   map[string]span // by canonical address
}

// span is a row's octets in its file.
type span struct{ from, to int64 }

func newCellIndex() *cellIndex { return &cellIndex{files: map[string]*indexed{}} }

// get gives the cell of a column in the row of an address.
func (x *cellIndex) get(path, address, column string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in, err := x.index(path, f)
	if err != nil {
		return nil, err
	}
	row, ok := in.rows[in.header.key(address)]
	i := slices.Index(in.header.columns, slices.Index(columns[:], column))
	if !ok || i < 0 {
		return nil, errNoCell
	}
	b := make([]byte, row.to-row.from)
	if _, err := f.ReadAt(b, row.from); err != nil {
		return nil, err
	}
	return in.cell(b, address, i)
}

// cell takes cell i of the last row in b, and only if it is the address's own:
// the file may have changed since it was indexed.
func (in *indexed) cell(b []byte, address string, i int) ([]byte, error) {
	r := csv.NewReader(bytes.NewReader(in.enc.decodeAll(b)))
	r.Comma, r.FieldsPerRecord = in.comma, -1
	rows, err := r.ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, errNoCell
	}
	row, at := rows[len(rows)-1], slices.Index(in.header.columns, colAddress)
	if i >= len(row) || at >= len(row) {
		return nil, errNoCell
	}
	if in.header.canonical(row[at]) != in.header.key(address) {
		return nil, errNoCell
	}
	return []byte(row[i]), nil
}

func (x *cellIndex) index(path string, f *os.File) (*indexed, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if in := x.files[path]; in != nil && in.size == info.Size() && in.mod.Equal(info.ModTime()) {
		return in, nil
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	in := indexRows(data)
	in.size, in.mod = info.Size(), info.ModTime()
	x.files[path] = in
	return in, nil
}

func indexRows(data []byte) *indexed {
	t := decodeText(data)
	s := newSheet("", t.data)
	in := &indexed{enc: t.enc, comma: s.csv.Comma, rows: map[string]span{}}
	if s.next() != nil {
		return in
	}
	in.header = readHeader(s.cells)
	at := slices.Index(in.header.columns, colAddress)
	raw := t.offsets(s.starts)
	for {
		from := s.csv.InputOffset()
		err := s.next()
		if errors.Is(err, io.EOF) {
			return in
		}
		if err != nil || at < 0 || at >= len(s.cells) {
			continue
		}
		if a := in.header.canonical(s.cells[at]); a != "" {
			if _, twice := in.rows[a]; twice {
				in.rows[a] = span{} // which one is meant nobody knows
				continue
			}
			in.rows[a] = span{raw(from), raw(s.csv.InputOffset())}
		}
	}
}
