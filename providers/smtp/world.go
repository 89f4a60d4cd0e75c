// Package smtp tries a domain's new mail servers before the switch, without
// mail, and after it with one mail of its own.
package smtp

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// Inner is the world that carries out all else.
type Inner interface {
	Observe(ctx context.Context, depth planner.Depth) (planner.Snapshot, error)
	Do(ctx context.Context, op planner.Op, stop <-chan struct{}, progress func(planner.Progress)) (planner.Tally, error)
}

// Domains tells where mail goes, by authoritative servers. Faults are
// *planner.Fault.
type Domains interface {
	// MX gives the hosts of a domain's MX, the preferred first.
	MX(ctx context.Context, domain string) ([]string, error)
	// Addresses are those of a host.
	Addresses(ctx context.Context, host string) ([]netip.Addr, error)
}

// Boxes looks for test mails in mailboxes. Faults are *planner.Fault.
type Boxes interface {
	// TakeCanaries removes from a mailbox at the target, by its address
	// there, the newest mails whose Message-ID begins so, and gives those.
	TakeCanaries(ctx context.Context, address, prefix string) (ids []string, err error)
	// SourceCanaries gives those in the same row's mailbox at the source,
	// where nothing is ever written.
	SourceCanaries(ctx context.Context, address, prefix string) (ids []string, err error)
}

// Options of the world. All but Dial are needed.
type Options struct {
	Spec    *config.Spec
	Lineage string // of the state directory: tells our canaries from others'
	Domains Domains
	Boxes   Boxes
	Now     func() time.Time
	Sleep   func(context.Context, time.Duration) error
	Dial    func(ctx context.Context, network, address string) (net.Conn, error) // nil: the machine's
}

// World adds the tries of mail servers to another world.
type World struct {
	inner Inner
	o     Options
}

// New adds the tries to a world. It touches no server.
func New(inner Inner, o Options) *World {
	if o.Dial == nil {
		o.Dial = (&net.Dialer{}).DialContext
	}
	return &World{inner, o}
}

// Observe is the inner world's look.
func (w *World) Observe(ctx context.Context, depth planner.Depth) (planner.Snapshot, error) {
	s, err := w.inner.Observe(ctx, depth)
	s.Can = append(slices.Clone(s.Can), planner.Canary{}.Kind(), planner.ProbeMX{}.Kind())
	slices.Sort(s.Can)
	return s, err
}

// Do carries out ProbeMX and Canary, and gives all else to the inner world.
func (w *World) Do(ctx context.Context, op planner.Op, stop <-chan struct{}, progress func(planner.Progress)) (planner.Tally, error) {
	switch o := op.(type) {
	case planner.ProbeMX:
		return planner.Tally{}, w.probe(ctx, o)
	case planner.Canary:
		return planner.Tally{}, w.canary(ctx, o)
	}
	return w.inner.Do(ctx, op, stop, progress)
}

func fault(class planner.Class, code string, pairs ...string) *planner.Fault {
	return &planner.Fault{Msg: text.M(code, pairs...), Class: class}
}
