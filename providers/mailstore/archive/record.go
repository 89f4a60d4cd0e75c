package archive

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// Pass is what is on record of the last pass that kept a mailbox to its end.
type Pass struct {
	Began    time.Time `json:"began"`
	ReadBack time.Time `json:"read_back"` // when all of the archive had been read after it
	Messages int       `json:"messages"`
	Bytes    int64     `json:"bytes"`
	Head     string    `json:"head"`               // of the manifest
	PerHour  float64   `json:"per_hour,omitempty"` // messages that came between the pass before and this one
}

const passName = "pass.json"

// Keep writes down a pass whose archive was read back as r says, and reckons
// what came since the pass before.
func (b *Box) Keep(p Pass, r *Report) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	last, err := LastPass(b.dir)
	if err == nil && b.stale > 0 {
		err = fault(b.dir, b.rewrite())
	}
	if err != nil {
		return err
	}
	p.Messages, p.Bytes, p.Head = r.Messages, r.Bytes, b.head
	p.PerHour = last.PerHour
	if hours := p.Began.Sub(last.Began).Hours(); last.Messages > 0 && hours > 1./60 {
		p.PerHour = max(0, float64(p.Messages-last.Messages)/hours)
	}
	octets, err := json.Marshal(p)
	if err != nil {
		return err
	}
	name := filepath.Join(b.dir, passName)
	f, err := os.OpenFile(name+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fault(b.dir, err)
	}
	_, err = f.Write(append(octets, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err == nil {
		err = b.syncDir(".")
	}
	return fault(b.dir, err)
}

// LastPass tells of the last pass of the archive in dir; the zero Pass: none.
func LastPass(dir string) (Pass, error) {
	var p Pass
	octets, err := os.ReadFile(filepath.Join(dir, passName))
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err == nil {
		err = json.Unmarshal(octets, &p)
	}
	return p, fault(dir, err)
}

// tail is more than the longest line that is written often.
const tail = 1 << 16

// Head reads the hash of the manifest's last whole line.
func Head(dir string) (string, error) {
	f, err := os.Open(filepath.Join(dir, manifestName))
	if err != nil {
		return "", fault(dir, err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return "", fault(dir, err)
	}
	octets, err := io.ReadAll(io.NewSectionReader(f, max(0, st.Size()-tail), tail))
	if err != nil {
		return "", fault(dir, err)
	}
	lines := bytes.Split(octets[:bytes.LastIndexByte(octets, '\n')+1], []byte("\n"))
	var l line
	if len(lines) > 1 && json.Unmarshal(lines[len(lines)-2], &l) == nil {
		return l.Chain, nil
	}
	m, err := readManifest(dir) // a line longer than that
	if err != nil {
		return "", fault(dir, err)
	}
	return m.head, nil
}

// Below gives the directories of the archived mailboxes in dir, or dir itself
// if it is one. None is a *planner.Fault.
func Below(dir string) ([]string, error) {
	if _, err := os.Stat(filepath.Join(dir, manifestName)); err == nil {
		return []string{dir}, nil
	}
	found, err := fs.Glob(os.DirFS(dir), "*/"+manifestName)
	if err != nil {
		return nil, fault(dir, err)
	}
	if len(found) == 0 {
		return nil, &planner.Fault{Msg: text.M("archive.none", "dir", dir), Class: planner.Internal}
	}
	for i, name := range found {
		found[i] = filepath.Join(dir, filepath.Dir(name))
	}
	return found, nil
}
