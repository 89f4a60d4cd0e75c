package config

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/mxmove/mxmove/config/text"
)

// AddressError says why something is not a mail address; its code has the
// catalogue's three texts.
type AddressError struct{ text.Msg }

// Error gives the code and the values, for logs and tests.
func (e *AddressError) Error() string { return errorText(e.Msg) }

// Lengths of RFC 5321 section 4.5.3.1, in octets.
const (
	maxLocal  = 64
	maxDomain = 253
	maxLabel  = 63
)

// Canonical gives the one form of a mail address by which mailboxes are
// compared: without blanks around it, full-width characters made plain (NFKC),
// lower case, no dot after the domain. The error is an [*AddressError].
//
// Only RFC 5321's dot-strings in ASCII are taken, no quoted local parts. Lower
// case of the local part is the practice of every server that mxmove knows.
func Canonical(address string) (string, error) {
	s := strings.ToLower(plain(strings.TrimFunc(address, unicode.IsSpace)))
	fail := func(code string) (string, error) {
		return "", &AddressError{text.M(code, "address", address)}
	}
	if s == "" {
		return fail("address.empty")
	}
	local, domain, ok := strings.Cut(s, "@")
	domain = strings.TrimSuffix(domain, ".")
	switch {
	case !ok || strings.Contains(domain, "@"):
		return fail("address.at")
	case !validLocal(local):
		return fail("address.local")
	case !ascii(domain):
		return fail("address.ascii")
	case !validDomain(domain):
		return fail("address.domain")
	}
	return local + "@" + domain, nil
}

// plain folds full-width forms, and the ideographic full stop to the dot that
// whoever typed it meant.
func plain(s string) string {
	if ascii(s) {
		return s
	}
	return strings.ReplaceAll(norm.NFKC.String(s), "\u3002", ".")
}

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// validLocal takes a Dot-string of RFC 5321 section 4.1.2.
func validLocal(s string) bool {
	if s == "" || len(s) > maxLocal || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !alphanumeric(c) && !strings.ContainsRune(".!#$%&'*+-/=?^_`{|}~", rune(c)) {
			return false
		}
	}
	return true
}

// validDomain takes the names of RFC 1123 section 2.1 with two labels or more.
func validDomain(s string) bool {
	return validHostname(s) && strings.Contains(s, ".")
}

func validHostname(s string) bool {
	if s == "" || len(s) > maxDomain {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if !validLabel(label) {
			return false
		}
	}
	return true
}

func validLabel(s string) bool {
	if s == "" || len(s) > maxLabel || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := 0; i < len(s); i++ {
		if !alphanumeric(s[i]) && s[i] != '-' {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// validHost takes an IP address without brackets, or a name.
func validHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	return validHostname(strings.TrimSuffix(s, "."))
}

// loopback reports whether a host is this machine by its name alone, without
// asking a resolver (RFC 6761 section 6.3, RFC 1122 section 3.2.1.3).
func loopback(host string) bool {
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

func domainOf(address string) string {
	return address[strings.LastIndexByte(address, '@')+1:]
}
