package wire

import (
	"cmp"
	"context"

	"github.com/emersion/go-imap/v2"
)

// Creation is a mailbox that Build makes.
type Creation struct {
	Name      string
	Use       imap.MailboxAttr // asked for where the server can (RFC 6154, 5.3)
	Exists    bool             // it is only to be subscribed to
	Subscribe bool
}

// Build makes mailboxes in this order and subscribes to them, and lists them,
// all in one flight. refused is the first refusal; what it means is for the
// listing to show.
func (c *Conn) Build(ctx context.Context, wanted []Creation) (l *Listing, refused, err error) {
	var before []*command
	for _, w := range wanted {
		box, err := quote(w.Name)
		if err != nil {
			return nil, nil, err
		}
		if !w.Exists {
			text := "CREATE " + box
			if specialUse(w.Use) && c.caps.Has(imap.CapCreateSpecialUse) {
				text += " (USE (" + string(w.Use) + "))"
			}
			before = append(before, &command{name: "CREATE", text: text})
		}
		if w.Subscribe {
			before = append(before, &command{name: "SUBSCRIBE", text: "SUBSCRIBE " + box})
		}
	}
	l, err = c.list(ctx, before, []string{"*"})
	for _, cmd := range before {
		refused = cmp.Or(refused, cmd.err)
	}
	return l, refused, err
}
