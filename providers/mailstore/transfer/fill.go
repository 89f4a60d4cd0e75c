package transfer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"time"

	"github.com/mxmove/mxmove/planner"
)

// A window is what one intent covers and one FETCH asks for.
const (
	windowMessages = 500
	windowOctets   = 32 << 20
)

// maxDeaths is how often the source may break off at a message before that
// message is left for the next pass.
const maxDeaths = 3

// fill fetches messages window by window into the queue.
func (s *shipment) fill(ctx context.Context, jobs []job) error {
	for len(jobs) > 0 && !s.stopped() {
		n, octets := 0, int64(0)
		for n < len(jobs) && n < windowMessages && (n == 0 || octets+jobs[n].size <= windowOctets) {
			octets += jobs[n].size
			n++
		}
		if err := s.window(ctx, jobs[:n]); err != nil {
			return err
		}
		jobs = jobs[n:]
	}
	return nil
}

// window is messages being fetched.
type window struct {
	*shipment
	ctx    context.Context
	gate   *gate
	wanted map[uint32]job
	at     uint32 // the message whose octets are being read
	large  bool   // the target's side reads them, and blames the message
}

func (s *shipment) window(ctx context.Context, jobs []job) error {
	w := &window{shipment: s, ctx: ctx, wanted: make(map[uint32]job, len(jobs))}
	uids := make([]uint32, len(jobs))
	for i, j := range jobs {
		uids[i], w.wanted[j.uid] = j.uid, j
	}
	var err error
	if w.gate, err = s.intend(uids); err != nil {
		return err
	}
	defer func() { <-w.gate.done }() // as it is then: the ledger is not closed while it is being synced
	missing, no, err := ask(ctx, s.src, uids, w.receive)
	for i := 0; i < len(missing) && err == nil; i++ {
		if _, still := w.wanted[missing[i]]; still && no[missing[i]] == nil {
			_, _, err = ask(ctx, s.src, missing[i:i+1], w.receive)
		}
	}
	if err != nil {
		return w.blame(uids, err)
	}
	for _, uid := range uids {
		if j, still := w.wanted[uid]; still {
			if err := s.notGiven(j, no[uid]); err != nil {
				return err
			}
		}
	}
	return nil
}

// intend writes the intent; the disk has it when the gate opens.
func (s *shipment) intend(uids []uint32) (*gate, error) {
	if err := s.l.put(intentRecord{folder: s.f.id, next: s.next0(), spans: spansOf(uids)}); err != nil {
		return nil, err
	}
	return s.l.syncing(), nil
}

// next0 is the UIDNEXT that the folder had when it was opened: what is below
// was there before us.
func (s *shipment) next0() uint32 {
	s.l.mu.Lock()
	defer s.l.mu.Unlock()
	return max(s.to.UIDNext, s.f.target.looked)
}

// blame finds the message at which the source broke off.
func (w *window) blame(uids []uint32, err error) error {
	if w.ctx.Err() != nil || !isClass(err, planner.Gone) || w.large {
		return err
	}
	suspect := w.at
	for i := 0; suspect == 0 && i < len(uids); i++ {
		if _, still := w.wanted[uids[i]]; still {
			suspect = uids[i]
		}
	}
	return w.died(suspect, err)
}

// died notes that the source broke off at a message. At the third time that
// message is left for the next pass, and the others go on.
func (s *shipment) died(uid uint32, err error) error {
	s.course.mu.Lock()
	deaths := inner(s.deaths, s.m.From.Name)
	deaths[uid]++
	n := deaths[uid]
	s.course.mu.Unlock()
	if n == maxDeaths {
		return errors.Join(err, s.notGiven(job{uid: uid}, nil))
	}
	return err
}

// notGiven names a message that the source lists and does not give, with its
// words if it had any.
func (c *carry) notGiven(j job, said *Refusal) error {
	c.missing++
	if c.listed != nil {
		c.listed[j.uid] = true
	}
	if c.once("missing", c.m.From.Name, j.uid) {
		c.count(func(t *planner.Tally) { t.Missing++ })
		c.dealt(j.size)
	}
	p := Problem{Missing: true}
	if said != nil {
		p.Code, p.Text = said.Code, said.Text
	}
	return c.l.put(problemRecord{folder: c.f.id, uid: j.uid, Problem: p})
}

// receive takes a message from the source.
func (w *window) receive(it Item) error {
	j, ok := w.wanted[it.UID]
	if !ok {
		_, err := io.Copy(io.Discard, it.Body)
		return err
	}
	delete(w.wanted, it.UID)
	w.at = it.UID
	err := w.take(j, it)
	if err == nil {
		w.at = 0
	}
	return err
}

func (w *window) take(j job, it Item) error {
	if s := w.stageOf(j.uid); s.mending != nil {
		return w.takeMended(j, it, s)
	}
	if it.Size > spoolLimit {
		return w.receiveLarge(j, it)
	}
	if err := w.held.take(w.ctx, it.Size); err != nil {
		return err
	}
	octets := make([]byte, it.Size)
	if _, err := io.ReadFull(it.Body, octets); err != nil {
		w.held.give(it.Size)
		return broken(err)
	}
	put, err := w.matched(j, it, octets)
	if put || err != nil {
		w.held.give(it.Size)
		return err
	}
	p := w.parcel(j, it)
	p.held, p.hash = it.Size, sha256.Sum256(octets)
	if !w.tells.Load() { // its place may have to be found by content
		f := NewFingerprinter()
		f.Write(octets)
		p.print = f.Sum()
	}
	p.item.Body = bytes.NewReader(octets)
	return w.push(p)
}

// broken is a body that ended early. The message is to be fetched again.
func broken(err error) error {
	var f *planner.Fault
	if errors.As(err, &f) {
		return err
	}
	return gone("a message broke off: " + err.Error())
}

// matched adopts a message that is at the target already, or puts it off.
func (w *window) matched(j job, it Item, octets []byte) (bool, error) {
	w.matching.Lock()
	none := w.found.empty()
	w.matching.Unlock()
	if none {
		return false, nil
	}
	f := NewFingerprinter()
	f.Write(octets)
	return w.decide(j, it, f.Sum(), octets)
}

// decide adopts a message or puts it off; octets may be nil, where they are
// too many.
func (w *window) decide(j job, it Item, p Fingerprint, octets []byte) (bool, error) {
	set := w.flagsOf(it).key
	w.matching.Lock()
	defer w.matching.Unlock()
	if x := w.found.same(p.Exact, set); x != nil {
		return true, w.adopt(j, x, set, p.Exact)
	}
	if w.final && w.stageOf(j.uid).mending == nil {
		return false, nil
	}
	made := w.altered(j, octets, p, it.Date)
	switch {
	case made != nil && w.final:
		return true, w.adoptMended(j, made, set)
	case !w.final && (made != nil || w.found.like(p) != nil):
		w.deferred = append(w.deferred, deferral{j, p, set, made})
		return true, nil
	}
	return false, nil
}

// parcel makes a message fit to be sent.
func (w *window) parcel(j job, it Item) *parcel {
	set := w.flagsOf(it)
	p := &parcel{job: j, set: set.key, gate: w.gate}
	p.item = Item{UID: it.UID, Flags: set.flags, Date: sanitizeDate(it.Date), Size: it.Size}
	if set.lost {
		p.bits |= bitKeywords
	}
	w.course.mu.Lock()
	at := w.stages[j.uid].at
	w.course.mu.Unlock()
	if at >= plain {
		p.item.Flags, p.item.Sync = systemOnly(set.flags), true
		if len(p.item.Flags) < len(set.flags) {
			p.bits |= bitKeywords
		}
	}
	if at >= undated {
		p.item.Date, p.item.Sync = time.Time{}, true
	}
	if p.item.Date.IsZero() {
		p.bits |= bitDate
	}
	return p
}

func (w *window) push(p *parcel) error {
	select {
	case w.queue <- p:
		return nil
	case <-w.ctx.Done():
		w.held.give(p.held)
		p.free()
		return context.Cause(w.ctx)
	}
}

// receiveLarge streams a message, and waits until it is through. Where it may
// be at the target already, it is read for its hash first and fetched again.
func (w *window) receiveLarge(j job, it Item) error {
	w.matching.Lock()
	known := !w.final && w.found.largest > spoolLimit/2
	w.matching.Unlock()
	if known {
		put, err := w.decideLarge(j, it)
		if !put {
			w.second = append(w.second, j)
		}
		return err
	}
	p := w.parcel(j, it)
	p.large = &stream{r: it.Body, left: it.Size, h: sha256.New(), over: make(chan struct{})}
	p.item.Body, w.large = p.large, true
	if err := w.push(p); err != nil {
		return err
	}
	<-p.large.over // also when nobody asks for it: see unsent
	if p.large.err != nil {
		return broken(p.large.err)
	}
	w.large = false
	return nil
}
