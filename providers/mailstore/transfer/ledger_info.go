package transfer

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// LedgerInfo is what a ledger knows, counted. It holds nothing of any
// message.
type LedgerInfo struct {
	Mailbox string         `json:"mailbox"`
	File    string         `json:"file"`
	Check   LedgerCheck    `json:"check"`
	At      int64          `json:"at,omitempty"` // octets that are whole, where not all are
	Size    int64          `json:"size"`         // octets
	Live    int64          `json:"live"`         // ... that still count, about
	Written time.Time      `json:"written,omitzero"`
	Folders []LedgerFolder `json:"folders,omitempty"`
	Earlier int            `json:"earlier,omitempty"`   // generations of folders whose UIDs mean nothing any more
	Aside   []string       `json:"set_aside,omitempty"` // ledgers that were begun anew, in the same directory
}

// LedgerCheck says whether a ledger's file is whole.
type LedgerCheck string

// What a check may find. Where it is not Whole or Torn, the next pass keeps
// the file aside and rebuilds by looking at the target.
const (
	LedgerWhole   LedgerCheck = "whole"
	LedgerTorn    LedgerCheck = "torn"    // a last record is unfinished: a pass is writing it, or died; it is cut off
	LedgerDamaged LedgerCheck = "damaged" // in front of valid records
	LedgerOther   LedgerCheck = "other"   // of another copy
	LedgerNone    LedgerCheck = "none"    // no pass ran
)

// LedgerFolder is one source folder as its last pass left it.
type LedgerFolder struct {
	From     string   `json:"from"` // as LIST gave it
	To       []string `json:"to"`
	Validity uint32   `json:"uidvalidity"`
	There    uint32   `json:"target_uidvalidity"`
	Placed   int      `json:"placed"`
	Runs     int      `json:"runs"`               // of UIDs that follow one another on both sides
	Adopted  int      `json:"adopted,omitempty"`  // of Placed: were there before
	Nowhere  int      `json:"nowhere,omitempty"`  // of Placed: stored, but at an unknown UID
	Keywords int      `json:"keywords,omitempty"` // of Placed: without keywords that the source has
	Dates    int      `json:"dates,omitempty"`    // of Placed: without their date
	Altered  int      `json:"altered,omitempty"`  // of Placed: repaired or wrapped
	Kept     int      `json:"kept,omitempty"`     // of Placed: deleted at the source since
	Removing int      `json:"removing,omitempty"` // of Placed: being removed
	Refused  int      `json:"refused,omitempty"`
	Missing  int      `json:"missing,omitempty"` // listed by the source, not given
	Intents  int      `json:"intents,omitempty"` // messages that may have been sent since the last finished pass
	Finished bool     `json:"finished"`          // a pass dealt with all of it; the rest tells how it stood then
	Messages uint32   `json:"messages,omitempty"`
	UIDNext  uint32   `json:"uidnext,omitempty"`
	ModSeq   uint64   `json:"modseq,omitempty"`
	Skipped  uint32   `json:"skipped,omitempty"` // left out for their date
	Pending  uint32   `json:"pending,omitempty"` // to be tried again
	Looked   uint32   `json:"looked"`            // UIDs of the target below it are explained
}

// Inspect checks a ledger's file and counts what it knows; it changes
// nothing. Errors are *planner.Fault of class Internal.
func Inspect(dir string, k Key) (*LedgerInfo, error) {
	name := ledgerName(k.Address)
	i := &LedgerInfo{Mailbox: k.Address, File: filepath.Join(dir, name), Check: LedgerNone}
	f, err := os.Open(i.File)
	if errors.Is(err, fs.ErrNotExist) {
		return i, nil
	}
	if err == nil {
		defer f.Close()
		err = i.read(f, k)
	}
	if err == nil {
		i.Aside, err = asideOf(dir, name)
	}
	if err != nil {
		return nil, ledgerFault(i.File, k.Address, err)
	}
	return i, nil
}

func (i *LedgerInfo) read(f *os.File, k Key) error {
	about, err := f.Stat()
	if err != nil {
		return err
	}
	i.Size, i.Written, i.Check = about.Size(), about.ModTime().UTC(), LedgerWhole
	st, end, err := replay(f, i.Size, k)
	switch {
	case errors.Is(err, errOtherKey):
		i.Check = LedgerOther
		return nil
	case errors.Is(err, errDamaged):
		i.Check, i.At = LedgerDamaged, end
	case err != nil:
		return err
	case end < i.Size:
		i.Check, i.At = LedgerTorn, end
	}
	i.Live = min(st.live(), i.Size)
	for _, s := range st.folders {
		if st.folderOf[s.name] != s {
			i.Earlier++
			continue
		}
		i.Folders = append(i.Folders, s.info())
	}
	return nil
}

func (f *folderState) info() LedgerFolder {
	i := LedgerFolder{From: f.name, To: f.target.path, Validity: f.uidValidity, There: f.target.uidValidity,
		Placed: len(f.rows), Finished: f.marked, Looked: f.target.looked, Messages: f.mark.messages,
		UIDNext: f.mark.next, ModSeq: f.mark.modSeq, Skipped: f.mark.skipped, Pending: f.mark.pending, Altered: f.altered(), Kept: len(f.kept), Removing: len(f.removing)}
	for n, r := range f.rows {
		if n == 0 || !follows(f.rows[n-1], row{r.src, r.dst, f.rows[n-1].flags}, 1) {
			i.Runs++
		}
		for bit, count := range map[uint32]*int{bitAdopted: &i.Adopted, bitKeywords: &i.Keywords, bitDate: &i.Dates} {
			if r.flags&bit != 0 {
				*count++
			}
		}
		if r.dst == 0 {
			i.Nowhere++
		}
	}
	for _, p := range f.problems {
		if p.Missing {
			i.Missing++
		} else {
			i.Refused++
		}
	}
	for _, s := range f.intents {
		i.Intents += int(s.count)
	}
	return i
}

// asideOf lists what setAside kept of a ledger.
func asideOf(dir, name string) (names []string, err error) {
	all, err := os.ReadDir(dir)
	for _, e := range all {
		if rest, ok := strings.CutPrefix(e.Name(), name+"."); ok && rest != "new" {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// Messages sums up the folders: placed, and named as refused or missing.
func (i *LedgerInfo) Messages() (placed, refused, missing, intents int) {
	for _, f := range i.Folders {
		placed, refused, missing, intents = placed+f.Placed, refused+f.Refused, missing+f.Missing, intents+f.Intents
	}
	return placed, refused, missing, intents
}

// Retry lets the next pass try again what the target refused: it marks the
// messages as missing, which every pass asks for, and keeps the reason until
// then. It gives how many it marked, and how many were missing before.
func (l *Ledger) Retry() (refused, missing int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.st.folders {
		if l.st.folderOf[f.name] != f {
			continue
		}
		var recs []record
		for _, uid := range sortedUIDs(f.problems) {
			p := f.problems[uid]
			if p.Missing {
				missing++
				continue
			}
			p.Missing = true
			recs = append(recs, problemRecord{folder: f.id, uid: uid, Problem: p})
		}
		if len(recs) == 0 {
			continue
		}
		refused += len(recs)
		if f.marked {
			m := f.mark
			m.pending += uint32(len(recs))        // so that the folder is looked at
			head := []record{markRecord{f.id, m}} // it ends open intents: they are written again
			for _, i := range f.intents {
				head = append(head, intentRecord{f.id, i.next, []span{i.span}})
			}
			recs = append(head, recs...)
		}
		if err := l.add(recs...); err != nil {
			return 0, 0, ledgerFault(l.path, l.address, err)
		}
	}
	if err := l.sync(); err != nil {
		return 0, 0, ledgerFault(l.path, l.address, err)
	}
	return refused, missing, nil
}
