package wire

import (
	"bufio"
	"context"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
)

// Conn is a connection to an IMAP server.
type Conn struct {
	opt     Options
	g       *guard   // the lowest layer
	nc      net.Conn // g, or TLS over it
	r       *reader
	w       *bufio.Writer
	deflate *deflater // below w; nil: not compressed
	closed  atomic.Bool

	doing    string // name of the command, for errors
	tag      atomic.Uint32
	line     line
	bye      *Refused // the server's last words
	caps     imap.CapSet
	greeting string
	preauth  bool
	coremail bool // its SASL-IR does not work

	fetch    fetcher
	exists   uint32 // EXISTS of the open mailbox, less what was expunged
	uidNext  uint32 // UIDNEXT of the open mailbox when it was opened; 0: not known, or passed by an APPEND
	modseq   bool   // the open mailbox has MODSEQs
	stale    bool   // something was appended: some servers (Courier) show it after NOOP only
	accepted keywords
}

func newConn(nc net.Conn, o Options) *Conn {
	g := &guard{Conn: nc, timeout: o.ConnectTimeout}
	c := &Conn{opt: o, g: g, doing: "greeting", accepted: keywords{}}
	c.fetch.init(o.SpoolDir)
	c.over(g)
	return c
}

// over sets the layer to speak on; what was buffered of the old one is gone.
func (c *Conn) over(nc net.Conn) {
	c.nc = nc
	c.r = newReader(nc, c.lost)
	c.w = bufio.NewWriterSize(nc, firstRead)
}

func (c *Conn) lost(cause error) error { return &Gone{Doing: c.doing, Err: cause} }

// Caps are the capabilities that the server told last.
func (c *Conn) Caps() imap.CapSet { return c.caps.Copy() }

// Greeting is the text of the greeting, as valid UTF-8.
func (c *Conn) Greeting() string { return c.greeting }

// Preauth tells whether the server greeted with PREAUTH: it has signed
// somebody in by itself, and nobody knows whom.
func (c *Conn) Preauth() bool { return c.preauth }

// Closed tells whether the connection is of no more use.
func (c *Conn) Closed() bool { return c.closed.Load() }

// Close closes the connection without a word to the server. What is under way
// ends with an error. Closing twice is no error.
func (c *Conn) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	c.g.kill()
	return c.g.Conn.Close()
}

// run carries out one exchange: f. A cancelled context ends it and the
// connection.
func (c *Conn) run(ctx context.Context, doing string, f func() error) error {
	if c.closed.Load() {
		return &Gone{Doing: doing, Err: ErrClosed}
	}
	c.doing = doing
	stop := context.AfterFunc(ctx, c.g.kill)
	err := f()
	cancelled := !stop()
	err = c.settle(ctx, doing, err)
	if cancelled {
		_ = c.Close()
	}
	return err
}

// callback is an error that a caller's function returned.
type callback struct{ error }

// settle says what err means for the connection, and which error tells most.
func (c *Conn) settle(ctx context.Context, doing string, err error) error {
	no, refused := err.(*Refused)
	if c.bye == nil && (err == nil || err == ErrCut || err == ErrName || refused && no.Status != "BYE") {
		return err
	}
	_ = c.Close()
	switch e := err.(type) {
	case callback:
		return e.error
	case *Malformed:
		e.Doing = doing
	case *Gone:
		if ctx.Err() != nil {
			e.Err = context.Cause(ctx)
		} else if c.bye != nil {
			return c.bye
		}
	}
	return err
}

// resp is one response of the server. FETCH responses are dealt with by the
// fetcher and have the word FETCH and no line.
type resp struct {
	kind byte   // '*', '+', or 't': tagged
	num  uint32 // untagged: the number before the word; tagged: the tag's
	word string // untagged: in upper case
	line *line  // what follows the word; '+' and tagged: the text
}

// next reads one response. Empty lines, and lines that are nobody's, are skipped.
func (c *Conn) next() (resp, error) {
	for {
		switch ch := c.r.peek(); {
		case ch == none:
			return resp{}, c.r.err
		case ch == ' ' || ch == '\r' || ch == '\n':
			c.r.r++
		case ch == '*' || ch >= '0' && ch <= '9':
			return c.untagged()
		case ch == '+':
			c.r.r++
			err := c.line.read(c.r, false)
			return resp{kind: '+', line: &c.line}, err
		default:
			if err := c.line.read(c.r, false); err != nil {
				return resp{}, err
			}
			if n, ok := c.ownTag(c.line.word()); ok {
				return resp{kind: 't', num: n, line: &c.line}, nil
			}
		}
	}
}

// ownTag reads a tag that this connection gives: w and a number.
func (c *Conn) ownTag(s string) (uint32, bool) {
	if len(s) < 2 || s[0]|0x20 != 'w' {
		return 0, false
	}
	n, odd := number(s[1:])
	return uint32(n), !odd && n <= uint64(c.tag.Load())
}

func (c *Conn) untagged() (resp, error) {
	out := resp{kind: '*'}
	if c.r.peek() == '*' {
		c.r.r++
	}
	c.r.blanks()
	for ch := c.r.peek(); ch >= '0' && ch <= '9'; ch = c.r.peek() {
		out.num = out.num*10 + uint32(ch-'0')
		c.r.r++
	}
	c.r.blanks()
	if c.r.fold("FETCH") {
		c.r.r += len("FETCH")
		out.word = "FETCH"
		return out, c.fetch.response(c.r)
	}
	data := !(c.r.fold("OK") || c.r.fold("NO") || c.r.fold("BAD") || c.r.fold("BYE") || c.r.fold("PREAUTH"))
	if err := c.line.read(c.r, data); err != nil {
		return out, err
	}
	out.line = &c.line
	if data {
		out.word = strings.ToUpper(c.line.word())
	} else {
		out.word = strings.ToUpper(strings.TrimSpace(firstWord(c.line.text)))
	}
	c.note(out)
	return out, nil
}

func firstWord(text []byte) string {
	w, _, _ := strings.Cut(string(text), " ")
	return w
}

// note keeps what concerns the connection in any state.
func (c *Conn) note(r resp) {
	switch r.word {
	case "CAPABILITY":
		c.setCaps(r.line.rest())
	case "OK", "PREAUTH":
		if cd := parseCond(string(r.line.text)); cd.code == "CAPABILITY" {
			c.setCaps(cd.args)
		}
	case "BYE":
		c.bye = parseCond(string(r.line.text)).refused(c.doing)
	case "EXISTS":
		c.exists = r.num
	case "EXPUNGE":
		c.exists -= min(c.exists, 1)
	case "VANISHED":
		c.exists = 0 // how many are left is not known any more, so Scan does not compare
	}
}

// setCaps takes a capability list; one that names no IMAP4 is none (Sohu
// answers NAMESPACE with the word CAPABILITY). The last one counts.
func (c *Conn) setCaps(list string) {
	set, imap4 := imap.CapSet{}, false
	for _, w := range strings.Fields(list) {
		w = strings.ToUpper(w)
		switch w {
		case "IMAP4REV1":
			w = string(imap.CapIMAP4rev1)
		case "IMAP4REV2":
			w = string(imap.CapIMAP4rev2)
		}
		imap4 = imap4 || strings.HasPrefix(w, "IMAP4")
		set[imap.Cap(w)] = struct{}{}
	}
	if !imap4 {
		return
	}
	c.caps = set
	if set.Has("X-CM-EXT-1") {
		c.coremail = true
	}
}

const (
	defaultConnect = 30 * time.Second
	defaultTimeout = 5 * time.Minute
	defaultWindow  = 100
	defaultBytes   = 8 << 20
	defaultBatch   = 4 << 20
)

func (o Options) withDefaults() Options {
	if o.Mode == "" {
		o.Mode = Implicit
	}
	if o.ConnectTimeout <= 0 {
		o.ConnectTimeout = defaultConnect
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.WindowMessages <= 0 {
		o.WindowMessages = max(defaultWindow, 4*o.BatchMessages)
	}
	if o.BatchBytes <= 0 {
		o.BatchBytes = defaultBatch
	}
	if o.WindowBytes <= 0 {
		o.WindowBytes = defaultBytes
	}
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	return o
}
