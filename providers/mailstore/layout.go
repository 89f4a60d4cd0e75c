package mailstore

import (
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"golang.org/x/text/unicode/norm"

	"github.com/mxmove/mxmove/providers/mailstore/transfer"
	"github.com/mxmove/mxmove/providers/mailstore/wire"
)

// layout is how a server names the folders of the personal namespace.
type layout struct {
	prefix  string // octets, such as "INBOX."
	sep     byte   // 0: flat
	foreign []string
}

// layoutOf reads NAMESPACE (RFC 2342), else what LIST shows.
func layoutOf(l *wire.Listing) layout {
	var lay layout
	if len(l.Personal) > 0 {
		lay.prefix, lay.sep = l.Personal[0].Prefix, l.Personal[0].Sep
	}
	for _, ns := range slices.Concat(l.Other, l.Shared) {
		if ns.Prefix != "" && ns.Prefix != lay.prefix {
			lay.foreign = append(lay.foreign, ns.Prefix)
		}
	}
	if lay.sep == 0 {
		for _, m := range l.Mailboxes {
			if m.Sep != 0 {
				lay.sep = m.Sep
				break
			}
		}
	}
	return lay
}

// folders gives the personal folders of a listing.
func (lay layout) folders(l *wire.Listing) []transfer.Folder {
	var out []transfer.Folder
	for _, m := range l.Mailboxes {
		path, ok := lay.path(m)
		if !ok {
			continue
		}
		out = append(out, transfer.Folder{
			Name: m.Name, Path: path, Delimiter: lay.delimiter(), Use: m.Use(),
			NoSelect:   m.Has(imap.MailboxAttrNoSelect) || m.Has(imap.MailboxAttrNonExistent),
			Subscribed: m.Subscribed, Status: transfer.Status(m.Status),
		})
	}
	return out
}

func (lay layout) delimiter() string {
	if lay.sep == 0 {
		return ""
	}
	return string(lay.sep)
}

// path gives the levels below the prefix; false for what is not the person's.
func (lay layout) path(m wire.Mailbox) ([]string, bool) {
	if m.Inbox() {
		return []string{"INBOX"}, true
	}
	for _, f := range lay.foreign {
		if m.Name == strings.TrimSuffix(f, string(lay.sep)) || strings.HasPrefix(m.Name, f) {
			return nil, false
		}
	}
	if len(m.Name) < len(lay.prefix) || !strings.EqualFold(m.Name[:len(lay.prefix)], lay.prefix) {
		return nil, false
	}
	path := wire.SplitName(m.Name[len(lay.prefix):], m.Sep)
	for i, level := range path {
		path[i] = norm.NFC.String(level)
	}
	return path, len(path) > 0
}

// name makes the server's name of a path.
func (lay layout) name(path []string) string {
	if len(path) == 1 && path[0] == "INBOX" {
		return "INBOX"
	}
	levels := make([]string, len(path))
	for i, level := range path {
		levels[i] = wire.EncodeName(level)
	}
	return lay.prefix + strings.Join(levels, lay.delimiter())
}

// untold says whether some folder's status is still to be asked for.
func untold(folders []transfer.Folder) bool {
	return slices.ContainsFunc(folders, func(f transfer.Folder) bool { return !f.NoSelect && !f.Status.Known })
}

func namesOf(folders []transfer.Folder) []string {
	var names []string
	for _, f := range folders {
		if !f.NoSelect && !f.Status.Known {
			names = append(names, f.Name)
		}
	}
	return names
}
