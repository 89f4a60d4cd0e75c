package manual

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// freshFor is how long the export of a directory counts as what is there.
const freshFor = 24 * time.Hour

// Sheets are the directories that administrators export as files.
type Sheets struct {
	Spec *config.Spec
	Dir  string // the spec's
	Now  func() time.Time
}

// observe shows both tenants as their sheets list them. A tenant without a
// sheet, or whose sheet cannot be read, is not seen, and said to be so.
func (s *Sheets) observe(snap *planner.Snapshot) {
	for _, at := range []struct {
		name string
		side config.Side
		into *planner.Side
	}{{"source", s.Spec.Source, &snap.Source}, {"target", s.Spec.Target, &snap.Target}} {
		if !s.looksAt(at.name, at.side) {
			continue
		}
		t, found := s.tenant(at.name, at.side)
		at.into.Tenant = &t
		for _, f := range found {
			f.At = at.side.At
			snap.Findings = append(snap.Findings, f)
		}
	}
	s.notYet(snap)
}

// looksAt reports a tenant whose directory matters. A service of mailboxes has
// none, a target may not exist yet, and of a source whose mail is copied only
// the mailboxes do.
func (s *Sheets) looksAt(end string, side config.Side) bool {
	switch {
	case side.Kind == config.KindIMAP:
		return false
	case end == "target":
		return side.CorpID != ""
	}
	return side.Directory != nil || s.Spec.Target.Procedure != config.ProcedureHistory
}

func (s *Sheets) tenant(name string, side config.Side) (planner.Tenant, []config.Finding) {
	t := planner.Tenant{Corp: side.CorpID, Seen: planner.Seen{At: s.Now(), How: "sheet"}}
	unseen := func(code string, pairs ...string) (planner.Tenant, []config.Finding) {
		m := text.M(code, append(pairs, "end", name)...)
		t.Seen.Err = &planner.Fault{Msg: m, Class: planner.Internal}
		return t, []config.Finding{{Msg: m, Severity: config.Blocks, Subject: side.CorpID}}
	}
	if side.Directory == nil {
		return unseen("sheet.none")
	}
	path := side.Directory.Sheet
	if !filepath.IsAbs(path) {
		path = filepath.Join(s.Dir, path)
	}
	b, at, err := readSheet(path)
	if err != nil {
		return unseen("sheet.unreadable", "file", side.Directory.Sheet, "error", err.Error())
	}
	listed, columns, err := config.ReadDirectory(side.Directory.Sheet, b)
	switch {
	case errors.Is(err, config.ErrNoDirectory), err == nil && len(listed) == 0:
		return unseen("sheet.strange", "file", side.Directory.Sheet)
	case err != nil:
		return unseen("sheet.unreadable", "file", side.Directory.Sheet, "error", err.Error())
	case at.After(s.Now().Add(time.Minute)): // else it would never be too old
		return unseen("sheet.future", "file", side.Directory.Sheet)
	}
	if lacks := s.lacks(name, columns); lacks != "" {
		return unseen("sheet.column", "file", side.Directory.Sheet, "column", lacks)
	}
	t.Seen.At, t.Members = at, members(listed)
	if s.Now().Sub(at) > freshFor {
		return t, []config.Finding{{Msg: text.M("sheet.old", "file", side.Directory.Sheet, "end", name, "at", at.In(s.Now().Location()).Format("2006-01-02 15:04")),
			Severity: config.Warning, Subject: side.CorpID}}
	}
	return t, nil
}

// readSheet gives a file and when it was written. Errors do not tell its path:
// the person knows it by the spec's.
func readSheet(path string) ([]byte, time.Time, error) {
	f, err := os.Stat(path)
	var b []byte
	if err == nil {
		b, err = os.ReadFile(path)
	}
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	if err != nil {
		return nil, time.Time{}, err
	}
	return b, f.ModTime().UTC(), nil
}

func members(listed []config.Listed) []planner.Member {
	all := make([]planner.Member, len(listed))
	for i, l := range listed {
		all[i] = planner.Member{Account: l.Account, Name: l.Name, Address: l.Address, Aliases: l.Aliases, Departments: l.Departments,
			Enabled: map[string]planner.Tri{"yes": planner.Yes, "no": planner.No}[l.Enabled]}
	}
	slices.SortFunc(all, func(x, y planner.Member) int { return strings.Compare(x.Account, y.Account) })
	return all
}
