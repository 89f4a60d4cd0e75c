package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/providers/memory/imapd"
)

// office fills the mailboxes of a server with the company's mail.
type office struct {
	people []person
	boxes  []*imapd.User // of the staff
	r      *rand.Rand
	n      int
}

// fill is the same at each start: threads, invoices, then what piles up.
func fill(boxes []*imapd.User) {
	o := &office{people: people(), boxes: boxes, r: rand.New(rand.NewPCG(1, 2))}
	for i, box := range boxes {
		o.furnish(box, o.people[i])
	}
	at := time.Date(2025, 9, 1, 9, 0, 0, 0, zone())
	for round := range 2 {
		for _, t := range threads() {
			o.converse(t, at, round)
			at = at.Add(time.Duration(20+o.r.IntN(300)) * time.Hour)
		}
	}
	o.invoices()
	for i := range boxes {
		o.pile(i)
	}
}

func zone() *time.Location { return time.FixedZone("", 8*3600) }

func (o *office) furnish(box *imapd.User, p person) {
	for _, use := range []imap.MailboxAttr{imap.MailboxAttrSent, imap.MailboxAttrDrafts, imap.MailboxAttrTrash, imap.MailboxAttrJunk} {
		name := strings.TrimPrefix(string(use), "\\")
		box.Create(use, name)
		box.Subscribe(name)
	}
	box.Subscribe("INBOX")
	for i, path := range p.folders {
		box.Create("", path...)
		if i != 1 { // people do not subscribe to everything
			box.Subscribe(path...)
		}
	}
}

// converse writes a thread and gives each of the staff who takes part a copy.
func (o *office) converse(t thread, at time.Time, round int) {
	var ancestors []string
	for i, line := range t.lines {
		from := t.with[i%len(t.with)]
		l := letter{from: o.people[from], subject: t.subject, date: at, id: o.id(from), ancestors: ancestors,
			body: line, html: t.html, gb: t.gb && o.people[from].chinese}
		for _, p := range t.with {
			if p != from {
				l.to = append(l.to, o.people[p])
			}
		}
		if i > 0 {
			l.subject = "Re: " + t.subject
			l.body += "\n\n> " + t.lines[i-1]
		} else {
			l.attached = attach(t.attach, o.r)
		}
		o.deliver(t, l, i, round)
		ancestors = append(slices.Clone(ancestors), l.id)
		at = at.Add(time.Duration(10+o.r.IntN(2000)) * time.Minute)
	}
}

func (o *office) id(from int) string {
	o.n++
	_, host, _ := strings.Cut(o.people[from].address, "@")
	return fmt.Sprintf("<%d.%08x@%s>", 202500000+o.n, o.r.Uint32(), host)
}

func (o *office) deliver(t thread, l letter, i, round int) {
	body := l.write()
	for _, p := range t.with {
		if p >= staff {
			continue
		}
		m := imapd.Message{Date: l.date.Add(time.Duration(o.r.IntN(40)) * time.Second), Body: body}
		folder := []string{"INBOX"}
		switch {
		case o.people[p].address == l.from.address:
			folder = []string{"Sent"}
			m.Flags = []imap.Flag{imap.FlagSeen}
		case round == 0 && o.has(p, t.keep):
			folder = t.keep
			fallthrough
		default:
			m.Flags = o.flags(t, i)
		}
		o.boxes[p].Add(m, folder...)
	}
}

func (o *office) has(p int, folder []string) bool {
	return folder != nil && slices.ContainsFunc(o.people[p].folders, func(f []string) bool { return slices.Equal(f, folder) })
}

// flags are those of a message that was received: mostly read, some answered.
func (o *office) flags(t thread, i int) []imap.Flag {
	var flags []imap.Flag
	if o.r.IntN(8) > 0 {
		flags = append(flags, imap.FlagSeen)
	}
	if i+1 < len(t.lines) && o.r.IntN(2) == 0 {
		flags = append(flags, imap.FlagAnswered)
	}
	if o.r.IntN(9) == 0 {
		flags = append(flags, imap.FlagFlagged)
	}
	if o.r.IntN(7) == 0 {
		flags = append(flags, imap.FlagForwarded)
	}
	if t.label != "" {
		flags = append(flags, t.label)
	}
	return flags
}

// invoices make the accountant's mailbox the large one: one a week.
func (o *office) invoices() {
	for i := range 96 {
		at := time.Date(2025, 1, 6+7*i, 9+o.r.IntN(8), o.r.IntN(60), 0, 0, zone())
		l := letter{from: o.people[supplier], to: []person{o.people[liNa]}, subject: fmt.Sprintf("电子发票 %d-%03d", at.Year(), at.YearDay()),
			date: at, id: o.id(supplier), body: fmt.Sprintf("李娜您好：\n附件为 %d 年 %d 月的电子发票，请查收。", at.Year(), at.Month()),
			gb: i%3 == 0, html: i%4 == 1, attached: attach("pdf", o.r)}
		m := imapd.Message{Date: at.Add(3 * time.Second), Flags: []imap.Flag{imap.FlagSeen, "NonJunk"}, Body: l.write()}
		if i%5 == 0 {
			m.Flags = append(m.Flags, "$Booked")
		}
		o.boxes[liNa].Add(m, "发票", strconv.Itoa(at.Year()))
	}
}

// pile adds a draft, news, junk and what was thrown away.
func (o *office) pile(p int) {
	me := o.people[p]
	at := time.Date(2026, 10, 2, 7, 0, 0, 0, time.UTC)
	for i := range 3 {
		news := letter{from: o.people[newsletter], to: []person{me}, subject: fmt.Sprintf("Trade Weekly #%d", 700+i),
			date: at, id: o.id(newsletter), body: "Copper is up, freight is down.\nRead on at https://tradeweekly.example/", html: true}
		o.boxes[p].Add(imapd.Message{Date: at, Flags: []imap.Flag{imap.FlagSeen}, Body: news.write()}, []string{"INBOX", "Trash"}[i%2])
		at = at.Add(7 * 24 * time.Hour)
	}
	junk := letter{from: o.people[stranger], to: []person{me}, subject: "恭喜您中奖 CONGRATULATIONS", date: at,
		id: o.id(stranger), body: "Click here."}
	o.boxes[p].Add(imapd.Message{Date: at, Flags: []imap.Flag{imap.FlagJunk}, Body: junk.write()}, "Junk")
	draft := letter{from: me, to: []person{o.people[(p+1)%staff]}, subject: "草稿 / draft", date: at.Add(time.Hour),
		id: o.id(p), body: "待补充"}
	o.boxes[p].Add(imapd.Message{Date: at.Add(time.Hour), Flags: []imap.Flag{imap.FlagDraft, imap.FlagSeen}, Body: draft.write()}, "Drafts")
}
