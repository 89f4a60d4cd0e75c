package planner

import (
	"encoding/json"
	"time"
)

// Tri is yes, no or, as its zero value, unknown.
type Tri uint8

// The values of a Tri.
const (
	Unknown Tri = iota
	No
	Yes
)

// TriOf is Yes or No.
func TriOf(b bool) Tri {
	if b {
		return Yes
	}
	return No
}

// MarshalJSON gives null, false or true.
func (t Tri) MarshalJSON() ([]byte, error) {
	switch t {
	case Yes:
		return []byte("true"), nil
	case No:
		return []byte("false"), nil
	}
	return []byte("null"), nil
}

// UnmarshalJSON takes null, false or true.
func (t *Tri) UnmarshalJSON(b []byte) error {
	var v *bool
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*t = Unknown
	if v != nil {
		*t = TriOf(*v)
	}
	return nil
}

// Tenant is a company's directory and mail administration.
type Tenant struct {
	Seen      Seen        `json:"seen"`
	Corp      string      `json:"corp"`
	Name      string      `json:"name,omitempty"`
	Creator   string      `json:"creator,omitempty"`   // account
	Domains   []string    `json:"domains,omitempty"`   // its own, bound; trial domains are none
	Cap       int         `json:"cap,omitempty"`       // accounts allowed; 0: not told
	Seats     int         `json:"seats,omitempty"`     // paid
	Paid      Tri         `json:"paid,omitzero"`       // has bought or tries advanced features (MERGE-13)
	Directory string      `json:"directory,omitempty"` // digest
	Members   []Member    `json:"members,omitempty"`   // ordered by account
	Shared    []PutShared `json:"shared,omitempty"`    // ordered by address
	Groups    []PutGroup  `json:"groups,omitempty"`    // ordered by address
}

// Member is an account of a tenant's directory.
type Member struct {
	Account string   `json:"account"`
	Name    string   `json:"name,omitempty"`
	Address string   `json:"address,omitempty"` // of its mailbox; "": it has none
	Aliases []string `json:"aliases,omitempty"`

	Departments []string `json:"departments,omitempty"` // ordered
	Enabled     Tri      `json:"enabled,omitzero"`
	VIP         Tri      `json:"vip,omitzero"`
	WeChat      Tri      `json:"wechat,omitzero"`
	Phone       Tri      `json:"phone,omitzero"`
	IMAP        Tri      `json:"imap,omitzero"`

	// In a masked snapshot, where the name tells nothing any more.
	Suggested string `json:"suggested,omitempty"` // the address that was made of the name (HISTORY-05)
	Unsure    bool   `json:"unsure,omitempty"`    // the name has more than one reading
}

// Zone is a domain as DNS shows it.
type Zone struct {
	Seen    Seen          `json:"seen"`
	Name    string        `json:"name"`
	Servers []Authority   `json:"servers,omitempty"` // ordered by host and address
	Sets    []RRset       `json:"sets,omitempty"`    // ordered by key
	Caches  []Cache       `json:"caches,omitempty"`  // of listed resolvers, in the spec's order
	MinTTL  uint32        `json:"min_ttl,omitempty"` // the lowest that the zone's vendor takes, in seconds
	STSAge  time.Duration `json:"sts_age,omitempty"` // max_age of the MTA-STS policy that is served
}

// Cache is what a resolver remembers. The TTLs of its sets are the seconds
// that are left.
type Cache struct {
	Resolver string  `json:"resolver"`
	Err      string  `json:"err,omitempty"`
	Sets     []RRset `json:"sets,omitempty"` // ordered by key
}

// Authority is one authoritative server, and where it differs from the others.
type Authority struct {
	Host    string  `json:"host"`
	Addr    string  `json:"addr,omitempty"`
	Err     string  `json:"err,omitempty"`
	Serial  uint32  `json:"serial,omitempty"`
	Differs []RRset `json:"differs,omitempty"`
}

// Customers are the customer relations of the source tenant, by account.
type Customers struct {
	Seen       Seen                `json:"seen"`
	Relations  map[string]int      `json:"relations,omitempty"`
	Contacts   map[string]int      `json:"contacts,omitempty"`   // external, not customers (CUSTOMERS-01)
	Unassigned map[string]int      `json:"unassigned,omitempty"` // waiting after a resignation (CUSTOMERS-02)
	JoinCodes  map[string][]string `json:"join_codes,omitempty"` // code → owners of its groups
}

// Sight is an act that the world can show, and whether it is done. An act
// without a known sight cannot be seen: its record and attestations count.
type Sight struct {
	Step StepID `json:"step"`
	Done bool   `json:"done"`
	Seen Seen   `json:"seen"`
}

// Fact is an attestation. Never: attested that the act did not happen.
type Fact struct {
	Step     StepID    `json:"step"`
	Who      string    `json:"who,omitempty"`
	Evidence string    `json:"evidence,omitempty"`
	Checked  string    `json:"checked,omitempty"` // by which post-check
	Started  int       `json:"started,omitempty"` // journal numbers; 0: not attested
	Finished int       `json:"finished,omitempty"`
	At       time.Time `json:"at,omitzero"` // of Finished
	Never    bool      `json:"never,omitempty"`
	Void     bool      `json:"void,omitempty"` // its post-check failed
	Until    time.Time `json:"until,omitzero"`
}

// holds reports whether the act is attested as done at a time.
func (f Fact) holds(now time.Time) bool {
	return f.Finished > 0 && !f.Void && (f.Until.IsZero() || !now.After(f.Until))
}
