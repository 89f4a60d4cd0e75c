package render

import (
	"io"
	"strings"

	"github.com/mxmove/mxmove/config/text"
)

// Table writes rows under heads, aligned by cells; with right, a head's column
// is a number's. The last column takes the rest of the line and wraps.
func Table(w io.Writer, cat *text.Catalogue, opt Options, heads []string, rows [][]string, right ...int) error {
	p := newPage(cat, opt)
	cols := make([]column, len(heads))
	for i, h := range heads {
		cols[i] = column{head: h, rest: i == len(heads)-1}
	}
	for _, i := range right {
		cols[i].right = true
	}
	p.table(0, cols, rows)
	return p.flush(w)
}

// Path is a folder for people; what could move the cursor is made visible.
func Path(levels []string) string { return clean(strings.Join(levels, "/")) }

// Clean makes visible what could move the cursor.
func Clean(s string) string { return clean(s) }
