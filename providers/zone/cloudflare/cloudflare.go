// Package cloudflare speaks to Cloudflare's API v4. A set changes in one batch,
// which is one transaction.
package cloudflare

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/mxmove/mxmove/providers/zone/vendor"
)

// Endpoint is where the API is, outside of tests.
const Endpoint = "https://api.cloudflare.com/client/v4"

// Client is one zone. Printing it shows no token.
type Client struct {
	Caller   vendor.Caller
	Endpoint string
	Zone     string // A-labels
	ID       string // of the zone; "": it is looked up
	Token    string
}

// Format prints the zone only.
func (c *Client) Format(f fmt.State, _ rune) { fmt.Fprint(f, "cloudflare ", c.Zone) }

// AtOnce reports that a set changes by one call.
func (c *Client) AtOnce() bool { return true }

const (
	page    = 100
	auto    = 1   // a TTL that says: Cloudflare's choice
	autoTTL = 300 // which is this
)

type row struct {
	ID       string  `json:"id,omitempty"`
	Name     string  `json:"name,omitempty"`
	Type     string  `json:"type,omitempty"`
	Content  string  `json:"content"`
	TTL      uint32  `json:"ttl"`
	Priority *uint16 `json:"priority,omitempty"`
	Proxied  bool    `json:"proxied,omitempty"`
	Locked   bool    `json:"locked,omitempty"`
	Meta     *struct {
		ReadOnly bool `json:"read_only"`
	} `json:"meta,omitempty"`
}

// List gives the records of a name and type, or with empty ones of the zone.
func (c *Client) List(ctx context.Context, name, kind string) ([]vendor.Record, error) {
	id, err := c.zone(ctx)
	if err != nil {
		return nil, err
	}
	var all []vendor.Record
	for n := 1; ; n++ {
		q := url.Values{"page": {strconv.Itoa(n)}, "per_page": {strconv.Itoa(page)}}
		if name != "" {
			q.Set("name", name)
			q.Set("type", kind)
		}
		var rows []row
		more, err := c.call(ctx, http.MethodGet, "/zones/"+id+"/dns_records?"+q.Encode(), nil, &rows)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if rec := record(r); name == "" || rec.Name == name && rec.Type == kind {
				all = append(all, rec)
			}
		}
		if n >= more || len(rows) == 0 {
			return all, nil
		}
	}
}

func record(r row) vendor.Record {
	rec := vendor.Record{ID: r.ID, Name: vendor.Host("CNAME", r.Name), Type: r.Type, Value: vendor.Host(r.Type, r.Content), TTL: r.TTL,
		Locked: r.Locked || r.Meta != nil && r.Meta.ReadOnly}
	if r.TTL == auto {
		rec.TTL = autoTTL
	}
	if r.Type == "TXT" {
		rec.Value = vendor.Unquote(r.Content)
	}
	if r.Type == "MX" && r.Priority != nil {
		rec.Pref = *r.Priority
	}
	if r.Proxied {
		rec.Odd = "proxied"
	}
	return rec
}

type zone struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	NameServers []string `json:"name_servers"`
	Status      string   `json:"status"`
}

// zone finds the zone's id.
func (c *Client) zone(ctx context.Context) (string, error) {
	if c.ID != "" {
		return url.PathEscape(c.ID), nil
	}
	var found []zone
	if _, err := c.call(ctx, http.MethodGet, "/zones?"+url.Values{"name": {c.Zone}}.Encode(), nil, &found); err != nil {
		return "", err
	}
	if len(found) != 1 {
		return "", &vendor.Error{Kind: vendor.NoZone, Text: strconv.Itoa(len(found)) + " zones " + c.Zone}
	}
	return url.PathEscape(found[0].ID), nil
}

// About tells which servers Cloudflare gives the zone.
func (c *Client) About(ctx context.Context) (vendor.About, error) {
	id, err := c.zone(ctx)
	if err != nil {
		return vendor.About{}, err
	}
	var z zone
	_, err = c.call(ctx, http.MethodGet, "/zones/"+id, nil, &z)
	return vendor.About{Servers: vendor.Hosts(z.NameServers), Paused: z.Status == "deactivated" || z.Status == "moved"}, err
}

type id struct {
	ID string `json:"id"`
}

// Apply makes an edit in one batch. Flags that it does not name stay.
func (c *Client) Apply(ctx context.Context, e vendor.Edit) error {
	zone, err := c.zone(ctx)
	if err != nil {
		return err
	}
	var batch struct {
		Deletes []id  `json:"deletes,omitempty"`
		Patches []row `json:"patches,omitempty"`
		Posts   []row `json:"posts,omitempty"`
	}
	for _, r := range e.Delete {
		batch.Deletes = append(batch.Deletes, id{r.ID})
	}
	for _, r := range e.Modify {
		batch.Patches = append(batch.Patches, written(r))
	}
	for _, r := range e.Create {
		w := written(r)
		w.Name, w.Type = r.Name, r.Type
		batch.Posts = append(batch.Posts, w)
	}
	_, err = c.call(ctx, http.MethodPost, "/zones/"+zone+"/dns_records/batch", batch, nil)
	return err
}

func written(r vendor.Record) row {
	w := row{ID: r.ID, Content: r.Value, TTL: r.TTL}
	switch r.Type {
	case "MX":
		w.Priority = &r.Pref
	case "TXT":
		w.Content = vendor.Quote(r.Value, vendor.Decimal)
	}
	return w
}

// call gives the number of pages that there are.
func (c *Client) call(ctx context.Context, method, path string, in, out any) (pages int, err error) {
	var body []byte
	if in != nil {
		if body, err = json.Marshal(in); err != nil {
			return 0, &vendor.Error{Kind: vendor.Invalid, Text: err.Error()}
		}
	}
	build := func(ctx context.Context) (*http.Request, error) {
		req, err := vendor.JSON(ctx, method, strings.TrimSuffix(c.Endpoint, "/")+path, body)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Authorization", "Bearer "+c.Token)
		req.Header.Set("Content-Type", "application/json")
		return req, nil
	}
	err = c.Caller.Do(ctx, method == http.MethodGet, build, func(status int, body []byte) error {
		pages, err = judge(status, body, out)
		return err
	})
	return pages, err
}

// judge reads the answer: success may be false whatever the status is.
func judge(status int, body []byte, out any) (pages int, err error) {
	var answer struct {
		Success bool
		Errors  []struct {
			Code    int
			Message string
		}
		Result     json.RawMessage
		ResultInfo struct {
			TotalPages int `json:"total_pages"`
		} `json:"result_info"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return 0, &vendor.Error{Kind: vendor.Lost, Text: err.Error()}
	}
	if !answer.Success {
		code, message := 0, strconv.Itoa(status)
		if len(answer.Errors) > 0 {
			code, message = answer.Errors[0].Code, answer.Errors[0].Message
		}
		return 0, &vendor.Error{Kind: kindOf(status, code), Text: vendor.Words(strconv.Itoa(code), message)}
	}
	if out != nil {
		if err := json.Unmarshal(answer.Result, out); err != nil {
			return 0, &vendor.Error{Kind: vendor.Lost, Text: err.Error()}
		}
	}
	return answer.ResultInfo.TotalPages, nil
}

func kindOf(status, code int) vendor.Kind {
	switch {
	case status == http.StatusTooManyRequests || code == 971:
		return vendor.Busy
	case code == 81057 || code == 81058:
		return vendor.Duplicate
	case code == 81044 || code == 1032:
		return vendor.Stale
	case code == 7003 || code == 1049:
		return vendor.NoZone
	case status == http.StatusUnauthorized || status == http.StatusForbidden || code == 10000 || code == 9109 || code == 6003:
		return vendor.Refused
	case status < http.StatusBadRequest: // which of the two is to be believed
		return vendor.Lost
	}
	return vendor.Invalid
}
