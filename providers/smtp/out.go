package smtp

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"slices"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// settle is how long a mail that may have been taken is looked for before it
// is sent again.
const settle = 2 * time.Minute

// canaryOut hands a mail to the target's submission server. One that an
// earlier try may have handed over is looked for first; where nobody can look
// it goes again as the same mail, by its Message-ID.
func (w *World) canaryOut(ctx context.Context, op planner.CanaryOut, stop <-chan struct{}, progress func(planner.Progress)) error {
	k, ok := w.canaryOf(op.From, op.To)
	if !ok || op.Message == "" {
		return fault(planner.Internal, "canary-out.unlisted", "from", op.From, "to", op.To)
	}
	if since := w.since(op); !since.IsZero() {
		found, err := w.settled(ctx, k, op.Message, since, stop)
		if err != nil || found {
			return err
		}
		note(progress, op.Domain, config.Warning, "canary-out.again", "message", op.Message, "to", op.To)
	}
	return w.hand(ctx, k, op.Message)
}

// hand signs in and hands a mail over.
func (w *World) hand(ctx context.Context, k config.Canary, id string) error {
	s, err := w.signIn(ctx, k.Submission)
	if err != nil {
		return err
	}
	defer s.end()
	return s.over(ctx, w.handOver(s, k, id))
}

func (w *World) canaryOf(from, to string) (config.Canary, bool) {
	list := w.o.Spec.Cutover.Canaries
	i := slices.IndexFunc(list, func(k config.Canary) bool { return k.From == from && k.To == to })
	if i < 0 {
		return config.Canary{}, false
	}
	return list[i], true
}

// since is when a try began whose end is not known; zero: none did.
func (w *World) since(op planner.CanaryOut) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if at := w.begun[op.Message]; at.After(op.Begun) {
		return at
	}
	return op.Begun
}

// settled looks where the mail goes to, for as long as it may be on its way.
func (w *World) settled(ctx context.Context, k config.Canary, id string, since time.Time, stop <-chan struct{}) (found bool, err error) {
	if k.Arrival == nil {
		return false, nil
	}
	for {
		folder, _, _, err := w.o.Boxes.Elsewhere(ctx, *k.Arrival, id)
		if err != nil || folder != "" || w.o.Now().Sub(since) >= settle {
			return folder != "", err
		}
		if err := w.rest(ctx, stop, glance); err != nil {
			return false, err
		}
	}
}

// rest waits, unless the run is to stop.
func (w *World) rest(ctx context.Context, stop <-chan struct{}, d time.Duration) error {
	select {
	case <-stop:
		return planner.ErrStopped
	default:
		return w.o.Sleep(ctx, d)
	}
}

// handOver is one mail's transaction. Until its last line is written nothing
// can have been taken.
func (w *World) handOver(s *submission, k config.Canary, id string) error {
	if err := s.Mail(k.From); err != nil {
		return s.refusal(k, err)
	}
	if err := s.Rcpt(k.To); err != nil {
		return s.refusal(k, err)
	}
	body, err := s.Data()
	if err != nil {
		return s.refusal(k, err)
	}
	if _, err := body.Write([]byte(w.letterOut(k, id))); err != nil {
		return s.refusal(k, err)
	}
	w.mark(id, w.o.Now())
	err = body.Close()
	if err == nil || errors.As(err, new(*textproto.Error)) {
		w.mark(id, time.Time{})
	}
	switch {
	case err == nil:
		return nil
	case errors.As(err, new(*textproto.Error)):
		return s.refusal(k, err)
	}
	f := s.fault(planner.Throttled, planner.CanaryUnsure, err)
	f.Args["to"], f.Args["message"], f.Wait = k.To, id, greylisted
	return f
}

// mark keeps when a mail may have been taken; zero: it was, or was not.
func (w *World) mark(id string, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if at.IsZero() {
		delete(w.begun, id)
		return
	}
	w.begun[id] = at
}

// refusal is of a mail that was not taken: for good, or for now.
func (s *submission) refusal(k config.Canary, err error) *planner.Fault {
	if v := judge("", err); v.again {
		return s.again(err)
	}
	f := s.fault(planner.Account, "canary-out.refused", err)
	f.Args["from"], f.Args["to"] = k.From, k.To
	return f
}

// refused gives why somebody was refused already; nil: nobody was.
func (w *World) refused(at config.Service) *planner.Fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.denied[at]
}

// refuse keeps that somebody was refused.
func (w *World) refuse(at config.Service, err error) {
	var f *planner.Fault
	if !errors.As(err, &f) || f.Class != planner.Credential {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.denied[at] = f
}

// letterOut says what it is to whoever finds it. Its lineage tells which state
// directory sent it.
func (w *World) letterOut(k config.Canary, id string) string {
	return fmt.Sprintf("From: <%s>\r\nTo: <%s>\r\nDate: %s\r\nSubject: mxmove test mail\r\nMessage-ID: %s\r\nX-Mxmove-Lineage: %s\r\n"+
		"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\nAuto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n\r\n"+
		"mxmove tried whether mail of this domain arrives from its new service. You may delete this mail.\r\n",
		k.From, k.To, w.o.Now().Format(time.RFC1123Z), id, w.o.Lineage)
}

// note tells a person something of a step that goes on.
func note(progress func(planner.Progress), domain string, s config.Severity, code string, pairs ...string) {
	f := config.Finding{Msg: text.M(code, append([]string{"domain", domain}, pairs...)...), Severity: s, Subject: domain}
	progress(planner.Progress{Note: &f})
}
