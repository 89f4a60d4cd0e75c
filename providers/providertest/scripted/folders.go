package scripted

import (
	"fmt"
	"slices"
	"strings"
)

func (c *conn) commands() map[string]func([]word) string {
	all := map[string]func([]word) string{
		"CAPABILITY": c.capability,
		"NOOP":       func([]word) string { return "OK NOOP completed" },
		"LOGOUT":     c.logout,
		"LIST":       c.list, "LSUB": c.lsub, "STATUS": c.status, "CREATE": c.create, "SUBSCRIBE": c.subscribe,
		"SELECT":  func(w []word) string { return c.selectFolder(w, false) },
		"EXAMINE": func(w []word) string { return c.selectFolder(w, true) },
		"FETCH":   func(w []word) string { return c.fetch(w, false) }, "UID FETCH": func(w []word) string { return c.fetch(w, true) },
		"UID STORE": c.store, "APPEND": c.append,
	}
	for name, optional := range map[string]func([]word) string{"ID": c.id, "NAMESPACE": c.namespace, "XLIST": c.list, "QUOTA": nil} {
		switch {
		case !c.p.offers(name):
		case name == "QUOTA":
			all["GETQUOTAROOT"] = c.quotaRoot
		default:
			all[name] = optional
		}
	}
	return all
}

func (c *conn) capability([]word) string {
	caps := c.p.one("before")
	if c.box != nil {
		caps = c.p.Value("after", caps)
	}
	c.printf("* CAPABILITY %s", caps)
	return "OK CAPABILITY completed"
}

// logout ends the session before it answers: another may begin then.
func (c *conn) logout([]word) string {
	c.printf("* BYE Logging out")
	if c.box != nil {
		c.box.sessions--
	}
	c.box, c.open, c.bye = nil, nil, true
	return "OK LOGOUT completed"
}

func (c *conn) id([]word) string {
	c.toldID = true
	c.printf(`* ID ("name" "scripted")`)
	return "OK ID completed"
}

func (c *conn) namespace([]word) string {
	if !c.p.has("namespace") {
		return ""
	}
	c.printf("* NAMESPACE %s", c.p.one("namespace"))
	return "OK NAMESPACE completed"
}

func (c *conn) quotaRoot([]word) string {
	c.printf(`* QUOTAROOT INBOX ""`)
	if most, _, ok := c.p.bound("quota"); ok {
		c.printf(`* QUOTA "" (STORAGE %d %d)`, c.box.size()/1024, most/1024)
	}
	return "OK done"
}

// list answers LIST and XLIST, with return options where they are offered.
func (c *conn) list(words []word) string {
	if len(words) < 2 || len(words) > 2 && !c.p.offers("LIST-EXTENDED") {
		return ""
	}
	var items []word
	for i, w := range words {
		if strings.EqualFold(w.text, "STATUS") && !w.quoted && c.p.offers("LIST-STATUS") {
			items, _ = bracketed(words[i+1:])
		}
	}
	if words[1].text == "" {
		c.printf(`* LIST (\Noselect) %q ""`, c.p.separator())
	}
	for _, f := range c.box.folders {
		if !match(f.name, words[0].text+words[1].text, c.p.separator()) {
			continue
		}
		attributes := f.attributes
		if f.subscribed && len(words) > 2 {
			attributes = strings.TrimSpace(attributes + ` \Subscribed`)
		}
		c.printf("* LIST (%s) %q %s", attributes, c.p.separator(), quote(f.name))
		if items != nil && c.holdsMail(f) {
			c.statusLine(f, items)
		}
	}
	return "OK LIST completed"
}

func (c *conn) lsub(words []word) string {
	if len(words) != 2 {
		return ""
	}
	for _, f := range c.box.folders {
		if f.subscribed && match(f.name, words[0].text+words[1].text, c.p.separator()) {
			c.printf("* LSUB () %q %s", c.p.separator(), quote(f.name))
		}
	}
	return "OK LSUB completed"
}

func (c *conn) holdsMail(f *folder) bool {
	low := strings.ToLower(f.attributes)
	return !strings.Contains(low, `\noselect`) && !strings.Contains(low, `\nonexistent`)
}

// match compares a name with a pattern: * is anything, % anything in a level.
func match(name, pattern, sep string) bool {
	if pattern == "" {
		return name == ""
	}
	if pattern[0] == '*' || pattern[0] == '%' {
		for i := 0; i <= len(name); i++ {
			if match(name[i:], pattern[1:], sep) {
				return true
			}
			if pattern[0] == '%' && strings.HasPrefix(name[i:], sep) {
				break
			}
		}
		return false
	}
	if strings.EqualFold(name, "INBOX") && strings.EqualFold(pattern, "INBOX") {
		return true
	}
	return name != "" && name[0] == pattern[0] && match(name[1:], pattern[1:], sep)
}

func quote(name string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
}

func (c *conn) missing() string { return c.p.Value("missing", "NO Mailbox does not exist") }

func (c *conn) status(words []word) string {
	if len(words) < 3 {
		return ""
	}
	f := c.box.find(words[0].text)
	if f == nil || !c.holdsMail(f) {
		return c.missing()
	}
	items, _ := bracketed(words[1:])
	return c.statusLine(f, items)
}

func (c *conn) statusLine(f *folder, items []word) string {
	var all []string
	for _, item := range texts(items) {
		n := 0
		switch strings.ToUpper(item) {
		case "MESSAGES":
			n = len(f.messages)
		case "UIDNEXT":
			n = int(f.next)
		case "UIDVALIDITY":
			if c.p.one("uidvalidity") == "none" {
				continue
			}
			fmt.Sscan(c.validity(f), &n)
		case "HIGHESTMODSEQ":
			n = int(c.highest(f))
		default:
			return ""
		}
		all = append(all, fmt.Sprintf("%s %d", strings.ToUpper(item), n))
	}
	c.printf("* STATUS %s (%s)", quote(f.name), strings.Join(all, " "))
	return "OK STATUS completed"
}

func (c *conn) validity(f *folder) string { return c.p.Value("uidvalidity", fmt.Sprint(f.validity)) }

// create makes a folder where the service puts it.
func (c *conn) create(words []word) string {
	if len(words) == 0 || len(words) > 1 && !c.p.offers("CREATE-SPECIAL-USE") {
		return ""
	}
	name, attributes := words[0].text, `\HasNoChildren`
	if len(words) > 4 {
		attributes += " " + words[4].text
	}
	if c.box.find(name) != nil {
		return "NO Mailbox already exists"
	}
	for _, line := range c.p.lines["reserved"] {
		if reserved, answer, _ := strings.Cut(line, " "); name == reserved {
			return answer
		}
	}
	for _, line := range c.p.lines["no-name"] {
		part, answer, _ := strings.Cut(line, " ")
		if strings.Contains(name, strings.ReplaceAll(part, "␣", " ")) {
			return answer
		}
	}
	if prefix := c.p.one("prefix"); prefix != "" && !strings.HasPrefix(name, prefix) {
		return c.p.Value("unknown", "NO Invalid mailbox name")
	}
	if below := c.p.one("below"); !strings.HasPrefix(name, below) {
		name = below + name
	}
	c.box.make(name, attributes)
	return "OK CREATE completed"
}

func (c *conn) subscribe(words []word) string {
	if len(words) != 1 {
		return ""
	}
	f := c.box.find(words[0].text)
	if f == nil {
		return c.missing()
	}
	f.subscribed = true
	return "OK SUBSCRIBE completed"
}

func (c *conn) selectFolder(words []word, readOnly bool) string {
	if len(words) == 0 {
		return ""
	}
	c.open, c.view = nil, nil
	if c.p.has("needs-id") && !c.toldID {
		return c.p.one("needs-id")
	}
	f := c.box.find(words[0].text)
	if f == nil || !c.holdsMail(f) {
		return c.missing()
	}
	c.open, c.readOnly, c.view = f, readOnly, slices.Clone(f.messages)
	c.printf("* FLAGS (%s)", c.p.Value("flags", `\Answered \Flagged \Deleted \Seen \Draft`))
	if readOnly {
		c.printf("* OK [PERMANENTFLAGS ()] Read-only")
	} else if c.p.has("permanent") {
		c.printf("* OK [PERMANENTFLAGS (%s)] Limited.", c.p.one("permanent"))
	}
	c.printf("* %d EXISTS\r\n* 0 RECENT", len(f.messages))
	if v := c.validity(f); v != "none" {
		c.printf("* OK [UIDVALIDITY %s] UIDs valid.", v)
	}
	if c.p.one("uidnext") != "none" {
		c.printf("* OK [UIDNEXT %d] Predicted next UID.", f.next)
	}
	if c.p.offers("CONDSTORE") {
		c.printf("* OK [HIGHESTMODSEQ %d]", c.highest(f))
	}
	if readOnly {
		return "OK [READ-ONLY] EXAMINE completed"
	}
	return "OK [READ-WRITE] SELECT completed"
}

func (c *conn) highest(f *folder) (n uint64) {
	n = 1
	for _, m := range f.messages {
		n = max(n, m.modSeq)
	}
	return n
}
