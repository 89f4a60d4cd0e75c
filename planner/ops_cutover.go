package planner

import (
	"slices"
	"time"
)

// WizardCopy is the vendor's own copy, for rows whose mover is "wizard". Copy,
// Reversible, Once, Person.
type WizardCopy struct {
	Corp      string   `json:"corp"`
	Addresses []string `json:"addresses"` // ordered
}

func (WizardCopy) Kind() string         { return "wizard-copy" }
func (c WizardCopy) Subject() string    { return "tenant/" + c.Corp }
func (c WizardCopy) Identity() []string { return c.Addresses }
func (WizardCopy) Traits() Traits {
	return Traits{Phase: Copy, Repeat: Once, Person: true, Undo: "undo.wizard-copy", Rules: []string{"HISTORY-13", "HISTORY-17"}}
}
func (WizardCopy) op() {}

// DropMailbox ends the care for a mailbox whose row was removed after its mail
// was copied. Copy, Costly, Once.
type DropMailbox struct {
	Address string `json:"address"`
	Copied  Radius `json:"copied"`
}

func (DropMailbox) Kind() string       { return "drop-mailbox" }
func (d DropMailbox) Subject() string  { return d.Address }
func (DropMailbox) Identity() []string { return nil }
func (DropMailbox) Traits() Traits {
	return Traits{Phase: Copy, Risk: Costly, Repeat: Once, Undo: "undo.drop-mailbox", Rules: []string{"HISTORY-04"}}
}
func (DropMailbox) op() {}

// HoldDirectory begins the freeze: the directories of the tenants, if there
// are any, are watched until the last act is done. Freeze, Reversible,
// Temporary.
type HoldDirectory struct {
	Domain string   `json:"domain"`
	Corps  []string `json:"corps,omitempty"` // ordered
}

func (HoldDirectory) Kind() string         { return "hold-directory" }
func (h HoldDirectory) Subject() string    { return h.Domain }
func (h HoldDirectory) Identity() []string { return h.Corps }
func (HoldDirectory) Traits() Traits {
	return Traits{Phase: Freeze, Repeat: Temporary, Undo: "undo.hold-directory", Rules: []string{"MERGE-07", "UPGRADE-06"}}
}
func (HoldDirectory) op() {}

// FinishWizard ends the vendor's copy, also of what has not started or is
// running. Freeze, Final, OneShot, Person.
type FinishWizard struct {
	Corp     string   `json:"corp"`
	Abandons []string `json:"abandons,omitempty"` // addresses not known to be complete
}

func (FinishWizard) Kind() string       { return "finish-wizard" }
func (f FinishWizard) Subject() string  { return "tenant/" + f.Corp }
func (FinishWizard) Identity() []string { return nil }
func (FinishWizard) Traits() Traits {
	return press(Freeze, "undo.finish-wizard", "HISTORY-13")
}
func (FinishWizard) op() {}

func press(in Phase, undo string, rules ...string) Traits {
	return Traits{Phase: in, Risk: Final, Repeat: OneShot, Person: true, Undo: undo, Rules: rules}
}

// MergeTenants is the press that erases the target's mail, merges and closes
// the source's console. Its identity is only what is used up. Cutover, Final,
// OneShot, Person.
type MergeTenants struct {
	From    string `json:"from"`
	Into    string `json:"into"`
	Creator string `json:"creator"`
	Erases  Radius `json:"erases"`
}

func (MergeTenants) Kind() string         { return "merge-tenants" }
func (m MergeTenants) Subject() string    { return "tenant/" + m.Into }
func (m MergeTenants) Identity() []string { return []string{m.From, m.Into} }
func (MergeTenants) Traits() Traits {
	return press(Cutover, "undo.merge-tenants", "MERGE-02", "MERGE-03", "MERGE-05", "MERGE-06", "MERGE-07", "MERGE-08")
}
func (MergeTenants) op() {}

// UpgradeTenant is the press that moves the old edition to the new one.
// Cutover, Final, OneShot, Person.
type UpgradeTenant struct {
	From          string `json:"from"`
	Into          string `json:"into,omitempty"` // mode 2
	Mode          int    `json:"mode"`
	Company       string `json:"company,omitempty"`
	Administrator string `json:"administrator,omitempty"`
	Accounts      int    `json:"accounts"`
	Erases        Radius `json:"erases"` // mode 2
}

func (UpgradeTenant) Kind() string { return "upgrade-tenant" }

// Subject is the target tenant, or in mode 1, where it does not exist yet, the source's.
func (u UpgradeTenant) Subject() string {
	if u.Into == "" {
		return "tenant/" + u.From
	}
	return "tenant/" + u.Into
}
func (u UpgradeTenant) Identity() []string { return []string{u.From, u.Into} }
func (UpgradeTenant) Traits() Traits {
	return press(Cutover, "undo.upgrade-tenant", "UPGRADE-02", "UPGRADE-03", "UPGRADE-05", "EDITION-07")
}
func (UpgradeTenant) op() {}

// MoveCustomers is the paid transfer of customer relations. Cutover, Final,
// OneShot, Person.
type MoveCustomers struct {
	From      string            `json:"from"`
	Into      string            `json:"into"`
	Accounts  map[string]string `json:"accounts"`
	Relations int               `json:"relations"`
}

func (MoveCustomers) Kind() string         { return "move-customers" }
func (m MoveCustomers) Subject() string    { return "tenant/" + m.Into }
func (m MoveCustomers) Identity() []string { return []string{m.From, m.Into} }
func (MoveCustomers) Traits() Traits {
	return press(Cutover, "undo.move-customers", "CUSTOMERS-03", "CUSTOMERS-05", "CUSTOMERS-06", "CUSTOMERS-08")
}
func (MoveCustomers) op() {}

// SetRecords replaces a set's values (compare and swap: the identity holds old
// and new), or with Add and Remove edits a set of terms such as SPF (the
// identity holds only these). Reversible; the MX, in Cutover, Costly. Once, or
// Temporary.
type SetRecords struct {
	Old       RRset    `json:"old"`
	New       RRset    `json:"new"`
	Add       []string `json:"add,omitempty"`    // ordered
	Remove    []string `json:"remove,omitempty"` // ordered
	Temporary bool     `json:"temporary,omitempty"`
	In        Phase    `json:"in"`
}

func (SetRecords) Kind() string      { return "set-records" }
func (s SetRecords) Subject() string { return s.New.Key() }
func (s SetRecords) Identity() []string {
	switch {
	case len(s.Add)+len(s.Remove) > 0:
		return slices.Concat([]string{s.New.Zone, "add"}, s.Add, []string{"remove"}, s.Remove)
	case s.Temporary: // its pre-image is on record
		return slices.Concat([]string{s.New.Zone, "for a while"}, s.New.Values)
	}
	return slices.Concat([]string{s.New.Zone, "old"}, s.Old.Values, []string{"new"}, s.New.Values)
}
func (s SetRecords) Traits() Traits {
	t := Traits{Phase: s.In, Repeat: Once, Undo: "undo.set-records"}
	if s.Temporary {
		t.Repeat = Temporary
	}
	if s.In == Cutover {
		t.Risk, t.Undo, t.Rules = Costly, "undo.set-mx", []string{"HISTORY-14"}
	}
	return t
}
func (SetRecords) op() {}

// ProbeMX asks the new servers, by RCPT TO and without mail, whether they take
// the domain's addresses. Cutover, Reversible, Once.
type ProbeMX struct {
	Domain    string   `json:"domain"`
	Addresses []string `json:"addresses"`
	RefusalOK bool     `json:"refusal_ok,omitempty"` // the target activates only after the switch
}

func (ProbeMX) Kind() string       { return "probe-mx" }
func (p ProbeMX) Subject() string  { return p.Domain }
func (ProbeMX) Identity() []string { return nil }
func (ProbeMX) Traits() Traits {
	return Traits{Phase: Cutover, Repeat: Once, Undo: "undo.nothing", Rules: []string{"HISTORY-14"}}
}
func (ProbeMX) op() {}

// Canary sends a mail through the switched domain and waits for it. Cutover,
// Reversible, Once.
type Canary struct {
	Domain string `json:"domain"`
	To     string `json:"to"`
}

func (Canary) Kind() string         { return "canary" }
func (c Canary) Subject() string    { return c.Domain }
func (c Canary) Identity() []string { return []string{c.To} }
func (Canary) Traits() Traits {
	return Traits{Phase: Cutover, Repeat: Once, Undo: "undo.canary", Rules: []string{"HISTORY-14"}}
}
func (Canary) op() {}

// TryAppend puts a test mail into a mailbox of the target by IMAP and reads it
// back, before the first copy is made. Any of the addresses serves: the first
// that opens. Copy, Reversible, Once.
type TryAppend struct {
	On        Endpoint `json:"on"`        // the target, without a login
	Addresses []string `json:"addresses"` // of rows
}

func (TryAppend) Kind() string       { return "try-append" }
func (a TryAppend) Subject() string  { return string(a.On) }
func (TryAppend) Identity() []string { return nil }
func (TryAppend) Traits() Traits {
	return Traits{Phase: Copy, Repeat: Once, Undo: "undo.canary", Rules: []string{"HISTORY-17"}}
}
func (TryAppend) op() {}

// Wait ends when the world has caught up: authoritative servers, caches, the
// target's activation, a merge that runs. Reversible, Once.
type Wait struct {
	For   string        `json:"for"` // authoritative, caches, activation, merged
	On    string        `json:"on"`
	Least time.Duration `json:"least,omitempty"`
	In    Phase         `json:"in"`

	Values []string `json:"values,omitempty"` // of the MX that is waited for on the way back; none: the switch's
}

func (Wait) Kind() string         { return "wait" }
func (w Wait) Subject() string    { return w.For + "/" + w.On }
func (w Wait) Identity() []string { return w.Values }
func (w Wait) Traits() Traits {
	t := Traits{Phase: w.In, Repeat: Once, Undo: "undo.nothing", Rules: []string{"HISTORY-14"}}
	if w.For == waitMerged { // a press that was begun may outlast the window
		t.Gates = NeverGated
	}
	return t
}
func (Wait) op() {}

// Compare holds what is there now against an inventory. Drain, Reversible,
// Once.
type Compare struct {
	What string `json:"what"`
	Corp string `json:"corp"`
}

func (Compare) Kind() string       { return "compare" }
func (c Compare) Subject() string  { return c.What + "/" + c.Corp }
func (Compare) Identity() []string { return nil }
func (c Compare) Traits() Traits {
	rules := map[string][]string{"members": {"MERGE-09"}, "settings": {"MERGE-10"}, "customers": {"CUSTOMERS-10", "CUSTOMERS-13"}}
	return Traits{Phase: Drain, Repeat: Once, Undo: "undo.nothing", Rules: rules[c.What]}
}
func (Compare) op() {}

// PutTags puts back the tags that an inventory kept. Retire, Reversible, Once.
type PutTags struct {
	Corp string `json:"corp"`
}

func (PutTags) Kind() string       { return "put-tags" }
func (p PutTags) Subject() string  { return "tenant/" + p.Corp }
func (PutTags) Identity() []string { return nil }
func (PutTags) Traits() Traits {
	return Traits{Phase: Retire, Repeat: Once, Undo: "undo.put-tags", Rules: []string{"MERGE-04"}}
}
func (PutTags) op() {}

// Restore is the inverse of a Temporary: Op writes back what the intent of Of
// found. Retire, Reversible, Once; bound by no gate.
type Restore struct {
	Of StepID `json:"of"`
	Op Op     `json:"-"` // SetTTL, SetRecords, SetOption, or HoldDirectory, which it ends
}

func (Restore) Kind() string         { return "restore" }
func (r Restore) Subject() string    { return r.Of.Subject() }
func (r Restore) Identity() []string { return []string{string(r.Of)} }
func (Restore) Traits() Traits {
	return Traits{Phase: Retire, Repeat: Once, Undo: "undo.nothing"}
}
func (Restore) op() {}

// Radius is what an op destroys or moves. Unobserved mailboxes, those that no
// credential opens, are counted among the mailboxes; their mail is not known.
type Radius struct {
	Mailboxes  int   `json:"mailboxes"`
	Messages   int   `json:"messages"`
	Unobserved int   `json:"unobserved"`
	Bytes      int64 `json:"bytes"`
}
