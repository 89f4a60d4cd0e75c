package vendors

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

func readFull(r *http.Request, into []byte) (int, error) { return io.ReadFull(r.Body, into) }

func hash(b string) string {
	h := sha256.Sum256([]byte(b))
	return hex.EncodeToString(h[:])
}

// chain computes HMAC after HMAC; the last is over the text.
func chain(secret string, parts ...string) string {
	key := []byte(secret)
	for _, p := range parts {
		m := hmac.New(sha256.New, key)
		m.Write([]byte(p))
		key = m.Sum(nil)
	}
	return hex.EncodeToString(key)
}

// authorization is SCHEME Credential=..., SignedHeaders=..., Signature=...
var authorization = regexp.MustCompile(`^(\S+) Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$`)

// claim is what a caller's authorization says.
type claim struct {
	scheme, signature string
	credential        []string // id, then the scope
	headers           []string // names
}

func claimOf(r *http.Request) (claim, bool) {
	m := authorization.FindStringSubmatch(r.Header.Get("Authorization"))
	if m == nil {
		return claim{}, false
	}
	c := claim{m[1], m[4], strings.Split(m[2], "/"), strings.Split(m[3], ";")}
	return c, slices.IsSorted(c.headers) && slices.Contains(c.headers, "host")
}

// canonical is the request as all three schemes write it.
func (c claim) canonical(r *http.Request, body []byte) string {
	var headers strings.Builder
	for _, name := range c.headers {
		v := r.Header.Get(name)
		if name == "host" {
			v = r.Host
		}
		headers.WriteString(name + ":" + strings.TrimSpace(v) + "\n")
	}
	query := strings.Split(r.URL.RawQuery, "&")
	slices.Sort(query)
	return strings.Join([]string{r.Method, r.URL.EscapedPath(), strings.Join(query, "&"), headers.String(), strings.Join(c.headers, ";"), hash(string(body))}, "\n")
}

// skewed reports a clock that is off by more than the vendor takes.
func (f *Fake) skewed(at time.Time, most time.Duration) bool {
	d := f.Now().Sub(at)
	return d > most || d < -most
}

// checkScoped checks the two schemes whose keys are derived: day, region where
// there is one, service and a last word.
func (f *Fake) checkScoped(r *http.Request, body []byte, scheme, prefix, stamp, day string, scope []string) bool {
	c, ok := claimOf(r)
	want := append([]string{f.ID, day}, scope...)
	if !ok || c.scheme != scheme || !slices.Equal(c.credential, want) {
		return false
	}
	text := strings.Join([]string{scheme, stamp, strings.Join(want[1:], "/"), hash(c.canonical(r, body))}, "\n")
	return chain(prefix+f.Secret, append(slices.Clone(want[1:]), text)...) == c.signature
}
