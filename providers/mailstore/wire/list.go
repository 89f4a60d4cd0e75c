package wire

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// List lists the mailboxes that match the patterns, octets as the server
// writes names; no pattern is "*". In the same flight it asks for namespaces,
// subscriptions, special uses and status, each as the server's capabilities
// allow: LIST-EXTENDED (RFC 5258), SPECIAL-USE (RFC 6154), LIST-STATUS (RFC
// 5819), NAMESPACE (RFC 2342), or XLIST and LSUB. Only a refused LIST is an
// error.
func (c *Conn) List(ctx context.Context, patterns ...string) (*Listing, error) {
	if len(patterns) == 0 {
		patterns = []string{"*"}
	}
	return c.list(ctx, nil, patterns)
}

// list lists mailboxes in one flight with the commands before.
func (c *Conn) list(ctx context.Context, before []*command, patterns []string) (*Listing, error) {
	p := listParse{out: &Listing{}, at: map[string]int{}, subscribed: map[string]bool{}, status: statuses{}}
	err := c.run(ctx, "LIST", func() error {
		err := c.listFlight(&p, before, patterns, c.caps.Has(imap.CapListExtended))
		if no, ok := err.(*Refused); ok && no.Status == "BAD" && c.caps.Has(imap.CapListExtended) {
			err = c.listFlight(&p, nil, patterns, false)
			if _, gone := err.(*Gone); gone { // it was a hint to go slower, then
				_ = c.Close()
				err = no
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return p.done(), nil
}

func (c *Conn) listFlight(p *listParse, before []*command, patterns []string, extended bool) error {
	cmds, err := c.listCommands(patterns, extended)
	if err != nil {
		return err
	}
	if err := tolerate(c.flight(list(slices.Concat(before, cmds)), p.take)); err != nil {
		return err
	}
	for _, cmd := range cmds {
		if cmd.name == "LIST" && cmd.err != nil {
			return cmd.err
		}
	}
	return nil
}

func (c *Conn) listCommands(patterns []string, extended bool) (cmds []*command, err error) {
	if c.caps.Has(imap.CapNamespace) {
		cmds = append(cmds, &command{name: "NAMESPACE", text: "NAMESPACE"})
	}
	verb, ret := "LIST", ""
	switch {
	case extended:
		ret = " RETURN (" + strings.Join(c.returnOptions(), " ") + ")"
	case c.caps.Has("XLIST") && !c.caps.Has(imap.CapSpecialUse):
		verb = "XLIST"
	}
	for _, pattern := range patterns {
		q, err := quote(pattern)
		if err != nil {
			return nil, err
		}
		cmds = append(cmds, &command{name: "LIST", text: verb + ` "" ` + q + ret})
		if !extended {
			cmds = append(cmds, &command{name: "LSUB", text: `LSUB "" ` + q})
		}
	}
	return cmds, nil
}

func (c *Conn) returnOptions() []string {
	out := []string{"SUBSCRIBED"}
	if c.caps.Has(imap.CapSpecialUse) {
		out = append(out, "SPECIAL-USE")
	}
	if c.caps.Has(imap.CapListStatus) {
		out = append(out, "STATUS "+c.statusItems())
	}
	return out
}

// listParse gathers untagged data of a List.
type listParse struct {
	out        *Listing
	at         map[string]int // name to place in out.Mailboxes
	subscribed map[string]bool
	status     statuses
	octets     int // of all that was listed
}

// maxListing bounds a listing, in octets: about 300,000 mailboxes.
const maxListing = 32 << 20

func (p *listParse) take(r resp) error {
	if p.octets += len(r.line.text); p.octets > maxListing {
		return &Malformed{What: "endless listing"}
	}
	switch r.word {
	case "LIST", "XLIST":
		if m, ok := r.line.mailbox(); ok {
			p.add(m)
		}
	case "LSUB":
		// \Noselect in LSUB is a parent that is not subscribed itself (RFC 3501, 6.3.9)
		if m, ok := r.line.mailbox(); ok && !m.Has(imap.MailboxAttrNoSelect) {
			p.subscribed[key(m.Name)] = true
		}
	case "NAMESPACE":
		p.namespaces(r.line)
	}
	return p.status.take(r)
}

func (p *listParse) add(m Mailbox) {
	if i, ok := p.at[key(m.Name)]; ok {
		m.Subscribed = m.Subscribed || p.out.Mailboxes[i].Subscribed
		p.out.Mailboxes[i] = m
		return
	}
	p.at[key(m.Name)] = len(p.out.Mailboxes)
	p.out.Mailboxes = append(p.out.Mailboxes, m)
}

func (p *listParse) done() *Listing {
	for i := range p.out.Mailboxes {
		m := &p.out.Mailboxes[i]
		m.Subscribed = m.Subscribed || p.subscribed[key(m.Name)] || m.Has(imap.MailboxAttrSubscribed)
		m.Status = p.status[key(m.Name)]
	}
	return p.out
}

// namespaces reads what can be read; the rest is as if it had not been told.
func (p *listParse) namespaces(l *line) {
	for _, to := range []*[]Namespace{&p.out.Personal, &p.out.Other, &p.out.Shared} {
		*to = nil
		if !l.accept('(') {
			l.word() // NIL
			continue
		}
		for l.accept('(') {
			prefix, _ := l.str()
			sep, _ := l.str()
			*to = append(*to, Namespace{Prefix: prefix, Sep: sepOf(sep)})
			l.close()
		}
		l.accept(')')
	}
}

// close takes all up to the parenthesis that ends this list (namespace
// extensions, RFC 2342, 5).
func (l *line) close() {
	for depth := 1; l.peek() != 0; {
		switch {
		case l.isLiteral() || l.peek() == '"':
			l.str()
			continue
		case l.peek() == '(':
			depth++
		case l.peek() == ')':
			depth--
		}
		l.pos++
		if depth == 0 {
			return
		}
	}
}

func sepOf(s string) byte {
	if s == "" {
		return 0
	}
	return s[0]
}

// mailbox reads what follows LIST, XLIST or LSUB.
func (l *line) mailbox() (m Mailbox, ok bool) {
	for _, a := range l.words() {
		m.Attrs = append(m.Attrs, canonicalAttr(a))
	}
	sep, _ := l.str()
	m.Sep = sepOf(sep)
	m.Name = l.name(0)
	return m, m.Name != ""
}

// name reads a mailbox name. Exchange does not quote one with blanks or
// control characters: it reaches to the line's end, or to the last end before
// it, or to the extended data of RFC 5258.
func (l *line) name(end byte) string {
	if l.peek() == 0 || l.isLiteral() || l.text[l.pos] == '"' {
		s, _ := l.str()
		return s
	}
	rest := l.text[l.pos:]
	n := len(rest)
	if end != 0 {
		if i := bytes.LastIndexByte(rest, end); i >= 0 {
			n = i
		}
	}
	for _, data := range []string{` ("CHILDINFO"`, ` ("OLDNAME"`, ` (CHILDINFO`, ` (OLDNAME`} {
		if i := bytes.Index(rest[:n], []byte(data)); i >= 0 && end == 0 {
			n = i
		}
	}
	l.pos += n
	return strings.TrimRight(string(rest[:n]), " ")
}

// attrs are the registered spellings by lower case, and what XLIST calls them.
var attrs = map[string]imap.MailboxAttr{
	`\nonexistent`: imap.MailboxAttrNonExistent, `\noinferiors`: imap.MailboxAttrNoInferiors,
	`\noselect`: imap.MailboxAttrNoSelect, `\haschildren`: imap.MailboxAttrHasChildren,
	`\hasnochildren`: imap.MailboxAttrHasNoChildren, `\marked`: imap.MailboxAttrMarked,
	`\unmarked`: imap.MailboxAttrUnmarked, `\subscribed`: imap.MailboxAttrSubscribed,
	`\remote`: imap.MailboxAttrRemote, `\all`: imap.MailboxAttrAll, `\allmail`: imap.MailboxAttrAll,
	`\archive`: imap.MailboxAttrArchive, `\drafts`: imap.MailboxAttrDrafts,
	`\flagged`: imap.MailboxAttrFlagged, `\starred`: imap.MailboxAttrFlagged,
	`\junk`: imap.MailboxAttrJunk, `\spam`: imap.MailboxAttrJunk, `\sent`: imap.MailboxAttrSent,
	`\trash`: imap.MailboxAttrTrash, `\important`: imap.MailboxAttrImportant, `\inbox`: attrInbox,
}

const attrInbox imap.MailboxAttr = `\Inbox` // XLIST only

func canonicalAttr(s string) imap.MailboxAttr {
	if a, ok := attrs[strings.ToLower(s)]; ok {
		return a
	}
	return imap.MailboxAttr(s)
}

// Has tells whether the mailbox has an attribute.
func (m Mailbox) Has(attr imap.MailboxAttr) bool {
	for _, a := range m.Attrs {
		if a == attr {
			return true
		}
	}
	return false
}

// Use is the mailbox's first special use (RFC 6154, RFC 8457), or "".
func (m Mailbox) Use() imap.MailboxAttr {
	for _, a := range m.Attrs {
		if specialUse(a) {
			return a
		}
	}
	return ""
}

func specialUse(a imap.MailboxAttr) bool {
	switch a {
	case imap.MailboxAttrAll, imap.MailboxAttrArchive, imap.MailboxAttrDrafts, imap.MailboxAttrFlagged,
		imap.MailboxAttrJunk, imap.MailboxAttrSent, imap.MailboxAttrTrash, imap.MailboxAttrImportant:
		return true
	}
	return false
}

// Inbox tells whether it is INBOX, under whatever name.
func (m Mailbox) Inbox() bool { return key(m.Name) == "INBOX" || m.Has(attrInbox) }
