package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
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
	return name, errors.Join(os.WriteFile(filepath.Join(dir, name+".json"), append(b, '\n'), 0o600), syncDir(dir))
}

// commit gives a whole file its name.
func commit(tmp *os.File, name string) error {
	if err := errors.Join(tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), name)
}
