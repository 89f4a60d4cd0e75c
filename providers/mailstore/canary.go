package mailstore

import (
	"context"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
	"github.com/mxmove/mxmove/providers/mailstore/wire"
)

// newest is how many UIDs below the next one a canary is looked for.
const newest = 500

// TakeCanaries removes test mails from a mailbox at the target, by its address
// there: those among the newest of INBOX and the junk folder whose Message-ID
// begins so. It gives their Message-IDs. Where the server cannot remove single
// messages (RFC 4315) they stay, marked as deleted.
func (s *Store) TakeCanaries(ctx context.Context, address, prefix string) ([]string, error) {
	row, ok := s.rowOf(address)
	if !ok {
		return nil, s.target.because("mailbox.unlisted", planner.Internal, "mailbox", address)
	}
	return s.target.canaries(ctx, row, prefix, true)
}

// SourceCanaries gives the Message-IDs of such mails in the same row's mailbox
// at the source; it writes nothing there.
func (s *Store) SourceCanaries(ctx context.Context, address, prefix string) ([]string, error) {
	row, ok := s.rowOf(address)
	if !ok {
		return nil, s.source.because("mailbox.unlisted", planner.Internal, "mailbox", address)
	}
	return s.source.canaries(ctx, row, prefix, false)
}

// rowOf gives the row whose own mailbox at the target this is.
func (s *Store) rowOf(address string) (config.Mailbox, bool) {
	rows := s.o.Spec.Roster.Mailboxes
	i := slices.IndexFunc(rows, func(m config.Mailbox) bool { return m.TargetAddress == address && !s.left[m.Address].Leaves() })
	if i < 0 {
		return config.Mailbox{}, false
	}
	return s.rows[rows[i].Address], true
}

func (s *side) canaries(ctx context.Context, row config.Mailbox, prefix string, take bool) ([]string, error) {
	se, err := s.open(ctx, s.account(row))
	if err != nil {
		return nil, err
	}
	defer se.Close()
	folders, err := se.Folders(ctx)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, f := range folders {
		if isInbox(f) || f.Use == imap.MailboxAttrJunk {
			found, err := se.canariesIn(ctx, f, prefix, take)
			if err != nil {
				return nil, err
			}
			ids = append(ids, found...)
		}
	}
	return ids, nil
}

func (s *session) canariesIn(ctx context.Context, f transfer.Folder, prefix string, take bool) ([]string, error) {
	_, uids, err := s.latest(ctx, f, take, newest)
	if err != nil || len(uids) == 0 {
		return nil, err
	}
	found, err := s.messageIDs(ctx, uids)
	if err != nil {
		return nil, err
	}
	var ids []string
	var ours []uint32
	for uid, id := range found {
		if strings.HasPrefix(id, prefix) {
			ids, ours = append(ids, id), append(ours, uid)
		}
	}
	if take && len(ours) > 0 {
		err = s.discard(ctx, ours)
	}
	return ids, err
}

// latest opens a folder, to write if so asked, and gives the messages of its
// newest UIDs that are not marked as deleted.
func (s *session) latest(ctx context.Context, f transfer.Folder, write bool, among uint32) (box transfer.Target, uids []uint32, err error) {
	if box, err = s.Open(ctx); err != nil {
		return nil, nil, err
	}
	enter := box.Examine
	if write {
		enter = box.Select
	}
	opened, err := enter(ctx, f)
	if err != nil {
		return nil, nil, err
	}
	from := max(1, opened.UIDNext-min(opened.UIDNext, among))
	err = box.Scan(ctx, from, 0, func(it transfer.Item) error {
		if !slices.Contains(it.Flags, imap.FlagDeleted) {
			uids = append(uids, it.UID)
		}
		return nil
	})
	return box, uids, err
}

// messageIDs reads the Message-ID of messages of the open folder.
func (s *session) messageIDs(ctx context.Context, uids []uint32) (map[uint32]string, error) {
	ids := map[uint32]string{}
	err := s.with(ctx, func(c *wire.Conn) error {
		_, err := c.Headers(ctx, uids, func(m *wire.Message) error {
			id, err := transfer.MessageID(m.Body)
			ids[m.UID] = id
			return err
		})
		return err
	})
	return ids, err
}

// discard removes messages of the open folder.
func (s *session) discard(ctx context.Context, uids []uint32) error {
	slices.Sort(uids)
	changes := map[uint32]wire.FlagChange{}
	for _, uid := range uids {
		changes[uid] = wire.FlagChange{Add: []imap.Flag{imap.FlagDeleted}}
	}
	return s.with(ctx, func(c *wire.Conn) error {
		if err := c.Store(ctx, changes); err != nil || !c.Removes() {
			return err
		}
		return c.Expunge(ctx, uids)
	})
}
