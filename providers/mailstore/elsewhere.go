package mailstore

import (
	"context"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
)

// few is how many UIDs below the next one are looked at in folders that mail
// comes into only by somebody's filters.
const few = 50

// longest is how much of a test mail is read, in octets.
const longest = 1 << 20

// junkName is what folders of junk are called where no attribute tells (RFC 6154).
var junkName = regexp.MustCompile(`(?i)^(junk|spam|bulk)\b|垃圾`)

// Elsewhere looks for a mail by its Message-ID in a mailbox that is neither of
// the source nor of the target: in INBOX, in the junk folder, then among the
// newest of all others. It gives the path of its folder, with /, whether that
// is for junk, and the mail's octets; folder is "" where it is not found. With
// no id it only signs in. Nothing is written there.
func (s *Store) Elsewhere(ctx context.Context, at config.Service, id string) (folder string, junk bool, mail []byte, err error) {
	d := s.elsewhereAt(at)
	se, err := d.open(ctx, account{mailbox: at.User, login: at.User, password: at.Password, column: "password"})
	if err != nil || id == "" {
		se.Close()
		return "", false, nil, err
	}
	defer se.Close()
	folders, err := se.Folders(ctx)
	if err != nil {
		return "", false, nil, err
	}
	slices.SortStableFunc(folders, func(a, b transfer.Folder) int { return rankOf(a) - rankOf(b) })
	for _, f := range folders {
		if f.NoSelect {
			continue
		}
		mail, err := se.mailOf(ctx, f, id)
		if no := (*planner.Fault)(nil); errors.As(err, &no) && no.Class == planner.FolderOnly && rankOf(f) > 1 {
			continue
		}
		if err != nil || mail != nil {
			return strings.Join(f.Path, "/"), isJunk(f), mail, err
		}
	}
	return "", false, nil, nil
}

// elsewhereAt remembers a server, and whom it refused.
func (s *Store) elsewhereAt(at config.Service) *side {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.elsewhere[at]; d != nil {
		return d
	}
	d := newSide("elsewhere", config.IMAP{Host: at.Host, Port: at.Port, TLS: at.TLS, CAFile: at.CAFile,
		Login: config.Login{Kind: config.LoginPassword}, Limits: config.Limits{Connections: 1, PerMailbox: 1}}, s.o)
	if s.elsewhere == nil {
		s.elsewhere = map[config.Service]*side{}
	}
	s.elsewhere[at] = d
	return d
}

// rankOf is where a folder comes when a mail is looked for.
func rankOf(f transfer.Folder) int {
	switch {
	case isInbox(f):
		return 0
	case isJunk(f):
		return 1
	}
	return 2
}

func isInbox(f transfer.Folder) bool { return len(f.Path) == 1 && strings.EqualFold(f.Path[0], inbox) }

func isJunk(f transfer.Folder) bool {
	return f.Use == imap.MailboxAttrJunk || len(f.Path) > 0 && junkName.MatchString(f.Path[len(f.Path)-1])
}

// mailOf gives the octets of a mail among the newest of a folder; nil: it is
// not there.
func (s *session) mailOf(ctx context.Context, f transfer.Folder, id string) (mail []byte, err error) {
	among := uint32(newest)
	if rankOf(f) > 1 {
		among = few
	}
	box, uids, err := s.latest(ctx, f, false, among)
	if err != nil || len(uids) == 0 {
		return nil, err
	}
	found, err := s.messageIDs(ctx, uids)
	if err != nil {
		return nil, err
	}
	uids = slices.DeleteFunc(uids, func(uid uint32) bool { return found[uid] != id })
	if len(uids) == 0 {
		return nil, nil
	}
	_, err = box.Fetch(ctx, uids[:1], func(it transfer.Item) (err error) {
		mail, err = io.ReadAll(io.LimitReader(it.Body, longest))
		return err
	})
	return mail, err
}
