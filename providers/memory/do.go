package memory

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mxmove/mxmove/planner"
)

// batch is the number of messages between two looks at stop.
const batch = 10

// Do carries out any op; acts of people are done at once.
func (w *World) Do(ctx context.Context, op planner.Op, stop <-chan struct{}, progress func(planner.Progress)) (planner.Tally, error) {
	if !passes(op) {
		n, size := w.keeps(op)
		err := w.act(ctx, op)
		all, octets := w.keeps(op)
		return planner.Tally{Copied: all - n, Bytes: octets - size}, err
	}
	b := w.boxes[op.Subject()]
	if b == nil {
		return planner.Tally{}, fault(planner.Internal, "memory.no-row", "address", op.Subject())
	}
	select {
	case b.busy <- struct{}{}:
		defer func() { <-b.busy }()
	case <-ctx.Done():
		return planner.Tally{}, ctx.Err()
	}
	p := &pass{w: w, b: b, stop: stop, tell: progress}
	err := p.carryOut(ctx, op)
	return p.tally, err
}

// passes reports what reads or writes a mailbox's mail.
func passes(op planner.Op) bool {
	switch op.(type) {
	case planner.CopyMailbox, planner.RemovePlaced:
		return true
	}
	return false
}

// carryOut is one pass, in either direction.
func (p *pass) carryOut(ctx context.Context, op planner.Op) error {
	p.w.locked(func() { p.b.running = true })
	var err error
	switch o := op.(type) {
	case planner.RemovePlaced:
		err = p.takeAway(ctx, o)
	case planner.CopyMailbox:
		if p.w.isBack(o) {
			err = p.runBack(ctx, o.Arrived)
		} else {
			err = p.run(ctx)
		}
	}
	p.w.locked(func() { p.w.finish(p.b, err) })
	return err
}

func (w *World) locked(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

// finish records how a pass ended.
func (w *World) finish(b *box, err error) {
	b.running = false
	b.reason = nil
	var f *planner.Fault
	switch {
	case err == nil:
		b.state = planner.InStep
		if b.snapshot().Quarantined > 0 {
			b.state = planner.Partial
		}
	case errors.As(err, &f):
		b.state, b.reason = planner.Failed, &f.Msg
		if f.Class == planner.Credential {
			b.state = planner.WaitPerson
		}
	}
	if err == nil {
		now := w.now()
		for _, side := range []Side{Source, Target} {
			b.seen[side] = planner.Store{Login: b.login(side), Seen: planner.Seen{At: now, How: "ledger"}}
			b.count(side)
		}
		b.behind = w.gap(b)
	}
}

// pass is one run of a copy.
type pass struct {
	w     *World
	b     *box
	stop  <-chan struct{}
	tell  func(planner.Progress)
	tally planner.Tally
	taken map[place]bool // target messages that a record explains
}

// item is a source message and where it belongs.
type item struct {
	from place
	to   string
	m    Message
}

func (p *pass) run(ctx context.Context) error {
	for _, side := range []Side{Source, Target} {
		if err := p.call(ctx, func() error { return asError(p.w.signIn(p.b, side)) }); err != nil {
			return err
		}
	}
	var todo []item
	err := p.call(ctx, func() error {
		p.b.look(p.w.now())
		p.makeFolders()
		p.taken = map[place]bool{}
		for _, c := range p.b.placed {
			p.taken[c.at] = true
		}
		todo = p.w.todo(p.b)
		p.tally.Skipped = p.total() - len(todo)
		return nil
	})
	if err != nil {
		return err
	}
	return p.copyAll(ctx, todo)
}

func (p *pass) copyAll(ctx context.Context, todo []item) error {
	told := planner.Progress{Total: len(todo)}
	for _, t := range todo {
		told.BytesAll += int64(len(t.m.Body))
	}
	for i, t := range todo {
		if i%batch == 0 {
			if p.stopped() {
				return planner.ErrStopped
			}
			told.Folder, told.Done = t.from.folder, i
			p.tell(told)
		}
		if err := p.one(ctx, t); err != nil {
			return err
		}
		told.Bytes += int64(len(t.m.Body))
	}
	if p.stopped() && len(todo) == 0 {
		return planner.ErrStopped
	}
	told.Done = len(todo)
	p.tell(told)
	return nil
}

func (p *pass) stopped() bool {
	select {
	case <-p.stop:
		return true
	default:
		return false
	}
}

// one brings one message up to date.
func (p *pass) one(ctx context.Context, t item) error {
	var known *copied
	p.w.locked(func() { known = p.b.placed[t.from] })
	if known == nil {
		known = p.adopt(t)
	}
	if known == nil {
		return p.append(ctx, t)
	}
	var behind bool
	p.w.locked(func() { behind = p.b.flagsBehind(known, t.m) })
	if !behind {
		return nil
	}
	return p.call(ctx, func() error {
		if at := p.b.side[Target].message(known.at); at != nil {
			at.Flags, known.flags = slices.Clone(t.m.Flags), slices.Clone(t.m.Flags)
			p.tally.Flags++
		}
		return nil
	})
}

// append stores the message and records where. When the answer is lost, so is
// the record: the next pass finds the message by its content.
func (p *pass) append(ctx context.Context, t item) error {
	var at place
	refused := false
	err := p.call(ctx, func() error {
		if refused = p.b.refuse[string(t.m.Body)]; !refused {
			at = place{t.to, p.b.side[Target].folder(t.to).add(t.m)}
		}
		return nil
	})
	if err != nil {
		return err
	}
	p.w.locked(func() {
		p.b.placed[t.from] = &copied{at: at, flags: slices.Clone(t.m.Flags)}
		p.b.ours[string(t.m.Body)] = true
	})
	p.taken[at] = true
	if refused {
		p.tally.Refused++
		return nil
	}
	p.tally.Copied++
	p.tally.Bytes += int64(len(t.m.Body))
	return nil
}

// adopt takes a message that is at the target already and that no record
// explains for the copy of this one.
func (p *pass) adopt(t item) *copied {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	for _, m := range p.b.side[Target].folder(t.to).messages {
		at := place{t.to, m.UID}
		if !p.taken[at] && bytes.Equal(m.Body, t.m.Body) {
			c := &copied{at: at, flags: slices.Clone(m.Flags), adopted: true}
			p.b.placed[t.from], p.taken[at], p.b.ours[string(m.Body)] = c, true, true
			p.tally.Adopted++
			return c
		}
	}
	return nil
}

// call stands for one exchange with a server: it waits as long as the world
// is slow, and fails when a failure was ordered.
func (p *pass) call(ctx context.Context, do func() error) error {
	if err := p.wait(ctx); err != nil {
		return err
	}
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	p.b.calls++
	i := slices.IndexFunc(p.b.faults, func(f Failure) bool { return f.Call == p.b.calls })
	if i < 0 {
		return do()
	}
	f := p.b.faults[i]
	if f.Lost {
		if err := do(); err != nil {
			return err
		}
	}
	if f.Fault == nil {
		return fault(planner.Gone, "memory.gone", "address", p.b.row.Address)
	}
	return f.Fault
}

func (p *pass) wait(ctx context.Context) error {
	var d time.Duration
	p.w.locked(func() { d = p.w.slow })
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}
