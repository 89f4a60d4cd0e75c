package config

import (
	"bytes"
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/mxmove/mxmove/config/text"
)

// maxFile bounds what is read of one file, in octets; 10,000 mailbox blocks
// take less than 1 MB.
const maxFile = 32 << 20

// Options say what to load and with what at hand. Nothing else is read.
type Options struct {
	Dir      string              // the directory of the spec
	Version  string              // mxmove's own; one that is no number meets every constraint
	Vars     map[string]string   // --var, by name
	VarFiles []string            // --var-file, in order; relative to the working directory
	Getenv   func(string) string // as os.Getenv; nil: no environment
	Tracked  Tracker             // which files git keeps or would; nil: [GitTracked]
	Instead  map[string][]byte   // what HCL files are taken to hold, by name: to see what a change would do
}

// Loaded is what a directory holds.
type Loaded struct {
	Spec    *Spec             // nil when a finding is an [Error]
	Files   map[string][]byte // the HCL files without byte order mark, by name, for snippets; literals in secrets' places masked
	Secrets *Secrets          // resolves the spec's secrets with the same environment and variables

	Language string // the spec's, also of one with errors, so that they can be told in it; "" if it says none
}

// Load reads every *.hcl file of a directory and the roster files they name.
// All findings come at once, in the order of their places. The result is never
// nil.
func Load(o Options) (*Loaded, []Finding) {
	l := newLoader(o)
	l.readDir()
	if len(l.findings) == 0 { // of a directory that is half read nothing true can be said
		l.evaluate()
		l.decode()
		l.rosterFiles()
		l.finish()
		l.across()
		l.keptByGit()
	}
	out := &Loaded{Files: l.files, Secrets: NewSecrets(o.Dir, o.Getenv, l.sensitive)}
	findings := l.result()
	out.Language = l.spec.Migration.Language
	if !slices.ContainsFunc(findings, func(f Finding) bool { return f.Severity == Error }) {
		out.Spec = &l.spec
	}
	return out, findings
}

// loader is one Load under way.
type loader struct {
	o        Options
	files    map[string][]byte
	starts   map[string][]int // offsets of lines, by file
	bodies   []*hclsyntax.Body
	findings []Finding

	ctx       *hcl.EvalContext
	known     map[string][]string // names that expressions may use, by root
	failed    map[string]bool     // variables without a value, told already
	sensitive map[string]string   // values of sensitive variables
	secretAt  []hcl.Range         // where assignments to secrets' places stand

	defaults map[string]cty.Value // of arguments, by how they are written
	at       places

	spec    Spec
	rows    []row
	secrets []secretFile // files that git must not keep
}

// places are where arguments stand that are checked once everything is decoded.
type places struct {
	source, target         sideAt
	procedure, mode, mover Pos
	files                  Pos
	cutover                cutoverAt
	canaries               []canaryAt
	shared                 map[string]Pos // the users of a shared mailbox, by address
	groups                 map[string]Pos // the members of a group, by address
	leavers                map[string]Pos // who gets a leaver's mail, by address
}

func newLoader(o Options) *loader {
	if o.Getenv == nil {
		o.Getenv = func(string) string { return "" }
	}
	if o.Tracked == nil {
		o.Tracked = GitTracked
	}
	return &loader{
		o: o, files: map[string][]byte{}, starts: map[string][]int{},
		known: map[string][]string{}, defaults: map[string]cty.Value{}, failed: map[string]bool{},
		sensitive: map[string]string{},
		at:        places{shared: map[string]Pos{}, groups: map[string]Pos{}, leavers: map[string]Pos{}},
	}
}

func (l *loader) readDir() {
	entries, err := os.ReadDir(l.o.Dir)
	if err != nil {
		l.say(Error, Pos{File: l.o.Dir}, "dir.unreadable", "dir", l.o.Dir, "error", reason(err))
		return
	}
	before := len(l.findings)
	for _, e := range entries {
		if name := e.Name(); !e.IsDir() && strings.HasSuffix(name, ".hcl") && !strings.HasPrefix(name, ".") {
			l.readHCL(name)
		}
	}
	if len(l.files) == 0 && len(l.findings) == before {
		l.say(Error, Pos{File: l.o.Dir}, "dir.empty", "dir", l.o.Dir)
	}
}

func (l *loader) readHCL(name string) {
	b, ok := l.o.Instead[name]
	if !ok {
		b, ok = l.read(filepath.Join(l.o.Dir, name), name, Pos{File: name})
	}
	if !ok || !l.readable(name, b) {
		return
	}
	if body := l.parse(name, b); body != nil {
		l.bodies = append(l.bodies, body)
	}
}

// read reads a file of text, as far as it may be read; at is where it was named.
func (l *loader) read(path, name string, at Pos) ([]byte, bool) {
	info, err := os.Stat(path)
	var b []byte
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		l.say(Error, at, "file.irregular", "file", name)
		return nil, false
	case info.Size() > maxFile:
		l.say(Error, at, "file.large", "file", name, "limit", "32 MiB")
		return nil, false
	default:
		b, err = os.ReadFile(path)
	}
	if err != nil {
		l.say(Error, at, "file.unreadable", "file", name, "error", reason(err))
		return nil, false
	}
	return b, true
}

// readable tells the first octet that is not UTF-8: the file was saved in
// another encoding, and guessing would garble names.
func (l *loader) readable(name string, b []byte) bool {
	if utf8.Valid(b) {
		return true
	}
	i := 0
	for i < len(b) {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		i += n
	}
	head := b[:i]
	start := bytes.LastIndexByte(head, '\n') + 1
	line := bytes.TrimPrefix(head[start:], byteOrderMark)
	p := Pos{File: name, Line: bytes.Count(head, []byte{'\n'}) + 1, Column: utf8.RuneCount(line) + 1}
	f := Finding{Msg: text.M("file.encoding", "file", name, "octet", hexOctet(b[i])), Severity: Error, At: p, Hidden: true}
	l.findings = append(l.findings, f)
	return false
}

func hexOctet(c byte) string {
	const digits = "0123456789ABCDEF"
	return "0x" + string(digits[c>>4]) + string(digits[c&15])
}

// say adds a finding about a place.
func (l *loader) say(s Severity, at Pos, code string, pairs ...string) {
	l.findings = append(l.findings, Finding{Msg: text.M(code, pairs...), Severity: s, At: at})
}

// result is the findings in order, each once, with lines that may hold a secret hidden.
func (l *loader) result() []Finding {
	slices.SortStableFunc(l.findings, func(a, b Finding) int {
		if c := cmp.Or(cmp.Compare(a.At.File, b.At.File), cmp.Compare(a.At.Line, b.At.Line), cmp.Compare(a.At.Column, b.At.Column)); c != 0 {
			return c
		}
		return cmp.Compare(errorText(a.Msg), errorText(b.Msg))
	})
	out := slices.CompactFunc(l.findings, func(a, b Finding) bool {
		return a.At == b.At && a.Subject == b.Subject && errorText(a.Msg) == errorText(b.Msg)
	})
	for i := range out {
		l.hide(&out[i])
	}
	l.mask()
	return out
}
