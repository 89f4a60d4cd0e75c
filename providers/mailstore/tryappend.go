package mailstore

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
)

// tryAppend puts a test mail into the first mailbox of the target that opens,
// and reads it back. It stays there, marked as deleted: this part of mxmove
// never expunges.
func (s *Store) tryAppend(ctx context.Context, op planner.TryAppend) error {
	var closed error
	for _, address := range op.Addresses {
		row, ok := s.rows[address]
		if !ok {
			continue
		}
		session, err := s.target.open(ctx, s.target.account(row))
		if err == nil {
			err = s.try(ctx, session)
			session.Close()
		}
		var f *planner.Fault
		if errors.As(err, &f) && f.Class == planner.Credential {
			closed = err
			continue
		}
		return err
	}
	return closed
}

func (s *Store) try(ctx context.Context, to *session) error {
	box, err := to.Open(ctx)
	if err != nil {
		return err
	}
	opened, err := box.Select(ctx, transfer.Folder{Name: inbox, Path: []string{inbox}})
	if err != nil {
		return err
	}
	mail, id := testMail(s.o.Lineage, s.o.Now())
	next := func() (*transfer.Item, error) {
		if mail == nil {
			return nil, io.EOF
		}
		defer func() { mail = nil }()
		return &transfer.Item{Flags: []imap.Flag{imap.FlagSeen, imap.FlagDeleted}, Date: s.o.Now(),
			Size: int64(len(mail)), Body: bytes.NewReader(mail)}, nil
	}
	var refused error
	if err := box.Append(ctx, next, func(p transfer.Placed) error { refused = p.Err; return nil }); err != nil {
		return err
	}
	if refused != nil {
		return to.side.because("try.refused", planner.Account, "login", to.account.login, "answer", refused.Error())
	}
	if found, err := find(ctx, box, opened.UIDNext, id); err != nil || found {
		return err
	}
	return to.side.because("try.vanished", planner.Account, "login", to.account.login)
}

const inbox = "INBOX"

// testMail is a mail that says what it is; id finds it.
func testMail(lineage string, now time.Time) (mail []byte, id string) {
	id = "<mxmove-try-" + lineage + "@mxmove.invalid>"
	return []byte("From: mxmove <mxmove@mxmove.invalid>\r\nDate: " + now.Format(time.RFC1123Z) +
		"\r\nSubject: mxmove test mail\r\nMessage-ID: " + id +
		"\r\n\r\nmxmove tried whether this mailbox takes mail by IMAP. You may delete this mail.\r\n"), id
}

// find looks for a mail among those from a UID on.
func find(ctx context.Context, box transfer.Target, from uint32, id string) (found bool, err error) {
	var uids []uint32
	err = box.Scan(ctx, from, 0, func(it transfer.Item) error {
		uids = append(uids, it.UID)
		return nil
	})
	if err != nil || len(uids) == 0 {
		return false, err
	}
	_, err = box.Fetch(ctx, uids, func(it transfer.Item) error {
		b, err := io.ReadAll(it.Body)
		found = found || bytes.Contains(b, []byte(id))
		return err
	})
	return found, err
}
