package transfer

import (
	"context"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/mxmove/mxmove/config/text"
)

// Sampling says that only some messages of a mailbox are read, drawn at
// random: each is as likely as any other. The same Seed draws the same of the
// same mail, and hardly others when mail is added.
type Sampling struct {
	N    int    // how many; where a mailbox has no more, all of it is verified
	Seed uint64 //
}

// Confidence is that of all statements about samples.
const Confidence = 0.95

// Sampled is what a sample lets one say of the mail that it was drawn of.
type Sampled struct {
	Seed       uint64  `json:"seed"`
	Population int     `json:"population"` // source messages that were to be compared
	Read       int     `json:"read"`       // ... that were drawn
	Differ     int     `json:"differ"`     // of Read: different without a reason, or not given
	Confidence float64 `json:"confidence"`
	AtMost     float64 `json:"at_most"` // share of Population that differs, at most
}

// listing is what a source folder showed when it was drawn from.
type listing struct {
	messages, leftOut int
	failed            bool
}

// drawFrom lists all source folders, one after the other, and draws.
func (v *verifier) drawFrom(ctx context.Context, units []*unit) (d *draw, listed []listing, err error) {
	d = &draw{Sampling: *v.in.Sample}
	for _, u := range units {
		for _, m := range u.sources {
			b, err := v.source.count(ctx, m.From, v.in.Since)
			if err != nil {
				return d, nil, err
			}
			for _, msg := range b.mail {
				d.add(ticket{d.number(m.From.Name, b.uidValidity, msg.uid), len(listed), msg.uid})
			}
			listed = append(listed, listing{len(b.mail), b.leftOut, b.failed != nil})
		}
	}
	return d, listed, nil
}

// sample lists all source folders to draw from them, then reads what was
// drawn. Where there is no more than that, it reports that all is to be read.
func (v *verifier) sample(ctx context.Context, units []*unit) (all bool, err error) {
	d, listed, err := v.drawFrom(ctx, units)
	if err != nil || d.population <= d.N {
		return true, err
	}
	v.mu.Lock()
	v.at.Total, v.at.BytesAll = 2*len(d.drawn), 0
	v.mu.Unlock()
	v.draw = d
	n := 0
	for _, u := range units {
		for i, fr := range u.reports {
			fr.Counts.Source, fr.Counts.LeftOut = listed[n].messages, listed[n].leftOut
			if listed[n].failed {
				v.report.folder(fr, Unread, "verify.folder.unread")
				fr.Counts.Source = int(u.sources[i].From.Status.Messages)
				fr.Counts.Unread = fr.Counts.Source
			}
			n++
		}
	}
	n = 0
	for _, u := range units {
		drawn := make([]map[uint32]bool, len(u.sources))
		for i := range u.sources {
			drawn[i] = d.of(n)
			n++
		}
		if err := v.compareDrawn(ctx, u, drawn); err != nil {
			return false, err
		}
	}
	return false, nil
}

// compareDrawn reads the drawn messages of a unit, and at the target first
// what the record or the date points to. The record only says where to look:
// what is there is compared. Only where nothing fits, all of the folder is read.
func (v *verifier) compareDrawn(ctx context.Context, u *unit, drawn []map[uint32]bool) error {
	boxes, target := make([]*box, len(u.sources)), &box{}
	var err error
	for i, m := range u.sources {
		if boxes[i], err = v.source.readOnly(ctx, m.From, func(msg *message) bool { return drawn[i][msg.uid] }); err != nil {
			return err
		}
		boxes[i].mail = slices.DeleteFunc(boxes[i].mail, func(m message) bool { return !drawn[i][m.uid] })
		if boxes[i].failed != nil && u.reports[i].Class != Unread {
			v.report.folder(u.reports[i], Unread, "verify.folder.unread")
		}
	}
	points := v.pointsTo(boxes)
	if u.exists {
		if target, err = v.target.readOnly(ctx, u.target, points); err != nil {
			return err
		}
	}
	u.reports[0].Counts.Target = len(target.mail)
	if target.failed != nil {
		v.report.folder(u.reports[0], Unread, "verify.folder.target-unread", "to", label(u.target.Path))
		for i, b := range boxes {
			for _, m := range b.mail {
				v.drawnUnread(u.reports[i], m)
			}
		}
		return nil
	}
	return v.judgeDrawn(ctx, u, boxes, target)
}

// pointsTo tells the target messages that may be one of those in boxes.
func (v *verifier) pointsTo(boxes []*box) func(*message) bool {
	uids, dates := map[uint32]bool{}, map[int64]bool{}
	for _, b := range boxes {
		for _, m := range b.mail {
			if fate, known := v.fate(b, m.uid); known && fate.UID != 0 {
				uids[fate.UID] = true
			} else if m.date != noDate {
				dates[m.date] = true
			}
		}
	}
	return func(m *message) bool { return uids[m.uid] || dates[m.date] }
}

func (v *verifier) judgeDrawn(ctx context.Context, u *unit, boxes []*box, target *box) error {
	var source []*message
	for i, b := range boxes {
		for j := range b.mail {
			m := &b.mail[j]
			if m.box = int32(i); m.read {
				source = append(source, m)
			} else {
				v.drawnUnread(u.reports[i], *m)
			}
		}
	}
	for _, p := range match(source, readOf(target)) {
		v.pair(u, boxes, target, p, verdict{})
	}
	if rest := unused(source); len(rest) > 0 && u.exists && len(readOf(target)) < len(target.mail) {
		now, err := v.target.readOnly(ctx, u.target, func(*message) bool { return true })
		if err != nil {
			return err
		}
		if now.failed == nil && now.uidValidity == target.uidValidity {
			keepUsed(now, target)
			target = now
			for _, p := range match(rest, unused(readOf(target))) {
				v.pair(u, boxes, target, p, verdict{})
			}
		}
	}
	if _, err := v.mended(ctx, u, boxes, target, unused(source), unused(readOf(target))); err != nil {
		return err
	}
	if err := v.damaged(ctx, u, boxes, target, unused(source), unused(readOf(target))); err != nil {
		return err
	}
	return v.keep(u, boxes, target, unused(source))
}

func (v *verifier) drawnUnread(fr *FolderReport, m message) {
	v.draw.unread++
	v.report.message(fr, m, unreadVerdict())
}

func readOf(b *box) []*message {
	var read []*message
	for i := range b.mail {
		if b.mail[i].read {
			read = append(read, &b.mail[i])
		}
	}
	return read
}

// keepUsed takes over which messages have their match.
func keepUsed(now, before *box) {
	for _, m := range before.mail {
		if i, ok := findUID(now.mail, m.uid); ok && m.used {
			now.mail[i].used = true
		}
	}
}

// readOnly is read for the messages that want says.
func (r *reader) readOnly(ctx context.Context, f Folder, want func(*message) bool) (*box, error) {
	return r.insist(ctx, f, func(b *box) error {
		if err := r.list(ctx, b, time.Time{}); err != nil {
			return err
		}
		for range 2 {
			var uids []uint32
			for i := range b.mail {
				if m := &b.mail[i]; !m.read && want(m) {
					uids = append(uids, m.uid)
				}
			}
			for chunk := range slices.Chunk(uids, fetchBatch) {
				if _, _, err := ask(ctx, r.conn, chunk, func(it Item) error { return r.take(b, it) }); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// take reads one body. One that is not as long as the server says stays unread.
func (r *reader) take(b *box, it Item) error {
	i, ok := findUID(b.mail, it.UID)
	if !ok || it.Body == nil {
		return nil
	}
	print, whole, err := r.fingerprint(it)
	if m := &b.mail[i]; err == nil && whole && !m.read {
		m.print, m.read, m.cut = print, true, r.cuts != nil && r.cuts.cut()
		r.progress(label(b.folder.Path), it.Size)
	}
	return err
}

// concludeSample says what the sample lets one say.
func (r *Report) concludeSample(d *draw) {
	c := r.Counts
	judged := c.Proven + c.Explained + c.Behind + c.Unexplained
	read, differ := judged+d.unread, c.Unexplained+d.unread
	r.Sample = &Sampled{Seed: d.Seed, Population: d.population, Read: read, Differ: differ,
		Confidence: Confidence, AtMost: upperBound(differ, read, Confidence)}
	r.Counts.Sampled = c.Source - judged - c.Unread
}

// summary is the statement in words.
func (s *Sampled) summary() text.Msg {
	n := strconv.Itoa
	return text.M("verify.sample", "read", n(s.Read), "all", n(s.Population), "differ", n(s.Differ),
		"confidence", strconv.FormatFloat(100*s.Confidence, 'f', -1, 64),
		"share", strconv.FormatFloat(math.Ceil(s.AtMost*1e4)/100, 'f', -1, 64),
		"most", n(int(math.Ceil(s.AtMost*float64(s.Population)))), "seed", strconv.FormatUint(s.Seed, 10))
}
