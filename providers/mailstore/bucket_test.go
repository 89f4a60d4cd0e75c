package mailstore

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// ticker is a clock that only sleeping moves.
type ticker struct{ at time.Time }

func (c *ticker) now() time.Time { return c.at }

func (c *ticker) sleep(ctx context.Context, d time.Duration) error {
	if ctx.Err() == nil {
		c.at = c.at.Add(d)
	}
	return ctx.Err()
}

func newTicker(clock string) *ticker {
	at, err := time.Parse("2006-01-02 15:04", "2026-12-03 "+clock)
	if err != nil {
		panic(err)
	}
	return &ticker{at}
}

func bucketOf(c *ticker, l config.Limits) *bucket {
	return &bucket{limits: l, now: c.now, sleep: c.sleep}
}

func readAll(t interface{ Fatal(...any) }, ctx context.Context, b *bucket, octets int) {
	got, err := io.ReadAll(&paced{bytes.NewReader(make([]byte, octets)), b, ctx})
	if err != nil || len(got) != octets {
		t.Fatal(len(got), err)
	}
}

// Whatever is read in whichever pieces, the rate is kept but for one second's
// worth, and no more time is taken than it needs.
func TestTheRateIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.Int64Range(1000, 1<<24).Draw(t, "rate")
		c := newTicker("10:00")
		b := bucketOf(c, config.Limits{Rate: rate})
		began, total, idle := c.at, 0, time.Duration(0)
		for range rapid.IntRange(1, 8).Draw(t, "messages") {
			n := rapid.IntRange(0, 200_000).Draw(t, "octets")
			readAll(t, t.Context(), b, n)
			total += n
			if rapid.Bool().Draw(t, "idle") {
				idle += 3 * time.Second
				c.at = c.at.Add(3 * time.Second)
			}
		}
		took := c.at.Sub(began)
		due := time.Duration(float64(total) / float64(rate) * float64(time.Second))
		if slack := time.Microsecond; took > due+idle+slack || idle == 0 && took < due-burst-slack {
			t.Errorf("%d octets at %d/s took %v with %v idle, due %v", total, rate, took, idle, due)
		}
	})
}

func TestHoursHaveTheirRate(t *testing.T) {
	limits := config.Limits{Rate: 1 << 20, Hours: []config.Hours{{From: "08:00", To: "20:00", Rate: 1 << 10}, {From: "23:00", To: "01:00", Rate: 1 << 12}}}
	for clock, rate := range map[string]int{"07:59": 1 << 20, "08:00": 1 << 10, "19:59": 1 << 10, "20:00": 1 << 20,
		"23:30": 1 << 12, "00:59": 1 << 12, "01:00": 1 << 20} {
		c := newTicker(clock)
		b := bucketOf(c, limits)
		b.take(rate) // what a second's pause may make up for
		if got := b.take(rate * 2); got.Round(time.Millisecond) != 2*time.Second {
			t.Errorf("at %s two seconds' octets take %v", clock, got)
		}
	}
}

// Without a rate nothing is wrapped; in hours without one nothing waits.
func TestNoRate(t *testing.T) {
	s := newSide("source", config.IMAP{}, Options{Now: newTicker("10:00").now})
	if r := io.Reader(bytes.NewReader(nil)); s.pace(t.Context(), r) != r {
		t.Error("a reader was wrapped for no rate")
	}
	c := newTicker("10:00")
	readAll(t, t.Context(), bucketOf(c, config.Limits{Hours: []config.Hours{{From: "12:00", To: "13:00", Rate: 1}}}), 1<<20)
	if c.now() != newTicker("10:00").at {
		t.Error("it waited outside of the hours")
	}
}

// An interrupt ends waits for the rate, and what is in flight is not broken.
func TestStopEndsPacing(t *testing.T) {
	defer goleak.VerifyNone(t)
	stop := make(chan struct{})
	ctx, cancel := until(t.Context(), stop)
	defer cancel()
	slept := make(chan struct{}, 1)
	b := &bucket{limits: config.Limits{Rate: 1}, now: newTicker("10:00").now, sleep: func(ctx context.Context, d time.Duration) error {
		slept <- struct{}{}
		return timerSleep(ctx, d)
	}}
	go func() {
		<-slept
		close(stop)
	}()
	readAll(t, ctx, b, 1<<20) // 12 days
}

func TestSlotsLearn(t *testing.T) {
	c := newTicker("10:00")
	s := newSlots(4, c.now)
	take := func(n int) (got int) {
		for range n {
			if s.try() == nil {
				got++
			}
		}
		return got
	}
	if take(4) != 4 {
		t.Fatal("not as many as the spec allows")
	}
	s.crowded() // the fourth was refused
	s.release()
	if take(1) != 0 {
		t.Error("a fourth right after it was refused")
	}
	s.crowded() // three are too many, too
	s.release()
	s.crowded()
	s.release()
	s.crowded()
	s.release()
	s.crowded()
	if take(9) != 1 {
		t.Error("one connection is always allowed, and not more here")
	}
	for want := 2; want <= 4; want++ {
		c.at = c.at.Add(calm - time.Second)
		if take(1) != 0 {
			t.Errorf("%d before the time", want)
		}
		c.at = c.at.Add(time.Second)
		if got := take(9); got != 1 {
			t.Errorf("%d more after %d spans of calm", got, want-1)
		}
	}
	c.at = c.at.Add(10 * calm)
	if take(9) != 0 {
		t.Error("more than the spec allows")
	}
}

func TestAcquireEnds(t *testing.T) {
	s := newSlots(0, newTicker("10:00").now)
	if err := s.acquire(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	close(stop)
	if err := s.acquire(t.Context(), stop); err != planner.ErrStopped {
		t.Errorf("stopped: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.acquire(ctx, nil); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
	got := make(chan error)
	go func() { got <- s.acquire(t.Context(), nil) }()
	s.release()
	if err := <-got; err != nil {
		t.Error(err)
	}
}

func TestAWaitIsForTheAccountThatWasTold(t *testing.T) {
	var d told
	now := newTicker("10:00").at
	f := &planner.Fault{Class: planner.Throttled, Wait: time.Minute}
	d.note("alice", f, now)
	d.note("bob", &planner.Fault{Class: planner.Throttled}, now)
	if got := d.before("alice", now.Add(20*time.Second)); got == nil || got.Wait != 40*time.Second || f.Wait != time.Minute {
		t.Errorf("%+v of %+v", got, f)
	}
	if got := d.before("bob", now); got != nil {
		t.Errorf("bob, who was told no time: %+v", got)
	}
	if got := d.before("alice", now.Add(time.Minute)); got != nil || len(d.waits) != 0 {
		t.Errorf("afterwards %+v, %v", got, d.waits)
	}
}
