package mailstore

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
	"github.com/mxmove/mxmove/providers/mailstore/wire"
)

// fault turns an error of wire into the planner's terms. Context errors stay
// as they are: nobody failed.
func (s *side) fault(login string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var done *planner.Fault
	if errors.As(err, &done) {
		return done
	}
	var refused *wire.Refused
	if errors.As(err, &refused) {
		return s.refusal(login, refused)
	}
	var cert *wire.CertificateError
	if errors.As(err, &cert) {
		return s.certificate(cert)
	}
	switch {
	case errors.Is(err, wire.ErrMechanism), errors.Is(err, wire.ErrPreauth):
		return s.because("login.mechanism", planner.Account, "kind", s.imap.Login.Kind, "offered", err.Error())
	case errors.Is(err, wire.ErrNoTLS), errors.Is(err, wire.ErrNotTLS), errors.Is(err, wire.ErrInjected), errors.Is(err, wire.ErrClearText):
		return s.because("server.tls", planner.Unreachable, "reason", err.Error())
	}
	return s.broken(err)
}

func (s *side) because(entry string, class planner.Class, pairs ...string) *planner.Fault {
	return &planner.Fault{Msg: text.M(entry, append([]string{"server", s.addr}, pairs...)...), Class: class}
}

// refusal is what the server said, in the planner's terms. What concerns its
// limits is learnt here, once for each answer.
func (s *side) refusal(login string, r *wire.Refused) *planner.Fault {
	said := answer{strings.ToUpper(r.Command), r.Status, r.Code, r.Text}
	f := s.put(login, said)
	switch {
	case f.Class == planner.Throttled:
		s.told.note(login, f, s.now())
	case f.Class == planner.Crowded && !said.ofAccount():
		s.slots.crowded()
	}
	return f
}

// put puts an answer into words.
func (s *side) put(login string, r answer) *planner.Fault {
	entry, class, wait := classOf(r)
	said := r.text
	if r.code != "" {
		said = "[" + r.code + "] " + said
	}
	f := s.because(entry, class, "login", login, "said", said, "reason", said)
	f.Wait = wait
	return f
}

func (s *side) certificate(c *wire.CertificateError) *planner.Fault {
	entry := map[wire.Certificate]string{
		wire.CertificateExpired:   "server.certificate.expired",
		wire.CertificateWrongHost: "server.certificate.name",
	}[c.Reason]
	if entry == "" {
		entry = "server.certificate.unknown"
	}
	return s.because(entry, planner.Unreachable, "reason", c.Error())
}

// broken sorts what is no answer: before a greeting nobody was there, after
// it the connection is gone and another may do.
func (s *side) broken(err error) *planner.Fault {
	var gone *wire.Gone
	if errors.As(err, &gone) {
		switch gone.Doing {
		case "connect":
			return s.because("server.unreachable"+why(err), planner.Unreachable, "reason", err.Error())
		case "greeting":
			if isTimeout(err) {
				return s.because("server.silent", planner.Unreachable)
			}
		case "TLS":
			return s.because("server.tls", planner.Unreachable, "reason", err.Error())
		}
	}
	return s.because("server.gone", planner.Gone, "reason", err.Error())
}

// why tells the usual causes apart, as the end of a catalogue code.
func why(err error) string {
	var name *net.DNSError
	switch {
	case errors.As(err, &name) && name.IsNotFound:
		return ".name"
	case errors.Is(err, syscall.ECONNREFUSED):
		return ".refused"
	case isTimeout(err):
		return ".silent"
	}
	return ""
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &n) && n.Timeout()
}

// appendError keeps a refusal that concerns one message apart from what
// concerns the mailbox or the connection.
func (s *side) appendError(login string, err error) error {
	var refused *wire.Refused
	var big *wire.TooBig
	var invalid *wire.Invalid
	var batch *wire.BatchRefused
	if errors.As(err, &batch) {
		err = batch.Refused
	}
	switch {
	case errors.As(err, &refused) && refused.Status != "BYE":
		f := s.refusal(login, refused)
		if f.Class == planner.Full || f.Class == planner.Throttled || f.Class == planner.Crowded {
			return f
		}
		no := &transfer.Refusal{Code: refused.Code, Text: refused.Text, Bad: refused.Status == "BAD"}
		if f.Class == planner.Message || f.Class == planner.FolderOnly {
			no.Class = f.Class
		}
		no.Final = answer{"APPEND", refused.Status, refused.Code, refused.Text}.final()
		return no
	case errors.As(err, &big):
		return &transfer.Refusal{Code: "TOOBIG", Text: big.Error(), Class: planner.Message, Final: true}
	case errors.As(err, &invalid):
		return &transfer.Refusal{Code: "CANNOT", Text: invalid.Error(), Class: planner.Message}
	}
	return s.fault(login, err)
}
