package scripted

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

const dateTime = "_2-Jan-2006 15:04:05 -0700" // RFC 3501's date-time

// picked gives the places in the view that a set names; ok is false for what
// is no set.
func (c *conn) picked(set string, byUID bool) (at []int, ok bool) {
	last := len(c.view)
	if byUID && last > 0 {
		last = int(c.view[last-1].UID)
	}
	wanted := make([]bool, len(c.view))
	for part := range strings.SplitSeq(set, ",") {
		lo, hi, isRange := strings.Cut(part, ":")
		if !isRange {
			hi = lo
		}
		from, ok1 := number(lo, last)
		to, ok2 := number(hi, last)
		if !ok1 || !ok2 {
			return nil, false
		}
		if from > to {
			if c.p.has("ascending") && lo != "*" && hi != "*" {
				continue
			}
			from, to = to, from
		}
		for i, m := range c.view {
			n := i + 1
			if byUID {
				n = int(m.UID)
			}
			wanted[i] = wanted[i] || from <= n && n <= to
		}
	}
	for i, w := range wanted {
		if w {
			at = append(at, i)
		}
	}
	return at, true
}

func number(s string, last int) (int, bool) {
	if s == "*" {
		return last, true
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n > 0
}

func (c *conn) fetch(words []word, byUID bool) string {
	if len(words) < 2 || c.open == nil {
		return ""
	}
	at, ok := c.picked(words[0].text, byUID)
	if !ok {
		return ""
	}
	items, after := bracketed(words[1:])
	if items == nil {
		items, after = words[1:2], words[2:]
	}
	since := uint64(0)
	for i, w := range after {
		if strings.EqualFold(w.text, "CHANGEDSINCE") && c.p.offers("CONDSTORE") && i+1 < len(after) {
			since, _ = strconv.ParseUint(after[i+1].text, 10, 64)
		}
	}
	most, _, bounded := c.p.bound("cut")
	given, answer := 0, "OK FETCH completed"
	for _, i := range at {
		m := c.view[i]
		if !slices.Contains(c.open.messages, m) || m.modSeq <= since || bounded && given == most {
			continue
		}
		if no := c.p.unreadable(m.UID); no != "" && slices.Contains(texts(items), "BODY.PEEK[]") {
			answer = no
			continue
		}
		given++
		text, ok := c.render(m, texts(items))
		if !ok {
			return ""
		}
		star := "* "
		if c.p.has("bare-fetch") {
			star = ""
		}
		c.printf("%s%d FETCH (%s)", star, i+1, text)
	}
	return answer
}

// render writes the items of a message; ok is false for an item that is not
// known.
func (c *conn) render(m *Message, items []string) (string, bool) {
	body := m.Body
	if most, _, ok := c.p.bound("parts"); ok {
		body = cutParts(body, most)
	}
	less, _, _ := c.p.bound("size-less")
	var all []string
	for _, item := range items {
		switch strings.ToUpper(item) {
		case "UID":
			all = append(all, fmt.Sprint("UID ", m.UID))
		case "FLAGS":
			all = append(all, "FLAGS ("+strings.Join(m.Flags, " ")+")")
		case "INTERNALDATE":
			if date := c.p.Value("date", `"`+m.Date.Format(dateTime)+`"`); date != "none" {
				all = append(all, "INTERNALDATE "+date)
			}
		case "RFC822.SIZE":
			all = append(all, fmt.Sprint("RFC822.SIZE ", max(len(body)-less, 0)))
		case "MODSEQ":
			all = append(all, fmt.Sprintf("MODSEQ (%d)", m.modSeq))
		case "BODY.PEEK[]":
			text := fmt.Sprintf("BODY[] {%d}\r\n%s", len(body), body)
			if c.p.has("body-first") {
				all = slices.Insert(all, 0, text)
			} else {
				all = append(all, text)
			}
		default:
			return "", false
		}
	}
	return strings.Join(all, " "), true
}

func (c *conn) store(words []word) string {
	if len(words) < 3 || c.open == nil || c.readOnly {
		return ""
	}
	at, ok := c.picked(words[0].text, true)
	if !ok {
		return ""
	}
	flags, _ := bracketed(words[2:])
	item, _ := strings.CutSuffix(strings.ToUpper(words[1].text), ".SILENT")
	for _, i := range at {
		m := *c.view[i]
		have := func(f string) bool {
			return slices.ContainsFunc(m.Flags, func(g string) bool { return strings.EqualFold(f, g) })
		}
		for _, f := range texts(flags) {
			switch {
			case item == "+FLAGS" && !have(f) && c.keeps(f):
				m.Flags = append(slices.Clone(m.Flags), f)
			case item == "-FLAGS":
				m.Flags = slices.DeleteFunc(slices.Clone(m.Flags), func(g string) bool { return strings.EqualFold(f, g) })
			}
		}
		c.box.modSeq++
		m.modSeq = c.box.modSeq
		*c.view[i] = m
	}
	return "OK STORE completed"
}

// keeps reports whether a flag is permanent here.
func (c *conn) keeps(flag string) bool {
	permanent := strings.Fields(c.p.Value("permanent", `\Answered \Flagged \Deleted \Seen \Draft \*`))
	return slices.ContainsFunc(permanent, func(p string) bool {
		return strings.EqualFold(p, flag) || p == `\*` && !strings.HasPrefix(flag, `\`)
	})
}

// append stores one or more messages (RFC 3502), all or none, or says what the
// service has against one of them.
func (c *conn) append(words []word) string {
	if len(words) < 2 || !words[len(words)-1].quoted {
		return ""
	}
	f := c.box.find(words[0].text)
	if f == nil {
		return c.p.Value("no-mailbox", "NO [TRYCREATE] Must create mailbox before append")
	}
	var all []Message
	for words = words[1:]; len(words) > 0; {
		m, rest, answer, ok := c.appended(words)
		if !ok || answer != "" {
			return answer
		}
		all, words = append(all, m), rest
	}
	if len(all) > 1 && !c.p.offers("MULTIAPPEND") {
		return ""
	}
	var uids []string
	for _, m := range all {
		uids = append(uids, fmt.Sprint(c.box.add(f, m)))
	}
	if c.p.offers("UIDPLUS") {
		return fmt.Sprintf("OK [APPENDUID %s %s] APPEND completed", c.validity(f), strings.Join(uids, ","))
	}
	return "OK APPEND completed"
}

// appended reads one message of an APPEND with its flags and date.
func (c *conn) appended(words []word) (m Message, rest []word, answer string, ok bool) {
	m.Date = time.Unix(0, 0).UTC()
	flags, rest := bracketed(words)
	if len(rest) > 1 && rest[0].quoted && rest[1].quoted {
		if date, err := time.Parse(dateTime, rest[0].text); err == nil {
			m.Date, rest = date, rest[1:]
		}
	}
	if len(rest) == 0 || !rest[0].quoted {
		return m, nil, "", false
	}
	m.Body = []byte(rest[0].text)
	for _, flag := range texts(flags) {
		if c.p.has("keywords") && !slices.Contains(strings.Fields(c.p.one("permanent")), flag) {
			return m, nil, c.p.one("keywords"), true
		}
		if c.keeps(flag) {
			m.Flags = append(m.Flags, flag)
		}
	}
	if answer = c.objection(m.Body); c.p.has("tidy") {
		m.Body = tidied(m.Body)
	}
	return m, rest[1:], answer, true
}

func (c *conn) objection(body []byte) string {
	if most, answer, ok := c.p.bound("limit"); ok && len(body) > most {
		return answer
	}
	if most, answer, ok := c.p.bound("quota"); ok && c.box.size()+len(body) > most {
		return answer
	}
	if c.p.has("final-newline") && !bytes.HasSuffix(body, []byte("\r\n")) {
		return c.p.one("final-newline")
	}
	if most, answer, ok := c.p.bound("long-line"); ok {
		for line := range bytes.Lines(body) {
			if len(line) > most {
				return answer
			}
		}
	}
	return ""
}
