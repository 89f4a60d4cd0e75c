package zone

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/mxmove/mxmove/providers/zone/wire"
)

// walker finds its way from the root by the servers' own referrals. It keeps
// delegations and addresses for one observation and never asks a resolver, so
// that looking for a name before it exists leaves no trace in anybody's cache
// (RFC 2308).
type walker struct {
	client *wire.Client
	port   uint16
	slots  chan struct{}

	mu    sync.Mutex
	cuts  map[string]cut  // by zone
	hosts map[string]Host // by name

	silent map[netip.Addr]int
}

// cut is a zone and who is said to serve it.
type cut struct {
	zone  string
	ns    []string
	addrs []netip.Addr // known so far
}

// Host is a name with its addresses.
type Host struct {
	Name  string
	Addrs []netip.Addr
	Alias string // it is a CNAME for this
	Err   error
}

var (
	errNobody = errors.New("none of its servers answers")
	errLoop   = errors.New("the delegations go round in a circle")
)

const (
	maxSteps = 24 // referrals and aliases on one way
	maxTried = 4  // servers of one zone on the way to another
	maxDepth = 6  // hosts that must be found to find a host
)

func newWalker(client *wire.Client, port uint16, roots []netip.Addr, parallel int) *walker {
	w := &walker{client: client, port: port, slots: make(chan struct{}, parallel), cuts: map[string]cut{}, hosts: map[string]Host{}, silent: map[netip.Addr]int{}}
	w.cuts[""] = cut{addrs: roots}
	return w
}

// ask asks one address, as one of so many at once.
func (w *walker) ask(ctx context.Context, at netip.Addr, q wire.Question) (wire.Reply, error) {
	select {
	case w.slots <- struct{}{}:
		defer func() { <-w.slots }()
	case <-ctx.Done():
		return wire.Reply{}, ctx.Err()
	}
	return w.client.Ask(ctx, netip.AddrPortFrom(at, w.port), q)
}

// from is the deepest known zone above a name, or at it.
func (w *walker) from(name string) cut {
	w.mu.Lock()
	defer w.mu.Unlock()
	for at := name; ; at = parentOf(at) {
		if c, ok := w.cuts[at]; ok || at == "" {
			return c
		}
	}
}

func parentOf(name string) string {
	_, up, _ := strings.Cut(name, ".")
	return up
}

func below(name, zone string) bool {
	return name == zone || zone == "" || strings.HasSuffix(name, "."+zone)
}

// find asks for a name and type at servers that have authority over it. The
// answer may end in an alias out of the zone.
func (w *walker) find(ctx context.Context, name, kind string, depth int) (wire.Reply, cut, error) {
	start := name
	if kind == "DS" { // the parent's
		start = parentOf(name)
	}
	at := w.from(start)
	for range maxSteps {
		r, err := w.anyOf(ctx, at, wire.Question{Name: name, Type: kind}, depth)
		if err != nil {
			return r, at, err
		}
		next, ok := referral(r, name, at.zone)
		if !ok || kind == "DS" && next.zone == name {
			return r, at, nil
		}
		w.mu.Lock()
		w.cuts[next.zone] = next
		w.mu.Unlock()
		at = next
	}
	return wire.Reply{}, at, errLoop
}

// referral reads a delegation towards a name out of an answer.
func referral(r wire.Reply, name, from string) (cut, bool) {
	var next cut
	if len(r.Answer) > 0 {
		return next, false
	}
	for _, rec := range r.Authority {
		if rec.Type == "NS" && rec.Name != from && below(rec.Name, from) && below(name, rec.Name) {
			next.zone = rec.Name
			next.ns = append(next.ns, rec.Value)
		}
	}
	slices.Sort(next.ns)
	for _, rec := range r.Additional {
		if a, err := netip.ParseAddr(rec.Value); err == nil && slices.Contains(next.ns, rec.Name) && (rec.Type == "A" || rec.Type == "AAAA") {
			next.addrs = append(next.addrs, a)
		}
	}
	return next, len(next.ns) > 0
}

// anyOf takes the first usable answer of a zone's servers.
func (w *walker) anyOf(ctx context.Context, at cut, q wire.Question, depth int) (wire.Reply, error) {
	last := errNobody
	addrs, named := at.addrs, len(at.addrs) > 0
	for {
		for _, a := range addrs[:min(len(addrs), maxTried)] {
			if w.deaf(a, 0) {
				continue
			}
			r, err := w.ask(ctx, a, q)
			if err == wire.ErrNoAnswer {
				w.deaf(a, 1)
			}
			if err == nil && (r.Rcode == "NOERROR" || r.Rcode == "NXDOMAIN") {
				return r, nil
			}
			if ctx.Err() != nil {
				return wire.Reply{}, ctx.Err()
			}
			last = cmp.Or(err, last)
		}
		if !named && len(addrs) > 0 || len(at.ns) == 0 || depth >= maxDepth {
			return wire.Reply{}, last
		}
		named, addrs = false, nil
		for _, ns := range at.ns {
			if below(ns, at.zone) && len(at.addrs) > 0 {
				continue // only its glue can tell
			}
			addrs = append(addrs, w.host(ctx, ns, depth+1).Addrs...)
		}
		if len(addrs) == 0 {
			return wire.Reply{}, last
		}
	}
}

// deaf counts how often a server did not answer, and gives up on it after
// three times: on the way to others' names there are others to ask.
func (w *walker) deaf(a netip.Addr, more int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.silent[a] += more
	return w.silent[a] > 2
}

// lookup gives the records of a name and type, through aliases; chain are the
// names on the way.
func (w *walker) lookup(ctx context.Context, name, kind string, depth int) (list []wire.Record, chain []string, rcode string, err error) {
	for range maxSteps {
		r, _, err := w.find(ctx, name, kind, depth)
		if err != nil {
			return nil, chain, "", err
		}
		from := len(chain)
		for alias := r.Set(name, "CNAME"); len(alias) > 0 && kind != "CNAME" && len(chain) < maxSteps; alias = r.Set(name, "CNAME") {
			name = alias[0].Value
			chain = append(chain, name)
		}
		if set := r.Set(name, kind); len(set) > 0 || len(chain) == from {
			return set, chain, r.Rcode, nil
		}
	}
	return nil, chain, "", errLoop
}

// host finds a host's addresses of both kinds.
func (w *walker) host(ctx context.Context, name string, depth int) Host {
	w.mu.Lock()
	h, known := w.hosts[name]
	w.mu.Unlock()
	if known {
		return h
	}
	h = Host{Name: name}
	if depth > maxDepth {
		h.Err = errLoop
		return h
	}
	for _, kind := range []string{"A", "AAAA"} {
		set, chain, _, err := w.lookup(ctx, name, kind, depth)
		if err != nil {
			h.Err = err
			continue
		}
		if len(chain) > 0 {
			h.Alias = chain[len(chain)-1]
		}
		for _, r := range set {
			if a, err := netip.ParseAddr(r.Value); err == nil {
				h.Addrs = append(h.Addrs, a)
			}
		}
	}
	if len(h.Addrs) > 0 {
		h.Err = nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if h.Err == nil {
		w.hosts[name] = h
	}
	return h
}
