package wire

import "context"

// Headers gives the fields of messages of the open mailbox by which a person
// knows them: From, Subject, Message-ID and Date, each message once, in the
// order of arrival, as Body. missing are the UIDs that did not come.
func (c *Conn) Headers(ctx context.Context, uids []uint32, each func(*Message) error) (missing []uint32, err error) {
	w := newWanted(uids)
	err = c.run(ctx, "UID FETCH", func() error {
		if err := c.refresh(); err != nil {
			return err
		}
		c.fetch.each = func(m *Message) error {
			if err := each(m); err != nil {
				return err
			}
			w.mark(m.UID)
			return nil
		}
		c.fetch.asked, c.fetch.need, c.fetch.fields = w.open, hasUID, true
		defer c.fetch.rest()
		sets := setsOf(w.uids)
		return c.flight(func() *command {
			set := sets()
			if set == "" {
				return nil
			}
			return &command{name: "UID FETCH", text: "UID FETCH " + set + " (UID BODY.PEEK[HEADER.FIELDS (FROM SUBJECT MESSAGE-ID DATE)])"}
		}, nil)
	})
	return w.missing(), err
}
