package smtp

import (
	"bufio"
	"bytes"
	"net/textproto"
	"slices"
	"strings"
)

// checks are what a receiver finds out of a sender, in the order of telling.
var checks = []string{"spf", "dkim", "dmarc"}

// results of a receiver's checks, by method.
type results map[string]string

// String lists those that were told; "-": none was.
func (r results) String() string {
	var out []string
	for _, c := range checks {
		if r[c] != "" {
			out = append(out, c+"="+r[c])
		}
	}
	if out == nil {
		return "-"
	}
	return strings.Join(out, ", ")
}

// notPassed are those that were told and are no "pass".
func (r results) notPassed() []string {
	var out []string
	for _, c := range checks {
		if r[c] != "" && r[c] != "pass" {
			out = append(out, c+"="+r[c])
		}
	}
	return out
}

// verdicts reads what the receiver wrote into a mail: the uppermost
// Authentication-Results (RFC 8601) and those below it of the same server,
// since others may be the sender's own; where it tells nothing of SPF,
// Received-SPF (RFC 7208 section 9.1).
func verdicts(mail []byte) results {
	head, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(mail))).ReadMIMEHeader()
	if err != nil && len(head) == 0 {
		return nil
	}
	r, server := results{}, ""
	for i, value := range head["Authentication-Results"] {
		parts := strings.Split(plainly(value), ";")
		id, _, _ := strings.Cut(strings.TrimSpace(parts[0]), " ")
		if i == 0 {
			server = id
		}
		nameless := strings.Contains(id, "=") // Microsoft's begin with a result
		if id != server || nameless && i > 0 {
			break
		}
		if !nameless {
			parts = parts[1:]
		}
		for _, part := range parts {
			r.add(part)
		}
	}
	if list := head["Received-Spf"]; r["spf"] == "" && len(list) > 0 {
		word, _, _ := strings.Cut(strings.TrimSpace(list[0]), " ")
		r["spf"] = strings.ToLower(word)
	}
	return r
}

// add takes one result, such as dkim=pass header.d=acme.test. Of several
// signatures one that passes is enough.
func (r results) add(part string) {
	method, rest, ok := strings.Cut(strings.TrimSpace(part), "=")
	method, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(method)), "/") // its version
	method = strings.TrimSpace(method)
	words := strings.Fields(rest)
	if !ok || len(words) == 0 || !slices.Contains(checks, method) || r[method] == "pass" {
		return
	}
	if word := strings.ToLower(words[0]); r[method] == "" || word == "pass" && method == "dkim" {
		r[method] = word
	}
}

// plainly is a field without comments and quoted strings, in which anything
// may stand.
func plainly(s string) string {
	var b strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && (quoted || depth > 0):
			i++
		case c == '"' && depth == 0:
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth == 0:
			b.WriteByte(c)
		}
	}
	return b.String()
}
