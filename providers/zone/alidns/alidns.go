// Package alidns speaks to Alibaba Cloud DNS by its RPC API, version
// 2015-01-09. It changes a zone record by record.
package alidns

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/mxmove/mxmove/providers/zone/vendor"
)

// Endpoint is where the API is, outside of tests and of clouds of one's own.
const Endpoint = "https://alidns.aliyuncs.com"

// Client is one zone. Printing it shows no key.
type Client struct {
	Caller   vendor.Caller
	Endpoint string
	Zone     string // A-labels
	ID       string // AccessKey ID
	Secret   string // AccessKey secret
	Session  string // of a temporary key; "": it is none
}

// Format prints the zone only.
func (c *Client) Format(f fmt.State, _ rune) { fmt.Fprint(f, "alidns ", c.Zone) }

// AtOnce reports that a set changes by several calls.
func (c *Client) AtOnce() bool { return false }

const (
	page    = 500 // the most
	version = "2015-01-09"
	line    = "default"
)

type row struct {
	RecordId, RR, Type, Value, Line, Status string
	TTL                                     uint32
	Priority                                uint16
	Locked                                  bool
	Weight                                  int
}

// List gives the records of a name and type, or with empty ones of the zone.
// The API's own search is by part of a word, so it is not used.
func (c *Client) List(ctx context.Context, name, kind string) ([]vendor.Record, error) {
	var all []vendor.Record
	for n, got := 1, 0; ; n++ {
		var out struct {
			TotalCount    int
			DomainRecords struct{ Record []row }
		}
		in := map[string]string{"DomainName": c.Zone, "PageNumber": strconv.Itoa(n), "PageSize": strconv.Itoa(page)}
		if err := c.call(ctx, "DescribeDomainRecords", true, in, &out); err != nil {
			return nil, err
		}
		for _, r := range out.DomainRecords.Record {
			if rec := c.record(r); name == "" || rec.Name == name && rec.Type == kind {
				all = append(all, rec)
			}
		}
		if got += len(out.DomainRecords.Record); len(out.DomainRecords.Record) == 0 || got >= out.TotalCount {
			return all, nil
		}
	}
}

func (c *Client) record(r row) vendor.Record {
	rec := vendor.Record{ID: r.RecordId, Name: vendor.Full(r.RR, c.Zone), Type: r.Type, Value: vendor.Plain(r.Type, r.Value),
		TTL: r.TTL, Line: r.Line, Off: strings.EqualFold(r.Status, "DISABLE"), Locked: r.Locked}
	if r.Line == line {
		rec.Line = ""
	}
	if r.Type == "MX" {
		rec.Pref = r.Priority
	}
	if r.Weight > 1 { // 1 is that of a record which is alone
		rec.Weight = r.Weight
	}
	return rec
}

// About tells which servers Alibaba gives the zone, and its edition's lowest
// TTL.
func (c *Client) About(ctx context.Context) (vendor.About, error) {
	var out struct {
		MinTtl      uint32
		InBlackHole bool
		DnsServers  struct{ DnsServer []string }
	}
	err := c.call(ctx, "DescribeDomainInfo", true, map[string]string{"DomainName": c.Zone, "NeedDetailAttributes": "true"}, &out)
	return vendor.About{Servers: vendor.Hosts(out.DnsServers.DnsServer), MinTTL: out.MinTtl, Paused: out.InBlackHole}, err
}

// Apply makes an edit of one call.
func (c *Client) Apply(ctx context.Context, e vendor.Edit) error {
	switch {
	case len(e.Modify) > 0:
		in := c.wanted(e.Modify[0])
		in["RecordId"] = e.Modify[0].ID
		return c.call(ctx, "UpdateDomainRecord", false, in, nil)
	case len(e.Create) > 0:
		in := c.wanted(e.Create[0])
		in["DomainName"] = c.Zone
		return c.call(ctx, "AddDomainRecord", false, in, nil)
	case len(e.Delete) > 0:
		return c.call(ctx, "DeleteDomainRecord", false, map[string]string{"RecordId": e.Delete[0].ID}, nil)
	}
	return nil
}

func (c *Client) wanted(r vendor.Record) map[string]string {
	in := map[string]string{"RR": vendor.Label(r.Name, c.Zone), "Type": r.Type, "Value": r.Value,
		"TTL": strconv.FormatUint(uint64(r.TTL), 10), "Line": line}
	if r.Line != "" {
		in["Line"] = r.Line
	}
	if r.Type == "MX" {
		in["Priority"] = strconv.FormatUint(uint64(r.Pref), 10)
	}
	return in
}

func (c *Client) call(ctx context.Context, action string, reads bool, in map[string]string, out any) error {
	build := func(ctx context.Context) (*http.Request, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Endpoint, nil)
		if err != nil {
			return nil, err
		}
		nonce := make([]byte, 16)
		if _, err := rand.Read(nonce); err != nil {
			return nil, err
		}
		req.URL.Path, req.URL.RawQuery = "/", query(in)
		sign(req, call{action, version, hex.EncodeToString(nonce), c.ID, c.Secret, c.Session, c.Caller.Now()})
		return req, nil
	}
	return c.Caller.Do(ctx, reads, build, func(_ int, body []byte) error { return judge(body, out) })
}

func judge(body []byte, out any) error {
	var failed struct{ Code, Message string }
	if err := json.Unmarshal(body, &failed); err != nil {
		return &vendor.Error{Kind: vendor.Lost, Text: err.Error()}
	}
	if failed.Code != "" && !strings.EqualFold(failed.Code, "OK") {
		return &vendor.Error{Kind: vendor.KindOf(kinds, failed.Code), Text: vendor.Words(failed.Code, failed.Message)}
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return &vendor.Error{Kind: vendor.Lost, Text: err.Error()}
	}
	return nil
}

// kinds are what error codes mean, by how they begin.
var kinds = []vendor.Meaning{
	{Kind: vendor.Busy, Codes: []string{"Throttling", "LastOperationNotFinished"}},
	{Kind: vendor.Lost, Codes: []string{"ServiceUnavailable", "InternalError", "UnKnownError"}},
	{Kind: vendor.Duplicate, Codes: []string{"DomainRecordDuplicate"}},
	{Kind: vendor.Locked, Codes: []string{"DomainRecordLocked", "DomainForbidden", "RecordForbidden"}},
	{Kind: vendor.Stale, Codes: []string{"DomainRecordNotBelongToUser"}},
	{Kind: vendor.NoZone, Codes: []string{"InvalidDomainName", "IncorrectDomainUser"}},
	{Kind: vendor.Refused, Codes: []string{"InvalidAccessKey", "InvalidSecurityToken", "SignatureDoesNotMatch", "IncompleteSignature", "InvalidTimeStamp", "Forbidden", "NoPermission", "SignatureNonceUsed"}},
}
