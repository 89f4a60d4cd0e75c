package vendors

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// alidns is Alibaba Cloud DNS, 2015-01-09, in the RPC style.
type alidns struct{}

func (alidns) codes() map[string]string {
	return map[string]string{"fault": "InternalError", "duplicate": "DomainRecordDuplicate", "locked": "DomainRecordLocked",
		"gone": "DomainRecordNotBelongToUser", "invalid": "QuotaExceeded.TTL"}
}

func (alidns) check(f *Fake, r *http.Request, body []byte) string {
	at, err := time.Parse("2006-01-02T15:04:05Z", r.Header.Get("x-acs-date"))
	if err != nil || f.skewed(at, 15*time.Minute) {
		return "InvalidTimeStamp.Expired"
	}
	nonce := r.Header.Get("x-acs-signature-nonce")
	if nonce == "" || slices.Contains(f.nonces, nonce) {
		return "SignatureNonceUsed"
	}
	f.nonces = append(f.nonces, nonce)
	c, ok := claimOf(r)
	if !ok || c.scheme != "ACS3-HMAC-SHA256" || !slices.Equal(c.credential, []string{f.ID}) {
		return "InvalidAccessKeyId.NotFound"
	}
	if r.Header.Get("x-acs-security-token") != f.Token || f.Token != "" && !slices.Contains(c.headers, "x-acs-security-token") {
		return "InvalidSecurityToken.MismatchWithAccessKey"
	}
	for _, need := range []string{"x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"} {
		if !slices.Contains(c.headers, need) {
			return "IncompleteSignature"
		}
	}
	if r.Header.Get("x-acs-content-sha256") != hash(string(body)) || r.Header.Get("x-acs-version") != "2015-01-09" ||
		chain(f.Secret, "ACS3-HMAC-SHA256\n"+hash(c.canonical(r, body))) != c.signature {
		return "SignatureDoesNotMatch"
	}
	return ""
}

func (alidns) writing(r *http.Request) bool {
	return !strings.HasPrefix(r.Header.Get("x-acs-action"), "Describe")
}

func (alidns) fail(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"RequestId": "r-1", "Code": code, "Message": "of the test"})
}

func (d alidns) serve(f *Fake, w http.ResponseWriter, r *http.Request, _ []byte) {
	action, q := r.Header.Get("x-acs-action"), r.URL.Query()
	f.calls = append(f.calls, action)
	if name := q.Get("DomainName"); q.Has("DomainName") && name != f.Zone {
		d.fail(w, 400, "InvalidDomainName.NoExist")
		return
	}
	number := func(name string) int { n, _ := strconv.Atoi(q.Get(name)); return n }
	record := &Record{Name: fullName(q.Get("RR"), f.Zone), Type: q.Get("Type"), Value: q.Get("Value"), Pref: number("Priority"), TTL: number("TTL"), Line: q.Get("Line")}
	if record.Line == "default" {
		record.Line = ""
	}
	code := ""
	switch action {
	case "DescribeDomainRecords":
		d.list(f, w, number("PageNumber"), number("PageSize"))
		return
	case "DescribeDomainInfo":
		info := map[string]any{"DnsServers": map[string]any{"DnsServer": f.NS}}
		if q.Get("NeedDetailAttributes") == "true" {
			info["MinTtl"] = f.MinTTL
		}
		_ = json.NewEncoder(w).Encode(info)
		return
	case "AddDomainRecord":
		code = f.change("", record)
	case "UpdateDomainRecord":
		code = d.update(f, q.Get("RecordId"), record)
	case "DeleteDomainRecord":
		code = f.change(q.Get("RecordId"), nil)
	default:
		code = "InvalidAction.NotFound"
	}
	if code != "" {
		d.fail(w, 400, code)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"RequestId": "r-1"})
}

// update refuses what changes nothing.
func (d alidns) update(f *Fake, id string, now *Record) string {
	for _, r := range f.records {
		if r.ID == id && r.Value == now.Value && r.Pref == now.Pref && r.TTL == now.TTL {
			f.idle++
			return "DomainRecordDuplicate"
		}
	}
	return f.change(id, now)
}

func (alidns) list(f *Fake, w http.ResponseWriter, number, size int) {
	rows := []any{}
	for _, r := range f.listed() {
		row := map[string]any{"DomainName": f.Zone, "RecordId": r.ID, "RR": labelOf(r.Name, f.Zone), "Type": r.Type, "Value": r.Value, "TTL": r.TTL,
			"Line": "default", "Status": "ENABLE", "Locked": r.Locked, "Weight": max(r.Weight, 1)}
		if r.Type == "MX" {
			row["Priority"] = r.Pref
		}
		if r.Line != "" {
			row["Line"] = r.Line
		}
		if r.Off {
			row["Status"] = "DISABLE"
		}
		rows = append(rows, row)
	}
	size = min(size, f.Page)
	from := min((number-1)*size, len(rows))
	_ = json.NewEncoder(w).Encode(map[string]any{"TotalCount": len(rows), "PageNumber": number, "PageSize": size,
		"DomainRecords": map[string]any{"Record": rows[from:min(len(rows), from+size)]}})
}
