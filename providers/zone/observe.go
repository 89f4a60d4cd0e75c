package zone

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/zone/wire"
)

// Observer looks at domains. It writes nothing.
type Observer struct {
	Client *wire.Client
	Roots  []netip.Addr // default: those of the Internet
	Port   uint16       // of every authoritative server; default 53
	Now    func() time.Time

	// Get fetches a document by HTTPS from one of the addresses of its host;
	// nil: nothing is fetched.
	Get func(ctx context.Context, url string, at []netip.Addr) ([]byte, error)
	// Certificates are shown by a mail server after STARTTLS, as TLSA values
	// of its own certificate; nil: none are looked at.
	Certificates func(ctx context.Context, host string, at []netip.Addr) ([]string, error)
}

// Limits of one observation.
const (
	parallel  = 16 // questions at once
	maxServer = 32 // addresses of name servers that are asked
	patience  = 60 * time.Second
)

var errNotAuthoritative = errors.New("it answers without authority")

func (o *Observer) begin(aim Aim) *look {
	return &look{Observer: o, aim: aim, w: newWalker(o.client(), cmp.Or(o.Port, 53), o.roots(), parallel),
		v: &View{Domain: aim.Domain, At: o.Now(), Glue: map[string][]netip.Addr{}, Hosts: map[string]Host{}, Targets: map[string]Target{}}}
}

// Look observes a domain. What cannot be seen is said in the view.
func (o *Observer) Look(ctx context.Context, aim Aim) *View {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	l := o.begin(aim)
	if err := l.delegation(ctx); err != nil {
		l.v.Err = fault(planner.Unreachable, "dns.unseen", "domain", aim.Domain, "error", err.Error())
		return l.v
	}
	l.servers(ctx)
	if len(l.v.answering()) == 0 {
		l.v.Err = fault(planner.Unreachable, "dns.silent", "domain", aim.Domain, "list", l.servErrors())
		return l.v
	}
	all := []func(context.Context){l.caches, l.targets, l.policy, l.spf, l.keys, l.dmarc, l.senders, l.redirects}
	each(all, func(f func(context.Context)) { f(ctx) })
	return l.v
}

func fault(class planner.Class, code string, pairs ...string) *planner.Fault {
	return &planner.Fault{Msg: text.M(code, pairs...), Class: class}
}

func (o *Observer) client() *wire.Client {
	if o.Client != nil {
		return o.Client
	}
	return &wire.Client{Now: o.Now}
}

func (o *Observer) roots() []netip.Addr {
	if len(o.Roots) > 0 {
		return o.Roots
	}
	return rootHints
}

// each runs f for every item at once; what they ask waits for its slot.
func each[T any](list []T, f func(T)) {
	var group sync.WaitGroup
	for _, item := range list {
		group.Go(func() { f(item) })
	}
	group.Wait()
}

// look is one observation under way.
type look struct {
	*Observer
	aim Aim
	w   *walker
	mu  sync.Mutex
	v   *View
}

func (l *look) servErrors() string {
	var list []string
	for _, s := range l.v.Servers {
		list = append(list, s.label()+": "+s.Err.Error())
	}
	return strings.Join(list, "; ")
}

// delegation finds the zone, its parent, and what both say of its servers.
func (l *look) delegation(ctx context.Context) error {
	domain := l.aim.Domain
	r, at, err := l.w.find(ctx, domain, "NS", 0)
	if err != nil && at.zone != domain {
		return err
	}
	l.v.Apex = at.zone
	for _, rec := range slices.Concat(r.Answer, r.Authority) {
		if (rec.Type == "SOA" || rec.Type == "NS") && below(domain, rec.Name) && len(rec.Name) > len(l.v.Apex) {
			l.v.Apex = rec.Name // one server for parent and child: no referral
		}
	}
	if l.v.Apex == "" {
		return errNobody
	}
	l.parents(ctx)
	return nil
}

// parents asks every server of the parent, of which one may be behind.
func (l *look) parents(ctx context.Context) {
	apex := l.v.Apex
	up := l.w.from(parentOf(apex))
	addrs := slices.Clone(up.addrs) // the roots are everybody's
	for _, ns := range up.ns {
		addrs = append(addrs, l.w.host(ctx, ns, 1).Addrs...)
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	each(slices.Compact(slices.Clone(addrs)), func(a netip.Addr) {
		r, err := l.w.ask(ctx, a, wire.Question{Name: apex, Type: "NS"})
		if err != nil {
			return
		}
		ns := wire.Pick(slices.Concat(r.Answer, r.Authority), apex, "NS")
		l.mu.Lock()
		defer l.mu.Unlock()
		l.v.ParentNS = merged(l.v.ParentNS, wire.Values(ns))
		for _, rec := range r.Additional {
			if g, err := netip.ParseAddr(rec.Value); err == nil && !slices.Contains(l.v.Glue[rec.Name], g) {
				l.v.Glue[rec.Name] = append(l.v.Glue[rec.Name], g)
			}
		}
	})
	if r, _, err := l.w.find(ctx, apex, "DS", 0); err == nil {
		l.v.DS = r.Set(apex, "DS")
	}
}

func merged(a, b []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(a, b))))
}

// servers asks every address of every server that parent or child name.
func (l *look) servers(ctx context.Context) {
	l.list(ctx)
	each(indices(l.v.Servers), func(s *Server) { l.server(ctx, s) })
	if at, ok := l.updates(ctx); ok {
		p := Server{Host: l.aim.Server, Addr: at.Addr()}
		l.serverAt(ctx, at, &p)
		l.v.Primary = &p
	}
}

// list finds the servers' addresses.
func (l *look) list(ctx context.Context) {
	l.child(ctx)
	hosts := merged(l.v.ParentNS, l.v.ChildNS)
	found := make([]Host, len(hosts))
	index := make([]int, len(hosts))
	for i := range index {
		index[i] = i
	}
	each(index, func(i int) { found[i] = l.w.host(ctx, hosts[i], 1) })
	for i, h := range found {
		l.v.Hosts[hosts[i]] = h
		s := Server{Host: hosts[i], Parent: slices.Contains(l.v.ParentNS, hosts[i]), Child: slices.Contains(l.v.ChildNS, hosts[i])}
		addrs := slices.Clone(h.Addrs)
		for _, g := range l.v.Glue[hosts[i]] {
			if !slices.Contains(addrs, g) {
				addrs = append(addrs, g)
			}
		}
		for _, a := range addrs {
			s.Addr = a
			l.v.Servers = append(l.v.Servers, s)
		}
		if len(addrs) == 0 {
			s.Err = cmp.Or(h.Err, errors.New("it has no address"))
			l.v.Servers = append(l.v.Servers, s)
		}
	}
	slices.SortFunc(l.v.Servers, func(a, b Server) int { return cmp.Or(cmp.Compare(a.Host, b.Host), a.Addr.Compare(b.Addr)) })
	l.v.Servers = l.v.Servers[:min(len(l.v.Servers), maxServer)]
}

func indices[T any](list []T) []*T {
	var out []*T
	for i := range list {
		out = append(out, &list[i])
	}
	return out
}

// child collects the NS set that the zone's own servers give.
func (l *look) child(ctx context.Context) {
	var addrs []netip.Addr
	for _, ns := range l.v.ParentNS {
		addrs = append(append(addrs, l.w.host(ctx, ns, 1).Addrs...), l.v.Glue[ns]...)
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	each(slices.Compact(addrs), func(a netip.Addr) {
		r, err := l.w.ask(ctx, a, wire.Question{Name: l.v.Apex, Type: "NS"})
		if err != nil || !r.AA {
			return
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.v.ChildNS = merged(l.v.ChildNS, wire.Values(r.Set(l.v.Apex, "NS")))
	})
}
