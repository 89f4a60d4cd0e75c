package wire

import (
	"slices"
)

// read takes one response.
func (p *pipeline) read() error {
	r, err := p.c.next()
	switch {
	case err != nil:
		return err
	case r.kind == '+':
		return &Malformed{What: "continuation that nobody asked for"}
	case r.kind == 't':
		return p.answer(r)
	case r.word != "FETCH":
		p.told = p.gather.untagged(r) || p.told
	}
	return nil
}

// begin forgets what was told of another mailbox, when EXAMINE is the oldest
// command without an answer.
func (p *pipeline) begin() {
	p.gather, p.told = Selected{ReadOnly: true}, false
	p.c.exists, p.c.modseq, p.c.stale = 0, false, false
}

// answer takes a tagged response. Those to the FETCHes of one visit may come in
// any order, all others in that of sending.
func (p *pipeline) answer(r resp) error {
	i := slices.IndexFunc(p.open, func(q *request) bool { return q.tag == r.num })
	if i < 0 {
		return nil
	}
	q := p.open[i]
	if q.visit != p.open[0].visit || q.ask == nil && i > 0 || p.open[0].ask == nil && i > 0 {
		return &Malformed{What: "answers out of order"}
	}
	p.c.answer(&q.command, r.line.rest())
	p.open, p.octets = slices.Delete(p.open, i, i+1), p.octets-len(q.text)
	if q.ask != nil {
		return p.fetched(q)
	}
	return p.entered(q)
}

// entered starts a visit.
func (p *pipeline) entered(q *request) error {
	v := q.visit
	v.entered, v.err, p.now = true, q.err, v
	if !p.told {
		p.gather.Permanent = p.gather.Flags
	}
	v.sel = p.gather
	v.sel.Messages = p.c.exists
	p.c.modseq = v.sel.ModSeq > 0
	for _, a := range slices.Clone(v.asks) {
		if err := p.finish(a); err != nil {
			return err
		}
	}
	return nil
}

func (p *pipeline) fetched(q *request) error {
	a := q.ask
	a.owed--
	if a.err == nil {
		a.err = q.err
	}
	if err := p.finish(a); err != nil {
		return err
	}
	if len(p.open) > 0 && p.open[0].ask == nil {
		p.begin()
	}
	return nil
}

// finish tells the end of a if all that belongs to it has come.
func (p *pipeline) finish(a *ask) error {
	if !a.visit.entered || a.owed > 0 || a == p.sending {
		return nil
	}
	a.visit.asks = slices.DeleteFunc(a.visit.asks, func(b *ask) bool { return a == b })
	out := Answer{Selected: a.visit.sel, Err: a.err}
	if a.wanted != nil {
		out.Missing = a.wanted.missing()
	}
	switch {
	case a.visit.err != nil:
		out.Err = a.visit.err
	case !a.fits():
		out.Err = ErrValidity
	case a.wanted == nil && a.err == nil && a.scan.from == 1 && a.Scan.Since == 0 && a.scan.count < p.c.exists:
		out.Err = ErrCut
	}
	if err := p.done(a.Request, out); err != nil {
		return callback{err}
	}
	return nil
}

// fits tells whether the mailbox is the one that was meant.
func (a *ask) fits() bool {
	told := a.visit.sel.UIDValidity
	return a.UIDValidity == 0 || told == 0 || told == a.UIDValidity
}

// asked tells whether a body is wanted now.
func (p *pipeline) asked(uid uint32) bool { return p.owner(uid) != nil }

func (p *pipeline) owner(uid uint32) *ask {
	if p.now == nil || p.now.err != nil {
		return nil
	}
	for _, a := range p.now.asks {
		if a.wanted != nil && a.fits() && a.wanted.open(uid) {
			return a
		}
	}
	return nil
}

// take gives a message to its request: without a body to the lists, with one
// to whom asked for it.
func (p *pipeline) take(m *Message) error {
	if m.Body == nil {
		return p.listed(m)
	}
	a := p.owner(m.UID)
	if err := p.each(a.Request, m); err != nil {
		return err
	}
	a.wanted.mark(m.UID)
	return nil
}

func (p *pipeline) listed(m *Message) error {
	if p.now == nil || p.now.err != nil {
		return nil
	}
	for _, a := range p.now.asks {
		if a.wanted == nil && a.fits() {
			return a.scan.take(m)
		}
	}
	return nil
}
