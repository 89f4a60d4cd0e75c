package transfer

import (
	"cmp"
	"encoding/binary"
	"os"
	"path/filepath"
	"sync"
)

// scratch makes files for what verify does not hold in memory: hashes, dates
// and flags of messages, never their text. Where the system lets it, a file has
// no name any more once it is open, so nothing is left of a process that dies.
type scratch struct {
	dir  string // "": the system's for temporary files
	page int    // messages of a shelf in memory; 0: pageLen
}

// pageLen is how many messages a shelf holds in memory, some 600 KB.
const pageLen = 4096

func (s scratch) length() int { return cmp.Or(s.page, pageLen) }

// scratchFiles is the pattern of their names.
const scratchFiles = "verify-*.tmp"

// file makes one. Its user leaves it.
func (s scratch) file() (*os.File, error) {
	if s.dir != "" {
		if err := os.MkdirAll(s.dir, 0o700); err != nil {
			return nil, err
		}
	}
	f, err := os.CreateTemp(s.dir, scratchFiles)
	if err == nil {
		_ = os.Remove(f.Name()) // Windows does not: leave does
	}
	return f, err
}

// leave closes and removes a file, which may be nil.
func leave(f *os.File) {
	if f != nil {
		_ = f.Close()
		_ = os.Remove(f.Name())
	}
}

// sweep removes what a process that died has left. What is in use elsewhere has
// no name, or cannot be removed.
func (s scratch) sweep() {
	if s.dir == "" {
		return
	}
	left, _ := filepath.Glob(filepath.Join(s.dir, scratchFiles))
	for _, name := range left {
		_ = os.Remove(name)
	}
}

// flagSets are all the sets of flags that were met, each once.
type flagSets struct {
	mu    sync.Mutex
	byKey map[string]*flagSet
	all   []*flagSet
}

func (s *flagSets) of(key string, flags []string) *flagSet {
	s.mu.Lock()
	defer s.mu.Unlock()
	set, ok := s.byKey[key]
	if !ok {
		if s.byKey == nil {
			s.byKey = map[string]*flagSet{}
		}
		set = &flagSet{key: key, flags: flags, id: uint32(len(s.all))}
		s.byKey[key], s.all = set, append(s.all, set)
	}
	return set
}

func (s *flagSets) at(id uint32) *flagSet {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[id]
}

// recordLen is the size of a message in a file.
const recordLen = 114

// bits of a record.
const (
	bitNUL = 1 << iota
	bitHeader8
	bitCR
	bitLF
	bitNoEnd
	bitRead
	bitDoubled
	bitGone
)

func (m *message) bits() (b byte) {
	for i, is := range []bool{m.print.HasNUL, m.print.Header8Bit, m.print.BareCR, m.print.BareLF, m.print.NoFinalNewline, m.read, m.doubled, m.gone} {
		if is {
			b |= 1 << i
		}
	}
	return b
}

// put writes a message without used, which no message in a file is.
func (m *message) put(b []byte) {
	le := binary.LittleEndian
	copy(b, m.print.Exact[:])
	copy(b[32:], m.print.Canonical[:])
	le.PutUint64(b[64:], uint64(m.print.Size))
	le.PutUint64(b[72:], uint64(m.print.Length))
	le.PutUint64(b[80:], m.print.High)
	le.PutUint64(b[88:], uint64(m.date))
	le.PutUint32(b[96:], m.uid)
	le.PutUint32(b[100:], m.flags.id)
	le.PutUint32(b[104:], uint32(m.box))
	le.PutUint32(b[108:], uint32(m.why))
	b[112], b[113] = m.bits(), 0
	if m.cut {
		b[113] = 1
	}
}

func (s *flagSets) get(b []byte) (m message) {
	le := binary.LittleEndian
	copy(m.print.Exact[:], b)
	copy(m.print.Canonical[:], b[32:])
	m.print.Size, m.print.Length, m.print.High = int64(le.Uint64(b[64:])), int64(le.Uint64(b[72:])), le.Uint64(b[80:])
	m.date, m.uid, m.flags = int64(le.Uint64(b[88:])), le.Uint32(b[96:]), s.at(le.Uint32(b[100:]))
	m.box, m.why = int32(le.Uint32(b[104:])), int32(le.Uint32(b[108:]))
	m.cut = b[113] == 1
	is := func(bit byte) bool { return b[112]&bit != 0 }
	m.print.HasNUL, m.print.Header8Bit, m.print.BareCR, m.print.BareLF = is(bitNUL), is(bitHeader8), is(bitCR), is(bitLF)
	m.print.NoFinalNewline, m.read, m.doubled, m.gone = is(bitNoEnd), is(bitRead), is(bitDoubled), is(bitGone)
	return m
}
