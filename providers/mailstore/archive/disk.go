package archive

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
)

func itoa(n int) string { return strconv.Itoa(n) }

// at tells a test what is about to be done to the disk.
func (b *Box) at(op, name string) error {
	if b.step == nil {
		return nil
	}
	return b.step(op, name)
}

// mkdir makes a folder's directories.
func (b *Box) mkdir(name string) error {
	if err := b.at("mkdir", name); err != nil {
		return err
	}
	for _, in := range inFolder {
		if err := os.MkdirAll(filepath.Join(b.dir, name, in), 0o700); err != nil {
			return err
		}
	}
	if name == "." {
		return b.syncDir("..")
	}
	// Other programs know a folder of a Maildir by this file.
	if err := os.WriteFile(filepath.Join(b.dir, name, "maildirfolder"), nil, 0o600); err != nil {
		return err
	}
	if err := b.syncDir(name); err != nil {
		return err
	}
	return b.syncDir(".")
}

// syncDir makes names in a directory durable. Windows cannot, and need not.
func (b *Box) syncDir(name string) error {
	if err := b.at("sync", name); err != nil {
		return err
	}
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(filepath.Join(b.dir, name))
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// write adds lines to the manifest and makes them durable.
func (b *Box) write(lines ...line) error {
	if b.dead != nil {
		return b.dead
	}
	var all bytes.Buffer
	head := b.head
	for _, l := range lines {
		sealed, octets, err := l.seal(head)
		if err != nil {
			return err
		}
		head = sealed.Chain
		all.Write(octets)
	}
	err := b.at("write", manifestName)
	if err == nil {
		_, err = b.file.Write(all.Bytes())
	}
	if err == nil {
		err = b.at("sync", manifestName)
	}
	if err == nil {
		err = b.file.Sync()
	}
	if err != nil { // what is in the file now is not known
		b.dead = err
		return err
	}
	b.head = head
	return nil
}

// rewrite replaces the manifest by one without lines that others stand for.
func (b *Box) rewrite() error {
	lines := []line{{Kind: kindArchive, Format: format, Address: b.address, From: b.from}}
	for _, f := range b.folders {
		lines = append(lines, f.line)
		for _, m := range f.mail {
			lines = append(lines, m.line)
		}
	}
	name := filepath.Join(b.dir, manifestName)
	f, err := os.OpenFile(name+".new", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	was, head := b.file, b.head
	b.file, b.head = f, ""
	err = b.write(lines...)
	if err == nil {
		err = b.at("rename", manifestName)
	}
	if err == nil {
		was.Close() // before Windows replaces it
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		was.Close()
		b.head, b.dead = head, err
		return err
	}
	b.stale = 0
	return b.syncDir(".")
}

// recover puts right what a pass that died left.
func (b *Box) recover() error {
	if err := b.locate(); err != nil {
		return err
	}
	for _, f := range b.folders {
		if err := b.mkdirs(f); err != nil {
			return err
		}
		for _, m := range f.mail {
			if err := b.settle(f, m); err != nil {
				return err
			}
		}
		if err := b.sweep(f); err != nil {
			return err
		}
	}
	return b.giveUp()
}

// GiveUp drops from the manifest what Verify found missing or changed, so that
// the next pass keeps it anew. Changed files go into a directory of their own.
func (b *Box) GiveUp() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return fault(b.dir, b.giveUp())
}

// damagedName is the directory of files that are not as they were written.
const damagedName = "damaged"

func (b *Box) putAside(f *folder, m *message) error {
	if m.at == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Join(b.dir, damagedName), 0o700); err != nil {
		return err
	}
	return os.Rename(b.path(f, m.at), filepath.Join(b.dir, damagedName, filepath.Base(m.at)))
}

func (b *Box) mkdirs(f *folder) error {
	if _, err := os.Stat(b.path(f, "tmp")); err == nil {
		return nil
	}
	return b.mkdir(f.Folder)
}

// settle brings a message's file where its line says.
func (b *Box) settle(f *folder, m *message) error {
	want := filepath.Join("cur", m.File+info(m.Flags))
	if m.at == "" || m.at == want {
		return nil
	}
	if err := b.at("rename", m.File); err != nil {
		return err
	}
	if err := os.Rename(b.path(f, m.at), b.path(f, want)); err != nil {
		return err
	}
	m.at = want
	return nil
}

// sweep removes what was being written and never got a line.
func (b *Box) sweep(f *folder) error {
	entries, err := os.ReadDir(b.path(f, "tmp"))
	for _, e := range entries {
		if err == nil {
			err = os.Remove(b.path(f, "tmp", e.Name()))
		}
	}
	return err
}

// giveUp drops messages whose files are gone or damaged. Their folder gets
// another UIDVALIDITY: what was known of its UIDs is not so any more, and the
// next pass looks at its mail anew.
func (b *Box) giveUp() error {
	changed := false
	for _, f := range b.folders {
		var kept []*message
		for _, m := range f.mail {
			if m.at != "" && !m.bad {
				kept = append(kept, m)
			} else if err := b.putAside(f, m); err != nil {
				return err
			}
		}
		if len(kept) < len(f.mail) {
			f.mail, f.Validity, changed = kept, f.Validity+1, true
		}
	}
	if !changed {
		return nil
	}
	return b.rewrite()
}

// Close ends the use of the archive.
func (b *Box) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.file == nil {
		return nil
	}
	var err error
	if b.stale > 0 && b.dead == nil {
		err = b.rewrite()
	}
	if e := b.file.Close(); err == nil {
		err = e
	}
	b.file = nil
	return fault(b.dir, err)
}
