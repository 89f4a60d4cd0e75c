// Package smtp tries a domain's new mail servers before the switch, without
// mail, and after it with one mail of its own that comes in and one that leaves.
package smtp

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
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
	// Elsewhere finds a mail by its Message-ID in another mailbox: its
	// folder, "" for nowhere, whether that is for junk, and its octets. With
	// no id it only signs in.
	Elsewhere(ctx context.Context, at config.Service, id string) (folder string, junk bool, mail []byte, err error)
}

// Options of the world. All but Dial are needed.
type Options struct {
	Spec    *config.Spec
	Secrets *config.Secrets
	SpecDir string // the spec's directory: ca_file is relative to it
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

	mu     sync.Mutex
	begun  map[string]time.Time              // by Message-ID: mails that may have been taken
	denied map[config.Service]*planner.Fault // who was refused: a wrong password is tried once
}

// New adds the tries to a world. It touches no server.
func New(inner Inner, o Options) *World {
	if o.Dial == nil {
		o.Dial = (&net.Dialer{}).DialContext
	}
	return &World{inner: inner, o: o, begun: map[string]time.Time{}, denied: map[config.Service]*planner.Fault{}}
}

// Observe is the inner world's look.
func (w *World) Observe(ctx context.Context, depth planner.Depth) (planner.Snapshot, error) {
	s, err := w.inner.Observe(ctx, depth)
	s.Can = append(slices.Clone(s.Can), planner.Canary{}.Kind(), planner.CanaryArrival{}.Kind(), planner.CanaryOut{}.Kind(), planner.ProbeMX{}.Kind())
	slices.Sort(s.Can)
	return s, err
}

// Do carries out ProbeMX and the canaries, and gives all else to the inner world.
func (w *World) Do(ctx context.Context, op planner.Op, stop <-chan struct{}, progress func(planner.Progress)) (planner.Tally, error) {
	switch o := op.(type) {
	case planner.ProbeMX:
		return planner.Tally{}, w.probe(ctx, o)
	case planner.Canary:
		return planner.Tally{}, w.canary(ctx, o)
	case planner.CanaryOut:
		return planner.Tally{}, w.canaryOut(ctx, o, stop, progress)
	case planner.CanaryArrival:
		return planner.Tally{}, w.canaryArrival(ctx, o, stop, progress)
	}
	return w.inner.Do(ctx, op, stop, progress)
}

func fault(class planner.Class, code string, pairs ...string) *planner.Fault {
	return &planner.Fault{Msg: text.M(code, pairs...), Class: class}
}
