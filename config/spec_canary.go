package config

// Canary is a test mail that leaves the new service after the switch, one for
// each domain that sends.
type Canary struct {
	From       string   `json:"from"` // address in a domain that switches
	To         string   `json:"to"`   // address elsewhere
	Submission Service  `json:"submission"`
	Arrival    *Service `json:"arrival,omitempty"` // IMAP, where To is read; nil: a person says whether it came
	At         Pos      `json:"at"`
}

// Domain is what the canary is sent from.
func (c Canary) Domain() string { return domainOf(c.From) }

// Service is a server that one person signs in to.
type Service struct {
	Host     string `json:"host"`
	Port     int    `json:"port"`
	TLS      string `json:"tls"`
	CAFile   string `json:"ca_file,omitempty"` // as written; relative to the spec's directory
	User     string `json:"user"`
	Password Secret `json:"password"`
	At       Pos    `json:"at"`
}
