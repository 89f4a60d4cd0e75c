package smtp

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mxmove/mxmove/planner"
)

const (
	flight = 2 * time.Minute // of a canary into its mailbox
	glance = 2 * time.Second // between two looks for it
)

// canary sends a mail to where the domain's MX points now, and waits until it
// lies in the mailbox at the target, where it is removed. What an earlier try
// left there goes with it.
func (w *World) canary(ctx context.Context, op planner.Canary) error {
	prefix := w.prefix(op.Domain)
	if _, err := w.o.Boxes.TakeCanaries(ctx, op.To, prefix); err != nil {
		return err
	}
	id := prefix + strings.ToLower(rand.Text()) + "@mxmove.invalid>"
	where, err := w.send(ctx, op, w.letter(op.To, id))
	if err != nil {
		return err
	}
	for waited := time.Duration(0); ; waited += glance {
		ids, err := w.o.Boxes.TakeCanaries(ctx, op.To, prefix)
		if err != nil {
			return err
		}
		came := slices.Contains(ids, id)
		if came || waited >= flight {
			return w.landed(ctx, op, where, id, came)
		}
		if err := w.o.Sleep(ctx, glance); err != nil {
			return err
		}
	}
}

// prefix is how the Message-IDs of a domain's canaries begin: those of several
// domains come to one mailbox, and none takes another's away.
func (w *World) prefix(domain string) string {
	sum := sha256.Sum256([]byte(domain))
	return "<mxmove-canary-" + w.o.Lineage + "-" + hex.EncodeToString(sum[:6]) + "-"
}

// landed looks where else the canary is: a target that hands mail on to the
// old service shows it on both sides, once it was copied.
func (w *World) landed(ctx context.Context, op planner.Canary, where, id string, came bool) error {
	ids, err := w.o.Boxes.SourceCanaries(ctx, op.To, id)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil && len(ids) > 0:
		return fault(planner.Account, "canary.source", "domain", op.Domain, "to", op.To, "server", where)
	case !came:
		return fault(planner.Account, "canary.lost", "domain", op.Domain, "to", op.To, "server", where, "waited", flight.String())
	}
	return nil
}

// send tries the hosts in order, as a sender does, until one takes the mail
// or refuses it for good.
func (w *World) send(ctx context.Context, op planner.Canary, letter string) (where string, err error) {
	hosts, err := w.o.Domains.MX(ctx, op.Domain)
	if err != nil {
		return "", err
	}
	var wrong []verdict
	for _, host := range hosts {
		addrs, err := w.o.Domains.Addresses(ctx, host)
		if err != nil {
			wrong = append(wrong, judge(host, err))
		}
		for _, at := range addrs {
			where := host + " (" + at.String() + ")"
			t, err := w.call(ctx, host, at)
			if err == nil {
				err = t.deliver(op.To, letter)
				t.end()
			}
			if err == nil {
				return where, nil
			}
			v := judge(where, err)
			wrong = append(wrong, v)
			if ctx.Err() != nil {
				return "", ctx.Err()
			}
			if !v.again {
				return "", fault(planner.Account, "canary.rejected", "domain", op.Domain, "to", op.To, "list", list(wrong))
			}
		}
	}
	if len(wrong) == 0 {
		wrong = []verdict{judge(op.Domain, errors.New("no MX"))}
	}
	return "", later("canary.later", greylisted, "domain", op.Domain, "to", op.To, "list", list(wrong))
}

func (t *talk) deliver(to, letter string) error {
	if err := t.Mail(""); err != nil {
		return err
	}
	if err := t.Rcpt(to); err != nil {
		return err
	}
	body, err := t.Data()
	if err != nil {
		return err
	}
	if _, err := body.Write([]byte(letter)); err != nil {
		return err
	}
	return body.Close()
}

// letter says what it is to whoever finds it; nobody answers it by itself
// (RFC 3834).
func (w *World) letter(to, id string) string {
	return fmt.Sprintf("From: mxmove <mxmove@mxmove.invalid>\r\nTo: <%s>\r\nDate: %s\r\nSubject: mxmove test mail\r\nMessage-ID: %s\r\n"+
		"Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n\r\n"+
		"mxmove tried whether mail for this domain comes to its new service. You may delete this mail.\r\n",
		to, w.o.Now().Format(time.RFC1123Z), id)
}
