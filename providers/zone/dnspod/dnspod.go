// Package dnspod speaks to DNSPod by Tencent Cloud's API 3.0, version
// 2021-03-23. It changes a zone record by record.
package dnspod

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/mxmove/mxmove/providers/zone/vendor"
)

// Endpoint is where the API is, outside of tests and of clouds of one's own.
const Endpoint = "https://dnspod.tencentcloudapi.com"

// Client is one zone. Printing it shows no key.
type Client struct {
	Caller   vendor.Caller
	Endpoint string
	Zone     string // A-labels
	ID       string // SecretId
	Secret   string // SecretKey
	Session  string // of a temporary key; "": it is none
}

// Format prints the zone only.
func (c *Client) Format(f fmt.State, _ rune) { fmt.Fprint(f, "dnspod ", c.Zone) }

// AtOnce reports that a set changes by several calls.
func (c *Client) AtOnce() bool { return false }

const (
	page       = 1000 // of at most 3000
	defaultRow = "0"  // the default line's id, whatever its name is
	defaultTo  = "默认" // its name
)

type row struct {
	RecordId                                uint64
	Name, Type, Value, Line, LineId, Status string
	TTL                                     uint32
	MX                                      *uint16
	Weight                                  *int
}

// List gives the records of a name and type, or with empty ones of the zone.
func (c *Client) List(ctx context.Context, name, kind string) ([]vendor.Record, error) {
	var all []vendor.Record
	for offset := 0; ; {
		in := map[string]any{"Domain": c.Zone, "Offset": offset, "Limit": page}
		if name != "" {
			in["Subdomain"], in["RecordType"] = c.label(name), kind
		}
		var out struct {
			RecordList      []row
			RecordCountInfo struct{ TotalCount int }
		}
		if err := c.call(ctx, "DescribeRecordList", true, in, &out); err != nil {
			return nil, err
		}
		for _, r := range out.RecordList {
			if rec := c.record(r); name == "" || rec.Name == name && rec.Type == kind {
				all = append(all, rec)
			}
		}
		if offset += len(out.RecordList); len(out.RecordList) == 0 || offset >= out.RecordCountInfo.TotalCount {
			return all, nil
		}
	}
}

func (c *Client) record(r row) vendor.Record {
	rec := vendor.Record{ID: strconv.FormatUint(r.RecordId, 10), Name: vendor.Full(r.Name, c.Zone), Type: r.Type,
		Value: vendor.Plain(r.Type, r.Value), TTL: r.TTL, Line: r.Line, Off: r.Status == "DISABLE"}
	if r.LineId == defaultRow || r.Line == defaultTo {
		rec.Line = ""
	}
	if r.MX != nil && r.Type == "MX" {
		rec.Pref = *r.MX
	}
	if r.Weight != nil {
		rec.Weight = *r.Weight
	}
	return rec
}

func (c *Client) label(name string) string { return vendor.Label(name, c.Zone) }

// About tells which servers DNSPod gives the zone, and its package's lowest TTL.
func (c *Client) About(ctx context.Context) (vendor.About, error) {
	var domain struct {
		DomainInfo struct {
			Status, Grade string
			DnspodNsList  []string
		}
	}
	if err := c.call(ctx, "DescribeDomain", true, map[string]any{"Domain": c.Zone}, &domain); err != nil {
		return vendor.About{}, err
	}
	d := domain.DomainInfo
	a := vendor.About{Servers: vendor.Hosts(d.DnspodNsList), Paused: d.Status == "PAUSE" || d.Status == "SPAM"}
	var packages struct {
		Info []struct {
			DomainGrade string
			MinTtl      uint32
		}
	}
	if err := c.call(ctx, "DescribePackageDetail", true, map[string]any{}, &packages); err != nil {
		if vendor.Is(err, vendor.Refused) {
			return a, nil // a key for the zone's records alone
		}
		return a, err
	}
	for _, p := range packages.Info {
		if strings.EqualFold(p.DomainGrade, d.Grade) {
			a.MinTTL = p.MinTtl
		}
	}
	return a, nil
}

// Apply makes an edit of one call.
func (c *Client) Apply(ctx context.Context, e vendor.Edit) error {
	switch {
	case len(e.Modify) > 0:
		in, err := c.wanted(e.Modify[0])
		if err != nil {
			return err
		}
		return c.call(ctx, "ModifyRecord", false, in, nil)
	case len(e.Create) > 0:
		in, err := c.wanted(e.Create[0])
		if err != nil {
			return err
		}
		return c.call(ctx, "CreateRecord", false, in, nil)
	case len(e.Delete) > 0:
		id, err := strconv.ParseUint(e.Delete[0].ID, 10, 64)
		if err != nil {
			return &vendor.Error{Kind: vendor.Invalid, Text: err.Error()}
		}
		return c.call(ctx, "DeleteRecord", false, map[string]any{"Domain": c.Zone, "RecordId": id}, nil)
	}
	return nil
}

func (c *Client) wanted(r vendor.Record) (map[string]any, error) {
	in := map[string]any{"Domain": c.Zone, "SubDomain": c.label(r.Name), "RecordType": r.Type, "Value": r.Value, "TTL": r.TTL,
		"RecordLine": r.Line}
	if r.Line == "" {
		in["RecordLine"], in["RecordLineId"] = defaultTo, defaultRow
	}
	if r.Type == "MX" {
		in["Value"], in["MX"] = r.Value+".", r.Pref
	}
	if r.ID != "" {
		id, err := strconv.ParseUint(r.ID, 10, 64)
		if err != nil {
			return nil, &vendor.Error{Kind: vendor.Invalid, Text: err.Error()}
		}
		in["RecordId"] = id
	}
	return in, nil
}

func (c *Client) call(ctx context.Context, action string, reads bool, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return &vendor.Error{Kind: vendor.Invalid, Text: err.Error()}
	}
	build := func(ctx context.Context) (*http.Request, error) {
		req, err := vendor.JSON(ctx, http.MethodPost, c.Endpoint, body)
		if err != nil {
			return nil, err
		}
		req.URL.Path = "/"
		req.Header.Set("Content-Type", contentType)
		req.Header.Set("X-TC-Action", action)
		req.Header.Set("X-TC-Version", "2021-03-23")
		if c.Session != "" {
			req.Header.Set("X-TC-Token", c.Session)
		}
		sign(req, body, "dnspod", c.ID, c.Secret, c.Caller.Now())
		return req, nil
	}
	return c.Caller.Do(ctx, reads, build, func(_ int, body []byte) error { return judge(body, out) })
}

// judge reads the answer: failures come with status 200 too.
func judge(body []byte, out any) error {
	var answer struct {
		Response struct {
			Error *struct{ Code, Message string }
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return &vendor.Error{Kind: vendor.Lost, Text: err.Error()}
	}
	if e := answer.Response.Error; e != nil {
		if e.Code == "ResourceNotFound.NoDataOfRecord" {
			return nil
		}
		return &vendor.Error{Kind: vendor.KindOf(kinds, e.Code), Text: vendor.Words(e.Code, e.Message)}
	}
	if out == nil {
		return nil
	}
	var whole struct{ Response json.RawMessage }
	err := json.Unmarshal(body, &whole)
	if err == nil {
		err = json.Unmarshal(whole.Response, out)
	}
	if err != nil {
		return &vendor.Error{Kind: vendor.Lost, Text: err.Error()}
	}
	return nil
}

// kinds are what error codes mean, by how they begin.
var kinds = []vendor.Meaning{
	{Kind: vendor.Busy, Codes: []string{"RequestLimitExceeded"}},
	{Kind: vendor.Lost, Codes: []string{"InternalError", "FailedOperation.UnknowError", "InvalidParameter.OperateFailed"}},
	{Kind: vendor.Duplicate, Codes: []string{"InvalidParameter.DomainRecordExist"}},
	{Kind: vendor.Locked, Codes: []string{"FailedOperation.DomainIsLocked", "FailedOperation.DomainIsSpam", "InvalidParameter.DomainNotAllowedModifyRecords", "InvalidParameter.RecordLocked"}},
	{Kind: vendor.Stale, Codes: []string{"InvalidParameter.RecordIdInvalid"}},
	{Kind: vendor.NoZone, Codes: []string{"InvalidParameterValue.DomainNotExists", "InvalidParameter.DomainInvalid", "FailedOperation.NotDomainOwner", "OperationDenied.NoPermissionToOperateDomain"}},
	{Kind: vendor.Refused, Codes: []string{"AuthFailure", "UnauthorizedOperation", "OperationDenied", "FailedOperation", "LimitExceeded.FailedLogin"}},
}

const contentType = "application/json; charset=utf-8"

// sign writes the TC3-HMAC-SHA256 signature over method, host, type and body.
func sign(req *http.Request, body []byte, service, id, secret string, now time.Time) {
	const signed = "content-type;host"
	day := now.UTC().Format("2006-01-02")
	canonical := req.Method + "\n/\n\ncontent-type:" + contentType + "\nhost:" + req.URL.Host + "\n\n" + signed + "\n" + sum(body)
	scope := day + "/" + service + "/tc3_request"
	stamp := strconv.FormatInt(now.Unix(), 10)
	key := mac([]byte("TC3"+secret), day)
	for _, part := range []string{service, "tc3_request"} {
		key = mac(key, part)
	}
	signature := hex.EncodeToString(mac(key, "TC3-HMAC-SHA256\n"+stamp+"\n"+scope+"\n"+sum([]byte(canonical))))
	req.Header.Set("X-TC-Timestamp", stamp)
	req.Header.Set("Authorization", "TC3-HMAC-SHA256 Credential="+id+"/"+scope+", SignedHeaders="+signed+", Signature="+signature)
}

func mac(key []byte, s string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(s))
	return h.Sum(nil)
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
