package wire

import (
	"bufio"
	"bytes"
	"compress/flate"
	"io"

	"github.com/emersion/go-imap/v2"
)

const capCompress imap.Cap = "COMPRESS=DEFLATE" // RFC 4978

// deflater compresses what is written; Flush lets the other side have it.
type deflater struct {
	z   *flate.Writer
	out *bufio.Writer // flate writes some hundred octets at a time
}

func newDeflater(w io.Writer) *deflater {
	d := &deflater{out: bufio.NewWriterSize(w, readBuffer)}
	d.z, _ = flate.NewWriter(d.out, flate.BestSpeed) // fails for unknown levels only
	return d
}

func (d *deflater) Write(p []byte) (int, error) { return d.z.Write(p) }

func (d *deflater) Flush() error {
	if err := d.z.Flush(); err != nil {
		return err
	}
	return d.out.Flush()
}

// compress asks for COMPRESS DEFLATE (RFC 4978, 3). All that comes after the
// answer, and all that is sent then, is compressed. A refusal changes nothing.
func (c *Conn) compress() error {
	err := c.simple("COMPRESS", "COMPRESS DEFLATE")
	if err != nil {
		return tolerate(err)
	}
	early := bytes.NewReader(bytes.Clone(c.r.buf[c.r.r:c.r.w]))
	in := bufio.NewReaderSize(io.MultiReader(early, c.nc), readBuffer)
	c.r = newReader(flate.NewReader(in), c.lost)
	c.deflate = newDeflater(c.nc)
	c.w = bufio.NewWriterSize(c.deflate, readBuffer)
	return nil
}

// Compressed tells whether the connection is compressed.
func (c *Conn) Compressed() bool { return c.deflate != nil }

// widen makes room for messages in the writer.
func (c *Conn) widen() error {
	if c.w.Size() >= readBuffer {
		return nil
	}
	err := c.flush()
	c.w = bufio.NewWriterSize(c.nc, readBuffer)
	return err
}

// push sends what is buffered.
func (c *Conn) push() error {
	if err := c.w.Flush(); err != nil || c.deflate == nil {
		return err
	}
	return c.deflate.Flush()
}
