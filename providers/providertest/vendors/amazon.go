package vendors

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// route53 is Amazon Route 53, 2013-04-01.
type route53 struct{}

const (
	amazonZone = "Z0123456789EXAMPLE"
	amazonNS   = `xmlns="https://route53.amazonaws.com/doc/2013-04-01/"`
)

func (route53) codes() map[string]string {
	return map[string]string{"fault": "InternalFailure", "duplicate": "InvalidChangeBatch it already exists", "gone": "InvalidChangeBatch it was not found", "invalid": "InvalidInput"}
}

func (route53) check(f *Fake, r *http.Request, body []byte) string {
	stamp := r.Header.Get("X-Amz-Date")
	at, err := time.Parse("20060102T150405Z", stamp)
	if err != nil || f.skewed(at, 5*time.Minute) {
		return "RequestExpired"
	}
	if c, ok := claimOf(r); r.Header.Get("X-Amz-Security-Token") != f.Token || f.Token != "" && !(ok && slices.Contains(c.headers, "x-amz-security-token")) {
		return "InvalidClientTokenId"
	}
	if !f.checkScoped(r, body, "AWS4-HMAC-SHA256", "AWS4", stamp, stamp[:8], []string{"us-east-1", "route53", "aws4_request"}) {
		return "SignatureDoesNotMatch"
	}
	return ""
}

func (route53) writing(r *http.Request) bool { return r.Method != http.MethodGet }

func (route53) fail(w http.ResponseWriter, status int, code string) {
	code, message, _ := strings.Cut(code, " ")
	w.WriteHeader(status)
	if code == "InvalidChangeBatch" {
		fmt.Fprintf(w, `<?xml version="1.0"?><InvalidChangeBatch %s><Messages><Message>[Tried it, but %s]</Message></Messages></InvalidChangeBatch>`, amazonNS, message)
		return
	}
	fmt.Fprintf(w, `<?xml version="1.0"?><ErrorResponse %s><Error><Type>Sender</Type><Code>%s</Code><Message>of the test</Message></Error></ErrorResponse>`, amazonNS, code)
}

func (d route53) serve(f *Fake, w http.ResponseWriter, r *http.Request, body []byte) {
	path := r.Method + " " + r.URL.Path
	f.calls = append(f.calls, path)
	const base, zone = "/2013-04-01/", "/2013-04-01/hostedzone/" + amazonZone
	switch path {
	case "GET " + base + "hostedzonesbyname":
		fmt.Fprintf(w, `<?xml version="1.0"?><R %s><HostedZones><HostedZone><Id>/hostedzone/ZPRIVATE</Id><Name>%s.</Name><Config><PrivateZone>true</PrivateZone></Config></HostedZone>`+
			`<HostedZone><Id>/hostedzone/%s</Id><Name>%s.</Name><Config><PrivateZone>false</PrivateZone></Config></HostedZone></HostedZones></R>`, amazonNS, f.Zone, amazonZone, f.Zone)
	case "GET " + zone:
		fmt.Fprintf(w, `<?xml version="1.0"?><R %s><DelegationSet><NameServers><NameServer>%s</NameServer></NameServers></DelegationSet></R>`, amazonNS, strings.Join(f.NS, "</NameServer><NameServer>"))
	case "GET " + zone + "/rrset":
		d.list(f, w, r.URL.Query())
	case "POST " + zone + "/rrset/":
		if code := d.batch(f, body); code != "" {
			d.fail(w, 400, code)
			return
		}
		fmt.Fprintf(w, `<?xml version="1.0"?><R %s><ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status></ChangeInfo></R>`, amazonNS)
	case "GET " + base + "change/C1":
		fmt.Fprintf(w, `<?xml version="1.0"?><R %s><ChangeInfo><Id>/change/C1</Id><Status>INSYNC</Status></ChangeInfo></R>`, amazonNS)
	default:
		d.fail(w, 404, "NoSuchHostedZone")
	}
}

type amazonSet struct {
	Name, Type    string
	SetIdentifier string                    `xml:",omitempty"`
	Weight        int                       `xml:",omitempty"`
	TTL           int                       `xml:",omitempty"`
	Values        []amazonValue             `xml:"ResourceRecords>ResourceRecord,omitempty"`
	AliasTarget   *struct{ DNSName string } `xml:",omitempty"`
}

type amazonValue struct{ Value string }

// sets are the records as sets, in the vendor's order.
func (route53) sets(list []Record) []amazonSet {
	var out []amazonSet
	for _, r := range list {
		name := strings.ReplaceAll(r.Name, "*", `\052`) + "."
		i := slices.IndexFunc(out, func(s amazonSet) bool { return s.Name == name && s.Type == r.Type && s.SetIdentifier == r.Set })
		if i < 0 {
			i, out = len(out), append(out, amazonSet{Name: name, Type: r.Type, SetIdentifier: r.Set, Weight: r.Weight, TTL: r.TTL})
		}
		value := r.Value
		switch {
		case r.Set == "alias":
			out[i].SetIdentifier, out[i].TTL, out[i].AliasTarget = "", 0, &struct{ DNSName string }{value + "."}
			continue
		case r.Type == "MX":
			value = strconv.Itoa(r.Pref) + " " + strings.ToUpper(r.Value[:1]) + r.Value[1:] + "." // as somebody typed it
		case r.Type == "TXT":
			value = quoted(r.Value)
		}
		out[i].Values = append(out[i].Values, amazonValue{value})
	}
	slices.SortFunc(out, func(a, b amazonSet) int { return strings.Compare(a.key(), b.key()) })
	return out
}

func (s amazonSet) key() string { return s.Name + " " + s.Type + " " + s.SetIdentifier }

func (d route53) list(f *Fake, w http.ResponseWriter, q url.Values) {
	all := d.sets(f.listed())
	from := q.Get("name") + " " + q.Get("type") + " " + q.Get("identifier")
	at, _ := slices.BinarySearchFunc(all, from, func(s amazonSet, k string) int { return strings.Compare(s.key(), k) })
	rest := all[at:]
	out := struct {
		XMLName                                              xml.Name    `xml:"https://route53.amazonaws.com/doc/2013-04-01/ ListResourceRecordSetsResponse"`
		ResourceRecordSets                                   []amazonSet `xml:"ResourceRecordSets>ResourceRecordSet"`
		IsTruncated                                          bool
		NextRecordName, NextRecordType, NextRecordIdentifier string `xml:",omitempty"`
	}{ResourceRecordSets: rest[:min(len(rest), f.Page)]}
	if len(rest) > f.Page {
		next := rest[f.Page]
		out.IsTruncated, out.NextRecordName, out.NextRecordType, out.NextRecordIdentifier = true, next.Name, next.Type, next.SetIdentifier
	}
	b, err := xml.Marshal(out)
	if err != nil {
		d.fail(w, 500, err.Error())
		return
	}
	_, _ = w.Write(b)
}

// batch is all or nothing; what is deleted must be exactly as it is.
func (d route53) batch(f *Fake, body []byte) string {
	var in struct {
		XMLName xml.Name
		Changes []struct {
			Action string
			Set    amazonSet `xml:"ResourceRecordSet"`
		} `xml:"ChangeBatch>Changes>Change"`
	}
	if err := xml.Unmarshal(body, &in); err != nil || in.XMLName.Space != "https://route53.amazonaws.com/doc/2013-04-01/" || len(in.Changes) == 0 {
		return "InvalidInput"
	}
	now := slices.Clone(f.records)
	for _, c := range in.Changes {
		at := slices.IndexFunc(d.sets(now), func(s amazonSet) bool { return s.key() == c.Set.key() })
		switch {
		case c.Action == "DELETE":
			if at < 0 {
				return "InvalidChangeBatch it was not found"
			}
			is := d.sets(now)[at]
			byValue := func(a, b amazonValue) int { return strings.Compare(a.Value, b.Value) }
			slices.SortFunc(is.Values, byValue)
			slices.SortFunc(c.Set.Values, byValue)
			if is.TTL != c.Set.TTL || !slices.Equal(is.Values, c.Set.Values) {
				return "InvalidChangeBatch the values provided do not match the current values"
			}
			now = slices.DeleteFunc(now, func(r Record) bool { return r.Name+"." == c.Set.Name && r.Type == c.Set.Type && r.Set == "" })
		case at >= 0:
			return "InvalidChangeBatch it already exists"
		default:
			now = append(now, c.Set.records()...)
		}
	}
	f.commit(func([]Record) []Record { return now })
	return ""
}

func (s amazonSet) records() []Record {
	var out []Record
	for _, given := range s.Values {
		v := given.Value
		r := Record{Name: strings.TrimSuffix(s.Name, "."), Type: s.Type, TTL: s.TTL, Value: v}
		switch s.Type {
		case "MX":
			pref, host, _ := strings.Cut(v, " ")
			r.Pref, _ = strconv.Atoi(pref)
			r.Value = strings.ToLower(strings.TrimSuffix(host, "."))
		case "TXT":
			var b strings.Builder
			for _, part := range strings.Split(v, `" "`) {
				b.WriteString(strings.Trim(part, `"`))
			}
			r.Value = b.String()
		}
		out = append(out, r)
	}
	return out
}
