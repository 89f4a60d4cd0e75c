package wire

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/miekg/dns"
)

// Record is one record as it was given, or is to be written.
type Record struct {
	Name  string // lower case, without the last dot; "" is the root
	Type  string // MX, TXT, …
	TTL   uint32 // seconds
	Value string // see [Make]

	rr dns.RR
}

// Make makes a record of a value as it is shown: hosts in lower case without
// their last dot ("." is the root), the strings of a TXT joined, its octets
// beyond printable ASCII and the backslash escaped as in RFC 1035 section 5.1.
func Make(name, kind string, ttl uint32, value string) (Record, error) {
	h := dns.RR_Header{Name: dns.Fqdn(name), Rrtype: dns.StringToType[kind], Class: dns.ClassINET, Ttl: ttl}
	if h.Rrtype == 0 {
		return Record{}, fmt.Errorf("no such type: %s", kind)
	}
	if kind == "TXT" {
		return show(&dns.TXT{Hdr: h, Txt: chunks(unescape(value))}), nil
	}
	fields := strings.Fields(value)
	if n := hostField(kind); n >= 0 && n < len(fields) {
		fields[n] = dns.Fqdn(fields[n])
	}
	rr, err := dns.NewRR(h.Name + " " + strconv.FormatUint(uint64(ttl), 10) + " IN " + kind + " " + strings.Join(fields, " "))
	if err != nil || rr == nil {
		return Record{}, fmt.Errorf("%s %s %q is no record: %v", name, kind, value, err)
	}
	return show(rr), nil
}

// hostField is the place of a host's name among a value's fields; -1: none.
func hostField(kind string) int {
	switch kind {
	case "NS", "CNAME", "PTR":
		return 0
	case "MX":
		return 1
	case "SRV":
		return 3
	}
	return -1
}

func show(rr dns.RR) Record {
	h := rr.Header()
	r := Record{Name: Fold(h.Name), Type: dns.TypeToString[h.Rrtype], TTL: h.Ttl, rr: rr}
	switch v := rr.(type) {
	case *dns.TXT:
		r.Value = txtValue(v.Txt)
	case *dns.NS, *dns.CNAME, *dns.PTR, *dns.MX, *dns.SRV, *dns.SOA:
		fields := strings.Fields(strings.ToLower(rdata(rr)))
		for i, f := range fields {
			if len(f) > 1 {
				fields[i] = strings.TrimSuffix(f, ".")
			}
		}
		r.Value = strings.Join(fields, " ")
	default:
		r.Value = rdata(rr)
	}
	return r
}

func rdata(rr dns.RR) string { return strings.TrimPrefix(rr.String(), rr.Header().String()) }

// Fold writes a name as Record.Name does.
func Fold(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// Values are the records' values, in order.
func Values(rs []Record) []string {
	var list []string
	for _, r := range rs {
		list = append(list, r.Value)
	}
	slices.Sort(list)
	return list
}

// MaxString is the longest string of a TXT record, in octets (RFC 1035 section 3.3).
const MaxString = 255

func chunks(s string) []string {
	var list []string
	for len(s) > MaxString {
		list, s = append(list, quoted(s[:MaxString])), s[MaxString:]
	}
	return append(list, quoted(s))
}

// quoted escapes for the library, which keeps strings as in zone files.
func quoted(s string) string { return strings.ReplaceAll(escape(s), `"`, `\"`) }

func txtValue(strs []string) string {
	var b strings.Builder
	for _, s := range strs {
		b.WriteString(unescape(s))
	}
	return escape(b.String())
}

// Raw gives the octets of a TXT record's value.
func Raw(value string) string { return unescape(value) }

// Shown writes the octets of a TXT record as [Make] takes them.
func Shown(octets string) string { return escape(octets) }

func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\\':
			b.WriteString(`\\`)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\%03d`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		if n, err := strconv.ParseUint(s[i+1:min(i+4, len(s))], 10, 8); err == nil && i+4 <= len(s) {
			b.WriteByte(byte(n))
			i += 3
			continue
		}
		i++
		b.WriteByte(s[i])
	}
	return b.String()
}
