package main

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore"
	"github.com/mxmove/mxmove/providers/mailstore/archive"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
	"github.com/mxmove/mxmove/providers/manual"
	"github.com/mxmove/mxmove/providers/smtp"
	"github.com/mxmove/mxmove/providers/zone"
)

// world is what the commands need of the two services.
type world interface {
	executor.World
	// VerifySample compares a row's mailbox on both sides, or a sample of it,
	// and writes to neither.
	VerifySample(ctx context.Context, address string, sample *transfer.Sampling, progress func(planner.Progress)) (*transfer.Report, error)
	// Check signs in to rows' mailboxes on both sides.
	Check(ctx context.Context, addresses []string, canary bool, each func(mailstore.Checked)) ([]mailstore.Checked, []config.Finding, error)
	// Canaries tries the spec's way out.
	Canaries(ctx context.Context, fly bool) ([]smtp.Checked, error)
	// Ledger tells what is on record of a row's copy; it asks no server.
	Ledger(address string) (*transfer.LedgerInfo, error)
	// Deviations are what passes recorded of mail that is not as at the source.
	Deviations(address string) ([]transfer.Deviation, error)
	// Trace looks for mail of a row on both sides and writes to neither.
	Trace(ctx context.Context, address string, q transfer.Query, progress func(planner.Progress)) (*transfer.Trace, error)
	// Retry lets the next pass try again what the target refused.
	Retry(address string) (refused, missing int, err error)
	// Restore brings the mail of an archive into a row's mailbox at the target.
	Restore(ctx context.Context, dir, address string, below []string, stop <-chan struct{}, progress func(planner.Progress)) (planner.Tally, *archive.Report, error)
}

// opening says which world a command needs.
type opening struct {
	Spec    *config.Spec
	Secrets *config.Secrets
	SpecDir string
	State   *executor.State
	Environ []string
	Version string
	Now     func() time.Time
	Sleep   func(context.Context, time.Duration) error
	DNS     *zone.Observer                                                       // nil: of the Internet
	Before  []planner.Zone                                                       // that domains are held against
	Dial    func(ctx context.Context, network, address string) (net.Conn, error) // to mail servers; nil: the machine's
}

// openWorld opens the provider of a spec's services.
func openWorld(o opening) (world, error) {
	store := mailstore.New(mailstore.Options{
		Spec: o.Spec, Secrets: o.Secrets, SpecDir: o.SpecDir, Environ: o.Environ,
		Lineage: o.State.Lineage, Ledger: o.State.Ledger(), Quarantine: o.State.Quarantine(), Observed: o.State.Observed(), Scratch: o.State.Scratch(),
		Rebuilt: rebuilt(o.State), Version: o.Version, Now: o.Now,
	})
	people := manual.New
	if o.Spec.Target.Kind != config.KindIMAP {
		people = func(w manual.Inner) *manual.World {
			return manual.NewTenants(w, manual.Sheets{Spec: o.Spec, Dir: o.SpecDir, Now: o.Now})
		}
	}
	if o.Spec.Cutover == nil {
		return &peopled{stored: store, people: people(store), tried: smtp.New(nil, smtp.Options{Spec: o.Spec})}, nil
	}
	zones := &zone.Zones{Observer: observerOf(o.DNS, o.Now), Aims: zone.Aims(o.Spec, o.Before...), Reveal: o.Secrets.Reveal, Sleep: o.Sleep, Past: pastBy(o.State, o.Spec)}
	tried := smtp.New(zone.New(store, zones), smtp.Options{Spec: o.Spec, Secrets: o.Secrets, SpecDir: o.SpecDir, Lineage: o.State.Lineage, Domains: zones, Boxes: store, Now: o.Now, Sleep: o.Sleep, Dial: o.Dial})
	return &peopled{stored: store, people: people(tried), tried: tried}, nil
}

// rebuilt tells by a journal when the state directory was made anew.
func rebuilt(state *executor.State) func() time.Time {
	return sync.OnceValue(func() time.Time {
		known, _ := state.Known() // whoever reads the journal for itself tells the error
		return known.Rebuilt
	})
}

// peopled is a world in which people do what has no API.
type peopled struct {
	stored
	people *manual.World
	tried  *smtp.World
}

// stored is what two mail servers do by themselves.
type stored = *mailstore.Store

// Canaries is the tries of mail servers'.
func (p *peopled) Canaries(ctx context.Context, fly bool) ([]smtp.Checked, error) {
	return p.tried.Check(ctx, fly)
}

// Observe is an [executor.World]'s.
func (p *peopled) Observe(ctx context.Context, depth planner.Depth) (planner.Snapshot, error) {
	return p.people.Observe(ctx, depth)
}

// Do is an [executor.World]'s.
func (p *peopled) Do(ctx context.Context, op planner.Op, stop <-chan struct{}, progress func(planner.Progress)) (planner.Tally, error) {
	return p.people.Do(ctx, op, stop, progress)
}
