package config

import (
	"cmp"
	"time"
)

// Shared is a mailbox that several people use (公共邮箱, HISTORY-09).
type Shared struct {
	Address string   `json:"address"`
	Name    string   `json:"name,omitempty"`
	Users   []string `json:"users"` // addresses of rows, ordered
	At      Pos      `json:"at"`
}

// Group is an address that sends on to others.
type Group struct {
	Address string   `json:"address"`
	Name    string   `json:"name,omitempty"`
	Members []string `json:"members"`         // addresses, ordered
	Allow   string   `json:"allow,omitempty"` // who may write: anyone (default), company, members
	At      Pos      `json:"at"`
}

// Leaver is a row whose person has left: what becomes of the mail.
type Leaver struct {
	Address string `json:"address"`
	Mail    string `json:"mail"`         // keep, to or archive
	To      string `json:"to,omitempty"` // address that gets it, with Mail "to"
	At      Pos    `json:"at"`
}

// Cutover is when and how the domain switches. It binds Freeze and Cutover only.
type Cutover struct {
	Opens          time.Time     `json:"opens"`
	Closes         time.Time     `json:"closes"`
	Start          string        `json:"start"`               // attended (default) or unattended
	Tail           time.Duration `json:"tail"`                // how long mail is still fetched from the source; default 5 days
	Duration       time.Duration `json:"duration,omitempty"`  // what a person's final act is declared to take; 0: by estimate
	Approvals      int           `json:"approvals"`           // how many; default 1
	Approvers      string        `json:"approvers,omitempty"` // path of ssh-keygen's allowed signers
	Signers        []string      `json:"signers,omitempty"`   // its lines: whose keys they are is part of what is approved
	Accept         Accept        `json:"accept,omitzero"`
	RollbackCopies string        `json:"rollback_copies,omitempty"` // what becomes of copied mail at the target on the way back: "" (they are kept) or remove
	Resolvers      []string      `json:"resolvers,omitempty"`       // whose caches are looked at: address or address:port
	Zones          []Zone        `json:"zones,omitempty"`           // ordered by domain; one per domain and alias
	Canaries       []Canary      `json:"canaries,omitempty"`        // ordered by their domain, at most one each
	At             Pos           `json:"at"`
}

// What becomes of copied mail at the target on the way back.
const (
	CopiesKeep   = "keep"
	CopiesRemove = "remove"
)

// Accept is what may be unfinished when the domain switches.
type Accept struct {
	Mailboxes   []string `json:"mailboxes,omitempty"` // addresses, ordered
	NotStarted  int      `json:"not_started,omitempty"`
	Quarantined int      `json:"quarantined,omitempty"`
	At          Pos      `json:"at,omitzero"`
}

// Zone says how one domain's records are changed.
type Zone struct {
	Domain  string `json:"domain"`
	Kind    string `json:"kind"`             // manual, rfc2136, dnspod, alidns, cloudflare or route53
	Server  string `json:"server,omitempty"` // rfc2136: host or host:port
	KeyName string `json:"key_name,omitempty"`
	Key     Secret `json:"key,omitzero"` // TSIG key, or the vendor's secret
	KeyID   string `json:"key_id,omitempty"`
	Token   Secret `json:"token,omitzero"` // dnspod, alidns, route53: of a temporary key

	Algorithm string   `json:"algorithm,omitempty"` // of TSIG; default hmac-sha256
	ZoneID    string   `json:"zone_id,omitempty"`   // cloudflare, route53: where a name is not enough
	Region    string   `json:"region,omitempty"`    // route53: that signatures name; default us-east-1
	Endpoint  string   `json:"endpoint,omitempty"`  // URL of the vendor's API; empty: the public one
	Lines     []string `json:"lines,omitempty"`     // resolution lines that change with the default one

	MX  []string `json:"mx,omitempty"` // "PREFERENCE HOST"; empty: the target's own
	SPF SPF      `json:"spf,omitzero"`

	Names     []string          `json:"names,omitempty"`     // further names below the domain that were decided on
	Selectors []string          `json:"selectors,omitempty"` // of DKIM keys in use, which stay
	DKIM      map[string]string `json:"dkim,omitempty"`      // of the target: selector to the record's value
	At        Pos               `json:"at"`
}

// SPF are the terms that the cutover adds and, at the end of the tail, removes.
type SPF struct {
	Add    []string `json:"add,omitempty"`
	Remove []string `json:"remove,omitempty"`
	At     Pos      `json:"at,omitzero"`
}

// Guards are thresholds that only a reviewed spec raises.
type Guards struct {
	Removed Share `json:"removed,omitzero"` // of the roster, per plan; default 5 %
	At      Pos   `json:"at,omitzero"`
}

// PerPass is the share of a mailbox, in percent, that one pass may remove
// where deletions are followed. A number of rows says nothing of messages.
func (g Guards) PerPass() float64 { return cmp.Or(g.Removed.Percent, 5) }

// Share is a percentage ("5%") or a number.
type Share struct {
	Percent float64 `json:"percent,omitempty"`
	Number  int     `json:"number,omitempty"`
}

// Acknowledge names a final step and bounds what it may destroy. Kind and
// Subject are those of the step; Because is required.
type Acknowledge struct {
	Kind    string `json:"kind"`
	Subject string `json:"subject"`
	Because string `json:"because"`
	AtMost  Bounds `json:"at_most,omitzero"`
	// UPGRADE and EDITION-07: what is confirmed by name.
	Company       string `json:"company,omitempty"`
	Administrator string `json:"administrator,omitempty"`
	At            Pos    `json:"at"`
}

// Bounds of what a final step destroys; Unobserved defaults to 0.
type Bounds struct {
	Mailboxes  int   `json:"mailboxes,omitempty"`
	Messages   int   `json:"messages,omitempty"`
	Unobserved int   `json:"unobserved,omitempty"`
	Accounts   int   `json:"accounts,omitempty"`
	Relations  int   `json:"relations,omitempty"`
	Bytes      int64 `json:"bytes,omitempty"`
	At         Pos   `json:"at,omitzero"`
}

// Again lets a step be done that was undone since: it names the step and the
// journal number of the outcome (or, of a person's act, of its start) that it
// answers to, so each block serves once.
type Again struct {
	Step    string `json:"step"` // a planner.StepID
	Outcome int    `json:"outcome"`
	Because string `json:"because"`
	At      Pos    `json:"at"`
}

// Customers is the paid transfer of customer relations between two tenants.
type Customers struct {
	Accounts  map[string]string `json:"accounts"` // source account → target account, one to one (CUSTOMERS-05)
	JoinCodes []string          `json:"join_codes,omitempty"`
	Contract  *Contract         `json:"contract,omitempty"`
	At        Pos               `json:"at"`
}

// Contract is what was agreed with the vendor (CUSTOMERS-08).
type Contract struct {
	Relations int    `json:"relations"` // counted per account and customer (CUSTOMERS-03)
	Number    string `json:"number,omitempty"`
	At        Pos    `json:"at"`
}
