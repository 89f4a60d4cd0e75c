package transfer

import (
	"errors"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// A target that takes nothing any more is not a mailbox full of bad messages:
// none of them goes to quarantine, so that all are sent when it is well again.
const (
	refusedFirst = 10  // refused at all stages, while it took nothing in this pass
	refusedRow   = 100 // ... and nothing since the last that it took
	manyRefused  = 50  // refused as they were: their further stages are tried before more is sent; refusedRow after it took one
)

// resistance is how a target resists, under course.mu.
type resistance struct {
	took     bool                      // it took a message in this pass
	away     int                       // messages refused as they were since it took one
	refused  int                       // ... and at all stages, in words that are not about the message
	said     Refusal                   // its last words
	kills    map[string]map[uint32]int // folder → messages at which the target died
	verdicts map[string]bool           // folder and message: counted in refused
}

// resisted counts a refusal. halt says that enough was refused as it was.
func (r *course) resisted(folder string, uid uint32, first bool, now stage) (halt bool) {
	if now.why.Class == planner.Message {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	t := &r.target
	t.said = now.why
	if first {
		t.away++
	}
	if id := folder + " " + uidText(uid); now.at == refused && !t.verdicts[id] {
		t.verdicts[id] = true
		t.refused++
	}
	if halt = t.away >= t.many() && (!t.took || t.away >= 10*refusedRow); halt {
		t.away = 0
	}
	return halt
}

// many is how many refused messages go down the ladder before others are sent.
func (t *resistance) many() int {
	if t.took {
		return refusedRow
	}
	return manyRefused
}

// yielded notes that the target took a message.
func (r *course) yielded() {
	r.target.took, r.target.away, r.target.refused = true, 0, 0
	clear(r.target.verdicts)
}

// refusesAll is the fault of a target that seems to take nothing.
func (c *carry) refusesAll() error {
	c.course.mu.Lock()
	defer c.course.mu.Unlock()
	t := &c.target
	switch {
	case !t.took && t.refused >= refusedFirst:
		return &planner.Fault{Msg: text.M("copy.refuses", "folder", pathText(c.m.From.Path), "said", t.said.Error()), Class: planner.Account}
	case t.refused >= refusedRow:
		return &planner.Fault{Msg: text.M("copy.refuses", "folder", pathText(c.m.From.Path), "said", t.said.Error()), Class: planner.FolderOnly}
	}
	return nil
}

// apart reports whether a message is not sent among others any more: it was
// refused, or the target died at it more than once.
func (c *carry) apart(uid uint32) bool {
	_, staged := c.stages[uid]
	return staged || c.target.kills[c.m.From.Name][uid] > 1
}

// killed notes that the target's connection ended at a message. At the third
// time it is left for the next pass, if the target takes others.
func (s *shipment) killed(uid uint32, err error) error {
	s.course.mu.Lock()
	kills := inner(s.target.kills, s.m.From.Name)
	kills[uid]++
	left := kills[uid] >= maxDeaths && (s.target.took || s.f.problems[uid].Missing)
	if left {
		inner(s.deaths, s.m.From.Name)[uid] = maxDeaths
	}
	s.course.mu.Unlock()
	if left {
		return errors.Join(err, s.notGiven(job{uid: uid}, nil))
	}
	return err
}

// refusedBy decides how a message goes on that the target did not take.
func (s *shipment) refusedBy(p *parcel, err error) error {
	var no *Refusal
	if !errors.As(err, &no) {
		return err
	}
	if no.Class == planner.FolderOnly {
		return folderFault(s.m, no)
	}
	s.course.mu.Lock()
	was, staged := s.stages[p.uid]
	now := was.after(no, p)
	if now.at == refused && s.p.Options.Repair {
		now = was.mend(no, p, now)
	}
	s.stages[p.uid] = now
	s.course.mu.Unlock()
	if now.ill > was.ill {
		s.mu.Lock()
		s.bad = gone(no.Error()) // a new connection, and nobody's fault
		s.mu.Unlock()
		return s.bad
	}
	s.count(func(*planner.Tally) {})
	if no.Bad {
		s.mu.Lock()
		s.bad = gone(no.Error()) // what follows may have been run as commands: nothing more on this connection
		s.mu.Unlock()
	}
	if s.resisted(s.m.From.Name, p.uid, !staged, now) {
		return gone(no.Error())
	}
	return nil
}
