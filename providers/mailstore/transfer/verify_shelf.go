package transfer

import (
	"encoding/binary"
	"io"
	"os"
	"slices"
)

// shelf is a list of messages of any length, one page of which is in memory
// and, where there are more, the rest in a file.
type shelf struct {
	scratch scratch
	sets    *flagSets
	file    *os.File
	page    []message
	first   int // index of the page's first
	n       int
	dirty   bool
	hint    int // where search looks first
	buf     []byte
}

func (s *shelf) close() {
	leave(s.file)
	*s = shelf{scratch: s.scratch, sets: s.sets}
}

// add puts a message at the end.
func (s *shelf) add(m message) error {
	if err := s.turn(s.n); err != nil {
		return err
	}
	s.page = append(s.page, m)
	s.n++
	s.dirty = true
	return nil
}

// at gives a message, to be changed only with changed, and only until another
// is asked for.
func (s *shelf) at(i int) (*message, error) {
	if err := s.turn(i); err != nil {
		return nil, err
	}
	return &s.page[i-s.first], nil
}

// changed says that what at gave was altered.
func (s *shelf) changed() { s.dirty = true }

// turn brings the page with i into memory; i may be the end.
func (s *shelf) turn(i int) error {
	first := i - i%s.scratch.length()
	if first == s.first {
		return nil
	}
	if err := s.lay(); err != nil {
		return err
	}
	s.first, s.page = first, s.page[:0]
	n := min(s.scratch.length(), s.n-first)
	if n <= 0 {
		return nil
	}
	b := s.space(n)
	if _, err := s.file.ReadAt(b, int64(first)*recordLen); err != nil {
		return err
	}
	for ; len(b) > 0; b = b[recordLen:] {
		s.page = append(s.page, s.sets.get(b))
	}
	return nil
}

// lay writes the page in memory to the file.
func (s *shelf) lay() (err error) {
	if !s.dirty {
		return nil
	}
	if s.file == nil {
		if s.file, err = s.scratch.file(); err != nil {
			return err
		}
	}
	b := s.space(len(s.page))
	for i := range s.page {
		s.page[i].put(b[i*recordLen:])
	}
	s.dirty = false
	_, err = s.file.WriteAt(b, int64(s.first)*recordLen)
	return err
}

func (s *shelf) space(n int) []byte {
	s.buf = slices.Grow(s.buf[:0], n*recordLen)
	return s.buf[:n*recordLen]
}

// each calls do for every message, in order.
func (s *shelf) each(do func(m *message) error) error {
	for i := range s.n {
		m, err := s.at(i)
		if err == nil {
			err = do(m)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// uid gives the UID at i, and leaves the page as it is.
func (s *shelf) uid(i int) (uint32, error) {
	if i >= s.first && i < s.first+len(s.page) {
		return s.page[i-s.first].uid, nil
	}
	var b [4]byte
	if _, err := s.file.ReadAt(b[:], int64(i)*recordLen+96); err != nil && err != io.EOF {
		return 0, err
	}
	return binary.LittleEndian.Uint32(b[:]), nil
}

// search finds a UID on a shelf that is ordered by them.
func (s *shelf) search(uid uint32) (at int, found bool, err error) {
	low, high := 0, s.n
	if s.hint < s.n { // most are asked for in order
		switch u, err := s.uid(s.hint); {
		case err != nil:
			return 0, false, err
		case u == uid:
			s.hint++
			return s.hint - 1, true, nil
		}
	}
	for low < high {
		mid := (low + high) / 2
		u, err := s.uid(mid)
		if err != nil {
			return 0, false, err
		}
		if u < uid {
			low = mid + 1
		} else {
			high = mid
		}
	}
	if low == s.n {
		return low, false, nil
	}
	u, err := s.uid(low)
	s.hint = low + 1
	return low, err == nil && u == uid, err
}

// sorted gives the shelf ordered by UID, each once; most are already.
func (s *shelf) sorted() (*shelf, error) {
	type place struct {
		uid uint32
		at  int32
	}
	var order []place
	last, ordered := uint32(0), true
	err := s.each(func(m *message) error {
		ordered = ordered && m.uid > last
		last = m.uid
		return nil
	})
	if err != nil || ordered {
		return s, err
	}
	defer s.close()
	for i := range s.n {
		u, err := s.uid(i)
		if err != nil {
			return s, err
		}
		order = append(order, place{u, int32(i)})
	}
	slices.SortStableFunc(order, func(a, b place) int { return int(int64(a.uid) - int64(b.uid)) })
	order = slices.CompactFunc(order, func(a, b place) bool { return a.uid == b.uid })
	to := &shelf{scratch: s.scratch, sets: s.sets}
	for _, p := range order {
		m, err := s.at(int(p.at))
		if err == nil {
			err = to.add(*m)
		}
		if err != nil {
			return to, err
		}
	}
	return to, nil
}
