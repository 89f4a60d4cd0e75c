package wire

import (
	"context"
	"math"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// Quota is a limit on the octets of all mail.
type Quota struct {
	Used, Limit int64 // Limit 0: the server tells none
}

// Quota asks for the storage limit that holds for INBOX (RFC 9208, 4.2 and
// 5.1: units of 1,024 octets). Of several the one with the least room counts.
// A server without QUOTA, or one that refuses, tells none.
func (c *Conn) Quota(ctx context.Context) (Quota, error) {
	var q Quota
	if !c.caps.Has(imap.CapQuota) {
		return q, nil
	}
	err := c.run(ctx, "GETQUOTAROOT", func() error {
		cmds := []*command{{name: "GETQUOTAROOT", text: "GETQUOTAROOT INBOX"}}
		return tolerate(c.flight(list(cmds), q.take))
	})
	return q, err
}

// take reads a QUOTA response. What is no number was not told.
func (q *Quota) take(r resp) error {
	if r.word != "QUOTA" {
		return nil
	}
	l := r.line
	l.name('(')
	if !l.accept('(') {
		return nil
	}
	for l.peek() != 0 && l.peek() != ')' {
		resource := strings.ToUpper(l.word())
		if resource == "" {
			l.pos++ // a stray parenthesis
			continue
		}
		used, odd := number(l.word())
		limit, odder := number(l.word())
		if resource != "STORAGE" || odd || odder || limit == 0 || max(used, limit) > math.MaxInt64>>10 {
			continue
		}
		if told := (Quota{int64(used) << 10, int64(limit) << 10}); q.Limit == 0 || told.Limit-told.Used < q.Limit-q.Used {
			*q = told
		}
	}
	return nil
}
