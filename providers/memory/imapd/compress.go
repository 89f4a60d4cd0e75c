package imapd

import (
	"bufio"
	"compress/flate"
)

// flushing compresses, and sends each piece at once.
type flushing struct {
	z   *flate.Writer
	out *bufio.Writer
}

func (f *flushing) Write(p []byte) (int, error) {
	n, err := f.z.Write(p)
	if err == nil {
		err = f.z.Flush()
	}
	if err == nil {
		err = f.out.Flush()
	}
	return n, err
}

// compressing answers COMPRESS (RFC 4978, 3); compress acts on it after the
// answer.
func (c *conn) compressing(args []value) error {
	switch {
	case len(args) != 1 || !args[0].is("DEFLATE"):
		return bad("COMPRESS knows DEFLATE only")
	case c.compressed:
		return refuse("[COMPRESSIONACTIVE] It is compressed already")
	}
	c.compressed = true
	return nil
}

// compress starts with the octet after the answer.
func (c *conn) compress() error {
	if err := c.bw.Flush(); err != nil {
		return err
	}
	z, err := flate.NewWriter(c.bw, flate.BestSpeed)
	if err != nil {
		return err
	}
	c.br = bufio.NewReaderSize(flate.NewReader(c.br), 32<<10)
	c.bw = bufio.NewWriterSize(&flushing{z, c.bw}, 32<<10)
	return nil
}
