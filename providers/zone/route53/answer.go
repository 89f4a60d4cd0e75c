package route53

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/mxmove/mxmove/providers/zone/vendor"
)

func judge(status int, body []byte, out any) error {
	if status >= http.StatusMultipleChoices {
		return failure(status, body)
	}
	// An error may stand in an answer that HTTP calls good.
	var root struct{ XMLName xml.Name }
	err := xml.Unmarshal(body, &root)
	if err == nil && (root.XMLName.Local == "ErrorResponse" || root.XMLName.Local == "InvalidChangeBatch") {
		return failure(status, body)
	}
	if err == nil && out != nil {
		err = xml.Unmarshal(body, out)
	}
	if err != nil {
		return &vendor.Error{Kind: vendor.Lost, Text: err.Error()}
	}
	return nil
}

func failure(status int, body []byte) error {
	var e struct {
		XMLName  xml.Name
		Code     string   `xml:"Error>Code"`
		Message  string   `xml:"Error>Message"`
		Messages []string `xml:"Messages>Message"`
	}
	if err := xml.Unmarshal(body, &e); err != nil {
		return &vendor.Error{Kind: vendor.Lost, Text: strconv.Itoa(status)}
	}
	code, message := e.Code, e.Message
	if e.XMLName.Local == "InvalidChangeBatch" {
		code, message = "InvalidChangeBatch", strings.Join(e.Messages, "; ")
	}
	return &vendor.Error{Kind: kindOf(code, message), Text: vendor.Words(code, message)}
}

func kindOf(code, message string) vendor.Kind {
	switch code {
	case "Throttling", "ThrottlingException", "PriorRequestNotComplete", "RequestLimitExceeded":
		return vendor.Busy
	case "InternalFailure", "InternalError", "ServiceUnavailable":
		return vendor.Lost
	case "InvalidChangeBatch":
		if strings.Contains(message, "already exists") || strings.Contains(message, "not found") || strings.Contains(message, "do not match") {
			return vendor.Stale
		}
		return vendor.Invalid
	case "NoSuchHostedZone", "HostedZoneNotFound":
		return vendor.NoZone
	case "InvalidInput", "NoSuchChange":
		return vendor.Invalid
	}
	return vendor.Refused
}

// signed are the headers under a signature, in order.
// key is whose calls these are; its session is that of a temporary one, or "".
type key struct{ id, secret, session string }

// sign writes the signature of version 4.
func sign(req *http.Request, body []byte, region, service string, k key, now time.Time) {
	stamp := now.UTC().Format("20060102T150405Z")
	signed, headers := "host;x-amz-date", "host:"+req.URL.Host+"\nx-amz-date:"+stamp+"\n"
	if k.session != "" {
		signed, headers = signed+";x-amz-security-token", headers+"x-amz-security-token:"+k.session+"\n"
		req.Header.Set("X-Amz-Security-Token", k.session)
	}
	canonical := strings.Join([]string{req.Method, path(req), req.URL.RawQuery, headers, signed, sum(body)}, "\n")
	scope := strings.Join([]string{stamp[:8], region, service, "aws4_request"}, "/")
	derived := []byte("AWS4" + k.secret)
	for _, part := range strings.Split(scope, "/") {
		derived = mac(derived, part)
	}
	signature := hex.EncodeToString(mac(derived, "AWS4-HMAC-SHA256\n"+stamp+"\n"+scope+"\n"+sum([]byte(canonical))))
	req.Header.Set("X-Amz-Date", stamp)
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+k.id+"/"+scope+", SignedHeaders="+signed+", Signature="+signature)
}

func path(req *http.Request) string {
	if p := req.URL.EscapedPath(); p != "" {
		return p
	}
	return "/"
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
