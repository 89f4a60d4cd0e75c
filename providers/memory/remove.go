package memory

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/mxmove/mxmove/planner"
)

// takeAway removes at the target what was placed there and what the source
// still has, message after message.
func (p *pass) takeAway(ctx context.Context, op planner.RemovePlaced) error {
	for _, side := range []Side{Source, Target} {
		if err := p.call(ctx, func() error { return asError(p.w.signIn(p.b, side)) }); err != nil {
			return err
		}
	}
	p.w.locked(p.flagsHome)
	var todo []place
	p.w.locked(func() {
		todo = slices.SortedFunc(maps.Keys(p.b.placed), func(a, b place) int {
			return cmp.Or(cmp.Compare(a.folder, b.folder), cmp.Compare(a.uid, b.uid))
		})
		todo = slices.DeleteFunc(todo, func(from place) bool { return p.b.placed[from].adopted || p.b.placed[from].at.uid == 0 })
	})
	if n := len(todo); n > op.AtMost.Messages {
		return fault(planner.Internal, "copy.remove.beyond", "n", strconv.Itoa(n), "most", strconv.Itoa(op.AtMost.Messages))
	}
	for i, from := range todo {
		if i%batch == 0 && p.stopped() {
			return planner.ErrStopped
		}
		if err := p.call(ctx, func() error { p.takeOne(from); return nil }); err != nil {
			return err
		}
		p.tell(planner.Progress{Folder: from.folder, Done: i + 1, Total: len(todo)})
	}
	return nil
}

func (p *pass) takeOne(from place) {
	c := p.b.placed[from]
	home, there := p.b.side[Source].message(from), p.b.side[Target].message(c.at)
	if home == nil || there == nil || !bytes.Equal(home.Body, there.Body) {
		return
	}
	f := p.b.side[Target].folders[c.at.folder]
	f.messages = slices.DeleteFunc(f.messages, func(m Message) bool { return m.UID == c.at.uid })
	delete(p.b.placed, from)
	p.tally.Removed++
}
