package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"net/smtp"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"github.com/mxmove/mxmove/planner"
)

const (
	port    = "25"
	connect = 30 * time.Second // to one address
	talking = 5 * time.Minute  // of one conversation: a server may take that long for an answer (RFC 5321 section 4.5.3.2)
)

// talk is a conversation with a mail server, as far as STARTTLS.
type talk struct {
	*smtp.Client
	host    string
	release func() bool // of the context
}

// call connects to a mail server as any sender in the world does: EHLO, and
// STARTTLS where it is offered. Senders do not look at the certificate's name
// unless DANE or MTA-STS tells them to (RFC 7435), and nothing secret is sent.
func (w *World) call(ctx context.Context, host string, at netip.Addr) (*talk, error) {
	soon, cancel := context.WithTimeout(ctx, connect)
	defer cancel()
	conn, err := w.o.Dial(soon, "tcp", net.JoinHostPort(at.String(), port))
	if err != nil {
		return nil, err
	}
	t := &talk{host: host, release: context.AfterFunc(ctx, func() { conn.Close() })}
	if err := t.greet(conn); err != nil {
		t.release()
		conn.Close()
		return nil, err
	}
	return t, nil
}

// hello waits for the greeting and says who calls.
func (t *talk) hello(conn net.Conn) (err error) {
	if err := conn.SetDeadline(time.Now().Add(talking)); err != nil {
		return err
	}
	if t.Client, err = smtp.NewClient(conn, t.host); err != nil {
		return err
	}
	return t.Hello(literal(conn.LocalAddr()))
}

func (t *talk) greet(conn net.Conn) error {
	if err := t.hello(conn); err != nil {
		return err
	}
	if offered, _ := t.Extension("STARTTLS"); !offered {
		return nil
	}
	return t.StartTLS(&tls.Config{ServerName: t.host, InsecureSkipVerify: true})
}

// literal is how a client without a name of its own says who it is (RFC 5321
// section 4.1.3).
func literal(at net.Addr) string {
	a, err := netip.ParseAddrPort(at.String())
	switch {
	case err != nil:
		return "localhost"
	case a.Addr().Unmap().Is4():
		return "[" + a.Addr().Unmap().String() + "]"
	}
	return "[IPv6:" + a.Addr().WithZone("").String() + "]"
}

// end says goodbye.
func (t *talk) end() {
	defer t.release()
	if t.Quit() != nil {
		t.Close()
	}
}

// verdict of a server on one thing it was asked.
type verdict struct {
	where string // the server, and the address in question
	said  string
	again bool // it may say something else later: 4yz, or nobody answered
	codes bool // it is an answer, not a lost connection
}

func judge(where string, err error) verdict {
	v := verdict{where: where, said: err.Error(), again: true}
	var answer *textproto.Error
	if errors.As(err, &answer) {
		v.codes, v.again = true, answer.Code < 500
		v.said = strconv.Itoa(answer.Code) + " " + strings.Join(strings.Fields(answer.Msg), " ")
	}
	return v
}

func list(verdicts []verdict) string {
	var out []string
	for _, v := range verdicts {
		out = append(out, v.where+": "+v.said)
	}
	return strings.Join(out, "; ")
}

// later is a fault that the next try may not meet.
func later(code string, wait time.Duration, pairs ...string) *planner.Fault {
	f := fault(planner.Throttled, code, pairs...)
	f.Wait = wait
	return f
}
