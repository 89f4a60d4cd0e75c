package text

import (
	"bufio"
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

//go:embed catalogue
var files embed.FS

// Lang is a language of the catalogue.
type Lang string

// The languages.
const (
	English Lang = "en"
	Chinese Lang = "zh-CN"
)

// Catalogue is all texts in one language.
type Catalogue struct {
	lang    Lang
	entries map[string]string
}

// Load reads the embedded catalogue for a language; any but zh-CN is English.
func Load(lang Lang) *Catalogue {
	if lang != Chinese {
		lang = English
	}
	all, err := parseAll(files)
	if err != nil {
		panic(err) // embedded: a test reads it too
	}
	c := &Catalogue{lang: lang, entries: make(map[string]string, len(all))}
	for code, byLang := range all {
		c.entries[code] = byLang[lang]
	}
	return c
}

// Lang is the catalogue's language.
func (c *Catalogue) Lang() Lang { return c.lang }

// Has reports whether there is an entry for code.
func (c *Catalogue) Has(code string) bool { return c.entries[code] != "" }

// Codes are the codes of the entries that end in suffix, without it, in order.
func (c *Catalogue) Codes(suffix string) []string {
	var codes []string
	for code := range c.entries {
		if bare, ok := strings.CutSuffix(code, suffix); ok {
			codes = append(codes, bare)
		}
	}
	slices.Sort(codes)
	return codes
}

// Text fills the entry for m.Code. {name} stands for a value; {n|message|messages}
// for the first word when the value of n is 1, else the second. A code without
// an entry is shown as it is, with its values, so nothing is ever hidden.
func (c *Catalogue) Text(m Msg) string {
	entry, ok := c.entries[m.Code]
	if !ok {
		return fmt.Sprintf("%s %v", m.Code, m.Args)
	}
	return fill(entry, m.Args)
}

// T is Text of M(code, pairs...).
func (c *Catalogue) T(code string, pairs ...string) string { return c.Text(M(code, pairs...)) }

func fill(entry string, args Args) string {
	var b strings.Builder
	for {
		open := strings.IndexByte(entry, '{')
		if open < 0 {
			break
		}
		end := strings.IndexByte(entry[open:], '}')
		if end < 0 {
			break
		}
		b.WriteString(entry[:open])
		b.WriteString(value(entry[open+1:open+end], args))
		entry = entry[open+end+1:]
	}
	b.WriteString(entry)
	return b.String()
}

func value(name string, args Args) string {
	key, words, plural := strings.Cut(name, "|")
	v, ok := args[key]
	switch {
	case !ok:
		return "{" + name + "}"
	case !plural:
		return v
	}
	one, many, _ := strings.Cut(words, "|")
	if v == "1" {
		return one
	}
	return many
}

// parseAll reads every catalogue file: a code at the start of a line, below it
// "  en TEXT" and "  zh TEXT"; lines indented further continue the text.
func parseAll(fsys fs.FS) (map[string]map[Lang]string, error) {
	all := map[string]map[Lang]string{}
	names, err := fs.Glob(fsys, "catalogue/*.txt")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		if err := parseFile(name, b, all); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func parseFile(name string, b []byte, all map[string]map[Lang]string) error {
	var entry map[Lang]string
	var last Lang
	for n, s := 1, bufio.NewScanner(bytes.NewReader(b)); s.Scan(); n++ {
		line := s.Text()
		switch {
		case strings.TrimSpace(line) == "" || line[0] == '#':
		case line[0] != ' ':
			if all[line] != nil {
				return fmt.Errorf("%s:%d: %s stands twice", name, n, line)
			}
			entry = map[Lang]string{}
			all[line] = entry
		case strings.HasPrefix(line, "    ") && entry[last] != "":
			entry[last] += "\n" + line[4:]
		case strings.HasPrefix(line, "  en ") && entry != nil:
			last = English
			entry[last] = line[5:]
		case strings.HasPrefix(line, "  zh ") && entry != nil:
			last = Chinese
			entry[last] = line[5:]
		default:
			return fmt.Errorf("%s:%d: neither a code nor a text", name, n)
		}
	}
	return nil
}
