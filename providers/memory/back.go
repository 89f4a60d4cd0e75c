package memory

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/mxmove/mxmove/planner"
)

// isBack reports a copy from the target to the source.
func (w *World) isBack(op planner.CopyMailbox) bool {
	return op.From == planner.EndpointOf(w.spec.Target.IMAP, w.boxes[op.Address].row.TargetLogin)
}

// firstLook is how far each folder of the target went before the first copy.
type firstLook struct {
	at   time.Time
	next map[string]uint32
}

func (b *box) look(now time.Time) {
	if !b.first.at.IsZero() {
		return
	}
	b.first = firstLook{now, map[string]uint32{}}
	for path, f := range b.side[Target].folders {
		b.first.next[path] = f.next
	}
}

// had reports whether the target had a message before the first copy, as far
// as that is known from before the switch.
func (f firstLook) had(from place, m Message, arrived time.Time) bool {
	return f.at.Before(arrived.Add(planner.ArrivedSlack)) && from.uid < f.next[from.folder] && m.Date.Before(arrived)
}

// runBack carries to the source what is at the target and neither a copy of
// ours nor at the source.
func (p *pass) runBack(ctx context.Context, arrived time.Time) error {
	for _, side := range []Side{Source, Target} {
		if err := p.call(ctx, func() error { return asError(p.w.signIn(p.b, side)) }); err != nil {
			return err
		}
	}
	var todo []item
	p.w.locked(func() { todo = p.arrivals(arrived) })
	for i, t := range todo {
		if i%batch == 0 && p.stopped() {
			return planner.ErrStopped
		}
		if err := p.bring(ctx, t); err != nil {
			return err
		}
		p.tell(planner.Progress{Folder: t.from.folder, Done: i + 1, Total: len(todo)})
	}
	p.w.locked(p.flagsHome)
	return nil
}

// flagsHome carries to the source what changed at the target of the flags that
// were written there last, but for \Deleted, where the source has them as they
// were.
func (p *pass) flagsHome() {
	for from, c := range p.b.placed {
		is, home := p.b.side[Target].message(c.at), p.b.side[Source].message(from)
		if is == nil || home == nil {
			continue
		}
		flags := slices.Clone(home.Flags)
		for _, f := range slices.Concat(is.Flags, c.flags) {
			now, was := slices.Contains(is.Flags, f), slices.Contains(c.flags, f)
			if f == `\Deleted` || now == was || slices.Contains(flags, f) == now {
				continue
			}
			if now {
				flags = append(flags, f)
			} else {
				flags = slices.DeleteFunc(flags, func(g string) bool { return g == f })
			}
		}
		if len(flags) != len(home.Flags) || !slices.Equal(flags, home.Flags) {
			home.Flags, c.flags = flags, slices.Clone(is.Flags)
			p.tally.Flags++
		}
	}
}

// arrivals lists what no record explains, by folder and UID. to is the folder
// at the source.
func (p *pass) arrivals(arrived time.Time) []item {
	ours := map[place]bool{}
	for _, c := range p.b.placed {
		ours[c.at] = true
	}
	home := map[string]string{}
	for _, path := range slices.Sorted(maps.Keys(p.b.side[Source].folders)) {
		if to, carried := p.w.mapped(p.b, path); carried && home[to] == "" {
			home[to] = path
		}
	}
	var all []item
	for _, path := range slices.Sorted(maps.Keys(p.b.side[Target].folders)) {
		for _, m := range p.b.side[Target].folders[path].messages {
			from := place{path, m.UID}
			to := home[path]
			if to == "" {
				to = path
			}
			if _, done := p.b.back[from]; done || ours[from] || p.b.first.had(from, m, arrived) || p.elsewhere(m, to) {
				continue
			}
			all = append(all, item{from, to, m})
		}
	}
	return all
}

// elsewhere reports whether a message was copied or carried, or the source has
// it in another folder than where it would go.
func (p *pass) elsewhere(m Message, to string) bool {
	for path, f := range p.b.side[Source].folders {
		if path != to && slices.ContainsFunc(f.messages, func(is Message) bool { return bytes.Equal(is.Body, m.Body) }) {
			return true
		}
	}
	return p.b.ours[string(m.Body)]
}

// bring adopts a message that the source has already and that no record
// explains, else stores it.
func (p *pass) bring(ctx context.Context, t item) error {
	var at place
	adopted := false
	p.w.locked(func() {
		taken := map[place]bool{}
		for from := range p.b.placed {
			taken[from] = true
		}
		for _, to := range p.b.back {
			taken[to] = true
		}
		for _, m := range p.b.side[Source].folder(t.to).messages {
			here := place{t.to, m.UID}
			if !adopted && !taken[here] && bytes.Equal(m.Body, t.m.Body) {
				at, adopted = here, true
			}
		}
	})
	if !adopted {
		err := p.call(ctx, func() error {
			at = place{t.to, p.b.side[Source].folder(t.to).add(t.m)}
			return nil
		})
		if err != nil {
			return err
		}
	}
	p.w.locked(func() { p.b.back[t.from], p.b.ours[string(t.m.Body)] = at, true })
	if adopted {
		p.tally.Adopted++
		return nil
	}
	p.tally.Copied++
	p.tally.Bytes += int64(len(t.m.Body))
	return nil
}
