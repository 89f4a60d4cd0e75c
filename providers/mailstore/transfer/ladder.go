package transfer

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// rung is how a message is sent after the target did not take it.
type rung uint8

const (
	asIs    rung = iota
	plain        // alone, without keywords
	undated      // and without INTERNALDATE
	refused      // not at all
)

// stage is how far down the ladder a message is, and what the target said.
type stage struct {
	at  rung
	why Refusal
	ill int // how often the target excused itself

	mending *mending // nil: its octets are as the source has them
}

// maxIll is how often a target may excuse itself before it is taken to mean
// the message.
const maxIll = 3

// after gives the next stage of a message that was refused at s.
func (s stage) after(no *Refusal, p *parcel) stage {
	keywords := s.at < plain && len(systemOnly(p.item.Flags)) < len(p.item.Flags)
	dated := s.at < undated && !p.item.Date.IsZero() && strings.Contains(strings.ToLower(no.Text), "date")
	switch {
	case s.ill < maxIll && !no.Bad && (no.Code == "UNAVAILABLE" || no.Code == "SERVERBUG" || no.Code == "INUSE"): // RFC 5530
		return stage{s.at, *no, s.ill + 1, s.mending}
	case s.mending != nil, no.Final, no.Code == "TOOBIG" || no.Code == "LIMIT", no.Class == planner.Message && !keywords && !dated:
		return stage{refused, *no, s.ill, s.mending}
	case keywords || s.at < plain && (no.Bad || no.Code == ""): // it may have been about what we sent, or a passing fit
		return stage{plain, *no, s.ill, nil}
	case dated:
		return stage{undated, *no, s.ill, nil}
	}
	return stage{refused, *no, s.ill, nil}
}

// copyAll brings all messages of the folder to the target: first those that
// go as they are, then what was put off, then what was refused.
func (c *carry) copyAll(ctx context.Context) error {
	left := map[uint32]job{}
	var first []job
	for _, j := range c.jobs {
		if c.apart(j.uid) {
			left[j.uid] = j
		} else {
			first = append(first, j)
		}
	}
	if len(left) >= c.target.many() {
		if err := c.descend(ctx, left); err != nil {
			return err
		}
		left = nil
	}
	if err := c.send(ctx, first, false); err != nil {
		return err
	}
	if err := c.settleDeferred(); err != nil {
		return err
	}
	if err := c.send(ctx, c.second, true); err != nil {
		return err
	}
	return c.descend(ctx, left)
}

// descend sends again what was refused, a message at a time, and then keeps in
// quarantine what was refused at every stage.
func (c *carry) descend(ctx context.Context, jobs map[uint32]job) error {
	for uid := range c.stages {
		if _, ok := jobs[uid]; !ok {
			jobs = maps.Clone(jobs)
			if jobs == nil {
				jobs = map[uint32]job{}
			}
			jobs[uid] = job{uid: uid}
		}
	}
	uids := slices.Sorted(maps.Keys(jobs))
	for _, uid := range uids {
		for c.stages[uid].at != refused && !c.settled(uid) {
			if err := c.send(ctx, []job{jobs[uid]}, true); err != nil {
				return err
			}
			if err := c.refusesAll(); err != nil {
				return err
			}
		}
	}
	if err := c.refusesAll(); err != nil {
		return err
	}
	for _, uid := range uids {
		if !c.settled(uid) {
			if err := c.quarantine(ctx, jobs[uid], c.stages[uid]); err != nil {
				return err
			}
		}
		delete(c.stages, uid)
	}
	return nil
}

// settled reports whether nothing is left to do for a message in this pass.
func (c *carry) settled(uid uint32) bool {
	_, placed := c.f.find(uid)
	p, named := c.f.problems[uid]
	return placed || named && !p.Missing || inner(c.counted, "missing "+c.m.From.Name)[uid]
}

// refusal is the fault of a pass that may refuse no message.
func (c *carry) refusal(j job, why Refusal) error {
	return &planner.Fault{Msg: text.M("copy.refused", "folder", pathText(c.m.From.Path), "uid", uidText(j.uid), "said", why.Error()),
		Class: planner.Message}
}
