package memory

import (
	"slices"
	"strings"
	"time"

	"github.com/mxmove/mxmove/planner"
)

// company is the world beside mail: directories, zones, presses, customers.
type company struct {
	tenant    planner.Tenant // the target's; its lists are made when observed
	members   map[string]*planner.Member
	shared    map[string]planner.PutShared
	groups    map[string]planner.PutGroup
	source    *planner.Tenant // nil: not an organisation
	zones     map[string]map[string]*rrset
	cached    map[string]cached // what senders' resolvers remember
	customers *planner.Customers
	tags      map[string]bool                // by tenant, put back
	lists     map[string]bool                // inventories taken
	archives  map[string]map[string]struct{} // by address, of bodies
	passes    map[string]archivePass         // by address, the last
	done      map[planner.StepID]bool        // acts of people
	blind     map[string]bool                // kinds that the world does not show
	notices   []planner.Notify
	canaries  map[string]int // mails that left, by Message-ID
	tried     int            // mails put into the target before the first copy
	bounced   int
	erased    int // messages that a press destroyed
	lost      int // of these, those in no archive
	pressed   map[planner.StepID]int
	faults    map[string]*opFault
	unseen    map[string]bool // zones whose servers are silent
}

type rrset struct {
	values []string
	ttl    uint32
}

type cached struct {
	values []string
	until  time.Time
}

type archivePass struct {
	at      time.Time
	kept    int     // messages
	perHour float64 // that came since the pass before
}

type opFault struct {
	times int
	lost  bool
}

func newCompany() company {
	return company{members: map[string]*planner.Member{}, shared: map[string]planner.PutShared{}, groups: map[string]planner.PutGroup{},
		zones: map[string]map[string]*rrset{}, cached: map[string]cached{}, tags: map[string]bool{}, lists: map[string]bool{},
		archives: map[string]map[string]struct{}{}, passes: map[string]archivePass{}, done: map[planner.StepID]bool{}, blind: map[string]bool{},
		canaries: map[string]int{}, pressed: map[planner.StepID]int{}, faults: map[string]*opFault{}, unseen: map[string]bool{}}
}

// PutAccount makes or replaces a member of the target's directory, as its
// administrators do.
func (w *World) PutAccount(m planner.Member) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.co.members[m.Account] = &m
}

// DropAccount removes a member of the target's directory.
func (w *World) DropAccount(account string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.co.members, account)
}

// SourceTenant sets the source's directory.
func (w *World) SourceTenant(t planner.Tenant) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.co.source = &t
}

// TargetTenant sets what the target's directory says of itself; its lists are
// the world's.
func (w *World) TargetTenant(t planner.Tenant) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.co.tenant = t
}

// PutSet makes or replaces a record set, as the zone's administrators do.
// Without values it is removed.
func (w *World) PutSet(set planner.RRset) {
	w.mu.Lock()
	defer w.mu.Unlock()
	zone := w.co.zones[set.Zone]
	if zone == nil {
		zone = map[string]*rrset{}
		w.co.zones[set.Zone] = zone
	}
	if len(set.Values) == 0 {
		delete(zone, set.Key())
		return
	}
	zone[set.Key()] = &rrset{slices.Clone(set.Values), set.TTL}
}

// Set gives a record set as the zone has it.
func (w *World) Set(zone, key string) planner.RRset {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.co.set(zone, key)
}

func (c *company) set(zone, key string) planner.RRset {
	name, kind, _ := strings.Cut(key, " ")
	set := planner.RRset{Zone: zone, Name: name, Type: kind}
	if r := c.zones[zone][key]; r != nil {
		set.Values, set.TTL = slices.Clone(r.values), r.ttl
	}
	return set
}

// Silence makes a zone's servers silent, or answer again.
func (w *World) Silence(zone string, silent bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.co.unseen[zone] = silent
}

// Blind makes acts of a kind invisible: nothing shows whether they happened.
func (w *World) Blind(kind string, blind bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.co.blind[kind] = blind
}

// FailKind makes the next acts of a kind fail; lost: each takes effect, only
// its answer is lost.
func (w *World) FailKind(kind string, times int, lost bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.co.faults[kind] = &opFault{times, lost}
}

// Customers sets the relations of the source tenant.
func (w *World) Customers(c planner.Customers) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.co.customers = &c
}

// Pressed reports whether a one-shot act was done.
func (w *World) Pressed(id planner.StepID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.co.pressed[id] > 0
}

// Tally is what happened to people and their mail, beside copies.
type Tally struct {
	Bounced int // mails to addresses without a mailbox
	Erased  int // messages that presses destroyed
	Lost    int // of these, those that no archive holds
	Presses int // final acts
	Twice   int // final acts done a second time
	Notices int
	Tried   int // test mails put into the target before the first copy
	Tags    int // tenants that got their tags back
}

// Tally sums up.
func (w *World) Tally() Tally {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := Tally{Bounced: w.co.bounced, Erased: w.co.erased, Lost: w.co.lost, Notices: len(w.co.notices), Tried: w.co.tried, Tags: len(w.co.tags)}
	for _, n := range w.co.pressed {
		t.Presses++
		if n > 1 {
			t.Twice++
		}
	}
	return t
}

// Send delivers a mail as a sender elsewhere does: to the service that its
// resolver's MX names, which may be the one before the switch.
func (w *World) Send(address string, m Message) Side {
	w.mu.Lock()
	defer w.mu.Unlock()
	side := Source
	domain := address[strings.LastIndexByte(address, '@')+1:]
	if w.toTarget(w.resolve(domain)) {
		side = Target
	}
	b := w.boxes[address]
	if b == nil || side == Target && w.tenanted() && w.accountOf(address) == nil {
		w.co.bounced++
		return side
	}
	b.side[side].folder("INBOX").add(m)
	return side
}

// resolve is a resolver with a cache (RFC 1035 section 7.4).
func (w *World) resolve(domain string) []string {
	now := w.now()
	if c, ok := w.co.cached[domain]; ok && now.Before(c.until) {
		return c.values
	}
	set := w.co.set(domain, domain+" MX")
	w.co.cached[domain] = cached{set.Values, now.Add(time.Duration(set.TTL) * time.Second)}
	return set.Values
}

// toTarget reports whether an MX is the one that the spec wants.
func (w *World) toTarget(mx []string) bool {
	if w.spec.Cutover == nil {
		return false
	}
	return slices.ContainsFunc(w.spec.Cutover.Zones, func(z zoneSpec) bool {
		return len(mx) > 0 && slices.Equal(slices.Sorted(slices.Values(mx)), slices.Sorted(slices.Values(z.MX)))
	})
}

func (w *World) tenanted() bool { return w.spec.Target.Kind == "wecom" }

func (w *World) accountOf(address string) *planner.Member {
	for _, m := range w.co.members {
		if m.Address == address || slices.Contains(m.Aliases, address) {
			return m
		}
	}
	return nil
}
