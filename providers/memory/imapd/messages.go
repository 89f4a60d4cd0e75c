package imapd

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
)

// dateTime is RFC 3501's date-time.
const dateTime = "_2-Jan-2006 15:04:05 -0700"

// append reads and stores one or more messages (RFC 3502). All are stored at
// the end of the command, or none.
func (c *conn) append(lex *lexer) (string, error) {
	if err := mustSpace(lex); err != nil {
		return "", err
	}
	name, err := lex.value()
	if err != nil {
		return "", err
	}
	var all []Message
	for {
		more, err := lex.space()
		if err != nil {
			return "", err
		}
		if !more {
			break
		}
		m, err := c.appended(lex)
		if err != nil {
			return "", err
		}
		all = append(all, m)
	}
	if err := lex.end(); err != nil {
		return "", err
	}
	if len(all) == 0 || c.user == nil {
		return "", bad("APPEND needs a message, and to be signed in")
	}
	return c.place(canonical(name.text), all)
}

// appended reads one message with its flags and date.
func (c *conn) appended(lex *lexer) (Message, error) {
	m := Message{Date: c.server.options.Now()}
	for {
		v, err := lex.value()
		if err != nil {
			return m, err
		}
		date, err := time.Parse(dateTime, v.text)
		switch {
		case v.isList:
			m.Flags = flagsOf(v.list)
		case v.quoted && err == nil && len(v.text) == len(dateTime):
			m.Date = date
		case v.quoted:
			m.Body = []byte(v.text)
			return m, nil
		default:
			return m, fmt.Errorf("%w: neither flags, date nor message", errSyntax)
		}
		if err := mustSpace(lex); err != nil {
			return m, err
		}
	}
}

func (c *conn) place(name string, all []Message) (string, error) {
	var after error
	for range all {
		done, err := c.suffer("APPEND")
		if err != nil {
			return "", err
		}
		after = done
	}
	for _, m := range all {
		if len(m.Body) == 0 {
			return "", refuse("[CANNOT] An empty message cannot be kept")
		}
		if limit := c.server.options.AppendLimit; limit > 0 && len(m.Body) > limit {
			return "", refuse("[TOOBIG] Message larger than " + strconv.Itoa(limit) + " octets")
		}
	}
	c.user.mu.Lock()
	defer c.user.mu.Unlock()
	f := c.user.folders[name]
	if f == nil {
		return "", missing("TRYCREATE")
	}
	uids := make([]string, 0, len(all))
	for _, m := range all {
		uids = append(uids, strconv.FormatUint(uint64(f.add(m)), 10))
	}
	return fmt.Sprintf("[APPENDUID %d %s] APPEND completed", f.validity, strings.Join(uids, ",")), after
}

func flagsOf(list []value) []imap.Flag {
	flags := make([]imap.Flag, 0, len(list))
	for _, v := range list {
		flags = append(flags, imap.Flag(v.text))
	}
	return flags
}

// numbered is a copy of a message with its sequence number.
type numbered struct {
	seq int
	Message
}

// pick copies the messages that a set names, by UID or sequence number.
func (c *conn) pick(set string, byUID bool) ([]numbered, error) {
	if c.open == nil {
		return nil, bad("No mailbox selected")
	}
	last := len(c.open.messages)
	if byUID && last > 0 {
		last = int(c.open.messages[last-1].UID)
	}
	ranges, err := parseSet(set, last)
	if err != nil {
		return nil, err
	}
	var all []numbered
	for i, m := range c.open.messages {
		n := i + 1
		if byUID {
			n = int(m.UID)
		}
		if slices.ContainsFunc(ranges, func(r [2]int) bool { return r[0] <= n && n <= r[1] }) {
			copied := *m
			copied.Flags = slices.Clone(m.Flags)
			all = append(all, numbered{i + 1, copied})
		}
	}
	return all, nil
}

// parseSet reads a sequence set; last is what * stands for.
func parseSet(set string, last int) ([][2]int, error) {
	var ranges [][2]int
	for part := range strings.SplitSeq(set, ",") {
		from, to, isRange := strings.Cut(part, ":")
		if !isRange {
			to = from
		}
		var ends [2]int
		for i, s := range []string{from, to} {
			n, err := strconv.Atoi(s)
			if s == "*" {
				n, err = last, nil
			}
			if err != nil || n < 0 {
				return nil, bad("Not a set of numbers")
			}
			ends[i] = n
		}
		slices.Sort(ends[:])
		ranges = append(ranges, ends)
	}
	return ranges, nil
}

func (c *conn) fetch(args []value, byUID bool) error {
	if len(args) != 2 {
		return bad("FETCH needs a set and items")
	}
	items := args[1].list
	if !args[1].isList {
		items = []value{args[1]}
	}
	if byUID && !slices.ContainsFunc(items, func(v value) bool { return v.is("UID") }) {
		items = append([]value{{text: "UID"}}, items...)
	}
	c.user.mu.Lock()
	picked, err := c.pick(args[0].text, byUID)
	c.user.mu.Unlock()
	if err != nil {
		return err
	}
	for _, m := range picked {
		line, err := render(m.Message, items)
		if err != nil {
			return err
		}
		c.printf("* %d FETCH (%s)\r\n", m.seq, line)
	}
	return nil
}

func render(m Message, items []value) (string, error) {
	var b strings.Builder
	for i, item := range items {
		if i > 0 {
			b.WriteByte(' ')
		}
		switch strings.ToUpper(item.text) {
		case "UID":
			fmt.Fprintf(&b, "UID %d", m.UID)
		case "FLAGS":
			b.WriteString("FLAGS (" + joinFlags(m.Flags) + ")")
		case "INTERNALDATE":
			b.WriteString(`INTERNALDATE "` + m.Date.Format(dateTime) + `"`)
		case "RFC822.SIZE":
			fmt.Fprintf(&b, "RFC822.SIZE %d", len(m.Body))
		case "BODY.PEEK[]":
			fmt.Fprintf(&b, "BODY[] {%d}\r\n%s", len(m.Body), m.Body)
		default:
			if section, ok := strings.CutPrefix(strings.ToUpper(item.text), "BODY.PEEK[HEADER"); ok { // more fields than asked for do no harm
				header, _, _ := bytes.Cut(m.Body, []byte("\r\n\r\n"))
				fmt.Fprintf(&b, "BODY[HEADER%s {%d}\r\n%s\r\n\r\n", section, len(header)+4, header)
				continue
			}
			return "", bad("Only UID, FLAGS, INTERNALDATE, RFC822.SIZE and BODY.PEEK of all or the header are given")
		}
	}
	return b.String(), nil
}

func joinFlags(flags []imap.Flag) string {
	all := make([]string, len(flags))
	for i, f := range flags {
		all[i] = string(f)
	}
	return strings.Join(all, " ")
}

// expunge removes those of the given messages that are marked (RFC 4315
// section 2.1).
func (c *conn) expunge(args []value) error {
	switch {
	case len(args) != 1:
		return bad("UID EXPUNGE needs a set")
	case c.readOnly:
		return refuse("[READ-ONLY] The mailbox was opened by EXAMINE")
	}
	c.user.mu.Lock()
	defer c.user.mu.Unlock()
	picked, err := c.pick(args[0].text, true)
	if err != nil {
		return err
	}
	slices.Reverse(picked) // from the end, so that the numbers hold
	for _, p := range picked {
		if m := c.open.messages[p.seq-1]; slices.Contains(m.Flags, imap.FlagDeleted) {
			c.open.messages = slices.Delete(c.open.messages, p.seq-1, p.seq)
			c.told--
			c.printf("* %d EXPUNGE\r\n", p.seq)
		}
	}
	return nil
}

func (c *conn) store(args []value, byUID bool) error {
	if len(args) < 3 {
		return bad("STORE needs a set, an item and flags")
	}
	if c.readOnly {
		return refuse("[READ-ONLY] The mailbox was opened by EXAMINE")
	}
	item, silent := strings.CutSuffix(strings.ToUpper(args[1].text), ".SILENT")
	flags := flagsOf(args[2:])
	if args[2].isList {
		flags = flagsOf(args[2].list)
	}
	c.user.mu.Lock()
	defer c.user.mu.Unlock()
	picked, err := c.pick(args[0].text, byUID)
	if err != nil {
		return err
	}
	for _, p := range picked {
		m := c.open.messages[p.seq-1]
		switch item {
		case "FLAGS":
			m.Flags = mergeFlags(nil, flags)
		case "+FLAGS":
			m.Flags = mergeFlags(m.Flags, flags)
		case "-FLAGS":
			m.Flags = withoutFlags(m.Flags, flags)
		default:
			return bad("STORE changes FLAGS")
		}
		if !silent {
			c.printf("* %d FETCH (UID %d FLAGS (%s))\r\n", p.seq, m.UID, joinFlags(m.Flags))
		}
	}
	return nil
}
