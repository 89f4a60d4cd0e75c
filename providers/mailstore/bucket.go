package mailstore

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/mxmove/mxmove/config"
)

const (
	burst = time.Second // so much of a pause may be made up for
	chunk = 16 << 10    // octets between two looks at the rate
)

// bucket spreads the octets of mail to or from one server over time, by the
// rate that counts at the time. It is safe for concurrent use.
type bucket struct {
	limits config.Limits
	now    func() time.Time
	sleep  func(context.Context, time.Duration) error

	mu   sync.Mutex
	paid time.Time // until when what was taken has used up the rate
}

// limited reports whether there is any rate to keep.
func (b *bucket) limited() bool { return b.limits.Rate > 0 || len(b.limits.Hours) > 0 }

// take books n octets and says how long to wait until they are paid for.
func (b *bucket) take(n int) time.Duration {
	now := b.now()
	rate := b.limits.RateAt(now)
	if rate <= 0 {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if early := now.Add(-burst); b.paid.Before(early) {
		b.paid = early
	}
	b.paid = b.paid.Add(time.Duration(float64(n) / float64(rate) * float64(time.Second)))
	return max(b.paid.Sub(now), 0)
}

// paced is a reader that keeps to a bucket's rate until ctx ends; then what is
// in flight goes as fast as it can.
type paced struct {
	r   io.Reader
	b   *bucket
	ctx context.Context
}

func (p *paced) Read(buf []byte) (int, error) {
	n, err := p.r.Read(buf[:min(len(buf), chunk)])
	if wait := p.b.take(n); wait > 0 && p.ctx.Err() == nil {
		p.b.sleep(p.ctx, wait) // ended early by ctx, which is no error of the octets
	}
	return n, err
}

// pace makes a reader keep to the server's rate.
func (s *side) pace(ctx context.Context, r io.Reader) io.Reader {
	if r == nil || !s.bucket.limited() {
		return r
	}
	return &paced{r, &s.bucket, ctx}
}

func timerSleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// until gives a context that also ends when stop is closed; the function ends
// it in any case.
func until(ctx context.Context, stop <-chan struct{}) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	if stop != nil {
		go func() {
			select {
			case <-stop:
				cancel()
			case <-ctx.Done():
			}
		}()
	}
	return ctx, cancel
}
