package transfer

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// Key says which copy a ledger is of. A ledger with another key is not
// continued: it is kept aside and the copy goes on by adoption.
type Key struct {
	Lineage string // of the state directory
	Address string // canonical; makes the file's name
	From    planner.Endpoint
	To      planner.Endpoint
}

// Ledger is what is known of one mailbox's copy: which source message is
// where at the target. It is an append-only file; it is safe for concurrent
// use, and other processes may read the file while it grows. A message costs
// 32 to 40 octets in the file, 32 of them its hash, and 12 in memory.
type Ledger struct {
	mu    sync.Mutex
	st    *state
	file  disk  // nil: read only
	end   int64 // with what waits
	dead  error // after a failed write nothing more is written
	dirty bool  // written since the last sync

	pending placedRecord // outcomes without a record
	waiting []byte       // records not yet in the file
	path    string
	address string
}

// disk is what a ledger needs of its file.
type disk interface {
	io.ReaderAt
	io.Writer
	Sync() error
	Close() error
}

// OpenLedger opens the ledger of a mailbox under dir (the state directory's
// "ledger") for a pass, and makes it if there is none. An unfinished record at
// the end is cut off, and a file most of which is superseded is compacted. A file that is damaged before that, or has another key,
// is renamed to .damaged-N or .other-N and a fresh one begun; the findings say
// so. Errors are *planner.Fault of class Internal.
func OpenLedger(dir string, k Key) (*Ledger, []config.Finding, error) {
	l, notes, err := openLedger(dir, k, func(f *os.File) disk { return f })
	if err != nil {
		return nil, nil, ledgerFault(ledgerPath(dir, k), k.Address, err)
	}
	return l, notes, nil
}

// ReadLedger reads a ledger as far as it is whole, for plan and status, also
// while a pass writes it. Absent, or of another key, is an empty one; one that
// cannot be read is an error, a *planner.Fault of class Internal.
func ReadLedger(dir string, k Key) (*Ledger, error) {
	l := &Ledger{st: newState(), path: ledgerPath(dir, k), address: k.Address}
	err := readLedger(dir, k, func(f io.ReaderAt, size int64) error {
		st, _, err := replay(f, size, k)
		switch {
		case errors.Is(err, errOtherKey):
			return nil
		case err != nil && !errors.Is(err, errDamaged):
			return err
		}
		l.st = st
		return nil
	})
	if err != nil {
		return nil, err
	}
	return l, nil
}

// readLedger opens a ledger's file, if there is one, for reading only.
func readLedger(dir string, k Key, read func(f io.ReaderAt, size int64) error) error {
	path := ledgerPath(dir, k)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return ledgerFault(path, k.Address, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil {
		err = read(f, info.Size())
	}
	if err != nil {
		return ledgerFault(path, k.Address, err)
	}
	return nil
}

// place is where a ledger's file is and what is done to it there; tests let
// each of these fail.
type place struct {
	dir     string
	wrap    func(*os.File) disk
	rename  func(from, to string) error
	syncDir func(dir string) error
}

func openLedger(dir string, k Key, wrap func(*os.File) disk) (*Ledger, []config.Finding, error) {
	return (&place{dir, wrap, os.Rename, syncDir}).open(k, true)
}

// open opens the ledger; tidy says that it may be compacted first.
func (p *place) open(k Key, tidy bool) (*Ledger, []config.Finding, error) {
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return nil, nil, err
	}
	path := ledgerPath(p.dir, k)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, nil, err
	}
	l, err := p.resume(f, k)
	if err == nil && tidy && l.st.wasteful(l.end) {
		err = p.compact(path, k, l.st, f, l.end)
		f.Close()
		if err != nil {
			os.Remove(path + ".new") // the old one stands
		}
		return p.open(k, false)
	}
	if err == nil {
		os.Remove(path + ".new") // of a process that died
		return l, nil, nil
	}
	f.Close()
	kind, code := "damaged", "ledger.damaged"
	switch {
	case errors.Is(err, errOtherKey):
		kind, code = "other", "ledger.other"
	case !errors.Is(err, errDamaged):
		return nil, nil, err
	}
	kept, err := setAside(path, kind)
	if err != nil {
		return nil, nil, err
	}
	l, notes, err := p.open(k, false)
	note := config.Finding{Msg: text.M(code, "mailbox", k.Address, "file", kept), Severity: config.Warning, Subject: k.Address}
	return l, append([]config.Finding{note}, notes...), err
}

// resume reads a ledger's file, cuts off its unfinished end and makes it
// ready to be written.
func (p *place) resume(f *os.File, k Key) (*Ledger, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	st, end, err := replay(f, info.Size(), k)
	if err != nil {
		return nil, err
	}
	if end < info.Size() {
		if err := f.Truncate(end); err != nil {
			return nil, err
		}
	}
	l := &Ledger{st: st, file: p.wrap(f), end: end, path: f.Name(), address: k.Address}
	if end > 0 { // so its name lasts already
		return l, nil
	}
	if err := l.write(encodeHeader(k)); err != nil {
		return nil, err
	}
	return l, p.syncDir(p.dir)
}

// Close writes what is pending to the disk and closes the file.
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	err := errors.Join(l.sync(), l.file.Close())
	l.file, l.dead = nil, fs.ErrClosed
	return err
}

func ledgerPath(dir string, k Key) string { return filepath.Join(dir, ledgerName(k.Address)) }

// ledgerName makes a file name of an address: what is not plain is written
// as %XX, and a long one is cut and told apart by a hash.
func ledgerName(address string) string {
	var b []byte
	for _, c := range []byte(address) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '@' || c == '-' || c == '_' || c == '+' || c == '.' && len(b) > 0 {
			b = append(b, c)
		} else {
			b = fmt.Appendf(b, "%%%02X", c)
		}
	}
	if len(b) > 160 {
		h := sha256.Sum256([]byte(address))
		b = fmt.Appendf(b[:120], "~%x", h[:16])
	}
	return string(b) + ".ledger"
}

// setAside renames a file out of the way and gives its new name.
func setAside(path, kind string) (string, error) {
	for n := 1; ; n++ {
		to := path + "." + kind + "-" + strconv.Itoa(n)
		if _, err := os.Lstat(to); errors.Is(err, fs.ErrNotExist) {
			return to, os.Rename(path, to)
		}
	}
}

// syncDir makes a new file's name last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrInvalid) {
		return err
	}
	return nil
}

func ledgerFault(path, address string, err error) error {
	var f *planner.Fault
	if errors.As(err, &f) {
		return err
	}
	why := err
	if at := (*fs.PathError)(nil); errors.As(err, &at) {
		path, why = at.Path, at.Err // maybe a file of quarantine
	}
	msg := text.M("ledger.failed", "mailbox", address, "file", path, "reason", why.Error())
	if errors.Is(err, errNewer) {
		msg = text.M("ledger.newer", "mailbox", address, "file", path)
	}
	return &planner.Fault{Msg: msg, Class: planner.Internal}
}
