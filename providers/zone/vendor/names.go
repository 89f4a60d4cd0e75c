package vendor

import (
	"slices"
	"strings"
)

// Full is the whole name of a label as vendors write it: "@" is the zone.
func Full(label, zone string) string {
	label = strings.ToLower(label)
	if label == "@" || label == "" {
		return zone
	}
	return label + "." + zone
}

// Label is a name as vendors write it within a zone.
func Label(name, zone string) string {
	if name == zone {
		return "@"
	}
	return strings.TrimSuffix(name, "."+zone)
}

// Host writes the host that a value is, if it is one, as [Record] does.
func Host(kind, value string) string {
	if slices.Contains([]string{"MX", "NS", "CNAME", "PTR"}, kind) && len(value) > 1 {
		return strings.ToLower(strings.TrimSuffix(value, "."))
	}
	return value
}

// Plain writes a value as [Record] does, where the vendor keeps texts as people
// typed them: some with their quotes.
func Plain(kind, value string) string {
	if kind == "TXT" {
		return Unquote(value)
	}
	return Host(kind, value)
}

// Hosts writes several.
func Hosts(list []string) []string {
	var out []string
	for _, h := range list {
		out = append(out, Host("NS", h))
	}
	return out
}
