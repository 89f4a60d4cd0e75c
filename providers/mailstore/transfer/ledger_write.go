package transfer

import (
	"crypto/sha256"
	"errors"
	"io"
	"slices"
)

var (
	errReadOnly = errors.New("opened for reading only")
	errTooLong  = errors.New("a name is too long to be recorded")
)

// pendingLimit is how many outcomes wait in memory. A process that dies loses
// them; the next pass finds those messages at the target by looking.
const pendingLimit = 100

// waitingLimit is how many octets of records wait in memory, as much as
// pendingLimit outcomes take. Where a record must last before something is
// done, Sync follows it.
const waitingLimit = 4 << 10

// write adds records to those that wait. l.mu is held, or l not yet shared.
func (l *Ledger) write(payloads ...[]byte) error {
	if l.dead != nil {
		return l.dead
	}
	if l.file == nil {
		return errReadOnly
	}
	for _, p := range payloads {
		if len(p) > maxPayload {
			return errTooLong
		}
	}
	before := len(l.waiting)
	for _, p := range payloads {
		l.waiting = frame(l.waiting, l.end+int64(len(l.waiting)-before), p)
	}
	l.end += int64(len(l.waiting) - before)
	if len(l.waiting) < waitingLimit {
		return nil
	}
	return l.drain()
}

// drain brings what waits into the file with one write. l.mu is held.
func (l *Ledger) drain() error {
	if l.dead != nil || len(l.waiting) == 0 {
		return l.dead
	}
	n, err := l.file.Write(l.waiting)
	if err == nil && n < len(l.waiting) {
		err = io.ErrShortWrite
	}
	l.waiting, l.dirty, l.dead = l.waiting[:0], true, err
	return err
}

// add writes records and then applies them. l.mu is held.
func (l *Ledger) add(recs ...record) error {
	payloads := make([][]byte, len(recs))
	for i, r := range recs {
		payloads[i] = r.encode(nil)
	}
	if err := l.write(payloads...); err != nil {
		return err
	}
	for _, r := range recs {
		if err := r.apply(l.st); err != nil {
			return err
		}
	}
	return nil
}

// put is add behind what is pending.
func (l *Ledger) put(recs ...record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.flush(); err != nil {
		return err
	}
	return l.add(recs...)
}

// Sync makes all that was recorded last.
func (l *Ledger) Sync() error {
	l.mu.Lock()
	if err := errors.Join(l.flush(), l.drain()); err != nil {
		l.mu.Unlock()
		return err
	}
	dirty, file := l.dirty, l.file
	l.dirty = false
	l.mu.Unlock()
	if !dirty {
		return nil
	}
	if err := file.Sync(); err != nil { // outside the lock: outcomes go on being recorded
		l.mu.Lock()
		l.dead = err
		l.mu.Unlock()
		return err
	}
	return nil
}

// sync is Sync with l.mu held.
func (l *Ledger) sync() error {
	if err := errors.Join(l.flush(), l.drain()); err != nil || !l.dirty {
		return err
	}
	l.dirty = false
	return l.file.Sync()
}

// flush makes a record of the outcomes that wait for one. l.mu is held.
func (l *Ledger) flush() error {
	if len(l.pending.rows) == 0 {
		return l.dead
	}
	p := l.pending
	l.pending = placedRecord{}
	return l.write(p.encode(nil))
}

// flagSetsLimit is how many octets of different sets of flags a ledger keeps:
// a source may make up a set for every message.
const flagSetsLimit = 8 << 20

// admits reports whether a set of flags is known or may be added.
func (l *Ledger) admits(s string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, known := l.st.flagIDs[s]
	return known || l.st.octets+len(s) <= flagSetsLimit
}

// flagSet gives the number of a set of flags. l.mu is held.
func (l *Ledger) flagSet(s string) (uint32, error) {
	if id, ok := l.st.flagIDs[s]; ok {
		return id, nil
	}
	if err := l.add(flagSetRecord(s)); err != nil {
		return 0, err
	}
	return l.st.flagIDs[s], nil
}

// anew says that UIDs mean other messages than before, whatever UIDVALIDITY says.
type anew struct{ source, target bool }

// bind gives the newest generation of a source folder, and begins another
// when a UIDVALIDITY or the target folder is not that of the records.
func (l *Ledger) bind(name string, uidValidity uint32, target targetRecord, is anew) (*folderState, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.flush(); err != nil {
		return nil, err
	}
	t := l.st.targetOf[target.name]
	if t == nil || t.uidValidity != target.uidValidity || is.target {
		if err := l.add(target); err != nil {
			return nil, err
		}
		t = l.st.targetOf[target.name]
	}
	f := l.st.folderOf[name]
	if f == nil || f.uidValidity != uidValidity || f.target != t || is.source {
		if err := l.add(folderRecord{name: name, uidValidity: uidValidity, target: t.id}); err != nil {
			return nil, err
		}
		f = l.st.folderOf[name]
	}
	return f, nil
}

// placed records where a message is at the target, with the row's bits. It may wait in memory.
func (l *Ledger) placed(f *folderState, src, dst uint32, flags string, bits uint32, hash [sha256.Size]byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.pending.rows) > 0 && (l.pending.folder != f.id || len(l.pending.rows) >= pendingLimit) {
		if err := l.flush(); err != nil {
			return err
		}
	}
	id, err := l.flagSet(flags)
	if err != nil {
		return err
	}
	l.pending.folder = f.id
	w := row{src, dst, id<<rowBits | bits}
	l.pending.rows = append(l.pending.rows, w)
	l.pending.hashes = append(l.pending.hashes, hash)
	return placedRecord{folder: f.id, rows: []row{w}}.apply(l.st)
}

// flagged records that the flags of messages are dealt with.
func (l *Ledger) flagged(f *folderState, uids []uint32, flags string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.flush(); err != nil {
		return err
	}
	id, err := l.flagSet(flags)
	if err != nil {
		return err
	}
	slices.Sort(uids)
	for chunk := range slices.Chunk(uids, 1000) {
		if err := l.add(flaggedRecord{folder: f.id, flags: id, spans: spansOf(chunk)}); err != nil {
			return err
		}
	}
	return nil
}

// foreign records a message at the target that nothing of ours placed.
func (l *Ledger) foreign(t *targetState, uid uint32, flags string, p Fingerprint) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.flush(); err != nil {
		return err
	}
	id, err := l.flagSet(flags)
	if err != nil {
		return err
	}
	return l.add(foreignRecord{target: t.id, uid: uid, flags: id, print: p})
}

// each reads all records of the file again, for what is not held in memory.
func (l *Ledger) each(do func(record) error) error {
	l.mu.Lock()
	err := errors.Join(l.flush(), l.drain())
	if err == nil && l.file == nil {
		err = errReadOnly
	}
	end, file := l.end, l.file
	l.mu.Unlock()
	if err != nil {
		return err
	}
	return newFrames(file, 0, end).each(do)
}

// each reads all records from here on, but for the header.
func (f *frames) each(do func(record) error) error {
	for {
		payload, err := f.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if payload[0] == kindHeader {
			continue
		}
		rec, err := decodeRecord(payload)
		if err == nil {
			err = do(rec)
		}
		if err != nil {
			return err
		}
	}
}
