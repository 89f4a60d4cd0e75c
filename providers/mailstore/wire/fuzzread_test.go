package wire

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
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

// outcomes are what Read makes of what a server said.
func outcomes(t *testing.T, said io.Reader) (out []string) {
	requests := []*Request{
		{Mailbox: "a"}, {Mailbox: "b", UIDs: []uint32{5, 7, 8}}, {Mailbox: "b", UIDs: []uint32{9}}, {Mailbox: "a", UIDValidity: 7, UIDs: []uint32{1}},
	}
	n, ended := 0, map[*Request]bool{}
	err := hearing(said).Read(context.Background(), func() (*Request, error) {
		if n++; n > len(requests) {
			return nil, io.EOF
		}
		return requests[n-1], nil
	}, func(r *Request, m *Message) error {
		if ended[r] || r.UIDs != nil && (m.Body == nil || !slices.Contains(r.UIDs, m.UID)) {
			t.Errorf("UID %d of %s was not asked for", m.UID, r.Mailbox)
		}
		text := ""
		if m.Body != nil {
			b, err := io.ReadAll(m.Body)
			if err != nil {
				return err
			}
			text = string(b)
		}
		out = append(out, fmt.Sprint(r.Mailbox, m.UID, m.Flags, text))
		return nil
	}, func(r *Request, a Answer) error {
		if ended[r] {
			t.Errorf("the request for %s ended twice", r.Mailbox)
		}
		ended[r] = true
		out = append(out, fmt.Sprint(r.Mailbox, a))
		return nil
	})
	if err == nil && len(ended) < len(requests) {
		t.Errorf("%d of %d requests ended", len(ended), len(requests))
	}
	return append(out, fmt.Sprint(err))
}

// FuzzRead: whatever a server answers, what was not asked for is not given,
// each request ends once, and how the octets arrive makes no difference.
func FuzzRead(f *testing.F) {
	seeds(f)
	f.Add("* 1 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\nw1 OK\r\n* 1 FETCH (UID 1 FLAGS () INTERNALDATE NIL RFC822.SIZE 3)\r\nw2 OK\r\n* 2 EXISTS\r\nw3 OK\r\n" +
		"* 1 FETCH (UID 9 FLAGS () INTERNALDATE NIL BODY[] {3}\r\nabc)\r\nw5 OK\r\n* 2 FETCH (BODY[] {1}\r\nx FLAGS () UID 5 INTERNALDATE NIL)\r\nw4 NO [X] some\r\n" +
		"* OK [UIDVALIDITY 8] x\r\nw6 OK\r\n* 1 FETCH (UID 1 FLAGS () INTERNALDATE NIL BODY[] {1}\r\nx)\r\nw7 OK\r\n")
	f.Add("w1 NO x\r\nw2 BAD\r\nw3 OK\r\nw5 OK\r\nw4 OK\r\nw6 OK\r\nw7 OK\r\n")
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
