package wire

import (
	"bytes"
	"io"
	"os"
)

const spoolMemory = 64 << 10

// spool keeps a body that came before its UID: a little in memory, more in a
// file that has no name any more.
type spool struct {
	dir  string
	mem  []byte
	file *os.File
	size int64
}

// Write adds octets.
func (s *spool) Write(p []byte) (int, error) { return len(p), s.add(p) }

func (s *spool) add(p []byte) error {
	s.size += int64(len(p))
	if s.file == nil && len(s.mem)+len(p) <= spoolMemory {
		s.mem = append(s.mem, p...)
		return nil
	}
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, "mxmove-*.spool")
		if err != nil {
			return err
		}
		_ = os.Remove(f.Name()) // where an open file cannot be removed, drop does it
		s.file = f
		if _, err := f.Write(s.mem); err != nil {
			return err
		}
	}
	_, err := s.file.Write(p)
	return err
}

// open gives what was written.
func (s *spool) open() (io.Reader, error) {
	if s.file == nil {
		return bytes.NewReader(s.mem), nil
	}
	_, err := s.file.Seek(0, io.SeekStart)
	return s.file, err
}

// drop forgets it all.
func (s *spool) drop() {
	if s.file != nil {
		_ = s.file.Close()
		_ = os.Remove(s.file.Name())
		s.file = nil
	}
	s.mem, s.size = s.mem[:0], 0
}
