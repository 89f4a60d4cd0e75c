package memory

import (
	"maps"
	"slices"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// makeFolders makes every folder of the source at the target.
func (p *pass) makeFolders() {
	for _, path := range slices.Sorted(maps.Keys(p.b.side[Source].folders)) {
		to, carried := p.w.mapped(p.b, path)
		if carried && p.b.side[Target].folders[to] == nil {
			p.b.side[Target].folder(to)
			p.tally.Folders++
		}
	}
}

func (p *pass) total() int {
	n := 0
	for _, f := range p.b.side[Source].folders {
		n += len(f.messages)
	}
	return n
}

// todo lists the source messages that the spec carries, by folder and UID.
func (w *World) todo(b *box) []item {
	since := time.Time{}
	if h := w.spec.History; h != nil && h.Since != "" {
		since, _ = time.Parse(time.DateOnly, h.Since) // config checked it
	}
	var all []item
	for _, path := range slices.Sorted(maps.Keys(b.side[Source].folders)) {
		to, carried := w.mapped(b, path)
		if !carried {
			continue
		}
		for _, m := range b.side[Source].folders[path].messages {
			if !m.Date.Before(since) {
				all = append(all, item{place{path, m.UID}, to, m})
			}
		}
	}
	return all
}

// mapped is the target's folder for one of the source's: a leaver's below the
// leaver's address.
func (w *World) mapped(b *box, path string) (to string, carried bool) {
	to, carried = w.named(path)
	if w.left[b.row.Address].Mail == config.MailTo {
		to = b.row.Address + "/" + to
	}
	return to, carried
}

func (w *World) named(path string) (to string, carried bool) {
	h := w.spec.History
	switch {
	case h == nil:
		return path, true
	case slices.Contains(h.Skip, path):
		return "", false
	case h.Map[path] != "":
		return h.Map[path], true
	}
	return path, true
}

// flagsBehind says whether the source changed flags since they were written
// and the target still shows what was written: somebody's change stays.
func (b *box) flagsBehind(c *copied, m Message) bool {
	at := b.side[Target].message(c.at)
	return at != nil && slices.Equal(at.Flags, c.flags) && !slices.Equal(m.Flags, c.flags)
}

func (w *World) signIn(b *box, side Side) *planner.Fault {
	w.signIns++
	if b.side[side].locked {
		return fault(planner.Credential, "memory.login", "address", b.row.Address)
	}
	return nil
}

func asError(f *planner.Fault) error {
	if f == nil {
		return nil
	}
	return f
}
