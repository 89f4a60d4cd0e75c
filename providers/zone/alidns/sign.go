package alidns

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// call is what a signature covers beside the request.
type call struct {
	action, version, nonce string
	id, secret             string
	session                string // of a temporary key; "": it is none
	at                     time.Time
}

// signed are the headers under a signature, in order.
var signed = []string{"host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"}

// token is the header of a temporary key.
const token = "x-acs-security-token"

// sign writes the ACS3-HMAC-SHA256 signature of a request without a body.
func sign(req *http.Request, c call) {
	values := map[string]string{"host": req.URL.Host, "x-acs-action": c.action, "x-acs-version": c.version, "x-acs-content-sha256": sum(""),
		"x-acs-date": c.at.UTC().Format("2006-01-02T15:04:05Z"), "x-acs-signature-nonce": c.nonce}
	var headers strings.Builder
	names := signed
	if c.session != "" {
		values[token] = c.session
		names = slices.Sorted(slices.Values(append(slices.Clone(signed), token)))
	}
	for _, name := range names {
		headers.WriteString(name + ":" + values[name] + "\n")
		if name != "host" {
			req.Header.Set(name, values[name])
		}
	}
	list := strings.Join(names, ";")
	canonical := strings.Join([]string{req.Method, "/", req.URL.RawQuery, headers.String(), list, sum("")}, "\n")
	h := hmac.New(sha256.New, []byte(c.secret))
	h.Write([]byte("ACS3-HMAC-SHA256\n" + sum(canonical)))
	req.Header.Set("Authorization", "ACS3-HMAC-SHA256 Credential="+c.id+",SignedHeaders="+list+",Signature="+hex.EncodeToString(h.Sum(nil)))
}

func sum(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}

// query writes parameters in order, escaped as RFC 3986 section 2.3 leaves them.
func query(in map[string]string) string {
	var list []string
	for k, v := range in {
		list = append(list, escape(k)+"="+escape(v))
	}
	slices.Sort(list)
	return strings.Join(list, "&")
}

func escape(s string) string {
	return strings.NewReplacer("+", "%20", "%7E", "~").Replace(url.QueryEscape(s))
}
