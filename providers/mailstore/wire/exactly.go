package wire

import "io"

// exactly writes no more than left octets, and tells its own errors from the
// source's.
type exactly struct {
	w    io.Writer
	left int64
	over bool
	err  error
}

func (e *exactly) Write(p []byte) (int, error) {
	if int64(len(p)) > e.left {
		e.over = true
		return 0, io.ErrShortWrite
	}
	n, err := e.w.Write(p)
	e.left -= int64(n)
	e.err = err
	return n, err
}
