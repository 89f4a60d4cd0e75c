package planner

import "time"

// CanaryOut sends a mail from a switched domain, through the target's
// submission server, to an address elsewhere. Cutover, or Drain once the window
// is over; Reversible, Once.
type CanaryOut struct {
	Domain string `json:"domain"`
	From   string `json:"from"`
	To     string `json:"to"`
	In     Phase  `json:"in"`

	// Message is the Message-ID, one for each switch of the domain: a mail
	// that may have been sent is recognised by it. "": not switched yet.
	Message string `json:"message,omitempty"`
	// Begun is when a try began whose end nobody saw; zero: there is none.
	Begun time.Time `json:"begun,omitzero"`
}

func (CanaryOut) Kind() string         { return "canary-out" }
func (c CanaryOut) Subject() string    { return c.Domain }
func (c CanaryOut) Identity() []string { return []string{c.From, c.To} }
func (c CanaryOut) Traits() Traits {
	return Traits{Phase: c.In, Repeat: Once, Undo: "undo.canary", Rules: []string{"HISTORY-14"}}
}
func (CanaryOut) op() {}

// CanaryArrival waits until that mail lies in the mailbox that it was sent to,
// and reads there what was found of SPF, DKIM and DMARC. ByHand a person says
// so. Drain, Reversible, Once.
type CanaryArrival struct {
	Domain string `json:"domain"`
	From   string `json:"from"`
	To     string `json:"to"`
	ByHand bool   `json:"by_hand,omitempty"`

	Message string    `json:"message,omitempty"` // Message-ID
	Sent    time.Time `json:"sent,omitzero"`     // when it was taken; zero: not yet
}

func (CanaryArrival) Kind() string      { return "canary-arrival" }
func (c CanaryArrival) Subject() string { return c.Domain }
func (c CanaryArrival) Identity() []string {
	if c.ByHand {
		return []string{c.From, c.To, "by hand"}
	}
	return []string{c.From, c.To}
}
func (c CanaryArrival) Traits() Traits {
	return Traits{Phase: Drain, Repeat: Once, Person: c.ByHand, Undo: "undo.nothing", Rules: []string{"HISTORY-14"}}
}
func (CanaryArrival) op() {}

// CanaryUnsure is the code of the fault of a CanaryOut whose mail may have been
// taken, or not.
const CanaryUnsure = "canary-out.unsure"
