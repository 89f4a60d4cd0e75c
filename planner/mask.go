package planner

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mask replaces what tells who somebody is. Values are learned first, so that
// they are found in texts too.
type mask struct {
	mac     hash.Hash         // keyed with the salt
	hashes  map[string]string // made so far: most values stand in several fields
	words   map[string]string // whole words in texts, in lower case
	phrases map[string]string // with blanks or not in ASCII: found anywhere in texts
	replace *strings.Replacer // made of phrases
	steps   map[string]StepID // by stepKey

	unread   []any // to be learned when the first text comes: most have none
	learning bool
	forms    map[reflect.Type]form // of structs, looked at once
}

func newMask(salt []byte) *mask {
	return &mask{mac: hmac.New(sha256.New, salt), forms: map[reflect.Type]form{}, hashes: map[string]string{}, words: map[string]string{}, phrases: map[string]string{}, steps: map[string]StepID{}}
}

func (m *mask) hash(of string, digits int) string {
	if known, ok := m.hashes[of]; ok {
		return known[:digits]
	}
	m.mac.Reset()
	m.mac.Write([]byte(of))
	m.hashes[of] = hex.EncodeToString(m.mac.Sum(nil))
	return m.hashes[of][:digits]
}

// local masks who is before the @, or a login or account: 48 bits, so that
// among 10,000 two are alike once in five million salts.
func (m *mask) local(s string) string { return "m-" + m.hash("local "+strings.ToLower(s), 12) }

// login masks an address, a login or an account. Domains stay.
func (m *mask) login(s string) string {
	if s == "" {
		return ""
	}
	if at := strings.LastIndexByte(s, '@'); at >= 0 {
		return m.local(s[:at]) + s[at:]
	}
	return m.local(s)
}

func (m *mask) name(s string) string {
	if s == "" {
		return ""
	}
	return "n-" + m.hash("name "+s, 12)
}

// endpoint masks the login of imap://LOGIN@HOST:PORT.
func (m *mask) endpoint(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return m.text(s)
	}
	if u.User != nil {
		u.User = url.User(m.login(u.User.Username()))
	}
	return u.String()
}

// impersonal are the kinds of steps whose ID is made of no person's name,
// address or account.
var impersonal = []string{"compare", "finish-wizard", "hold-directory", "inventory", "merge-tenants", "move-customers",
	"probe-mx", "put-tags", "set-records", "set-ttl", "task", "try-append", "upgrade-tenant", "wait"}

// step gives the ID of the masked step. One that is not known gets its
// masked subject and a hash over its own, which fits itself everywhere.
func (m *mask) step(id StepID) StepID {
	if id == "" {
		return ""
	}
	if slices.Contains(impersonal, id.Kind()) {
		return id
	}
	key, kind := m.stepKey(id), id.Kind()
	if _, known := opKinds[kind]; !known && kind != restoreKind && kind != undoKind { // the spec may have anything there
		kind = "step"
	}
	return cmp.Or(m.steps[key], StepID(kind+" "+m.text(id.Subject())+" @"+key[:8]))
}

// stepKey finds a step by its ID without telling it: an ID can be guessed.
func (m *mask) stepKey(id StepID) string { return m.hash("step "+string(id), 16) }

// learnStep keeps what a step will be called when its op is masked.
func (m *mask) learnStep(op Op) {
	if r, ok := op.(Restore); ok && r.Op != nil {
		m.learnStep(r.Op)
	}
	if u, ok := op.(Undo); ok && u.Op != nil {
		m.learnStep(u.Op)
	}
	if id := IDOf(op); !slices.Contains(impersonal, id.Kind()) {
		m.steps[m.stepKey(id)] = IDOf(maskOf(m, op))
	}
}

var (
	addressForm = regexp.MustCompile(`[\pL\pN.!#$%&'*+/=?^_{|}~-]+@[\pL\pN-]+(?:\.[\pL\pN-]+)*`)
	wordForm    = regexp.MustCompile(`[\pL\pN_+%*-]+(?:\.[\pL\pN_+%*-]+)*`)
	maskedForm  = regexp.MustCompile(`^[mn]-[0-9a-f]{12}$`)
)

// text masks the addresses in a text, and all that was learned.
func (m *mask) text(s string) string {
	m.readAll()
	if known, ok := m.phrases[s]; ok {
		return known
	}
	if m.replace == nil {
		m.replace = m.replacer()
	}
	s = m.replace.Replace(s)
	s = addressForm.ReplaceAllStringFunc(s, func(a string) string {
		if local, _, _ := strings.Cut(a, "@"); maskedForm.MatchString(local) {
			return a
		}
		return m.login(a)
	})
	return wordForm.ReplaceAllStringFunc(s, func(w string) string {
		return cmp.Or(m.words[strings.ToLower(w)], w)
	})
}

// replacer takes the longest phrase first.
func (m *mask) replacer() *strings.Replacer {
	var all []string
	for p := range m.phrases {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	pairs := make([]string, 0, 2*len(all))
	for _, p := range all {
		pairs = append(pairs, p, m.phrases[p])
	}
	return strings.NewReplacer(pairs...)
}

// know keeps a value that is masked wherever a text has it. Numbers are too
// common in texts.
func (m *mask) know(s, masked string) {
	switch {
	case s == "" || !strings.ContainsFunc(s, unicode.IsLetter):
		return
	case wordForm.FindString(s) == s && len(s) == utf8.RuneCountInString(s):
		m.words[strings.ToLower(s)] = masked
	case utf8.RuneCountInString(s) > 1:
		m.phrases[s] = masked
	}
	m.replace = nil
}

// knowLogin keeps a login, and of an address the local part too.
func (m *mask) knowLogin(s string) {
	if at := strings.LastIndexByte(s, '@'); at > 0 {
		m.know(s[:at], m.local(s[:at]))
	}
	m.know(s, m.login(s))
}
