package transfer

import (
	"crypto/sha256"
	"hash"
	"io"
)

// stream is a message that goes from one connection to the other without
// being held.
type stream struct {
	r    io.Reader
	left int64
	h    hash.Hash
	err  error
	over chan struct{} // closed when the target has done with it
}

func (s *stream) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	s.h.Write(b[:n])
	s.left -= int64(n)
	if err == io.EOF && s.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

func (s *stream) sum() (h [sha256.Size]byte) {
	s.h.Sum(h[:0])
	return h
}
