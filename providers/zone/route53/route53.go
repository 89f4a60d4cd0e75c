// Package route53 speaks to Amazon Route 53 by its REST API, version
// 2013-04-01. A set changes by one batch, which holds only where the set is
// exactly as it was listed.
package route53

import (
	"bytes"
	"cmp"
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/mxmove/mxmove/providers/zone/vendor"
)

// Endpoint is where the API is, outside of tests and of China; Region is what
// its signatures name.
const (
	Endpoint = "https://route53.amazonaws.com"
	Region   = "us-east-1"
)

// Client is one zone. Printing it shows no key.
type Client struct {
	Caller   vendor.Caller
	Endpoint string
	Region   string
	Zone     string // A-labels
	ZoneID   string // "": it is looked up
	ID       string // access key ID
	Secret   string // secret access key
	Session  string // of a temporary key; "": it is none
}

// Format prints the zone only.
func (c *Client) Format(f fmt.State, _ rune) { fmt.Fprint(f, "route53 ", c.Zone) }

// AtOnce reports that a set changes by one call.
func (c *Client) AtOnce() bool { return true }

const (
	base      = "/2013-04-01"
	page      = 300
	syncPoll  = 2 * time.Second
	syncTries = 60 // the vendor says that it takes up to a minute
)

type set struct {
	Name            string
	Type            string
	SetIdentifier   string  `xml:",omitempty"`
	Weight          *int    `xml:",omitempty"`
	TTL             *uint32 `xml:",omitempty"`
	ResourceRecords *struct {
		ResourceRecord []value
	} `xml:",omitempty"`
	AliasTarget *struct{ DNSName string } `xml:",omitempty"`
}

type value struct{ Value string }

// List gives the records of a name and type, or with empty ones of the zone.
// Sets that are not plain are marked as odd.
func (c *Client) List(ctx context.Context, name, kind string) ([]vendor.Record, error) {
	id, err := c.zone(ctx)
	if err != nil {
		return nil, err
	}
	q := url.Values{"maxitems": {strconv.Itoa(page)}}
	if name != "" {
		q.Set("name", name+".")
		q.Set("type", kind)
	}
	var all []vendor.Record
	for {
		var out struct {
			ResourceRecordSets   struct{ ResourceRecordSet []set }
			IsTruncated          bool
			NextRecordName       string
			NextRecordType       string
			NextRecordIdentifier string
		}
		if err := c.call(ctx, http.MethodGet, base+"/hostedzone/"+id+"/rrset", q, nil, &out); err != nil {
			return nil, err
		}
		past := false
		for _, s := range out.ResourceRecordSets.ResourceRecordSet {
			if past = name != "" && (hostOf(s.Name) != name || s.Type != kind); past {
				break // they are in order
			}
			all = append(all, records(s)...)
		}
		if past || !out.IsTruncated {
			return all, nil
		}
		q.Set("name", out.NextRecordName)
		q.Set("type", out.NextRecordType)
		q.Del("identifier")
		if out.NextRecordIdentifier != "" {
			q.Set("identifier", out.NextRecordIdentifier)
		}
	}
}

// hostOf reads a name, in which all but letters, digits and a few are octal.
func hostOf(name string) string {
	return vendor.Host("CNAME", vendor.UnquoteOctal(`"`+name+`"`))
}

func records(s set) []vendor.Record {
	rec := vendor.Record{Name: hostOf(s.Name), Type: s.Type}
	if s.TTL != nil {
		rec.TTL = *s.TTL
	}
	if s.SetIdentifier != "" {
		rec.Odd = "SetIdentifier " + s.SetIdentifier
	}
	if s.Weight != nil {
		rec.Weight = max(*s.Weight, 1)
	}
	if s.AliasTarget != nil {
		rec.Odd, rec.Value = "alias", vendor.Host("CNAME", s.AliasTarget.DNSName)
		return []vendor.Record{rec}
	}
	var list []vendor.Record
	if s.ResourceRecords == nil {
		return nil
	}
	for _, v := range s.ResourceRecords.ResourceRecord {
		r := rec
		r.ID, r.Value = v.Value, vendor.Host(s.Type, v.Value)
		switch s.Type {
		case "TXT":
			r.Value = vendor.UnquoteOctal(v.Value)
		case "MX":
			pref, host, _ := strings.Cut(v.Value, " ")
			n, _ := strconv.ParseUint(pref, 10, 16) // the vendor took it as one
			r.Pref, r.Value = uint16(n), vendor.Host("MX", strings.TrimSpace(host))
		}
		list = append(list, r)
	}
	return list
}

// zone finds the public zone of the name.
func (c *Client) zone(ctx context.Context) (string, error) {
	if c.ZoneID != "" {
		return url.PathEscape(strings.TrimPrefix(c.ZoneID, "/hostedzone/")), nil
	}
	var out struct {
		HostedZones struct {
			HostedZone []struct {
				Id, Name string
				Config   struct{ PrivateZone bool }
			}
		}
	}
	if err := c.call(ctx, http.MethodGet, base+"/hostedzonesbyname", url.Values{"dnsname": {c.Zone + "."}, "maxitems": {"20"}}, nil, &out); err != nil {
		return "", err
	}
	var found []string
	for _, z := range out.HostedZones.HostedZone {
		if hostOf(z.Name) == c.Zone && !z.Config.PrivateZone {
			found = append(found, strings.TrimPrefix(z.Id, "/hostedzone/"))
		}
	}
	if len(found) != 1 {
		return "", &vendor.Error{Kind: vendor.NoZone, Text: strings.TrimSpace(strconv.Itoa(len(found)) + " zones " + c.Zone + " " + strings.Join(found, ", "))}
	}
	return url.PathEscape(found[0]), nil
}

// About tells which servers Route 53 gives the zone.
func (c *Client) About(ctx context.Context) (vendor.About, error) {
	id, err := c.zone(ctx)
	if err != nil {
		return vendor.About{}, err
	}
	var out struct {
		DelegationSet struct{ NameServers struct{ NameServer []string } }
	}
	err = c.call(ctx, http.MethodGet, base+"/hostedzone/"+id, nil, nil, &out)
	return vendor.About{Servers: vendor.Hosts(out.DelegationSet.NameServers.NameServer)}, err
}

type change struct {
	Action            string
	ResourceRecordSet set
}

// Apply makes an edit in one batch and waits until the vendor's servers have
// it. The removal names every value and the TTL as they were listed: if they
// are no longer so, nothing changes.
func (c *Client) Apply(ctx context.Context, e vendor.Edit) error {
	id, err := c.zone(ctx)
	if err != nil {
		return err
	}
	var changes []change
	if len(e.Was) > 0 {
		changes = append(changes, change{"DELETE", setOf(e.Was)})
	}
	if after := e.After(); len(after) > 0 {
		changes = append(changes, change{"CREATE", setOf(after)})
	}
	in := struct {
		XMLName xml.Name `xml:"https://route53.amazonaws.com/doc/2013-04-01/ ChangeResourceRecordSetsRequest"`
		Changes []change `xml:"ChangeBatch>Changes>Change"`
	}{Changes: changes}
	body, err := xml.Marshal(in)
	if err != nil {
		return &vendor.Error{Kind: vendor.Invalid, Text: err.Error()}
	}
	var out struct{ ChangeInfo struct{ Id, Status string } }
	if err := c.call(ctx, http.MethodPost, base+"/hostedzone/"+id+"/rrset/", nil, body, &out); err != nil {
		return err
	}
	return c.synced(ctx, out.ChangeInfo.Id, out.ChangeInfo.Status)
}

// synced waits until a change is everywhere. Where that takes too long, the
// servers themselves are asked next.
func (c *Client) synced(ctx context.Context, id, status string) error {
	for n := 0; status != "INSYNC" && n < syncTries; n++ {
		if err := c.Caller.Sleep(ctx, syncPoll); err != nil {
			return err
		}
		var out struct{ ChangeInfo struct{ Status string } }
		if err := c.call(ctx, http.MethodGet, base+"/change/"+url.PathEscape(strings.TrimPrefix(id, "/change/")), nil, nil, &out); err != nil {
			return nil
		}
		status = out.ChangeInfo.Status
	}
	return nil
}

// setOf writes records as one set. What was listed keeps its spelling, which is
// its id.
func setOf(list []vendor.Record) set {
	s := set{Name: list[0].Name + ".", Type: list[0].Type, TTL: &list[0].TTL, ResourceRecords: &struct{ ResourceRecord []value }{}}
	for _, r := range list {
		v := r.ID
		if v == "" || !spelt(v, r) {
			v = spell(r)
		}
		s.ResourceRecords.ResourceRecord = append(s.ResourceRecords.ResourceRecord, value{v})
	}
	return s
}

// spelt reports whether a spelling is of this record's value.
func spelt(v string, r vendor.Record) bool {
	ttl := r.TTL
	got := records(set{Name: r.Name, Type: r.Type, TTL: &ttl, ResourceRecords: &struct{ ResourceRecord []value }{[]value{{v}}}})
	return len(got) == 1 && got[0].Same(r)
}

func spell(r vendor.Record) string {
	switch r.Type {
	case "MX":
		return strconv.FormatUint(uint64(r.Pref), 10) + " " + r.Value + "."
	case "TXT":
		return vendor.Quote(r.Value, vendor.Octal)
	}
	return r.Value
}

func (c *Client) call(ctx context.Context, method, path string, q url.Values, body []byte, out any) error {
	build := func(ctx context.Context) (*http.Request, error) {
		req, err := http.NewRequestWithContext(ctx, method, c.Endpoint+path, bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		req.URL.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
		sign(req, body, cmp.Or(c.Region, Region), "route53", key{c.ID, c.Secret, c.Session}, c.Caller.Now())
		return req, nil
	}
	return c.Caller.Do(ctx, method == http.MethodGet, build, func(status int, body []byte) error { return judge(status, body, out) })
}
