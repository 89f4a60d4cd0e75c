package zone

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/zone/wire"
)

// byHand tells a person what to enter and waits until every server shows it.
func (z *Zones) byHand(ctx context.Context, l *look, g goal, stop <-chan struct{}, progress func(planner.Progress)) error {
	patience := z.Person
	if patience == 0 {
		patience = 30 * time.Minute
	}
	told := false
	for waited := time.Duration(0); ; waited += pollPerson {
		all := l.readAll(ctx, g)
		want, gone, err := g.ahead(all)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !told:
			return err
		case len(all) == 0:
			return fault(planner.Unreachable, "zone.unwatched", "set", g.key(), "list", "-")
		}
		behind := lagging(all, g.holds)
		if len(behind) == 0 {
			return nil
		}
		pairs := []string{"domain", Unicode(l.aim.Domain), "set", g.key(), "now", shown(want.values), "ttl", fmt.Sprint(want.ttl), "gone", shown(gone), "list", strings.Join(behind, "; ")}
		if !told {
			told = true
			progress(planner.Progress{Note: &config.Finding{Msg: text.M("zone.enter", append(pairs, "servers", serverNames(l.v.Servers))...), Severity: config.Warning, Subject: l.aim.Domain}})
		}
		if waited >= patience {
			return fault(planner.Account, "zone.waiting", pairs...)
		}
		if err := z.pause(ctx, stop); err != nil {
			return err
		}
	}
}

func serverNames(list []Server) string {
	var names []string
	for _, s := range list {
		names = append(names, s.label())
	}
	return strings.Join(names, ", ")
}

// holds says that a server shows the goal reached.
func (g goal) holds(set []wire.Record) bool {
	_, done, err := g.decide(set)
	return err == nil && done
}

// ahead is what is to be entered, by the first server that is not there yet,
// and which values go. Servers that show something else altogether are an error.
func (g goal) ahead(all []seen) (want wanted, gone []string, err error) {
	found := false
	for _, s := range all {
		if s.err != nil {
			continue
		}
		w, done, e := g.decide(s.set)
		if e != nil {
			err = e
			continue
		}
		if !found || !done {
			want, found = w, true
		}
		for _, v := range wire.Values(s.set) {
			if !slices.Contains(w.values, v) && !slices.Contains(gone, v) {
				gone = append(gone, v)
			}
		}
	}
	return want, gone, err
}

// pause ends early with stop.
func (z *Zones) pause(ctx context.Context, stop <-chan struct{}) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-stop:
			cancel(planner.ErrStopped)
		case <-ctx.Done():
		}
	}()
	if err := z.Sleep(ctx, pollPerson); err != nil {
		return context.Cause(ctx)
	}
	select {
	case <-stop:
		return planner.ErrStopped
	default:
		return nil
	}
}
