package planner

import (
	"slices"
	"strings"

	"github.com/mxmove/mxmove/config"
)

// departures are the rows whose mail goes its own way. Where the vendor carries
// the mail every mailbox moves into an account of its own.
func (b *builder) departures() map[string]config.Departure {
	if b.vendor() {
		return nil
	}
	return b.spec.Roster.Departures()
}

// vendor reports a procedure in which the vendor's press carries the mail.
func (b *builder) vendor() bool { return b.route == routeMerge || b.route == routeUpgrade }

// inheritance is who gets leavers' mail, and how much.
type inheritance struct {
	person
	leavers []string // addresses, ordered
	bytes   int64
}

func (b *builder) inherited(people []person) map[string]inheritance {
	if len(b.left) == 0 {
		return nil
	}
	heirs := map[string]inheritance{}
	for _, a := range sortedKeys(b.left) {
		if d := b.left[a]; d.Mail == config.MailTo {
			h := heirs[d.To]
			h.leavers = append(h.leavers, a)
			h.bytes += b.boxes[a].Source.Bytes
			heirs[d.To] = h
		}
	}
	for _, p := range people {
		if h, ok := heirs[p.Address]; ok {
			h.person = p
			heirs[p.Address] = h
		}
	}
	return heirs
}

// sizeOf is the mail that a person's mailbox at the target is to hold.
func (b *builder) sizeOf(p person) int64 {
	return b.boxes[p.Address].Source.Bytes + b.heirs[p.Address].bytes
}

// defaultArchive is where leavers' mail is kept if the spec names no archive.
const defaultArchive = "archive"

// ArchivePath is where a spec's archives are, relative to its directory.
func ArchivePath(spec *config.Spec) string {
	if a := spec.Target.Archive; a != nil {
		return a.Path
	}
	return defaultArchive
}

// passOf is the step that carries a row's mail in a phase: into its mailbox, a
// leaver's into a folder of the heir's or into the archive.
func passOf(spec *config.Spec, row config.Mailbox, left config.Departure, in Phase) Op {
	op := CopyMailbox{
		Address: row.Address,
		From:    EndpointOf(spec.Source.IMAP, row.SourceLogin),
		To:      EndpointOf(spec.Target.IMAP, row.TargetLogin),
		Wave:    row.Wave,
		In:      in,
	}
	switch left.Mail {
	case config.MailTo:
		op.To, op.Folder = EndpointOf(spec.Target.IMAP, left.Heir.TargetLogin), row.Address
	case config.MailArchive:
		return ArchiveMailbox{Address: row.Address, From: op.From, Path: ArchivePath(spec), In: in}
	}
	return op
}

// passOp is passOf for a person, whose ends are reckoned once.
func (b *builder) passOp(p person, in Phase) Op {
	if p.left.Leaves() {
		return passOf(b.spec, p.Mailbox, p.left, in)
	}
	return CopyMailbox{Address: p.Address, From: p.from, To: p.to, Wave: p.Wave, In: in}
}

// staying gives of a list of addresses those that have a mailbox at the target,
// heirs in the place of who left.
func (b *builder) staying(addresses []string) []string {
	if b.left == nil {
		return sortedCopy(addresses)
	}
	var out []string
	for _, a := range addresses {
		switch d := b.left[a]; {
		case d.Mail == config.MailTo:
			out = append(out, d.To)
		case !d.Leaves():
			out = append(out, a)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// leaverFindings tells what becomes of leavers' mail where it is not what the
// spec's author may expect.
func (b *builder) leaverFindings() []config.Finding {
	var found []config.Finding
	left := b.spec.Roster.Departures()
	for _, a := range sortedKeys(left) {
		d := left[a]
		say := func(f config.Finding) {
			f.At = d.At
			found = append(found, f)
		}
		switch {
		case !d.Leaves():
		case b.vendor():
			if !b.pressed {
				say(blocks(a, "leaver.vendor", "address", a, "mail", d.Mail))
			}
		default:
			if d.Mail == config.MailTo && b.mover(d.Heir) == moverWizard {
				say(blocks(a, "HISTORY-17-heir", "address", a, "heir", d.To))
			}
			if b.spec.Cutover != nil && (d.Mail == config.MailArchive || b.route == routeIMAP) {
				say(warning(a, "leaver.bounces", "address", a))
			}
		}
	}
	return found
}

// maxAliases is how many further addresses a member may have.
const maxAliases = 5

// wantedAliases are the further addresses at which a person was reached: in the
// source's other domains, before a rename, and those of leavers whose mail it
// gets.
func (b *builder) wantedAliases(p person) []string {
	if !p.listed || p.left.Leaves() {
		return nil
	}
	local, domain, _ := strings.Cut(p.TargetAddress, "@")
	var list []string
	for _, d := range b.domains() {
		if d != domain {
			list = append(list, local+"@"+d)
		}
	}
	if p.Was != "" {
		list = append(list, p.Was)
	}
	list = append(slices.DeleteFunc(list, b.taken), b.heirs[p.Address].leavers...)
	slices.Sort(list)
	return slices.Compact(list)
}

// taken reports an address that somebody else has.
func (b *builder) taken(address string) bool {
	_, row := slices.BinarySearchFunc(b.spec.Roster.Mailboxes, address, func(m config.Mailbox, a string) int { return strings.Compare(m.Address, a) })
	return row || slices.ContainsFunc(b.spec.Roster.Shared, func(s config.Shared) bool { return s.Address == address }) ||
		slices.ContainsFunc(b.spec.Roster.Groups, func(g config.Group) bool { return g.Address == address })
}

// aliases adds the addresses that a person's account lacks, each a step: what
// somebody else adds meanwhile changes no other.
func (b *builder) aliases(p person) []StepID {
	var ids, needs []StepID
	if op, ok := b.memberOp(p); ok {
		needs = []StepID{IDOf(op)}
	}
	for _, a := range b.wantedAliases(p) {
		if p.member == nil || !hasAll(*p.member, []string{a}) {
			ids = append(ids, b.add(PutMember{Corp: b.corp(), Account: p.account, Address: p.TargetAddress, Aliases: []string{a}}, true, needs...))
		}
	}
	return ids
}

func hasAll(m Member, addresses []string) bool {
	return !slices.ContainsFunc(addresses, func(a string) bool { return m.Address != a && !slices.Contains(m.Aliases, a) })
}

// aliasFindings names who would have more addresses than a member may.
func (b *builder) aliasFindings() []config.Finding {
	var found []config.Finding
	for _, p := range b.people {
		if p.Kind == kindShared {
			continue
		}
		if n := len(b.wantedAliases(p)); n > maxAliases {
			found = append(found, at(p.Mailbox, blocks(p.Address, "plan.aliases", "address", p.Address, "n", itoa(n), "most", itoa(maxAliases))))
		}
	}
	return found
}
