package wire

import (
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/mxmove/mxmove/providers/providertest/peer"
)

// TestPeerRead: real servers keep to the order. Lists of many mailboxes go
// ahead, the messages of each are chosen while others are on their way.
func TestPeerRead(t *testing.T) {
	servers(t, func(t *testing.T, s *peer.Server) {
		const boxes = 24
		c := enter(t, s, Options{BatchMessages: 100})
		sizes, todo := map[string]int{}, []*Request{}
		for i := range boxes {
			box := below(t, c, fmt.Sprintf("Box%d", i))
			sizes[box] = i * i % 37
			appendTo(t, c, box, sizes[box])
			todo = append(todo, &Request{Mailbox: box})
		}
		c = enter(t, s, Options{})
		listed, came := map[string][]uint32{}, map[string]int{}
		err := c.Read(context.Background(), func() (*Request, error) {
			if len(todo) == 0 {
				return nil, nil
			}
			r := todo[0]
			todo = todo[1:]
			return r, nil
		}, func(r *Request, m *Message) error {
			if m.Body == nil {
				listed[r.Mailbox] = append(listed[r.Mailbox], m.UID)
				return nil
			}
			came[r.Mailbox]++
			b, err := io.ReadAll(m.Body)
			if want := letter(r.Mailbox, int(m.UID-r.UIDs[0])); string(b) != want && err == nil {
				t.Errorf("%s, UID %d: %.40q", r.Mailbox, m.UID, b)
			}
			return err
		}, func(r *Request, a Answer) error {
			if a.Err != nil || len(a.Missing) > 0 || int(a.Selected.Messages) != sizes[r.Mailbox] || a.Selected.UIDValidity == 0 {
				t.Errorf("%s: %+v", r.Mailbox, a)
			}
			if uids := listed[r.Mailbox]; r.UIDs == nil && len(uids) > 0 {
				// in two requests and many commands, of which real servers answer some early
				odd, even := []uint32{uids[0]}, []uint32{uids[0]}
				for _, uid := range uids[1:] {
					if uid%2 == 0 {
						even = append(even, uid)
					} else {
						odd = append(odd, uid)
					}
				}
				todo = append(todo, &Request{Mailbox: r.Mailbox, UIDs: odd, UIDValidity: a.Selected.UIDValidity})
				if len(even) > 1 {
					todo = append(todo, &Request{Mailbox: r.Mailbox, UIDs: even})
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for box, n := range sizes {
			want := n
			if n > 1 {
				want++ // the first was asked for twice
			}
			if len(listed[box]) != n || came[box] != want {
				t.Errorf("%s: %d listed, %d came, of %d", box, len(listed[box]), came[box], n)
			}
		}
	})
}
