package wire

import (
	"context"

	"github.com/emersion/go-imap/v2"
)

// Removes tells whether the server can remove single messages: UIDPLUS (RFC
// 4315) or IMAP4rev2. Plain EXPUNGE would take with them what others have
// marked.
func (c *Conn) Removes() bool { return c.caps.Has(imap.CapUIDPlus) || c.caps.Has(imap.CapIMAP4rev2) }

// Expunge removes those of uids in the open mailbox that have \Deleted, with
// UID EXPUNGE (RFC 4315, 2.1), all in one flight. Without Removes nothing is
// sent, and the error is a *Refused. The first refusal is the error.
func (c *Conn) Expunge(ctx context.Context, uids []uint32) error {
	const name = "UID EXPUNGE"
	if !c.Removes() {
		return &Refused{Command: name, Status: "NO", Text: "not offered"}
	}
	return c.run(ctx, name, func() error {
		sets := setsOf(newWanted(uids).uids)
		return c.flight(func() *command {
			set := sets()
			if set == "" {
				return nil
			}
			return &command{name: name, text: name + " " + set}
		}, nil)
	})
}
