package config

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config/text"

	"golang.org/x/net/idna"
)

// domains checks the source's domains and puts them into lower case.
func (l *loader) domains(s *Side, domainAt, aliasesAt Pos) {
	s.Domain = l.domain(s.Domain, domainAt)
	seen := []string{s.Domain}
	for i, a := range s.Aliases {
		a = l.domain(a, aliasesAt)
		if a != "" && slices.Contains(seen, a) {
			l.say(Error, aliasesAt, "domain.repeated", "domain", a)
		}
		seen, s.Aliases[i] = append(seen, a), a
	}
}

func (l *loader) domain(d string, at Pos) string {
	d = strings.ToLower(strings.TrimSuffix(d, "."))
	switch {
	case d == "": // missing or told already
	case !ascii(d):
		l.say(Error, at, "domain.ascii", "domain", d, "ascii", toASCII(d))
	case !validDomain(d):
		l.say(Error, at, "domain.invalid", "domain", d)
	}
	return d
}

// toASCII gives a domain's A-labels (RFC 5891 section 4.4); "xn--": it has none.
func toASCII(d string) string {
	if a, err := idna.Lookup.ToASCII(d); err == nil {
		return a
	}
	return "xn--"
}

func (l *loader) checkHost(m *IMAP, hostAt, tlsAt Pos) {
	switch {
	case m.Host == "": // told already
	case !ascii(m.Host):
		l.say(Error, hostAt, "domain.ascii", "domain", m.Host, "ascii", toASCII(m.Host))
	case !validHost(m.Host):
		l.say(Error, hostAt, "host.invalid", "host", m.Host)
	case m.TLS == TLSNone && !loopback(m.Host):
		l.say(Error, tlsAt, "tls.cleartext", "host", m.Host)
	}
}

func (l *loader) checkCA(name string, at Pos) {
	if name == "" {
		return
	}
	b, err := os.ReadFile(within(l.o.Dir, name))
	if err != nil {
		l.say(Error, at, "file.unreadable", "file", name, "error", reason(err))
		return
	}
	if !certificates(b) {
		l.say(Error, at, "ca.pem", "file", name)
	}
}

// Authorities reads a ca_file, relative to the spec's directory.
func Authorities(dir, file string) (*x509.CertPool, error) {
	b, err := os.ReadFile(within(dir, file))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		return nil, errors.New(file + " holds no certificate")
	}
	return pool, nil
}

// certificates reports whether a file holds PEM certificates, all of them readable.
func certificates(b []byte) bool {
	found := false
	for {
		var block *pem.Block
		if block, b = pem.Decode(b); block == nil {
			return found
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return false
		}
		found = true
	}
}

func (l *loader) checkSince(since string, at Pos) {
	if _, err := time.Parse(time.DateOnly, since); since != "" && err != nil {
		l.say(Error, at, "history.since", "value", since)
	}
}

// checkFolders refuses paths with an empty part: no server has such a folder.
func (l *loader) checkFolders(h *History, skipAt, mapAt Pos) {
	bad := func(path string) bool { return slices.Contains(strings.Split(path, "/"), "") }
	for _, path := range h.Skip {
		if bad(path) {
			l.say(Error, skipAt, "history.folder", "folder", path)
		}
		if _, both := h.Map[path]; both {
			l.say(Error, mapAt, "history.folder-both", "folder", path)
		}
	}
	for from, to := range h.Map {
		for _, path := range []string{from, to} {
			if bad(path) {
				l.say(Error, mapAt, "history.folder", "folder", path)
			}
		}
	}
}

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// checkSecret looks whether a reference can be resolved here. What is missing
// is a warning: plans are made where no secret is.
func (l *loader) checkSecret(s Secret, at Pos) {
	kind, rest, _ := strings.Cut(s.ref, ":")
	switch kind {
	case refEnv:
		if !envName.MatchString(rest) {
			l.sayHidden(at, Error, text.M("secret.env-name"))
		} else if l.o.Getenv(rest) == "" {
			l.say(Warning, at, "secret.unset", "ref", s.ref)
		}
	case refVar:
		if _, ok := l.sensitive[rest]; !ok {
			l.say(Warning, at, "secret.unset", "ref", s.ref)
		}
	case refFile:
		l.checkSecretFile(s, rest, at)
	case refExec:
		if command, ok := commandOf(rest); !ok {
			l.say(Error, at, "secret.command")
		} else if _, err := lookUp(l.o.Dir, command[0]); err != nil {
			l.say(Warning, at, "secret.no-program", "program", command[0])
		}
	case refSealed:
		l.say(Warning, at, "secret.sealed", "ref", s.ref)
	}
}

func (l *loader) checkSecretFile(s Secret, name string, at Pos) {
	path := within(l.o.Dir, name)
	info, err := os.Stat(path)
	switch {
	case err != nil:
		l.say(Warning, at, "secret.unreadable", "ref", s.ref, "error", reason(err))
	case !info.Mode().IsRegular() && info.IsDir():
		l.say(Error, at, "secret.unreadable", "ref", s.ref, "error", errDirectory.Error())
	case info.Size() > maxSecret:
		l.say(Error, at, "secret.long", "ref", s.ref)
	}
	l.mustStayOut(path, at, name)
}

var errDirectory = errors.New("is a directory")

var constraint = regexp.MustCompile(`^\s*(>=|<=|>|<|=)\s*v?(\d{1,9}(?:\.\d{1,9}){0,2})\s*$`)

// checkVersion compares mxmove's version with migration.version.
func (l *loader) checkVersion(want string, at Pos) {
	have, known := number(l.o.Version)
	for part := range strings.SplitSeq(want, ",") {
		m := constraint.FindStringSubmatch(part)
		if want == "" {
			return
		}
		if m == nil {
			l.say(Error, at, "migration.version", "value", want)
			return
		}
		if v, _ := number(m[2]); known && !meets(slices.Compare(have[:], v[:]), m[1]) {
			l.say(Error, at, "migration.version-unmet", "want", want, "have", l.o.Version)
			return
		}
	}
}

func meets(order int, op string) bool {
	switch op {
	case ">=":
		return order >= 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	case "<":
		return order < 0
	}
	return order == 0
}

var release = regexp.MustCompile(`^v?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?(?:[-+].*)?$`)

// number reads a version's three numbers; a pre-release counts as its release.
func number(v string) (n [3]int, ok bool) {
	m := release.FindStringSubmatch(v)
	if m == nil {
		return n, false
	}
	for i := range n {
		n[i], _ = strconv.Atoi(m[i+1])
	}
	return n, true
}
