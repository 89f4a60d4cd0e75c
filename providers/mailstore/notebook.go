package mailstore

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"

	"github.com/gofrs/flock"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
)

// memo is what is remembered of one mailbox, or of a server.
type memo struct {
	Address string           `json:"address"`           // or the name of a side
	Key     string           `json:"key"`               // of what it depends on: it counts for nothing else
	Ledger  transfer.Stamp   `json:"ledger,omitzero"`   // of the file that Sum is of
	Sum     transfer.Summary `json:"sum,omitzero"`      //
	Mailbox *planner.Mailbox `json:"mailbox,omitempty"` // as it was when it opened on both sides; nil: it did not the last time
	Since   transfer.Stamp   `json:"since,omitzero"`    // of the ledger by which Mailbox was reckoned
	Notes   []text.Msg       `json:"notes,omitempty"`   // found with Mailbox
	Side    *planner.Side    `json:"side,omitempty"`    // of a server: as it showed itself after a sign-in
}

// notebook keeps memos in a file of JSON lines, of which the last of an
// address counts. Nothing in it is needed: what cannot be read is looked at
// again, and what cannot be written is forgotten. Several processes may use
// one file.
type notebook struct {
	path string // "": nothing is kept

	mu    sync.Mutex
	file  os.FileInfo // that was read
	read  int64       // octets of it
	lines int         // of it
	memos map[string]memo
	news  []byte // not yet written
	count int    // lines of news
}

// together is how many memos are written at once while many come.
const together = 64

// refresh reads what others wrote.
func (n *notebook) refresh() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.memos == nil {
		n.memos = map[string]memo{}
	}
	f, err := os.Open(n.path)
	if err != nil {
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() == n.read && os.SameFile(info, n.file) {
		return
	}
	if n.file == nil || !os.SameFile(info, n.file) || info.Size() < n.read {
		n.read, n.lines = 0, 0
	}
	n.file = info
	n.take(io.NewSectionReader(f, n.read, info.Size()-n.read))
}

// take reads whole lines; one that was cut off is no memo.
func (n *notebook) take(r io.Reader) {
	lines := bufio.NewReaderSize(r, 1<<16)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		n.read += int64(len(line))
		n.lines++
		var m memo
		if json.Unmarshal(line, &m) == nil && m.Address != "" {
			n.memos[m.Address] = m
		}
	}
}

// of gives what is remembered under an address and a key.
func (n *notebook) of(address, key string) (memo, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	m, ok := n.memos[address]
	return m, ok && m.Key == key
}

// keep remembers, in the file from the next flush on at the latest.
func (n *notebook) keep(m memo) {
	if n.path == "" {
		return
	}
	line, err := json.Marshal(m)
	if err != nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.memos == nil {
		n.memos = map[string]memo{}
	}
	n.memos[m.Address] = m
	n.news = append(append(n.news, line...), '\n')
	if n.count++; n.count >= together {
		n.write()
	}
}

// flush writes what was kept.
func (n *notebook) flush() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.count > 0 {
		n.write()
	}
}

// write appends news, or writes all anew where most of the file is superseded.
func (n *notebook) write() {
	news := n.news
	n.news, n.count = nil, 0
	lock := flock.New(n.path + ".lock")
	if lock.Lock() != nil {
		return
	}
	defer lock.Unlock()
	if n.lines > 2*len(n.memos)+together {
		n.rewrite(news)
		return
	}
	f, err := os.OpenFile(n.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return
	}
	defer f.Close()
	if torn(f) {
		news = append([]byte{'\n'}, news...)
	}
	_, _ = f.Write(news)
}

// torn reports whether the last line has no end: its writer died.
func torn(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return false
	}
	var last [1]byte
	_, err = f.ReadAt(last[:], info.Size()-1)
	return err == nil && last[0] != '\n'
}

// rewrite replaces the file by one line for each address.
func (n *notebook) rewrite(news []byte) {
	old, err := os.ReadFile(n.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return
	}
	n.read, n.lines, n.file = 0, 0, nil
	n.take(io.MultiReader(bytes.NewReader(old), bytes.NewReader([]byte{'\n'}), bytes.NewReader(news)))
	var all []byte
	for _, m := range n.memos {
		if line, err := json.Marshal(m); err == nil {
			all = append(append(all, line...), '\n')
		}
	}
	n.read, n.lines = 0, 0 // to be read with the next refresh
	temp := n.path + ".new"
	if os.WriteFile(temp, all, 0o600) != nil || os.Rename(temp, n.path) != nil {
		os.Remove(temp) // it is looked at again
	}
}
