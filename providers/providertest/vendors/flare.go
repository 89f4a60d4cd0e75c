package vendors

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// cloudflare is Cloudflare's API v4.
type cloudflare struct{}

const flareZone = "023e105f4ecef8ad9ca31a8372d0c353"

func (cloudflare) codes() map[string]string {
	return map[string]string{"fault": "10500", "duplicate": "81058", "locked": "1000", "gone": "81044", "invalid": "9021"}
}

func (cloudflare) check(f *Fake, r *http.Request, _ []byte) string {
	if r.Header.Get("Authorization") != "Bearer "+f.Secret {
		return "10000"
	}
	return ""
}

func (cloudflare) writing(r *http.Request) bool { return r.Method != http.MethodGet }

func (cloudflare) fail(w http.ResponseWriter, status int, code string) {
	n, _ := strconv.Atoi(code)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"success": false, "errors": []any{map[string]any{"code": n, "message": "of the test"}}, "messages": []any{}, "result": nil})
}

func good(w http.ResponseWriter, result any, info map[string]int) {
	_ = json.NewEncoder(w).Encode(map[string]any{"success": true, "errors": []any{}, "messages": []any{}, "result": result, "result_info": info})
}

func (d cloudflare) serve(f *Fake, w http.ResponseWriter, r *http.Request, body []byte) {
	path := r.Method + " " + r.URL.Path
	f.calls = append(f.calls, path)
	zone := map[string]any{"id": flareZone, "name": f.Zone, "name_servers": f.NS, "status": "active"}
	switch path {
	case "GET /zones":
		if r.URL.Query().Get("name") != f.Zone {
			good(w, []any{}, nil)
			return
		}
		good(w, []any{zone}, nil)
	case "GET /zones/" + flareZone:
		good(w, zone, nil)
	case "GET /zones/" + flareZone + "/dns_records":
		d.list(f, w, r)
	case "POST /zones/" + flareZone + "/dns_records/batch":
		d.batch(f, w, body)
	default:
		d.fail(w, 404, "7003")
	}
}

type flareRow struct {
	ID       string         `json:"id,omitempty"`
	Name     string         `json:"name,omitempty"`
	Type     string         `json:"type,omitempty"`
	Content  string         `json:"content"`
	TTL      int            `json:"ttl"`
	Priority *int           `json:"priority,omitempty"`
	Proxied  bool           `json:"proxied"`
	Meta     map[string]any `json:"meta,omitempty"`
}

func (cloudflare) list(f *Fake, w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	rows := []flareRow{}
	for _, rec := range f.listed() {
		if q.Get("name") != "" && (rec.Name != q.Get("name") || rec.Type != q.Get("type")) {
			continue
		}
		row := flareRow{ID: rec.ID, Name: rec.Name, Type: rec.Type, Content: rec.Value, TTL: rec.TTL, Meta: map[string]any{"read_only": rec.Locked}}
		if rec.Type == "MX" {
			row.Priority = &rec.Pref
		}
		if rec.Type == "TXT" {
			row.Content = quoted(rec.Value)
		}
		if rec.TTL == 300 {
			row.TTL = 1 // as the dashboard writes it
		}
		rows = append(rows, row)
	}
	n, _ := strconv.Atoi(q.Get("page"))
	size, _ := strconv.Atoi(q.Get("per_page"))
	size = min(size, f.Page)
	from := min((n-1)*size, len(rows))
	good(w, rows[from:min(len(rows), from+size)], map[string]int{"page": n, "per_page": size, "total_count": len(rows), "total_pages": (len(rows) + size - 1) / size})
}

// batch is one transaction: all of it or nothing.
func (d cloudflare) batch(f *Fake, w http.ResponseWriter, body []byte) {
	var in struct {
		Deletes, Patches, Posts []flareRow
	}
	if err := json.Unmarshal(body, &in); err != nil {
		d.fail(w, 400, "9207")
		return
	}
	kept, publish, serial := slices.Clone(f.records), f.publish, f.serial
	f.publish = func(string) {}
	code := ""
	note := func(c string) {
		if code == "" {
			code = c
		}
	}
	for _, row := range in.Deletes {
		note(f.change(row.ID, nil))
	}
	for _, row := range in.Patches {
		at := slices.IndexFunc(f.records, func(r Record) bool { return r.ID == row.ID })
		if at < 0 {
			note("81044")
			continue
		}
		now := row.over(f.records[at])
		note(f.change(row.ID, &now))
	}
	for _, row := range in.Posts {
		now := row.over(Record{Name: row.Name, Type: row.Type})
		note(f.change("", &now))
	}
	f.publish, f.serial, f.old = publish, serial, kept
	if code != "" {
		f.records = kept
		d.fail(w, 400, code)
		return
	}
	f.serial++
	f.publish(f.text())
	good(w, map[string]any{}, nil)
}

func (row flareRow) over(r Record) Record {
	r.Value, r.TTL = row.Content, row.TTL
	if row.Priority != nil {
		r.Pref = *row.Priority
	}
	if r.Type == "TXT" {
		var parts []string
		for _, p := range strings.Split(row.Content, `" "`) {
			parts = append(parts, strings.Trim(p, `"`))
		}
		r.Value = strings.Join(parts, "")
	}
	return r
}
