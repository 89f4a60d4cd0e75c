package vendors

import (
	"fmt"
	"strconv"
	"strings"
)

// text is the zone as the default line's answers have it.
func (f *Fake) text() string {
	var b strings.Builder
	ttl := map[string]int{}
	for _, r := range f.records {
		ttl[r.Name+r.Type] = max(ttl[r.Name+r.Type], r.TTL)
	}
	for _, r := range f.records {
		value := r.Value
		switch {
		case r.Off || r.Line != "" || r.Set != "":
			continue
		case r.Type == "MX":
			value = fmt.Sprint(r.Pref, " ", r.Value, ".")
		case r.Type == "CNAME":
			value += "."
		case r.Type == "TXT":
			value = quoted(value)
		}
		fmt.Fprintf(&b, "%s. %d IN %s %s\n", r.Name, ttl[r.Name+r.Type], r.Type, value)
	}
	return b.String()
}

func quoted(s string) string {
	var parts []string
	for len(s) > 255 {
		parts, s = append(parts, strconv.Quote(s[:255])), s[255:]
	}
	return strings.Join(append(parts, strconv.Quote(s)), " ")
}
