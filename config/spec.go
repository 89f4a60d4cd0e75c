// Package config loads what people write: a directory of HCL files and the
// roster files it names. Its result is a [Spec], which holds no secret and no
// expression, and [Finding]s about everything that is wrong with it.
package config

// Spec is one migration as it was written, decoded and checked. It is stored
// in plans; secrets in it are references ([Secret]).
type Spec struct {
	Migration Migration `json:"migration"`
	Source    Side      `json:"source"`
	Target    Side      `json:"target"`
	Roster    Roster    `json:"roster"`
	History   *History  `json:"history,omitempty"` // nil: no old mail is carried

	Cutover      *Cutover      `json:"cutover,omitempty"` // nil: the spec only prepares and copies
	Guards       Guards        `json:"guards,omitzero"`
	Acknowledged []Acknowledge `json:"acknowledge,omitempty"` // ordered by kind and subject
	Again        []Again       `json:"again,omitempty"`       // ordered by step
	Customers    *Customers    `json:"customers,omitempty"`
}

// Migration names the migration and its state directory.
type Migration struct {
	Name     string `json:"name"`
	Version  string `json:"version,omitempty"`  // constraint on mxmove's version
	Language string `json:"language,omitempty"` // en or zh-CN
	State    string `json:"state"`              // absolute or relative to the spec's directory
	Mirror   string `json:"mirror,omitempty"`   // directory that gets a copy of the journal; absolute or relative to the spec's directory
	Identity string `json:"identity,omitempty"` // path of the age identity of the sealed store
	At       Pos    `json:"at"`
}

// Side is one end of the migration.
type Side struct {
	Kind    string   `json:"kind"`              // imap, exmail (source only) or wecom
	Domain  string   `json:"domain,omitempty"`  // the source's; A-labels in lower case
	Aliases []string `json:"aliases,omitempty"` // further domains of the same mailboxes
	IMAP    IMAP     `json:"imap"`              // Host "": no mailbox can be opened by IMAP

	// Of tenants (exmail, wecom).
	CorpID    string   `json:"corp_id,omitempty"`
	Name      string   `json:"name,omitempty"`      // as the spec's author knows the tenant; compared with what is observed
	Creator   string   `json:"creator,omitempty"`   // account (userid) of the creator, MERGE-01
	Procedure string   `json:"procedure,omitempty"` // target: history, merge or upgrade; "" for imap
	Mode      int      `json:"mode,omitempty"`      // upgrade: 1 a new tenant, 2 an existing one (UPGRADE-03)
	APIs      []API    `json:"apis,omitempty"`      // ordered by name
	Seats     *Seats   `json:"seats,omitempty"`     // target
	Archive   *Archive `json:"archive,omitempty"`   // target: of the mail that a merge erases (MERGE-03)

	Directory *Directory `json:"directory,omitempty"` // nil: by the API, or not at all
	At        Pos        `json:"at"`
}

// API is one application of a tenant: its name says what it may do.
type API struct {
	Name   string `json:"name"` // directory, mail or customers
	Secret Secret `json:"secret"`
	At     Pos    `json:"at"`
}

// Seats are paid accounts of the target tenant (EDITION-02 to -04).
type Seats struct {
	VIP int `json:"vip"`
	At  Pos `json:"at"`
}

// Archive says where mail is kept that a final step erases.
type Archive struct {
	Path string `json:"path"` // relative to the spec's directory
	At   Pos    `json:"at"`
}

// Directory says where a tenant's directory of members is read, where no API
// shows it.
type Directory struct {
	Sheet string `json:"sheet"` // CSV as the admin console exports it; relative to the spec's directory
	At    Pos    `json:"at"`
}

// TLS modes of a connection.
const (
	TLSImplicit = "implicit" // RFC 8314, the default
	TLSStart    = "starttls" // RFC 9051 section 6.2.1; never without it
	TLSNone     = "none"     // loopback only
)

// IMAP says how one side's mailboxes are reached.
type IMAP struct {
	Host   string `json:"host"`
	Port   int    `json:"port"`
	TLS    string `json:"tls"`
	CAFile string `json:"ca_file,omitempty"` // as written; relative to the spec's directory
	// Compress has what goes over the line compressed (RFC 4978) where the
	// server can.
	Compress bool   `json:"compress,omitempty"`
	Login    Login  `json:"login"`
	Limits   Limits `json:"limits"`
	At       Pos    `json:"at"`
}

// Kinds of login.
const (
	LoginPassword = "password" // each row's own login and password
	LoginPlain    = "plain"    // SASL PLAIN, authorization identity = the row's login
	LoginMaster   = "master"   // login + separator + master user
	LoginOAuth2   = "oauth2"   // XOAUTH2 or OAUTHBEARER, token from a command
)

// Login says who signs in for every mailbox of a side.
type Login struct {
	Kind      string   `json:"kind"`
	User      string   `json:"user,omitempty"`      // plain and master: the administrator
	Separator string   `json:"separator,omitempty"` // master; default "*"
	Password  Secret   `json:"password,omitzero"`   // plain and master
	Command   []string `json:"command,omitempty"`   // oauth2: prints the access token; MXMOVE_LOGIN names the mailbox
	Mechanism string   `json:"mechanism,omitempty"` // oauth2: XOAUTH2 or OAUTHBEARER; empty: what the server offers
	At        Pos      `json:"at"`
}

// Limits bound what mxmove asks of a server.
type Limits struct {
	Connections int     `json:"connections"`           // at once to this server; default 8
	PerMailbox  int     `json:"per_mailbox,omitempty"` // at once to one mailbox; default 1
	Rate        int64   `json:"rate,omitempty"`        // octets a second; 0: no limit
	Hours       []Hours `json:"hours,omitempty"`       // ordered by From
}

// Hours are a part of the day with a rate of its own, in the local time of the
// machine that runs apply. To before From is over midnight.
type Hours struct {
	From string `json:"from"` // HH:MM
	To   string `json:"to"`
	Rate int64  `json:"rate"` // octets a second
	At   Pos    `json:"at"`
}

// Roster is the list of mailboxes, in the order of their addresses.
type Roster struct {
	Files     []string  `json:"files,omitempty"`
	Skip      []string  `json:"skip,omitempty"`     // left behind on purpose, named in every plan
	Unlisted  string    `json:"unlisted,omitempty"` // leave (default) or allocate: what becomes of directory members without a row
	Mailboxes []Mailbox `json:"mailboxes"`
	Shared    []Shared  `json:"shared,omitempty"`  // ordered by address
	Groups    []Group   `json:"groups,omitempty"`  // ordered by address
	Leavers   []Leaver  `json:"leavers,omitempty"` // ordered by address
	At        Pos       `json:"at"`
}

// Mailbox is one row of the roster with its defaults filled in.
type Mailbox struct {
	Address        string `json:"address"` // canonical: see Address
	SourceLogin    string `json:"source_login"`
	SourcePassword Secret `json:"source_password,omitzero"`
	TargetAddress  string `json:"target_address"`
	TargetLogin    string `json:"target_login"`
	TargetPassword Secret `json:"target_password,omitzero"`
	Name           string `json:"name,omitempty"`
	Department     string `json:"department,omitempty"`
	Kind           string `json:"kind,omitempty"` // member (default), shared
	Wave           string `json:"wave,omitempty"`
	Account        string `json:"account,omitempty"` // userid in the target tenant
	Was            string `json:"was,omitempty"`     // address before a rename
	Mover          string `json:"mover,omitempty"`   // overrides history.mover for this mailbox
	At             Pos    `json:"at"`
}

// History says how old mail is carried.
type History struct {
	Mover     string            `json:"mover"`           // mxmove or wizard (HISTORY-17)
	Since     string            `json:"since,omitempty"` // INTERNALDATE, UTC, YYYY-MM-DD
	Deletions string            `json:"deletions"`       // keep or follow
	Refused   string            `json:"refused"`         // quarantine, repair or fail
	Skip      []string          `json:"skip,omitempty"`  // folders, by path with "/"
	Map       map[string]string `json:"map,omitempty"`   // source folder → target folder, by path with "/"
	At        Pos               `json:"at"`
}
