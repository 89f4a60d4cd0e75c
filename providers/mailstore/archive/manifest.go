package archive

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// manifestName is the file that says what an archive holds.
const manifestName = "manifest.jsonl"

// format is the manifest's version; a reader refuses a newer one.
const format = 1

// Kinds of line.
const (
	kindArchive = "archive" // the first: whose mail it is
	kindFolder  = "folder"  // a folder's exact name; a later one of the same directory stands for it
	kindMessage = "message"
	kindFlags   = "flags" // of a message, instead of those told before
)

// line is a line of the manifest: JSON, with the hash of itself and of all
// lines before it.
type line struct {
	Kind string `json:"kind"`

	Format  int    `json:"format,omitempty"` // archive
	Address string `json:"address,omitempty"`
	From    string `json:"from,omitempty"` // the mailbox as a URL

	Folder     string   `json:"folder,omitempty"` // its directory, "." is INBOX
	Path       []string `json:"path,omitempty"`   // folder: its exact name, level by level
	Use        string   `json:"use,omitempty"`    // folder: SPECIAL-USE (RFC 6154)
	Subscribed bool     `json:"subscribed,omitempty"`
	Validity   uint32   `json:"validity,omitempty"` // folder: changes when UIDs mean other messages

	UID    uint32   `json:"uid,omitempty"`
	SHA256 string   `json:"sha256,omitempty"`
	Size   int64    `json:"size,omitempty"`  // octets
	Date   string   `json:"date,omitempty"`  // INTERNALDATE with its zone, RFC 3339; "": none
	Flags  []string `json:"flags,omitempty"` // and keywords
	File   string   `json:"file,omitempty"`  // its name without the flags behind it

	Chain string `json:"chain"`
}

// seal gives a line its place in the chain and its octets.
func (l line) seal(before string) (sealed line, octets []byte, err error) {
	l.Chain = ""
	b, err := json.Marshal(l)
	if err != nil {
		return l, nil, err
	}
	sum := sha256.New()
	io.WriteString(sum, before)
	sum.Write(b)
	l.Chain = hex.EncodeToString(sum.Sum(nil))
	b, err = json.Marshal(l)
	return l, append(b, '\n'), err
}

// manifest is what was read of one.
type manifest struct {
	lines   []line
	end     int64  // octets of whole lines
	head    string // the last line's hash
	damaged []int  // numbers of lines that are not as they were written
	newer   bool
}

// readManifest reads as much as can be read; a file that is not there is
// empty. An unfinished line at the end was never counted on.
func readManifest(dir string) (*manifest, error) {
	m := &manifest{}
	f, err := os.Open(filepath.Join(dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<16)
	for n := 1; ; n++ {
		octets, err := r.ReadBytes('\n')
		if err == io.EOF {
			return m, nil
		}
		if err != nil {
			return nil, err
		}
		m.end += int64(len(octets))
		m.take(n, octets)
	}
}

func (m *manifest) take(n int, octets []byte) {
	var l line
	dec := json.NewDecoder(bytes.NewReader(octets))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&l); err != nil {
		var probe struct{ Format int }
		if json.Unmarshal(octets, &probe) == nil && probe.Format > format {
			m.newer = true
		}
		m.damaged = append(m.damaged, n)
		return
	}
	m.newer = m.newer || l.Format > format
	if _, again, err := l.seal(m.head); err != nil || !bytes.Equal(again, octets) {
		m.damaged = append(m.damaged, n)
	}
	m.head = l.Chain
	m.lines = append(m.lines, l)
}
