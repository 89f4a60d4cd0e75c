package smtp

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// greylisted is how long to wait where a server says "later" (RFC 6647: most
// let a sender in after one to five minutes).
const greylisted = time.Minute

// probe asks every address of every new server whether it takes mail for the
// addresses. All that is wrong is told at once.
func (w *World) probe(ctx context.Context, op planner.ProbeMX) error {
	i := slices.IndexFunc(w.o.Spec.Cutover.Zones, func(z config.Zone) bool { return z.Domain == op.Domain })
	if i < 0 {
		return fault(planner.Internal, "probe.no-zone", "domain", op.Domain)
	}
	var wrong []verdict
	tried := 0
	for _, mx := range planner.WantedMX(w.o.Spec, w.o.Spec.Cutover.Zones[i]) {
		_, host, _ := strings.Cut(mx, " ")
		addrs, err := w.o.Domains.Addresses(ctx, host)
		if err != nil {
			wrong = append(wrong, judge(host, err))
			continue
		}
		for _, at := range reachable(addrs) {
			tried++
			wrong = append(wrong, w.ask(ctx, host, at, op)...)
		}
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case tried == 0 && len(wrong) == 0:
		return fault(planner.Unreachable, "probe.nobody", "domain", op.Domain)
	case len(wrong) == 0:
		return nil
	case !slices.ContainsFunc(wrong, func(v verdict) bool { return !v.codes || !v.again }):
		return later("probe.later", greylisted, "domain", op.Domain, "list", list(wrong))
	case slices.ContainsFunc(wrong, func(v verdict) bool { return v.codes && !v.again }):
		return fault(planner.Account, "probe.refused", "domain", op.Domain, "list", list(wrong))
	}
	return fault(planner.Unreachable, "probe.unreachable", "domain", op.Domain, "list", list(wrong))
}

// reachable leaves out IPv6 where there is IPv4: many machines have no way
// to it, and no sender depends on it then.
func reachable(addrs []netip.Addr) []netip.Addr {
	var four []netip.Addr
	for _, a := range addrs {
		if a.Unmap().Is4() {
			four = append(four, a)
		}
	}
	if len(four) > 0 {
		return four
	}
	return addrs
}

// ask goes as far as RCPT TO and takes it back: no mail is sent.
func (w *World) ask(ctx context.Context, host string, at netip.Addr, op planner.ProbeMX) (wrong []verdict) {
	where := host + " (" + at.String() + ")"
	t, err := w.call(ctx, host, at)
	if err != nil {
		return []verdict{judge(where, err)}
	}
	defer t.end()
	if err := t.Mail(""); err != nil { // as of a bounce, which every server must take (RFC 5321 section 4.5.5)
		return []verdict{judge(where, err)}
	}
	for _, to := range op.Addresses {
		if err := t.Rcpt(to); err != nil {
			v := judge(where+" "+to, err)
			if op.RefusalOK && v.codes {
				continue
			}
			wrong = append(wrong, v)
			if !v.codes {
				return wrong // nobody is there any more
			}
		}
	}
	if err := t.Reset(); err != nil {
		wrong = append(wrong, judge(where, err))
	}
	return wrong
}
