package planner

import "strconv"

// The methods of ops are those of [Op]; each type's comment gives its traits.

// Task is a person's act from a closed table ([Tasks]): text in both
// languages, precondition, post-check, validity. Prepare (or its table's
// phase), Reversible but where the table says Costly, Once, Person.
type Task struct {
	Name string            `json:"name"`
	On   string            `json:"on"` // a tenant's corp ID, or a domain
	Args map[string]string `json:"args,omitempty"`
}

func (Task) Kind() string         { return "task" }
func (t Task) Subject() string    { return t.Name + "/" + t.On }
func (t Task) Identity() []string { return nil }
func (t Task) Traits() Traits {
	of := tasks[t.Name]
	return Traits{Phase: of.phase, Risk: of.risk, Repeat: Once, Person: true, Undo: "undo.task." + t.Name, Rules: of.rules}
}
func (Task) op() {}

// SetOption switches a service of a member's mailbox, such as IMAP. Prepare,
// Reversible, Temporary.
type SetOption struct {
	Corp    string `json:"corp"`
	Account string `json:"account"`
	Option  string `json:"option"`
	On      bool   `json:"on"`
}

func (SetOption) Kind() string         { return "set-option" }
func (o SetOption) Subject() string    { return o.Corp + "/" + o.Account + "/" + o.Option }
func (o SetOption) Identity() []string { return nil }
func (SetOption) Traits() Traits {
	return Traits{Phase: Prepare, Repeat: Temporary, Undo: "undo.set-option", Rules: []string{"HISTORY-15"}}
}
func (SetOption) op() {}

// RRset is the values of one name and type in a zone.
type RRset struct {
	Zone   string   `json:"zone"`
	Name   string   `json:"name"`
	Type   string   `json:"type"`
	Line   string   `json:"line,omitempty"` // resolution line of vendors that have them
	Values []string `json:"values,omitempty"`
	TTL    uint32   `json:"ttl,omitempty"` // seconds
}

// Key names the set without its values: NAME TYPE, and LINE if there is one.
func (r RRset) Key() string {
	if r.Line != "" {
		return r.Name + " " + r.Type + " " + r.Line
	}
	return r.Name + " " + r.Type
}

// SetTTL lowers a TTL before its values change. Prepare, Reversible, Temporary.
type SetTTL struct {
	Set RRset  `json:"set"` // without values
	New uint32 `json:"new"` // seconds
}

func (SetTTL) Kind() string         { return "set-ttl" }
func (s SetTTL) Subject() string    { return s.Set.Key() }
func (s SetTTL) Identity() []string { return []string{s.Set.Zone} }
func (SetTTL) Traits() Traits {
	return Traits{Phase: Prepare, Repeat: Temporary, Undo: "undo.set-ttl"}
}
func (SetTTL) op() {}

// ArchiveMailbox keeps a copy of mail that a final step erases (Prepare, and a
// last pass in Freeze), or of a leaver's (the phases of a copy). Reversible,
// Converge.
type ArchiveMailbox struct {
	Corp    string   `json:"corp,omitempty"`
	Address string   `json:"address"`
	From    Endpoint `json:"from,omitempty"` // the leaver's mailbox; "": the address at the target
	Path    string   `json:"path"`
	In      Phase    `json:"in"`
}

func (ArchiveMailbox) Kind() string      { return "archive-mailbox" }
func (a ArchiveMailbox) Subject() string { return a.Address }
func (a ArchiveMailbox) Identity() []string {
	id := []string{a.Corp, a.Path, a.In.String()}
	if a.From != "" {
		id = append(id, string(a.From))
	}
	return id
}
func (a ArchiveMailbox) Traits() Traits {
	t := Traits{Phase: a.In, Repeat: Converge, Undo: "undo.archive-mailbox"}
	if a.From == "" {
		t.Rules = []string{"MERGE-03"}
	}
	return t
}
func (ArchiveMailbox) op() {}

// Inventory writes down what is there before an act: tags, settings or
// customers. Prepare, Reversible, Once.
type Inventory struct {
	What string `json:"what"`
	Corp string `json:"corp"`
}

func (Inventory) Kind() string       { return "inventory" }
func (i Inventory) Subject() string  { return i.What + "/" + i.Corp }
func (Inventory) Identity() []string { return nil }
func (i Inventory) Traits() Traits {
	rules := map[string][]string{"tags": {"MERGE-04"}, "settings": {"MERGE-10"}, "customers": {"CUSTOMERS-04"}}
	return Traits{Phase: Prepare, Repeat: Once, Undo: "undo.inventory", Rules: rules[i.What]}
}
func (Inventory) op() {}

// PutMember creates a member (Costly: the address cannot be changed later;
// undo disables), gives one its mailbox address, or adds further addresses to
// it. Provision, Once.
type PutMember struct {
	Corp        string   `json:"corp"`
	Account     string   `json:"account"`
	Address     string   `json:"address"`
	Was         string   `json:"was,omitempty"` // the mailbox address that is replaced
	Name        string   `json:"name,omitempty"`
	Departments []string `json:"departments,omitempty"`
	Aliases     []string `json:"aliases,omitempty"`      // ordered; with these, they are all that is put
	Create      bool     `json:"create,omitempty"`       // of the account or its mailbox, whichever is missing
	AccountOnly bool     `json:"account_only,omitempty"` // the address comes with the press, or with the vendor's copy
}

func (PutMember) Kind() string      { return "put-member" }
func (p PutMember) Subject() string { return p.Address }
func (p PutMember) Identity() []string {
	if len(p.Aliases) > 0 {
		return append([]string{p.Corp, p.Account, "aliases"}, p.Aliases...)
	}
	return []string{p.Corp, p.Account, p.Was, strconv.FormatBool(p.Create), strconv.FormatBool(p.AccountOnly)}
}
func (p PutMember) Traits() Traits {
	if len(p.Aliases) > 0 {
		return Traits{Phase: Provision, Repeat: Once, Undo: "undo.put-alias", Rules: []string{"HISTORY-15"}}
	}
	return costlyIf(p.Create, Traits{Phase: Provision, Repeat: Once, Undo: "undo.put-member", Rules: []string{"HISTORY-05", "HISTORY-15"}})
}
func (PutMember) op() {}

func costlyIf(create bool, t Traits) Traits {
	if create {
		t.Risk = Costly
	}
	return t
}

// PutShared creates a shared mailbox (Costly) or sets who uses it. Provision,
// Once.
type PutShared struct {
	Corp    string   `json:"corp"`
	Address string   `json:"address"`
	Name    string   `json:"name,omitempty"`
	Users   []string `json:"users"` // accounts, ordered
	Create  bool     `json:"create,omitempty"`
}

func (PutShared) Kind() string      { return "put-shared" }
func (p PutShared) Subject() string { return p.Address }
func (p PutShared) Identity() []string {
	return append([]string{p.Corp, strconv.FormatBool(p.Create)}, p.Users...)
}
func (p PutShared) Traits() Traits {
	return costlyIf(p.Create, Traits{Phase: Provision, Repeat: Once, Undo: "undo.put-shared", Rules: []string{"HISTORY-09", "EDITION-04"}})
}
func (PutShared) op() {}

// PutGroup creates a group or sets its members. Provision, Reversible, Once.
type PutGroup struct {
	Corp    string   `json:"corp"`
	Address string   `json:"address"`
	Name    string   `json:"name,omitempty"`
	Members []string `json:"members"` // addresses, ordered
	Allow   string   `json:"allow,omitempty"`
	Create  bool     `json:"create,omitempty"`
}

func (PutGroup) Kind() string      { return "put-group" }
func (p PutGroup) Subject() string { return p.Address }
func (p PutGroup) Identity() []string {
	return append([]string{p.Corp, strconv.FormatBool(p.Create), p.Allow}, p.Members...)
}
func (PutGroup) Traits() Traits {
	return Traits{Phase: Provision, Repeat: Once, Undo: "undo.put-group"}
}
func (PutGroup) op() {}

// SetEnabled enables or disables a member. Provision, Reversible, Once.
type SetEnabled struct {
	Corp    string `json:"corp"`
	Account string `json:"account"`
	Enabled bool   `json:"enabled"`
}

func (SetEnabled) Kind() string         { return "set-enabled" }
func (s SetEnabled) Subject() string    { return s.Corp + "/" + s.Account }
func (s SetEnabled) Identity() []string { return []string{strconv.FormatBool(s.Enabled)} }
func (SetEnabled) Traits() Traits {
	return Traits{Phase: Provision, Repeat: Once, Undo: "undo.set-enabled"}
}
func (SetEnabled) op() {}

// SetSeat gives a member a paid seat or takes it. Provision, after a merge or
// upgrade Drain (MERGE-13); Costly, Once.
type SetSeat struct {
	Corp    string `json:"corp"`
	Account string `json:"account"`
	VIP     bool   `json:"vip"`
	In      Phase  `json:"in"`
}

func (SetSeat) Kind() string         { return "set-seat" }
func (s SetSeat) Subject() string    { return s.Corp + "/" + s.Account }
func (s SetSeat) Identity() []string { return []string{strconv.FormatBool(s.VIP)} }
func (s SetSeat) Traits() Traits {
	return Traits{Phase: s.In, Risk: Costly, Repeat: Once, Undo: "undo.set-seat", Rules: []string{"EDITION-02", "EDITION-03", "EDITION-04", "MERGE-13"}}
}
func (SetSeat) op() {}

// Notify sends a notice, once a person and template: it cannot be unsent.
// Costly, Once.
type Notify struct {
	Template string `json:"template"`
	To       string `json:"to"` // address
	In       Phase  `json:"in"`
}

func (Notify) Kind() string         { return "notify" }
func (n Notify) Subject() string    { return n.To }
func (n Notify) Identity() []string { return []string{n.Template} }
func (n Notify) Traits() Traits {
	return Traits{Phase: n.In, Risk: Costly, Repeat: Once, Undo: "undo.notify", Rules: []string{"HISTORY-06", "HISTORY-11", "MERGE-12"}}
}
func (Notify) op() {}
