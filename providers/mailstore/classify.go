package mailstore

import (
	"regexp"
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
	{entry: "server.throttled", class: planner.Throttled,
		codes: []string{"INUSE"},
		texts: []string{"throttled", "backoff time", "rate hit", "rate limit", "exceeded command or bandwidth", "server unavailable. 15", "temporary unavailable", "please try again later"}},
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
	{entry: "folder.refused", class: planner.FolderOnly, commands: ",SELECT,EXAMINE,CREATE,STATUS,SUBSCRIBE,",
		codes: []string{"NOPERM", "NONEXISTENT", "CANNOT", "NOSELECT"}, texts: []string{""}},
}

// classOf gives the catalogue code and class of an answer, and how long the
// server asks to wait (0: it does not say).
func classOf(a answer) (entry string, class planner.Class, wait time.Duration) {
	if a.status == "BYE" && !saysSlower(a.text) {
		return "server.gone", planner.Gone, 0
	}
	for _, r := range rules {
		if r.fits(a) {
			return r.entry, r.class, hint(a.text)
		}
	}
	return "server.answer", planner.Gone, 0
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

func saysSlower(text string) bool { return hint(text) > 0 }

var backoff = regexp.MustCompile(`(?i)backoff time:?\s*(\d+)`)

// hint reads Exchange's suggested wait, in milliseconds with or without the
// unit. A hint over a day is taken as a day.
func hint(text string) time.Duration {
	m := backoff.FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	ms, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil || ms > (24*time.Hour).Milliseconds() {
		return 24 * time.Hour
	}
	return time.Duration(ms) * time.Millisecond
}
