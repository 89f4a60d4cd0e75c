package transfer

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
)

// upperBound is the exact (Clopper-Pearson) bound: the share at which so few
// of n drawn differ with a probability of only 1 - confidence. For k = 0 it is
// 1 - (1-confidence)^(1/n), about 3/n. Drawn without putting back from a
// finite mailbox the truth is no greater.
func upperBound(k, n int, confidence float64) float64 {
	if n == 0 || k >= n {
		return 1
	}
	low, high := float64(k)/float64(n), 1.0
	for range 60 {
		p := (low + high) / 2
		if binomial(k, n, p) > 1-confidence {
			low = p
		} else {
			high = p
		}
	}
	return high
}

// binomial is the probability of at most k of n at a chance of p each.
func binomial(k, n int, p float64) float64 {
	sum, logp, logq := 0.0, math.Log(p), math.Log1p(-p)
	all, _ := math.Lgamma(float64(n) + 1)
	for i := range k + 1 {
		a, _ := math.Lgamma(float64(i) + 1)
		b, _ := math.Lgamma(float64(n-i) + 1)
		sum += math.Exp(all - a - b + float64(i)*logp + float64(n-i)*logq)
	}
	return sum
}

// draw is the messages with the N smallest numbers that a hash of the seed
// gives them, so it is uniform whatever their order.
type draw struct {
	Sampling
	population int
	unread     int      // of drawn: a side did not give it
	drawn      []ticket // a heap, the greatest number first
}

type ticket struct {
	number uint64
	folder int // of the mapped
	uid    uint32
}

func (d *draw) number(name string, uidValidity, uid uint32) uint64 {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:], d.Seed)
	binary.LittleEndian.PutUint32(b[8:], uidValidity)
	binary.LittleEndian.PutUint32(b[12:], uid)
	h := sha256.Sum256(append(b[:], name...))
	return binary.LittleEndian.Uint64(h[:])
}

func (d *draw) add(t ticket) {
	d.population++
	switch {
	case len(d.drawn) < d.N:
		d.drawn = append(d.drawn, t)
		for i := len(d.drawn) - 1; i > 0 && d.drawn[i].number > d.drawn[(i-1)/2].number; i = (i - 1) / 2 {
			d.drawn[i], d.drawn[(i-1)/2] = d.drawn[(i-1)/2], d.drawn[i]
		}
	case t.number < d.drawn[0].number:
		d.drawn[0] = t
		d.sink()
	}
}

func (d *draw) sink() {
	for i := 0; ; {
		most := i
		for _, child := range []int{2*i + 1, 2*i + 2} {
			if child < len(d.drawn) && d.drawn[child].number > d.drawn[most].number {
				most = child
			}
		}
		if most == i {
			return
		}
		d.drawn[i], d.drawn[most] = d.drawn[most], d.drawn[i]
		i = most
	}
}

// of gives what was drawn of a folder.
func (d *draw) of(folder int) map[uint32]bool {
	uids := map[uint32]bool{}
	for _, t := range d.drawn {
		if t.folder == folder {
			uids[t.uid] = true
		}
	}
	return uids
}
