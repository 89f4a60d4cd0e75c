package transfer

import (
	"bufio"
	"crypto/sha256"
	"os"
	"slices"
)

// A ledger is compacted on opening when less than half of it can still count.
// Small files are left alone: they cost a disk nothing.
const compactFrom = 64 << 10

// What entries take in a compacted ledger, in octets. No entry takes twice as
// much, so that a file is not compacted again and again.
const (
	rowSize     = sha256.Size + 7 // with its hash; runs take less
	foreignSize = 2*sha256.Size + 20
	entrySize   = 64 // any other, without its texts
)

// live is what the state takes when it is compacted, about.
func (st *state) live() int64 {
	n := int64(st.octets + entrySize*(4+len(st.flagSets)))
	adopted := map[*targetState]int{}
	for _, f := range st.folders {
		n += entrySize + int64(len(f.name)) + int64(len(f.rows))*rowSize + int64(len(f.intents)+len(f.removing)+len(f.kept))*entrySize
		for _, r := range f.rows {
			if r.flags&bitAdopted != 0 {
				adopted[f.target]++
			}
		}
		for _, p := range f.problems {
			n += entrySize + int64(len(p.Code)+len(p.Text)+len(p.File))
		}
		for _, m := range f.mended {
			n += entrySize + foreignSize + int64(len(m.Code)+len(m.Text))
		}
	}
	for _, f := range st.before {
		n += entrySize + int64(len(f.name))
	}
	for _, t := range st.targets {
		n += 3*entrySize + int64(len(t.name)) + int64(max(0, len(t.foreign)-adopted[t]))*foreignSize
		for _, p := range t.path {
			n += int64(len(p)) + 2
		}
	}
	return n
}

// wasteful reports whether most of a file of this size is superseded.
func (st *state) wasteful(size int64) bool { return size >= compactFrom && size > 2*st.live() }

// compact writes the state of the ledger in path as a new file and puts it in
// the place of the old one. A process that dies on the way leaves one of the
// two whole, with the same state. Where the old file is kept after an error,
// nothing is lost but room.
func (p *place) compact(path string, k Key, st *state, old *os.File, end int64) error {
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	file := p.wrap(f)
	c := &compaction{st: st, w: bufio.NewWriterSize(file, 1<<20)}
	err = c.all(k, newFrames(old, 0, end))
	if err == nil {
		err = c.w.Flush()
	}
	if err == nil {
		err = file.Sync()
	}
	if e := file.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	old.Close() // some systems rename over no open file
	if err := p.rename(tmp, path); err != nil {
		return err
	}
	return p.syncDir(p.dir)
}

// compaction writes what still counts of a ledger.
type compaction struct {
	st   *state
	w    *bufio.Writer
	at   int64
	buf  []byte
	rows placedRecord // to be written
	done map[uint32][]bool
	seen map[uint32]map[uint32]bool // target → foreign UIDs that need no record any more
}

// compactRows is how many placed messages make one record, which must not
// exceed maxPayload.
const compactRows = 1000

func (c *compaction) all(k Key, old *frames) error {
	if err := c.put(encodeHeader(k)); err != nil {
		return err
	}
	if err := c.names(); err != nil {
		return err
	}
	c.done, c.seen = map[uint32][]bool{}, map[uint32]map[uint32]bool{}
	for _, f := range c.st.folders {
		c.done[f.id] = make([]bool, len(f.rows))
		taken := c.seen[f.target.id]
		if len(f.target.foreign) > 0 && taken == nil {
			taken = map[uint32]bool{}
			c.seen[f.target.id] = taken
		}
		for i := 0; len(f.target.foreign) > 0 && i < len(f.rows); i++ {
			taken[f.rows[i].dst] = true
		}
	}
	err := old.each(c.content)
	if err == nil {
		err = c.flush()
	}
	if err != nil {
		return err
	}
	return c.standing()
}

// names writes the sets of flags and the folders, in the order of their numbers.
func (c *compaction) names() error {
	var recs []record
	for _, s := range c.st.flagSets[1:] {
		recs = append(recs, flagSetRecord(s))
	}
	for _, t := range c.st.targets {
		recs = append(recs, targetRecord{t.name, t.path, t.uidValidity})
	}
	for _, f := range c.st.folders {
		recs = append(recs, folderRecord{f.name, f.uidValidity, f.target.id})
	}
	if c.st.beforeAt != 0 {
		recs = append(recs, befores(c.st.beforeAt, c.st.before)...)
	}
	return c.records(recs)
}

// content takes over what is not held in memory: hashes and fingerprints.
func (c *compaction) content(rec record) error {
	switch r := rec.(type) {
	case placedRecord:
		return c.placed(r)
	case foreignRecord:
		seen := c.seen[r.target]
		if seen == nil {
			seen = map[uint32]bool{}
			c.seen[r.target] = seen
		}
		if !seen[r.uid] { // neither adopted nor recorded before
			seen[r.uid] = true
			return c.put(r.encode(c.buf[:0]))
		}
	}
	return nil
}

func (c *compaction) placed(r placedRecord) error {
	f, done := c.st.folders[r.folder], c.done[r.folder]
	for i, w := range r.rows {
		at, ok := f.find(w.src)
		if !ok || done[at] || f.rows[at].dst != w.dst { // found again since
			continue
		}
		done[at] = true
		if n := len(c.rows.rows); n > 0 && c.rows.folder != r.folder || n >= compactRows {
			if err := c.flush(); err != nil {
				return err
			}
		}
		c.rows.folder = r.folder
		c.rows.rows = append(c.rows.rows, f.rows[at])
		c.rows.hashes = append(c.rows.hashes, r.hashes[i])
	}
	return nil
}

func (c *compaction) flush() error {
	if len(c.rows.rows) == 0 {
		return nil
	}
	err := c.put(c.rows.encode(c.buf[:0]))
	c.rows.rows, c.rows.hashes = c.rows.rows[:0], c.rows.hashes[:0]
	return err
}

// standing writes how the folders stand. A mark ends open intents and a placed
// message its problem, so these come last.
func (c *compaction) standing() error {
	var recs []record
	for _, t := range c.st.targets {
		if t.top > 0 {
			recs = append(recs, lookedRecord{t.id, t.top})
		}
		if t.top > 0 || t.looked != 1 {
			recs = append(recs, lookedRecord{t.id, t.looked})
		}
	}
	for _, f := range c.st.folders {
		if f.marked {
			recs = append(recs, markRecord{f.id, f.mark})
		}
		for _, i := range f.intents {
			recs = append(recs, intentRecord{f.id, i.next, []span{i.span}})
		}
		recs = append(append(recs, f.removals()...), f.mendings()...)
		for _, uid := range sortedUIDs(f.problems) {
			recs = append(recs, problemRecord{folder: f.id, uid: uid, Problem: f.problems[uid]})
		}
	}
	return c.records(recs)
}

func sortedUIDs(problems map[uint32]Problem) []uint32 {
	uids := make([]uint32, 0, len(problems))
	for uid := range problems {
		uids = append(uids, uid)
	}
	slices.Sort(uids)
	return uids
}

func (c *compaction) records(recs []record) error {
	for _, r := range recs {
		if err := c.put(r.encode(c.buf[:0])); err != nil {
			return err
		}
	}
	return nil
}

func (c *compaction) put(payload []byte) error {
	c.buf = payload
	if len(payload) > maxPayload {
		return errTooLong
	}
	b := frame(nil, c.at, payload)
	c.at += int64(len(b))
	_, err := c.w.Write(b)
	return err
}
