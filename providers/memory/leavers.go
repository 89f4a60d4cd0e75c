package memory

import (
	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// inherit opens the heir's mailbox for the mail of each leaver that gives it on.
func (w *World) inherit() {
	w.left = w.spec.Roster.Departures()
	for a, d := range w.left {
		if heir := w.boxes[d.To]; d.Mail == config.MailTo && heir != nil {
			w.boxes[a].side[Target].folders = heir.side[Target].folders
		}
	}
}

// Kept reports whether an archive holds a mailbox's message.
func (w *World) Kept(address string, body []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, ok := w.co.archives[address][string(body)]
	return ok
}

// keeps counts what the archive holds that an op adds to.
func (w *World) keeps(op planner.Op) (messages int, octets int64) {
	o, ok := op.(planner.ArchiveMailbox)
	if !ok {
		return 0, 0
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for body := range w.co.archives[o.Address] {
		messages, octets = messages+1, octets+int64(len(body))
	}
	return messages, octets
}

// unkept counts what the archive of a leaver lacks.
func (w *World) unkept(b *box) planner.Gap {
	var g planner.Gap
	for _, f := range b.side[Source].folders {
		for _, m := range f.messages {
			if _, ok := w.co.archives[b.row.Address][string(m.Body)]; !ok {
				g.Messages++
				g.Bytes += int64(len(m.Body))
			}
		}
	}
	return g
}

// archive keeps the bodies of a mailbox: of the target's, or of a leaver's.
func (w *World) archive(o planner.ArchiveMailbox) {
	side := Target
	if o.From != "" {
		side = Source
	}
	for _, row := range w.spec.Roster.Mailboxes {
		if side == Target && row.TargetAddress != o.Address || side == Source && row.Address != o.Address {
			continue
		}
		kept := w.co.archives[o.Address]
		if kept == nil {
			kept = map[string]struct{}{}
			w.co.archives[o.Address] = kept
		}
		b := w.boxes[row.Address]
		for _, f := range b.side[side].folders {
			for _, m := range f.messages {
				kept[string(m.Body)] = struct{}{}
			}
		}
		if side == Source {
			b.state = planner.InStep
		}
		w.passed(o.Address, len(kept))
	}
}

// passed writes down that a pass over an archive ended.
func (w *World) passed(address string, kept int) {
	p, last := archivePass{at: w.now(), kept: kept}, w.co.passes[address]
	p.perHour = last.perHour
	if hours := p.at.Sub(last.at).Hours(); !last.at.IsZero() && hours > 0 {
		p.perHour = float64(kept-last.kept) / hours
	}
	w.co.passes[address] = p
}

// tryAppend finds a mailbox that opens.
func (w *World) tryAppend(o planner.TryAppend) error {
	var err *planner.Fault
	for _, a := range o.Addresses {
		if b := w.boxes[a]; b != nil {
			if err = w.signIn(b, Target); err == nil {
				w.co.tried++
				return nil
			}
		}
	}
	return asError(err)
}
