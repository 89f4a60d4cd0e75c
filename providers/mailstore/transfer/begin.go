package transfer

import (
	"context"
)

// begin opens the folder on both sides and binds them to the ledger.
func (c *carry) begin(ctx context.Context) (err error) {
	if err := c.open(ctx); err != nil {
		return err
	}
	if c.from, err = c.src.Examine(ctx, c.m.From); err != nil {
		return err
	}
	if c.to, err = c.dst.Select(ctx, c.m.ToFolder); err != nil {
		return err
	}
	is, err := c.anew(ctx)
	if err != nil {
		return err
	}
	c.f, err = c.l.bind(c.m.From.Name, c.from.UIDValidity,
		targetRecord{name: c.m.ToFolder.Name, path: c.m.To, uidValidity: c.to.UIDValidity}, is)
	if err != nil {
		return err
	}
	c.before = attemptsOf(c.f.intents)
	c.next = c.to.UIDNext
	return nil
}

// anew finds out whether UIDs begin anew under the same UIDVALIDITY, as in a
// folder that came back from a backup, or was deleted and made again where
// UIDVALIDITY is always the same. A store without UIDVALIDITY promises nothing
// from one run to the next (RFC 9051 section 2.3.1.1).
func (c *carry) anew(ctx context.Context) (is anew, err error) {
	f, t := c.l.st.folderOf[c.m.From.Name], c.l.st.targetOf[c.m.ToFolder.Name]
	if f != nil {
		is.source = f.marked && c.from.UIDNext > 0 && c.from.UIDNext < f.mark.next ||
			c.from.UIDValidity == 0 && c.once("bound", f.name, 0)
	}
	if t == nil || t.uidValidity != c.to.UIDValidity || c.to.UIDNext == 0 || c.to.UIDNext >= t.top {
		return is, nil
	}
	is.target = true // unless its UIDNEXT is not true
	err = c.dst.Scan(ctx, c.to.UIDNext, 0, func(it Item) error {
		is.target = is.target && it.UID < c.to.UIDNext
		return nil
	})
	return is, err
}
