package vendors

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// dnspod is Tencent Cloud's API 3.0, dnspod 2021-03-23.
type dnspod struct{}

func (dnspod) codes() map[string]string {
	return map[string]string{"fault": "InternalError", "duplicate": "InvalidParameter.DomainRecordExist", "locked": "FailedOperation.DomainIsLocked",
		"gone": "InvalidParameter.RecordIdInvalid", "invalid": "LimitExceeded.RecordTtlLimit"}
}

func (dnspod) check(f *Fake, r *http.Request, body []byte) string {
	n, err := strconv.ParseInt(r.Header.Get("X-TC-Timestamp"), 10, 64)
	if err != nil || f.skewed(time.Unix(n, 0), 5*time.Minute) {
		return "AuthFailure.SignatureExpire"
	}
	if r.Header.Get("X-TC-Token") != f.Token {
		return "AuthFailure.TokenFailure"
	}
	day := time.Unix(n, 0).UTC().Format("2006-01-02")
	if r.Method != http.MethodPost || r.Header.Get("X-TC-Version") != "2021-03-23" ||
		!f.checkScoped(r, body, "TC3-HMAC-SHA256", "TC3", strconv.FormatInt(n, 10), day, []string{"dnspod", "tc3_request"}) {
		return "AuthFailure.SignatureFailure"
	}
	return ""
}

func (dnspod) writing(r *http.Request) bool {
	return !strings.HasPrefix(r.Header.Get("X-TC-Action"), "Describe")
}

// fail: errors come with status 200, whatever happened.
func (dnspod) fail(w http.ResponseWriter, status int, code string) {
	if status == http.StatusTooManyRequests {
		w.WriteHeader(status)
	}
	respond(w, map[string]any{"Error": map[string]string{"Code": code, "Message": "of the test"}})
}

func respond(w http.ResponseWriter, v map[string]any) {
	v["RequestId"] = "r-1"
	_ = json.NewEncoder(w).Encode(map[string]any{"Response": v})
}

type dnspodIn struct {
	Domain, Subdomain, SubDomain, RecordType, RecordLine, RecordLineId, Value string
	Offset, Limit, TTL, MX                                                    int
	RecordId                                                                  uint64
}

func (d dnspod) serve(f *Fake, w http.ResponseWriter, r *http.Request, body []byte) {
	action := r.Header.Get("X-TC-Action")
	f.calls = append(f.calls, action)
	var in dnspodIn
	if err := json.Unmarshal(body, &in); err != nil {
		d.fail(w, 200, "InvalidParameter.ParamInvalid")
		return
	}
	if in.Domain != f.Zone && action != "DescribePackageDetail" {
		d.fail(w, 200, "InvalidParameterValue.DomainNotExists")
		return
	}
	id := strconv.FormatUint(in.RecordId, 10)
	switch action {
	case "DescribeRecordList":
		d.list(f, w, in)
	case "DescribeDomain":
		respond(w, map[string]any{"DomainInfo": map[string]any{"Status": "ENABLE", "Grade": "DP_FREE", "DnspodNsList": f.NS}})
	case "DescribePackageDetail":
		respond(w, map[string]any{"Info": []any{map[string]any{"DomainGrade": "DP_Plus", "MinTtl": 1}, map[string]any{"DomainGrade": "DP_Free", "MinTtl": f.MinTTL}}})
	case "CreateRecord":
		d.done(w, f.change("", in.record(f.Zone)))
	case "ModifyRecord":
		d.done(w, f.change(id, in.record(f.Zone)))
	case "DeleteRecord":
		d.done(w, f.change(id, nil))
	default:
		d.fail(w, 200, "InvalidAction")
	}
}

func (d dnspod) done(w http.ResponseWriter, code string) {
	if code != "" {
		d.fail(w, 200, code)
		return
	}
	respond(w, map[string]any{})
}

func (in dnspodIn) record(zone string) *Record {
	r := &Record{Name: fullName(in.SubDomain, zone), Type: in.RecordType, Value: strings.TrimSuffix(in.Value, "."), Pref: in.MX, TTL: in.TTL, Line: in.RecordLine}
	if in.RecordLine == "默认" {
		r.Line = ""
	}
	return r
}

func fullName(label, zone string) string {
	if label == "@" {
		return zone
	}
	return label + "." + zone
}

func labelOf(name, zone string) string {
	if name == zone {
		return "@"
	}
	return strings.TrimSuffix(name, "."+zone)
}

func (d dnspod) list(f *Fake, w http.ResponseWriter, in dnspodIn) {
	var rows []any
	for _, r := range f.listed() {
		if in.Subdomain != "" && (labelOf(r.Name, f.Zone) != in.Subdomain || r.Type != in.RecordType) {
			continue
		}
		n, _ := strconv.ParseUint(r.ID, 10, 64)
		row := map[string]any{"RecordId": n, "Name": labelOf(r.Name, f.Zone), "Type": r.Type, "Value": r.Value, "TTL": r.TTL, "MX": r.Pref,
			"Line": "默认", "LineId": "0", "Status": "ENABLE", "Weight": nil}
		if r.Type == "MX" {
			row["Value"] = r.Value + "."
		}
		if r.Line != "" {
			row["Line"], row["LineId"] = r.Line, "10=3"
		}
		if r.Off {
			row["Status"] = "DISABLE"
		}
		if r.Weight > 0 {
			row["Weight"] = r.Weight
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		d.fail(w, 200, "ResourceNotFound.NoDataOfRecord")
		return
	}
	from := min(in.Offset, len(rows))
	page := rows[from:min(len(rows), from+min(in.Limit, f.Page))]
	respond(w, map[string]any{"RecordList": page, "RecordCountInfo": map[string]int{"TotalCount": len(rows), "ListCount": len(page)}})
}
