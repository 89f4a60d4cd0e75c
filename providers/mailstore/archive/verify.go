package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/mxmove/mxmove/planner"
)

// Kinds of [Problem].
const (
	Changed  = "changed"  // the file's octets are not those that were written
	Missing  = "missing"  // the manifest has it, and there is no file
	Extra    = "extra"    // a file that the manifest does not know
	Manifest = "manifest" // a line of the manifest is not as it was written
)

// Problem is something in an archive that is not as it was written.
type Problem struct {
	Kind   string   `json:"kind"`
	Folder []string `json:"folder,omitempty"`
	UID    uint32   `json:"uid,omitempty"`
	File   string   `json:"file"`           // below the archive's directory
	Line   int      `json:"line,omitempty"` // of the manifest
}

// Report is what Verify found.
type Report struct {
	Address  string    `json:"address"`
	Dir      string    `json:"dir"`
	Messages int       `json:"messages"` // that the manifest has
	Bytes    int64     `json:"bytes"`
	Proven   int       `json:"proven"` // read, and found to be what was written
	Head     string    `json:"head"`   // hash of the manifest
	Problems []Problem `json:"problems"`
}

// Whole reports whether everything is there and as it was written. A file that
// nobody knows harms nothing, but somebody should know of it.
func (r *Report) Whole() bool { return len(r.Problems) == 0 }

// Verify reads every message of the archive in dir and compares it with the
// manifest; it writes nothing. Errors are *planner.Fault or the context's.
func Verify(ctx context.Context, dir string, progress func(planner.Progress)) (*Report, error) {
	b, err := Read(dir)
	if err != nil {
		return nil, err
	}
	return b.Verify(ctx, progress)
}

// Verify reads every message. Those that are not as they were written are given
// out no more; see [Box.GiveUp].
func (b *Box) Verify(ctx context.Context, progress func(planner.Progress)) (*Report, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m, err := readManifest(b.dir)
	if err != nil {
		return nil, fault(b.dir, err)
	}
	r := &Report{Address: b.address, Dir: b.dir, Head: b.head, Problems: []Problem{}}
	for _, n := range m.damaged {
		r.Problems = append(r.Problems, Problem{Kind: Manifest, File: manifestName, Line: n})
	}
	var at planner.Progress
	for _, f := range b.folders {
		at.Total += len(f.mail)
		at.BytesAll += f.size()
	}
	for _, f := range b.folders {
		for _, msg := range f.mail {
			if err := ctx.Err(); err != nil {
				return r, err
			}
			if err := b.prove(f, msg, r); err != nil {
				return r, fault(b.dir, err)
			}
			at.Folder, at.Done, at.Bytes = f.Folder, at.Done+1, at.Bytes+msg.Size
			if progress != nil {
				progress(at)
			}
		}
	}
	return r, fault(b.dir, b.strangers(r))
}

// prove reads one message.
func (b *Box) prove(f *folder, m *message, r *Report) error {
	r.Messages++
	r.Bytes += m.Size
	p := Problem{Kind: Missing, Folder: f.Path, UID: m.UID, File: filepath.Join(f.Folder, m.File)}
	if m.at == "" {
		r.Problems = append(r.Problems, p)
		return nil
	}
	p.File = filepath.Join(f.Folder, m.at)
	file, err := os.Open(b.path(f, m.at))
	if os.IsNotExist(err) {
		m.at = ""
		r.Problems = append(r.Problems, p)
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, file)
	if err != nil || n != m.Size || hex.EncodeToString(sum.Sum(nil)) != m.SHA256 {
		m.bad = true
		p.Kind = Changed
		r.Problems = append(r.Problems, p)
		return nil // also what the disk does not give
	}
	r.Proven++
	return nil
}

// strangers finds files that the manifest does not know, and folders.
func (b *Box) strangers(r *Report) error {
	known := map[string]bool{}
	for _, f := range b.folders {
		for _, m := range f.mail {
			known[filepath.Join(f.Folder, m.File)] = true
		}
	}
	dirs, err := os.ReadDir(b.dir)
	if err != nil {
		return err
	}
	names := []string{"."}
	for _, d := range dirs {
		if d.IsDir() && !slices.Contains(inFolder, d.Name()) {
			names = append(names, d.Name())
		}
	}
	for _, name := range names {
		for _, in := range []string{"cur", "new"} { // tmp is of who writes now
			entries, err := os.ReadDir(filepath.Join(b.dir, name, in))
			if err != nil && !os.IsNotExist(err) {
				return err
			}
			for _, e := range entries {
				if !known[filepath.Join(name, bare(e.Name()))] {
					r.Problems = append(r.Problems, Problem{Kind: Extra, File: filepath.Join(name, in, e.Name())})
				}
			}
		}
	}
	return nil
}
