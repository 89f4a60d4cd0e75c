package vendor

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Caller makes calls. Its fields are all needed but HTTP.
type Caller struct {
	HTTP  *http.Client // nil: one that checks certificates and follows no redirect
	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error
}

// Limits of calls.
const (
	timeout   = 30 * time.Second // of one try
	maxTries  = 5                // of a call that is told to come later
	maxWait   = 60 * time.Second // that a vendor may ask for within a call
	firstWait = time.Second      // where it does not say how long; doubled each time
	maxBody   = 16 << 20         // octets
	maxWords  = 200              // of a vendor's message
)

// plain checks certificates. A redirect would carry a signature to somebody
// else.
func plain() *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Do makes a call. Each try is made by build, so that it is signed by the clock
// of its time. judge says what an answer means; its Busy is waited for, as is
// status 429. What only reads is tried again after any trouble of the network or
// the server; of what writes, that is [Lost].
func (c *Caller) Do(ctx context.Context, reads bool, build func(context.Context) (*http.Request, error), judge func(status int, body []byte) error) error {
	wait := firstWait
	for n := 1; ; n++ {
		err := c.try(ctx, build, judge)
		var e *Error
		again := errors.As(err, &e) && (e.Kind == Busy || e.Kind == Lost && reads)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !again || n == maxTries || e.Wait > maxWait {
			return err
		}
		if err := c.Sleep(ctx, cmp.Or(e.Wait, wait)); err != nil {
			return err
		}
		wait *= 2
	}
}

func (c *Caller) try(ctx context.Context, build func(context.Context) (*http.Request, error), judge func(int, []byte) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := build(ctx)
	if err != nil {
		return &Error{Kind: Invalid, Text: words(err)}
	}
	req.Header.Set("User-Agent", "mxmove")
	client := c.HTTP
	if client == nil {
		client = plain()
	}
	resp, err := client.Do(req)
	if err != nil {
		return &Error{Kind: Lost, Text: words(err)}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return &Error{Kind: Lost, Text: words(err)}
	}
	return c.told(judge(resp.StatusCode, body), resp)
}

// told completes a judgement by what HTTP says.
func (c *Caller) told(err error, resp *http.Response) error {
	var e *Error
	known := errors.As(err, &e)
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		e = &Error{Kind: Busy, Text: text(known, e, resp)}
	case resp.StatusCode >= 500 && (!known || e.Kind != Busy):
		e = &Error{Kind: Lost, Text: text(known, e, resp)}
	case resp.StatusCode >= 300 && !known:
		return &Error{Kind: Refused, Text: resp.Status}
	case !known:
		return err
	}
	e.Wait = cmp.Or(e.Wait, retryAfter(resp.Header.Get("Retry-After"), c.Now()))
	return e
}

func text(known bool, e *Error, resp *http.Response) string {
	if known {
		return e.Text
	}
	return resp.Status
}

// retryAfter reads RFC 9110 section 10.2.3: seconds, or a date.
func retryAfter(v string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(v, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(t.Sub(now), 0)
	}
	return 0
}

// words are the network's, without the URL.
func words(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return err.Error()
}

// Words are a vendor's code and message on one line, cut where they are long.
func Words(code, message string) string {
	s := strings.TrimSpace(code + " " + strings.Join(strings.Fields(message), " "))
	if len(s) > maxWords {
		s = strings.ToValidUTF8(s[:maxWords], "")
	}
	return s
}

// JSON gives a request body again and again.
func JSON(ctx context.Context, method, url string, body []byte) (*http.Request, error) {
	return http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
}
