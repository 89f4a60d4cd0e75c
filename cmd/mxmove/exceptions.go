package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
)

// exception is mail that is not at the target as it is at the source.
type exception struct {
	Mailbox string    `json:"mailbox"`
	Folder  string    `json:"folder"`
	Target  bool      `json:"target,omitempty"` // Folder and UID are the target's
	UID     uint32    `json:"uid,omitempty"`    // 0: the folder, or N of its messages
	Kind    string    `json:"kind"`
	N       int       `json:"n"` // messages
	Reason  string    `json:"reason"`
	Do      string    `json:"do"`
	File    string    `json:"file,omitempty"`   // in quarantine
	SHA256  string    `json:"sha256,omitempty"` // of the source's octets, where the target has altered ones
	Stored  string    `json:"stored,omitempty"` // ... and of those that were sent
	Seen    time.Time `json:"seen,omitzero"`    // by verify; else known from the passes
}

// exceptions is all of a migration's.
type exceptions struct {
	At         time.Time      `json:"at"`
	Mailboxes  int            `json:"mailboxes"`
	Unverified int            `json:"unverified"` // mailboxes that verify never read: what a server altered is not known of them
	Sampled    int            `json:"sampled"`    // ... that it read a sample of
	Kinds      map[string]int `json:"kinds"`      // messages by kind
	Rows       []exception    `json:"exceptions"`
}

// exceptionsOf gathers what passes recorded and what verify last found.
func (c *cli) exceptionsOf(state *executor.State, w world, addresses []string) (*exceptions, error) {
	all := &exceptions{At: c.Now().UTC(), Mailboxes: len(addresses), Kinds: map[string]int{}, Rows: []exception{}}
	for _, a := range addresses {
		deviations, err := w.Deviations(a)
		if err != nil {
			return nil, err
		}
		for _, d := range deviations {
			all.add(c.deviation(a, d))
		}
		seen, err := readVerified(state, a)
		if err != nil {
			return nil, err
		}
		switch {
		case seen == nil || seen.Report == nil:
			all.Unverified++
			continue
		case seen.Report.Sample != nil:
			all.Sampled++
		}
		for _, e := range seen.Report.Exceptions {
			if row, ok := c.difference(a, seen.At, e); ok {
				all.add(row)
			}
		}
		for _, f := range seen.Report.Folders {
			if f.Skip != "" && f.Counts.LeftOut > 0 {
				all.add(exception{Mailbox: a, Folder: strings.Join(f.From, "/"), Kind: "folder", N: f.Counts.LeftOut, Seen: seen.At,
					Reason: c.cat.T("report.folder.what"), Do: c.cat.T("report.folder.do")})
			}
		}
	}
	return all, nil
}

func (x *exceptions) add(e exception) {
	x.Kinds[e.Kind] += e.N
	x.Rows = append(x.Rows, e)
}

func (c *cli) deviation(address string, d transfer.Deviation) exception {
	kind := string(d.Kind)
	e := exception{Mailbox: address, Folder: d.Folder, UID: d.UID, Kind: kind, N: d.N, File: d.File, SHA256: d.SHA256, Stored: d.Stored,
		Reason: c.cat.T("report." + kind + ".what"), Do: c.cat.T("report." + kind + ".do")}
	var fixes []string
	for _, name := range d.Fixes {
		fixes = append(fixes, c.cat.T("report.fix."+name))
	}
	if len(fixes) > 0 {
		e.Reason += c.cat.T("render.colon") + strings.Join(fixes, c.cat.T("cmd.comma"))
	}
	if d.Kind == transfer.DevKept {
		e.Reason += c.cat.T("render.colon") + c.cat.T(d.Text)
		return e
	}
	said := strings.TrimSpace(strings.Join([]string{d.Code, d.Text}, " "))
	if said != "" && len(fixes) > 0 {
		said = c.cat.T("report.said", "said", said)
	}
	if said != "" {
		e.Reason += c.cat.T("render.colon") + said
	}
	return e
}

// recorded are differences that the passes' records name by themselves.
var recorded = map[string]bool{"verify.refused": true, "verify.late": true, "verify.flags.dropped": true, "verify.date.dropped": true}

// difference is what verify found, but for what is on record anyway.
func (c *cli) difference(address string, at time.Time, e transfer.Exception) (exception, bool) {
	var codes []text.Msg
	for _, m := range e.Codes {
		if !recorded[m.Code] && !strings.HasPrefix(m.Code, "verify.mended.") {
			codes = append(codes, m)
		}
	}
	kind := string(e.Class)
	if e.Class == transfer.Explained && len(codes) > 0 && strings.HasPrefix(codes[0].Code, "verify.altered.") {
		kind = "altered"
	}
	row := exception{Mailbox: address, Folder: strings.Join(e.Folder, "/"), Target: e.Target, UID: e.UID, Kind: kind, N: 1,
		Seen: at, Reason: c.differences(codes), Do: c.cat.T("report." + kind + ".do")}
	return row, len(codes) > 0
}

// readVerified gives what verify last found; nil: it never looked.
func readVerified(state *executor.State, address string) (*verified, error) {
	path := verifiedPath(state, address)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var v verified
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil {
		return nil, fileFault(path, err)
	}
	return &v, nil
}

// csv gives a file that Excel opens as it is meant: UTF-8 with a byte order
// mark, CRLF, and no cell that it would take for a formula.
func (x *exceptions) csv(c *cli) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	w.Write(c.heads("mailbox", "folder", "uid", "kind", "messages", "reason", "remedy", "file", "seen"))
	for _, e := range x.Rows {
		seen, uid := "", ""
		if !e.Seen.IsZero() {
			seen = e.Seen.Format(time.RFC3339)
		}
		if e.UID > 0 {
			uid = num(e.UID)
		}
		row := []string{e.Mailbox, e.where(c), uid, c.cat.T("report." + e.Kind), strconv.Itoa(e.N), e.Reason, e.Do, e.File, seen}
		for i := range row {
			row[i] = noFormula(row[i])
		}
		w.Write(row)
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

func noFormula(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// where is the folder, marked where it is the target's.
func (e exception) where(c *cli) string {
	if e.Target {
		return c.cat.T("report.at-target", "folder", e.Folder)
	}
	return e.Folder
}

// keepExceptions writes them into the state directory, for who runs apply by a
// timer, and gives the CSV file's name.
func (c *cli) keepExceptions(state *executor.State, x *exceptions) (string, error) {
	b, err := json.MarshalIndent(x, "", " ")
	if err != nil {
		return "", err
	}
	table, err := x.csv(c)
	if err != nil {
		return "", err
	}
	stem := filepath.Join(state.Reports(), "exceptions")
	if err := state.Write(stem+".json", append(b, '\n')); err != nil {
		return "", err
	}
	return stem + ".csv", state.Write(stem+".csv", table)
}
