package wire

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// deaf is a connection to a server that has said all it says, whatever it is
// told.
type deaf struct {
	net.Conn
	said io.Reader
}

func (d *deaf) Read(p []byte) (int, error)       { return d.said.Read(p) }
func (*deaf) Write(p []byte) (int, error)        { return len(p), nil }
func (*deaf) Close() error                       { return nil }
func (*deaf) SetDeadline(time.Time) error        { return nil }
func (d *deaf) SetReadDeadline(time.Time) error  { return nil }
func (d *deaf) SetWriteDeadline(time.Time) error { return nil }

func hearing(said io.Reader) *Conn {
	c := newConn(&deaf{said: said}, Options{BatchMessages: 2}.withDefaults())
	c.setCaps(batchCaps)
	c.w = bufio.NewWriterSize(c.g, readBuffer)
	return c
}

// fuzzed checks that a Read gives what was asked for, and each end once.
type fuzzed struct {
	readLog
	t     *testing.T
	ended map[int]bool
}

func (f *fuzzed) Message(n int, m *Message) error {
	if a := f.asks[n]; f.ended[n] || a.From == 0 || m.UID < a.From {
		f.t.Errorf("UID %d of %d was not asked for", m.UID, n)
	}
	return f.readLog.Message(n, m)
}

func (f *fuzzed) Ended(n int, err error) error {
	if f.ended[n] {
		f.t.Errorf("%d ended twice", n)
	}
	f.ended[n] = true
	return f.readLog.Ended(n, err)
}

// outcomes are what Read makes of what a server said.
func outcomes(t *testing.T, said io.Reader) []string {
	f := &fuzzed{t: t, ended: map[int]bool{}}
	f.asks = []Ask{{Mailbox: "a", From: 1}, {Mailbox: "b", From: 5, List: true, Flags: true, Since: 3}, {Mailbox: "c", Flags: true}}
	err := hearing(said).Read(context.Background(), f.next, f)
	if err == nil && len(f.ended) < len(f.asks) {
		t.Errorf("%d of %d ended", len(f.ended), len(f.asks))
	}
	return append(f.lines, fmt.Sprint(err))
}

// FuzzRead: whatever a server answers, what was not asked for is not given,
// each request ends once, and how the octets arrive makes no difference.
func FuzzRead(f *testing.F) {
	seeds(f)
	f.Add("* 1 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\nw1 OK\r\n* 1 FETCH (UID 1 FLAGS () INTERNALDATE NIL BODY[] {3}\r\nabc)\r\nw2 OK\r\n* 2 EXISTS\r\nw3 OK\r\n" +
		"* 1 FETCH (UID 9 FLAGS ())\r\nw5 OK\r\n* 2 FETCH (BODY[] {1}\r\nx FLAGS () UID 5 INTERNALDATE NIL)\r\nw4 NO [X] some\r\nw6 OK\r\n" +
		"* OK [UIDVALIDITY 8] x\r\nw7 OK\r\n* 1 FETCH (UID 1 FLAGS ())\r\nw8 OK\r\n")
	f.Add("w1 NO x\r\nw2 BAD\r\nw3 OK\r\nw5 OK\r\nw4 OK\r\nw6 OK\r\nw7 OK\r\nw8 OK\r\n")
	f.Add("w1 OK\r\nw3 OK\r\n* BYE\r\n")
	f.Fuzz(func(t *testing.T, raw string) {
		all, single := outcomes(t, strings.NewReader(raw)), outcomes(t, iotest.OneByteReader(strings.NewReader(raw)))
		if diff := cmp.Diff(all, single); diff != "" {
			t.Error(diff)
		}
	})
}

// FuzzAppended: whatever a server answers to batches, each message has one
// fate, in order, and a UID only with an OK.
func FuzzAppended(f *testing.F) {
	seeds(f)
	f.Add("w1 OK [APPENDUID 7 1:2]\r\n* 3 EXISTS\r\nw2 NO [OVERQUOTA] full\r\nw3 OK [APPENDUID 7 5]\r\n")
	f.Add("+ go\r\nw2 OK [APPENDUID 7 3,1]\r\nw1 BAD what\r\n")
	f.Add("w3 OK [APPENDUID 7 5]\r\nw1 OK [APPENDUID 0 1:2]\r\nw2 OK [APPENDUID 7 1:4294967295]\r\n")
	f.Fuzz(func(t *testing.T, raw string) {
		const n = 5
		given, told := 0, 0
		err := hearing(strings.NewReader(raw)).Append(context.Background(), "box", func() (*Outgoing, error) {
			if given == n {
				return nil, io.EOF
			}
			given++
			return msg(strings.Repeat("x", given)), nil
		}, func(a Appended) error {
			if a.Index != told || a.Err != nil && a.UID != 0 || (a.UID == 0) != (a.UIDValidity == 0) {
				t.Errorf("message %d: %+v", told, a)
			}
			told++
			return nil
		})
		if err == nil && told != n {
			t.Errorf("%d of %d were told", told, n)
		}
	})
}
