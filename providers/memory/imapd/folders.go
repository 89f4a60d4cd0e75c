package imapd

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/emersion/go-imap/v2"
)

func (c *conn) commands() map[string]func([]value) error {
	return map[string]func([]value) error{
		"CAPABILITY":  func([]value) error { c.printf("* CAPABILITY %s\r\n", c.server.capabilities()); return nil },
		"NOOP":        func([]value) error { return nil },
		"ID":          func([]value) error { c.printf("* ID (\"name\" \"mxmove imapd\")\r\n"); return nil },
		"NAMESPACE":   func([]value) error { c.printf("* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n"); return nil },
		"LOGOUT":      func([]value) error { c.printf("* BYE Logging out\r\n"); c.bye = true; return nil },
		"COMPRESS":    c.compressing,
		"LIST":        c.list,
		"LSUB":        c.lsub,
		"SUBSCRIBE":   func(a []value) error { return c.subscribe(a, true) },
		"UNSUBSCRIBE": func(a []value) error { return c.subscribe(a, false) },
		"CREATE":      c.create,
		"DELETE":      c.delete,
		"UID SEARCH":  c.searchLarger,
		"STATUS":      c.status,
		"SELECT":      func(a []value) error { return c.selectFolder(a, false) },
		"EXAMINE":     func(a []value) error { return c.selectFolder(a, true) },
		"CLOSE":       func([]value) error { c.open = nil; return nil },
		"UNSELECT":    func([]value) error { c.open = nil; return nil },
		"FETCH":       func(a []value) error { return c.fetch(a, false) },
		"UID FETCH":   func(a []value) error { return c.fetch(a, true) },
		"STORE":       func(a []value) error { return c.store(a, false) },
		"UID EXPUNGE": c.expunge,
		"UID STORE":   func(a []value) error { return c.store(a, true) },
	}
}

// delete removes a folder with what is in it (RFC 3501 section 6.3.4).
func (c *conn) delete(args []value) error {
	if len(args) != 1 {
		return bad("DELETE needs a name")
	}
	name := canonical(args[0].text)
	c.user.mu.Lock()
	defer c.user.mu.Unlock()
	if name == "INBOX" || c.user.folders[name] == nil {
		return missing("NONEXISTENT")
	}
	delete(c.user.folders, name)
	return nil
}

// searchLarger knows one criterion of SEARCH: LARGER.
func (c *conn) searchLarger(args []value) error {
	if len(args) != 2 || !args[0].is("LARGER") || c.open == nil {
		return bad("Only UID SEARCH LARGER, in a selected mailbox")
	}
	octets, err := strconv.Atoi(args[1].text)
	if err != nil {
		return bad("LARGER needs a number")
	}
	c.user.mu.Lock()
	defer c.user.mu.Unlock()
	c.printf("* SEARCH")
	for _, m := range c.open.messages {
		if len(m.Body) > octets {
			c.printf(" %d", m.UID)
		}
	}
	c.printf("\r\n")
	return nil
}

// canonical makes every spelling of INBOX one (RFC 3501 section 5.1).
func canonical(name string) string {
	if strings.EqualFold(name, "INBOX") {
		return "INBOX"
	}
	return strings.TrimSuffix(name, "/")
}

// list answers LIST with its return options; selection options are refused but
// for SUBSCRIBED.
func (c *conn) list(args []value) error {
	only := false
	if len(args) > 0 && args[0].isList {
		for _, o := range args[0].list {
			if !o.is("SUBSCRIBED") {
				return bad("Unknown selection option")
			}
			only = true
		}
		args = args[1:]
	}
	if len(args) < 2 || args[1].isList {
		return bad("LIST needs a reference and a pattern")
	}
	var items []value
	if len(args) == 4 && args[2].is("RETURN") {
		items = statusItems(args[3].list)
	}
	pattern := args[0].text + args[1].text
	if args[1].text == "" {
		c.printf("* LIST (\\Noselect) \"/\" \"\"\r\n")
		return nil
	}
	c.user.mu.Lock()
	defer c.user.mu.Unlock()
	for _, name := range c.matching(pattern, only) {
		c.printf("* LIST (%s) \"/\" %s\r\n", c.attributes(name), quote(name))
		if items != nil {
			if err := c.statusLine(name, items); err != nil {
				return err
			}
		}
	}
	return nil
}

// statusItems gives what STATUS in RETURN asks for (RFC 5819).
func statusItems(options []value) []value {
	for i, o := range options {
		if o.is("STATUS") && i+1 < len(options) {
			return options[i+1].list
		}
	}
	return nil
}

func (c *conn) lsub(args []value) error {
	if len(args) != 2 {
		return bad("LSUB needs a reference and a pattern")
	}
	c.user.mu.Lock()
	defer c.user.mu.Unlock()
	for _, name := range c.matching(args[0].text+args[1].text, true) {
		c.printf("* LSUB () \"/\" %s\r\n", quote(name))
	}
	return nil
}

func (c *conn) matching(pattern string, subscribed bool) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(c.user.folders)) {
		if (!subscribed || c.user.folders[name].subscribed) && match(name, pattern) {
			names = append(names, name)
		}
	}
	return names
}

// match compares a name with a pattern: * is anything, % anything in a level.
func match(name, pattern string) bool {
	if pattern == "" {
		return name == ""
	}
	switch pattern[0] {
	case '*', '%':
		for i := 0; ; i++ {
			if match(name[i:], pattern[1:]) {
				return true
			}
			if i == len(name) || pattern[0] == '%' && name[i] == '/' {
				return false
			}
		}
	}
	return name != "" && name[0] == pattern[0] && match(name[1:], pattern[1:])
}

func (c *conn) attributes(name string) string {
	f := c.user.folders[name]
	all := []string{"\\HasNoChildren"}
	for other := range c.user.folders {
		if strings.HasPrefix(other, name+"/") {
			all[0] = "\\HasChildren"
		}
	}
	if f.use != "" {
		all = append(all, string(f.use))
	}
	if f.subscribed {
		all = append(all, "\\Subscribed")
	}
	return strings.Join(all, " ")
}

// quote writes a name as a quoted string; names with line ends do not occur.
func quote(name string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
}

func (c *conn) subscribe(args []value, on bool) error {
	if len(args) != 1 {
		return bad("a name is needed")
	}
	c.user.mu.Lock()
	defer c.user.mu.Unlock()
	f := c.user.folders[canonical(args[0].text)]
	if f == nil {
		return missing("NONEXISTENT")
	}
	f.subscribed = on
	return nil
}

// create makes a folder and those above it (RFC 3501 section 6.3.3), with
// USE (…) if asked (RFC 6154 section 3).
func (c *conn) create(args []value) error {
	if len(args) == 0 || len(args) > 2 {
		return bad("a name is needed")
	}
	name := canonical(args[0].text)
	if _, ok := decodeName(name); !ok || name == "" || strings.ContainsAny(name, "*%\r\n\x00") {
		return refuse("[CANNOT] Not a name for a mailbox")
	}
	use := imap.MailboxAttr("")
	if len(args) == 2 && len(args[1].list) == 2 && len(args[1].list[1].list) > 0 {
		use = imap.MailboxAttr(args[1].list[1].list[0].text)
	}
	c.user.mu.Lock()
	defer c.user.mu.Unlock()
	if c.user.folders[name] != nil {
		return refuse("[ALREADYEXISTS] Mailbox exists")
	}
	for i := range len(name) {
		if above := name[:i]; name[i] == '/' && c.user.folders[above] == nil {
			c.user.make(above, "")
		}
	}
	c.user.make(name, use)
	return nil
}

func (c *conn) status(args []value) error {
	if len(args) != 2 || !args[1].isList {
		return bad("STATUS needs a name and items")
	}
	c.user.mu.Lock()
	defer c.user.mu.Unlock()
	return c.statusLine(canonical(args[0].text), args[1].list)
}

func (c *conn) statusLine(name string, items []value) error {
	f := c.user.folders[name]
	if f == nil {
		return missing("NONEXISTENT")
	}
	var all []string
	for _, item := range items {
		n := int64(0)
		switch key := strings.ToUpper(item.text); key {
		case "MESSAGES":
			n = int64(len(f.messages))
		case "UIDNEXT":
			n = int64(f.next)
		case "UIDVALIDITY":
			n = int64(f.validity)
		case "UNSEEN":
			n = int64(f.unseen())
		case "SIZE":
			n = f.size()
		case "RECENT":
		default:
			return bad("Unknown STATUS item")
		}
		all = append(all, strings.ToUpper(item.text)+" "+strconv.FormatInt(n, 10))
	}
	c.printf("* STATUS %s (%s)\r\n", quote(name), strings.Join(all, " "))
	return nil
}

func (c *conn) selectFolder(args []value, readOnly bool) error {
	if len(args) == 0 {
		return bad("a name is needed")
	}
	c.open = nil
	c.user.mu.Lock()
	defer c.user.mu.Unlock()
	f := c.user.folders[canonical(args[0].text)]
	if f == nil {
		return missing("NONEXISTENT")
	}
	c.open, c.readOnly, c.told = f, readOnly, len(f.messages)
	c.printf("* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n")
	permanent := "\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*"
	if readOnly {
		permanent = ""
	}
	c.printf("* OK [PERMANENTFLAGS (%s)] Flags\r\n", permanent)
	c.printf("* %d EXISTS\r\n* 0 RECENT\r\n", len(f.messages))
	c.printf("* OK [UIDVALIDITY %d] UIDs valid\r\n* OK [UIDNEXT %d] Next\r\n", f.validity, f.next)
	return nil
}
