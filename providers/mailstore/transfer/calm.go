package transfer

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// A server may still be storing what a connection brought before it died:
// pipelined messages lie in its buffers. It is taken to be done when no folder
// that something may have been sent to has grown in calmLooks looks, which
// are spread over a quiet time. That is as long as what was sent may need; where
// mail of others comes all the time, the waiting ends after some of them.
const (
	calmLooks  = 6
	calmPause  = leastQuiet / calmLooks
	leastQuiet = 3 * time.Second
	mostQuiet  = time.Minute
	mostQuiets = 10
	perMB      = time.Second // to store it, on a busy disk or with a virus scanner
	afloatMax  = 8 << 20     // octets that are sent ahead of their answers; a larger message goes alone
)

// MostCalm is the longest that a pass waits for what a dead connection sent.
const MostCalm = 2 * time.Minute

// Answers remembers how long a store took to answer what it was sent. Passes
// of a process share it; the zero value is one that knows nothing yet.
type Answers struct{ longest atomic.Int64 }

// Took notes the time from the last octet of a message to its answer.
func (a *Answers) Took(d time.Duration) {
	for {
		was := a.longest.Load()
		if int64(d) <= was || a.longest.CompareAndSwap(was, int64(d)) {
			return
		}
	}
}

// quiet is for how long a store must not grow when so many octets may be on
// their way.
func (a *Answers) quiet(octets int64) time.Duration {
	size := time.Duration(octets>>10) * (perMB >> 10)
	return min(max(leastQuiet, 2*time.Duration(a.longest.Load()), size), mostQuiet)
}

// stir notes how many messages a connection leaves without an answer: where
// there are none nothing is to be waited for, however it ended.
func (r *course) stir(inflight int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calmed = r.calmed && inflight == 0
}

// owed reports whether an earlier try may have sent a message that has no
// place yet.
func (c *carry) owed() bool { return slices.ContainsFunc(c.jobs, c.maybeSent) }

func (c *carry) maybeSent(j job) bool { return c.before.may(j.uid, ^uint32(0)) }

// calm makes sure that nothing more comes from a connection that died, and
// looks at what came.
func (c *carry) calm(ctx context.Context) error {
	if err := c.untilCalm(ctx); err != nil {
		return err
	}
	to, err := c.dst.Select(ctx, c.m.ToFolder)
	switch {
	case err != nil:
		return err
	case to.UIDValidity != c.to.UIDValidity:
		return gone("the target folder was made anew")
	case to.UIDNext <= c.next:
		return nil
	}
	if err := c.lookFrom(ctx, c.f.target); err != nil {
		return err
	}
	c.next = max(c.next, to.UIDNext)
	return nil
}

// untilCalm waits until no target folder grows any more, once for all of them:
// the server stores one after the other, whichever comes first. When our own
// connection has died since, it waits again: see stir.
func (c *carry) untilCalm(ctx context.Context) error {
	if c.calmed {
		return nil
	}
	folders, octets := c.unanswered()
	was, err := c.extents(ctx, folders)
	if err == nil {
		err = c.watch(ctx, folders, was, c.p.Options.Answers.quiet(octets), c.mayBeOurs)
	}
	c.calmed = err == nil
	return err
}

// unanswered are the target folders that an earlier try may have sent to,
// c's first, and how many octets of it may not be stored yet.
func (c *carry) unanswered() (folders []Folder, octets int64) {
	largest := int64(afloatMax)
	for _, j := range c.jobs {
		if c.maybeSent(j) {
			octets += j.size
			largest = max(largest, j.size)
		}
	}
	folders = []Folder{c.m.ToFolder}
	for _, m := range c.mapped {
		f := c.l.st.folderOf[m.From.Name]
		if f == nil || len(f.intents) == 0 || !m.Exists || m.From.Name == c.m.From.Name {
			continue
		}
		octets += m.From.Status.Size
		if m.ToFolder.Name != c.m.ToFolder.Name {
			folders = append(folders, m.ToFolder)
		}
	}
	return folders, min(octets, largest)
}

// mayBeOurs tells whether what came into a folder since it was such may be
// what an earlier try sent. What no server makes of a message is not: then it
// is somebody's mail, and that never ends.
func (c *carry) mayBeOurs(ctx context.Context, f Folder, was extent) (bool, error) {
	shared := slices.ContainsFunc(c.mapped, func(m Mapped) bool {
		h := c.l.st.folderOf[m.From.Name]
		return m.ToFolder.Name == f.Name && m.From.Name != c.m.From.Name && h != nil && len(h.intents) > 0
	})
	if shared || f.Name != c.m.ToFolder.Name || was.uidNext == 0 {
		return true, nil
	}
	if _, err := c.dst.Select(ctx, f); err != nil {
		return true, err
	}
	ours := false
	err := c.dst.Scan(ctx, was.uidNext, 0, func(it Item) error {
		ours = ours || it.UID >= was.uidNext && slices.ContainsFunc(c.jobs, func(j job) bool {
			m, mended := c.f.mended[j.uid]
			return c.maybeSent(j) && (near(j.size, it.Size) || mended && near(m.Stored.Size, it.Size))
		})
		return nil
	})
	return ours, err
}

// near reports whether a message of size octets may have become one of is in
// a server's hands: it changes line ends, cuts them, or adds header fields.
func near(size, is int64) bool {
	const header = 4 << 10
	return size == 0 || is >= size/2-header && is <= 2*size+header
}

// watch waits until folders, which were so large, have not grown for a quiet
// time, by anything that may be ours.
func (r *course) watch(ctx context.Context, folders []Folder, was []extent, quiet time.Duration, ours func(context.Context, Folder, extent) (bool, error)) error {
	defer r.waitsFor(settles("transfer.settles", quiet))()
	pause := quiet / calmLooks
	looks := int(min(mostQuiets*quiet, MostCalm) / pause)
	for still := 0; still < calmLooks && looks > 0; looks-- {
		if err := r.pause(ctx, pause); err != nil {
			return err
		}
		is, err := r.extents(ctx, folders)
		if err != nil {
			return err
		}
		still++
		for i, f := range folders {
			if still == 0 || !is[i].grown(was[i]) {
				continue
			}
			more, err := ours(ctx, f, was[i])
			if err != nil {
				return err
			}
			if more {
				still = 0
			}
		}
		was = is
	}
	return nil
}

// settles says that the target is given time to store what it was sent.
func settles(code string, quiet time.Duration) *planner.Fault {
	return &planner.Fault{Msg: text.M(code, "span", quiet.Round(time.Second).String()), Class: planner.Throttled}
}

// extent is by what a folder shows that it has grown.
type extent struct{ uidValidity, uidNext, messages uint32 }

func (e extent) grown(was extent) bool {
	return e.uidValidity != was.uidValidity || e.messages > was.messages || was.uidNext > 0 && e.uidNext > was.uidNext
}

// extents looks at folders; one that does not open stands still.
func (r *course) extents(ctx context.Context, folders []Folder) ([]extent, error) {
	found, err := r.survey(ctx, folders)
	all := make([]extent, len(folders))
	for i, s := range found {
		if s.Err == nil {
			all[i] = extentOf(s.Status)
		}
	}
	return all, err
}

func extentOf(s Status) extent { return extent{s.UIDValidity, s.UIDNext, s.Messages} }

func (r *course) survey(ctx context.Context, folders []Folder) ([]Surveyed, error) {
	if dst, can := r.dst.(Ahead); can {
		return dst.Survey(ctx, folders)
	}
	all := make([]Surveyed, len(folders))
	for i, f := range folders {
		o, err := r.dst.Select(ctx, f)
		if err != nil && !isRefusal(err) {
			return nil, err
		}
		all[i] = Surveyed{Opened: o, Err: err}
	}
	return all, nil
}
