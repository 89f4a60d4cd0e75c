package mailstore

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mxmove/mxmove/planner"
)

// answer is a server's NO, BAD or BYE as far as its class depends on it.
type answer struct {
	command string // the command's name, such as LOGIN; "" for BYE
	status  string // NO, BAD or BYE
	code    string // response code (RFC 5530), upper case, or ""
	text    string
}

// rule puts answers into a class. The first that fits counts, so the order
// matters: a throttle hint inside a failed login is no wrong password.
type rule struct {
	commands string   // comma-separated, with commas around; "": any
	codes    []string // any of these response codes …
	texts    []string // … or any of these texts, in lower case
	entry    string   // catalogue code
	class    planner.Class
	final    bool // Message: about what it is, not how it is written
}

const (
	signIn  = ",LOGIN,AUTHENTICATE,"
	writing = ",APPEND,CREATE,COPY,"
)

// rules is the one table of what servers' refusals mean. Texts are short
// stable parts of what was seen; codes are RFC 5530's and the vendors'.
var rules = []rule{
	// Tencent has one text for five causes, a missing client password being the usual one.
	{entry: "login.account", class: planner.Account, texts: []string{"account is abnormal"}},
	// Yahoo says so of single messages as well: see transfer for how often.
	{entry: "server.answer", class: planner.Gone, commands: ",UID,", texts: []string{"uid fetch server error"}},
	{entry: "server.throttled", class: planner.Throttled,
		codes: []string{"INUSE", "THROTTLED"},
		texts: []string{"throttled", "backoff time", "rate hit", "rate limit", "exceeded command or bandwidth", "server unavailable. 15", "temporary unavailable",
			"please try again later", "login frequency", "too many requests", "too many login", "intrusion prevention"}},
	{entry: "server.crowded", class: planner.Crowded,
		texts: []string{"too many simultaneous", "maximum number of connections", "too many connections", "not connected"}},
	{entry: "server.throttled", class: planner.Throttled, commands: signIn,
		codes: []string{"UNAVAILABLE", "LIMIT", "OVERQUOTA", "SERVERBUG"}},
	{entry: "login.account", class: planner.Account,
		codes: []string{"WEBALERT", "EXPIRED", "CONTACTADMIN", "PRIVACYREQUIRED"},
		texts: []string{"unsafe login", "abnormal", "authorization code", "application-specific password", "app password", "web browser", "blacklisted", "imap is disabled", "not enabled"}},
	{entry: "login.account", class: planner.Account, commands: signIn,
		codes: []string{"AUTHORIZATIONFAILED", "ALERT"}},
	{entry: "login.refused", class: planner.Credential, commands: signIn,
		codes: []string{"AUTHENTICATIONFAILED"}, texts: []string{""}},
	{entry: "target.full", class: planner.Full, commands: writing,
		codes: []string{"OVERQUOTA"}, texts: []string{"over quota", "mail quota", "quota exceeded"}},
	{entry: "server.throttled", class: planner.Throttled, codes: []string{"OVERQUOTA"}},
	// Before what is about messages: the text may name a folder, such as Spam.
	{entry: "folder.refused", class: planner.FolderOnly, commands: ",APPEND,",
		codes: []string{"TRYCREATE", "NONEXISTENT", "NOPERM", "READ-ONLY"}},
	{entry: "server.answer", class: planner.Message, commands: ",APPEND,", final: true,
		codes: []string{"TOOBIG", "LIMIT"},
		texts: []string{"virus", "malware", "infected", "trojan", "malicious", "spam", "phish", "threat", "content filter", "content rejected",
			"security policy", "policy violation", "violates", "prohibited", "attachment", "too large", "too big", "maximum size", "size exceeds",
			"larger than", "message size", "literal size", "exceeding limit",
			"病毒", "木马", "恶意", "垃圾邮件", "违规", "敏感", "附件", "过大", "超过限制"}},
	{entry: "server.answer", class: planner.Message, commands: ",APPEND,",
		texts: []string{"invalid header", "header limit", "nul character", "contains nul", "bare newline", "zero-length", "non-ascii", "8-bit",
			"parse message", "line too long", "command argument error", "invalid character in literal", "separator"}},
	{entry: "folder.refused", class: planner.FolderOnly, commands: ",SELECT,EXAMINE,CREATE,STATUS,SUBSCRIBE,",
		codes: []string{"NOPERM", "NONEXISTENT", "CANNOT", "NOSELECT"}, texts: []string{""}},
}

// classOf gives the catalogue code and class of an answer, and how long the
// server asks to wait (0: it does not say).
func classOf(a answer) (entry string, class planner.Class, wait time.Duration) {
	for _, r := range rules {
		if !r.fits(a) {
			continue
		}
		if a.status == "BYE" && r.class != planner.Throttled && r.class != planner.Crowded {
			return "server.gone", planner.Gone, 0
		}
		return r.entry, r.class, hint(a.text)
	}
	if a.status == "BYE" {
		return "server.gone", planner.Gone, 0
	}
	return "server.answer", planner.Gone, 0
}

// final reports whether a refused message would be refused however it is
// written.
func (a answer) final() bool {
	i := slices.IndexFunc(rules, func(r rule) bool { return r.fits(a) })
	return i >= 0 && rules[i].final
}

func (r rule) fits(a answer) bool {
	command, _, _ := strings.Cut(a.command, " ") // AUTHENTICATE comes with its mechanism
	if r.commands != "" && !strings.Contains(r.commands, ","+command+",") {
		return false
	}
	for _, c := range r.codes {
		if a.code == c {
			return true
		}
	}
	low := strings.ToLower(a.text)
	for _, t := range r.texts {
		if strings.Contains(low, t) {
			return true
		}
	}
	return false
}

// ofAccount reports that it is the account's connections that are too many,
// with those of its owner's programs, not ours to the server: Dovecot, Gmail,
// Exchange.
func (a answer) ofAccount() bool {
	low := strings.ToLower(a.text)
	return strings.Contains(low, "user+ip") || strings.Contains(low, "simultaneous connections") || strings.Contains(low, "not connected")
}

var (
	backoff = regexp.MustCompile(`(?i)backoff time:?\s*(\d+)`)
	again   = regexp.MustCompile(`(?i)(?:try again|retry|wait)(?: in| after| for| at least)?:?\s*(\d+)\s*(ms|millisecond|s\b|sec|min|hour)`)
)

// hint reads Exchange's suggested wait, in milliseconds with or without the
// unit, and "try again in 30 seconds" of others. A hint over a day is taken as
// a day.
func hint(text string) time.Duration {
	number, unit := "", time.Millisecond
	if m := backoff.FindStringSubmatch(text); m != nil {
		number = m[1]
	} else if m := again.FindStringSubmatch(text); m != nil {
		number = m[1]
		switch strings.ToLower(m[2]) {
		case "s", "sec":
			unit = time.Second
		case "min":
			unit = time.Minute
		case "hour":
			unit = time.Hour
		}
	} else {
		return 0
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n > int64(24*time.Hour/unit) {
		return 24 * time.Hour
	}
	return time.Duration(n) * unit
}
