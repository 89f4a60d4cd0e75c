package mailstore

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
	"github.com/mxmove/mxmove/providers/mailstore/wire"
)

// probed bounds the folders of a mailbox that a plan opens, the largest first.
const probed = 40

// Signs that a source shows only its newest mail.
const (
	window    = 31 * 24 * time.Hour // the oldest that is shown is not older than this,
	fewUIDs   = 50                  // and so many more messages, and at least as many
	shown     = 10                  // as are shown, of which there are some, have had a UID
	namedDays = 24 * time.Hour
)

// probe opens folders of the source to see how far back its mail reaches and
// what is too large for the target. It reads no bodies: two commands for each
// folder, a third where the target tells a limit and the folder may hold a
// message over it. What it cannot see is no error.
func (s *Store) probe(ctx context.Context, from *session, folders []transfer.Folder, ledger *transfer.Ledger, m *planner.Mailbox) []text.Msg {
	limit := s.target.appendLimit()
	var large []int64
	for _, f := range largest(folders) {
		err := from.with(ctx, func(c *wire.Conn) error {
			if _, err := c.Examine(ctx, f.Name); err != nil {
				return err
			}
			at, err := c.First(ctx)
			if !at.IsZero() && (m.Source.Oldest.IsZero() || at.Before(m.Source.Oldest)) {
				m.Source.Oldest = at
			}
			if err != nil || limit == 0 || f.Status.Size > 0 && f.Status.Size <= limit || ledger.InStep([]transfer.Folder{f}) {
				return err
			}
			sizes, err := c.Larger(ctx, limit)
			large = append(large, sizes...)
			return err
		})
		if err != nil && ctx.Err() != nil {
			return nil
		}
	}
	return append(tooLarge(large, limit, m.Address), hidden(folders, m, s.o.Now())...)
}

// largest gives the folders that hold mail, views and all.
func largest(folders []transfer.Folder) []transfer.Folder {
	folders = slices.DeleteFunc(slices.Clone(folders), func(f transfer.Folder) bool {
		return f.NoSelect || f.Status.Known && f.Status.Messages == 0
	})
	slices.SortStableFunc(folders, func(a, b transfer.Folder) int { return cmp.Compare(b.Status.Messages, a.Status.Messages) })
	return folders[:min(len(folders), probed)]
}

// appendLimit is what the target takes of one message, in octets; 0: it tells
// none (RFC 7889).
func (s *side) appendLimit() int64 {
	var seen planner.Side
	if caps, _ := s.greetings.told(); caps != nil {
		abilities(&seen, caps)
	}
	return seen.AppendLimit
}

func tooLarge(sizes []int64, limit int64, address string) []text.Msg {
	if len(sizes) == 0 {
		return nil
	}
	return []text.Msg{text.M("source.too-large", "address", address, "n", strconv.Itoa(len(sizes)),
		"largest", planner.Bytes(slices.Max(sizes)), "limit", planner.Bytes(limit))}
}

// hidden tells of a mailbox whose numbers say that there is or was more mail
// than IMAP shows.
func hidden(folders []transfer.Folder, m *planner.Mailbox, now time.Time) []text.Msg {
	had, messages := 0, 0
	for _, f := range folders {
		if f.Status.Known && f.Status.UIDNext > 0 {
			had += int(f.Status.UIDNext) - 1
			messages += int(f.Status.Messages)
		}
	}
	age := now.Sub(m.Source.Oldest)
	if m.Source.Oldest.IsZero() || age > window || messages < shown || had-messages < max(fewUIDs, messages) {
		return nil
	}
	return []text.Msg{text.M("source.window", "address", m.Address, "days", strconv.Itoa(int(age/namedDays)),
		"oldest", m.Source.Oldest.Format(time.DateOnly), "n", strconv.Itoa(messages), "had", strconv.Itoa(had))}
}

// services are known by their host name or greeting. Each has texts with the
// settings path where a person switches what IMAP shows, or IMAP itself.
var services = []struct{ name, host, greeting string }{
	{"exmail", "exmail.qq.com", ""},
	{"qq", "qq.com", "qqmail"},
	{"netease", "163.com", "coremail"},
	{"netease", "126.com", ""},
	{"alibaba", "aliyun.com", "aliyun"},
	{"alibaba", "mxhichina.com", ""},
	{"gmail", "gmail.com", "gimap"},
	{"microsoft", "office365.com", "microsoft exchange"},
	{"microsoft", "outlook.com", ""},
}

// service names whose server this is, or "".
func (s *side) service() string {
	host, greeting := strings.ToLower(s.imap.Host), ""
	if said := s.greeting.Load(); said != nil {
		greeting = strings.ToLower(*said)
	}
	for _, k := range services {
		if host == k.host || strings.HasSuffix(host, "."+k.host) {
			return k.name
		}
	}
	for _, k := range services {
		if k.greeting != "" && strings.Contains(greeting, k.greeting) {
			return k.name
		}
	}
	return ""
}

// settings names, once for a known service, where a person switches what was
// found to be in the way.
func (s *Store) settings(snap *planner.Snapshot) []config.Finding {
	var found []config.Finding
	say := func(d *side, about string) {
		if name := d.service(); name != "" {
			found = append(found, config.Finding{Msg: text.M("settings."+about+"."+name, "server", d.addr),
				Severity: config.Warning, Subject: d.addr})
		}
	}
	refused := func(of func(planner.Mailbox) planner.Store) bool {
		return slices.ContainsFunc(snap.Mailboxes, func(m planner.Mailbox) bool {
			f := of(m).Seen.Err
			return f != nil && (f.Code == "login.refused" || f.Code == "login.account")
		})
	}
	if slices.ContainsFunc(snap.Findings, func(f config.Finding) bool { return f.Code == "source.window" }) {
		say(s.source, "window")
	}
	if refused(func(m planner.Mailbox) planner.Store { return m.Source }) {
		say(s.source, "login")
	}
	if refused(func(m planner.Mailbox) planner.Store { return m.Target }) {
		say(s.target, "login")
	}
	return found
}
