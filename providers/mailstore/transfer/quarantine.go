package transfer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/mxmove/mxmove/planner"
)

// Quarantined describes a message that the target refused, as it stands in
// the .json beside its .eml.
type Quarantined struct {
	Mailbox string    `json:"mailbox"`
	Folder  string    `json:"folder"` // path at the source with "/"
	UID     uint32    `json:"uid"`    // at the source
	Date    time.Time `json:"date,omitzero"`
	Flags   []string  `json:"flags,omitempty"`
	Size    int64     `json:"size"`
	SHA256  string    `json:"sha256"`
	Code    string    `json:"code,omitempty"`  // the target's response code
	Said    string    `json:"said"`            // the target's words
	Tried   []Tried   `json:"tried,omitempty"` // altered forms that it refused as well
}

// quarantine keeps a refused message as a file with exactly its octets, and
// names it in the ledger, so that it is not tried again.
func (c *carry) quarantine(ctx context.Context, j job, s stage) error {
	why := s.reason()
	if c.p.Options.Fail {
		return c.refusal(j, why)
	}
	name, err := "", error(nil)
	missing, no, ferr := ask(ctx, c.src, []uint32{j.uid}, func(it Item) error {
		if it.UID != j.uid {
			_, err := io.Copy(io.Discard, it.Body)
			return err
		}
		name, err = c.keep(it, s)
		return err
	})
	if err != nil {
		return err
	}
	if ferr != nil {
		return ferr
	}
	if len(missing) > 0 || name == "" {
		return c.notGiven(j, no[j.uid])
	}
	if c.listed != nil {
		c.listed[j.uid] = true
	}
	err = c.l.put(problemRecord{folder: c.f.id, uid: j.uid, Problem: Problem{Code: why.Code, Text: why.Text, File: name}})
	if err != nil {
		return err
	}
	c.count(func(t *planner.Tally) { t.Refused++ })
	c.dealt(j.size)
	return nil
}

// keep writes the .eml and the .json. Its name depends on the content alone,
// so a second try after a crash makes no second file.
func (c *carry) keep(it Item, s stage) (name string, err error) {
	dir := c.p.Options.Quarantine
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	tmp, err := os.CreateTemp(dir, ".part-*")
	if err != nil {
		return "", err
	}
	defer os.Remove(tmp.Name())
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(tmp, h), it.Body)
	if err == nil && n < it.Size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		tmp.Close()
		var disk *os.PathError
		if errors.As(err, &disk) {
			return "", err
		}
		return "", broken(err)
	}
	sum := hex.EncodeToString(h.Sum(nil))
	name = sum[:16] + "-" + uidText(it.UID) + ".eml"
	if err := commit(tmp, filepath.Join(dir, name)); err != nil {
		return "", err
	}
	about := Quarantined{Mailbox: c.l.address, Folder: pathText(c.m.From.Path), UID: it.UID, Date: it.Date, Size: n,
		SHA256: sum, Code: s.reason().Code, Said: s.reason().Text}
	if s.mending != nil {
		about.Tried = s.mending.tried
	}
	for _, f := range it.Flags {
		about.Flags = append(about.Flags, string(f))
	}
	b, err := json.MarshalIndent(about, "", "  ")
	if err != nil {
		return "", err
	}
	return name, errors.Join(keepAbout(filepath.Join(dir, name+".json"), append(b, '\n')), syncDir(dir))
}

// keepAbout writes what is to be known of a message.
func keepAbout(name string, about []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(name), ".part-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if _, err := tmp.Write(about); err != nil {
		return errors.Join(err, tmp.Close())
	}
	return commit(tmp, name)
}

// commit gives a whole file its name.
func commit(tmp *os.File, name string) error {
	if err := errors.Join(tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), name)
}

// keptAs is the file in which a message lies in quarantine, or "".
func (l *Ledger) keptAs(f *folderState, uid uint32) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return f.problems[uid].File
}

// placedLog lists, in a directory of quarantine, what lay there once and is at
// the target now: a line of JSON each, as it stood beside its .eml.
const placedLog = "placed.jsonl"

// unkeep removes the files of a message that is at the target now, unless
// another folder's message lies there too. It is done before the place is put
// down: who dies in between finds the message at the target by looking.
func (c *carry) unkeep(name string, uid uint32) error {
	other := func(n Named) bool { return n.File == name && (n.Folder != c.f.name || n.UID != uid) }
	if slices.ContainsFunc(c.l.Named(), other) {
		return nil
	}
	dir := c.p.Options.Quarantine
	about, err := os.ReadFile(filepath.Join(dir, name+".json"))
	if err == nil {
		err = logPlaced(dir, about)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, file := range []string{name, name + ".json"} {
		if err := os.Remove(filepath.Join(dir, file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func logPlaced(dir string, about []byte) error {
	var line bytes.Buffer
	if err := json.Compact(&line, about); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(dir, placedLog), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		if _, err = f.Write(append(line.Bytes(), '\n')); err != nil {
			_ = f.Truncate(info.Size()) // half a line would spoil the next one
		}
	}
	return errors.Join(err, f.Sync(), f.Close())
}
