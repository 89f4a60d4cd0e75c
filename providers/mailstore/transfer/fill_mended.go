package transfer

import (
	"bytes"
	"io"

	"github.com/mxmove/mxmove/providers/mailstore/mend"
)

// stageOf is how far down the ladder a message is.
func (s *shipment) stageOf(uid uint32) stage {
	s.course.mu.Lock()
	defer s.course.mu.Unlock()
	return s.stages[uid]
}

// takeMended alters a message that the target refused, unless it is there
// already, and puts on record what is about to be sent.
func (w *window) takeMended(j job, it Item, s stage) error {
	if it.Size > mendLimit {
		w.course.mu.Lock()
		s.at = refused
		w.stages[j.uid] = s
		w.course.mu.Unlock()
		return discard(it)
	}
	octets, over, err := w.whole(it)
	if err != nil {
		return err
	}
	put, err := w.matched(j, it, octets)
	if put || err != nil {
		over()
		return err
	}
	f := s.mending.fixes(octets, it.Date)
	source := NewFingerprinter()
	source.Write(octets)
	made := mend.Apply(octets, f, it.Date)
	m := formOf(f, made, source.Sum())
	m.Code, m.Text = s.mending.why.Code, s.mending.why.Text
	if err := w.record(j, m); err != nil {
		over()
		return err
	}
	p := w.parcel(j, it)
	p.mended, p.hash, p.print, p.over = &m, m.Source, m.Stored, over
	p.item.Size, p.item.Body = int64(len(made)), bytes.NewReader(made)
	return w.push(p)
}

// whole reads all of a message into memory, of which over lets go.
func (w *window) whole(it Item) (octets []byte, over func(), err error) {
	over = func() {}
	if it.Size <= spoolLimit {
		if err := w.held.take(w.ctx, it.Size); err != nil {
			return nil, over, err
		}
		over = func() { w.held.give(it.Size) }
	} else {
		select {
		case w.held.of.large <- struct{}{}:
		case <-w.ctx.Done():
			return nil, over, w.ctx.Err()
		}
		over = func() { <-w.held.of.large }
	}
	octets = make([]byte, it.Size)
	if _, err := io.ReadFull(it.Body, octets); err != nil {
		over()
		return nil, over, broken(err)
	}
	return octets, over, nil
}

// record puts down what a message is altered to. The message is sent when the
// disk has that.
func (w *window) record(j job, m Mended) error {
	<-w.gate.done
	if w.gate.err != nil {
		return w.gate.err
	}
	if err := w.l.put(mendedRecord{folder: w.f.id, uid: j.uid, Mended: m}); err != nil {
		return err
	}
	w.gate = w.l.syncing()
	return nil
}

// syncing opens a gate when all that was recorded is on the disk.
func (l *Ledger) syncing() *gate {
	g := &gate{done: make(chan struct{})}
	go func() {
		g.err = l.Sync()
		close(g.done)
	}()
	return g
}

// decideLarge is decide for a message that is read for that alone.
func (w *window) decideLarge(j job, it Item) (bool, error) {
	f := NewFingerprinter()
	if w.p.Options.Repair && it.Size <= mendLimit {
		octets, over, err := w.whole(it)
		if err != nil {
			return false, err
		}
		defer over()
		f.Write(octets)
		return w.decide(j, it, f.Sum(), octets)
	}
	if _, err := io.Copy(f, it.Body); err != nil {
		return false, broken(err)
	}
	return w.decide(j, it, f.Sum(), nil)
}
