// Package archive keeps mailboxes as files: a Maildir for each, whose folders
// lie side by side (Maildir++), and a manifest with a line a message, each with
// the hash of the message's octets and of all lines before it. Nothing counts
// until it is on the disk. Files can be read with any mail program; what counts
// is the manifest.
package archive

import (
	"cmp"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// Box is the archive of one mailbox: a [transfer.Session], so that passes copy
// into it and out of it.
type Box struct {
	dir     string
	address string
	now     func() time.Time
	step    func(op, name string) error // tests: called before each act on the disk

	mu      sync.Mutex
	file    *os.File // the manifest; nil: read only
	head    string   // its last line's hash
	from    string
	folders []*folder
	stale   int   // lines that later ones stand for
	dead    error // after a failed write nothing more is written
}

type folder struct {
	line
	mail []*message // by UID
	next uint32
}

type message struct {
	line
	at  string // its file below the folder's directory, "cur/…"; "": it is not there
	bad bool   // it was read and is not what was written
}

// Dir is where the archive of a mailbox lies below an archive's path.
func Dir(root, address string) string { return filepath.Join(root, url.PathEscape(address)) }

// Read opens an archive for reading. Errors are *planner.Fault.
func Read(dir string) (*Box, error) {
	m, err := readManifest(dir)
	if err == nil && len(m.lines) == 0 && len(m.damaged) == 0 {
		return nil, &planner.Fault{Msg: text.M("archive.none", "dir", dir), Class: planner.Internal}
	}
	if err != nil {
		return nil, fault(dir, err)
	}
	b := &Box{dir: dir}
	if err := b.load(m); err != nil {
		return nil, err
	}
	if err := b.locate(); err != nil {
		return nil, fault(dir, err)
	}
	return b, nil
}

// Open opens the archive of a mailbox for a pass and makes it if there is none;
// from is the mailbox as a URL. What a pass that died left is put right, and
// messages whose files are gone or were found damaged are given up, so that the
// next pass keeps them anew. Errors are *planner.Fault.
func Open(dir, address, from string, now func() time.Time) (*Box, error) {
	return open(dir, address, from, now, nil)
}

func open(dir, address, from string, now func() time.Time, step func(op, name string) error) (*Box, error) {
	b := &Box{dir: dir, address: address, from: from, now: now, step: step}
	if err := b.start(); err != nil {
		b.Close()
		return nil, fault(dir, err)
	}
	return b, nil
}

func (b *Box) start() error {
	m, err := readManifest(b.dir)
	if err != nil {
		return err
	}
	if len(m.damaged) > 0 {
		return &planner.Fault{Msg: text.M("archive.damaged", "dir", b.dir, "line", itoa(m.damaged[0])), Class: planner.Internal}
	}
	address, from := b.address, b.from
	if err := b.load(m); err != nil {
		return err
	}
	if b.address != "" && b.address != address {
		return &planner.Fault{Msg: text.M("archive.other", "dir", b.dir, "address", b.address, "wanted", address), Class: planner.Internal}
	}
	b.address, b.from = address, cmp.Or(from, b.from)
	if err := b.mkdir("."); err != nil {
		return err
	}
	if b.file, err = os.OpenFile(filepath.Join(b.dir, manifestName), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return err
	}
	if err := b.cutTail(m.end); err != nil {
		return err
	}
	if len(m.lines) == 0 {
		if err := b.write(line{Kind: kindArchive, Format: format, Address: address, From: from}); err != nil {
			return err
		}
		if err := b.syncDir("."); err != nil {
			return err
		}
	}
	return b.recover()
}

func (b *Box) cutTail(end int64) error {
	if err := b.file.Truncate(end); err != nil {
		return err
	}
	_, err := b.file.Seek(end, 0)
	return err
}

// load takes what the manifest says.
func (b *Box) load(m *manifest) error {
	if m.newer {
		return &planner.Fault{Msg: text.M("archive.newer", "dir", b.dir), Class: planner.Internal}
	}
	b.head, b.address = m.head, ""
	for i, l := range m.lines {
		switch l.Kind {
		case kindArchive:
			b.address, b.from = l.Address, cmp.Or(b.from, l.From)
		case kindFolder:
			if !ownDir(l.Folder) {
				return &planner.Fault{Msg: text.M("archive.damaged", "dir", b.dir, "line", itoa(i+1)), Class: planner.Internal}
			}
			if f := b.folder(l.Folder); f != nil {
				f.line = l
				b.stale++
				continue
			}
			b.folders = append(b.folders, &folder{line: l, next: 1})
		case kindMessage:
			if f := b.folder(l.Folder); f != nil && l.UID >= f.next {
				f.mail = append(f.mail, &message{line: l})
				f.next = l.UID + 1
			}
		case kindFlags:
			if msg := b.folder(l.Folder).find(l.UID); msg != nil {
				msg.Flags = l.Flags
				b.stale++
			}
		}
	}
	return nil
}

func (b *Box) folder(dir string) *folder {
	i := slices.IndexFunc(b.folders, func(f *folder) bool { return f.Folder == dir })
	if i < 0 {
		return nil
	}
	return b.folders[i]
}

func (f *folder) find(uid uint32) *message {
	if f == nil {
		return nil
	}
	i, ok := slices.BinarySearchFunc(f.mail, uid, func(m *message, uid uint32) int { return cmp.Compare(m.UID, uid) })
	if !ok {
		return nil
	}
	return f.mail[i]
}

// path is a file of a folder.
func (b *Box) path(f *folder, at ...string) string {
	return filepath.Join(append([]string{b.dir, f.Folder}, at...)...)
}

// inFolder are the directories of a Maildir.
var inFolder = []string{"cur", "new", "tmp"}

// listed gives the files in one directory of a folder, by their bare names.
func (b *Box) listed(f *folder, in string) (map[string]string, error) {
	entries, err := os.ReadDir(b.path(f, in))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	files := make(map[string]string, len(entries))
	for _, e := range entries {
		files[bare(e.Name())] = e.Name()
	}
	return files, nil
}

// locate finds each message's file: in cur, or in tmp, where it lies until its
// line is written, and in new, where a mail program may have put it back.
func (b *Box) locate() error {
	for _, f := range b.folders {
		for _, in := range inFolder {
			files, err := b.listed(f, in)
			if err != nil {
				return err
			}
			for _, m := range f.mail {
				if name, ok := files[m.File]; ok && m.at == "" {
					m.at = filepath.Join(in, name)
				}
			}
		}
	}
	return nil
}

// Address is whose mail it is.
func (b *Box) Address() string { return b.address }

// From is the mailbox that it was taken of, as a URL.
func (b *Box) From() string { return b.from }

// Head is the hash of the manifest's last line, which covers them all.
func (b *Box) Head() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.head
}

// Count is how many messages the manifest has, and their octets.
func (b *Box) Count() (messages int, octets int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.folders {
		messages += len(f.mail)
		octets += f.size()
	}
	return messages, octets
}

func (f *folder) size() (octets int64) {
	for _, m := range f.mail {
		octets += m.Size
	}
	return octets
}

// fault gives what can be told of an error.
func fault(dir string, err error) error {
	var f *planner.Fault
	if err == nil || errors.As(err, &f) {
		return err
	}
	return &planner.Fault{Msg: text.M("archive.failed", "dir", dir, "reason", strings.TrimSpace(err.Error())), Class: planner.Internal}
}
