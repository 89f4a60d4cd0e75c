package smtp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	smtpd "github.com/emersion/go-smtp"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/providertest/receiver"
)

// town is a world of mail servers by their address, and the mailboxes behind.
type town struct {
	t       *testing.T
	servers map[string]*receiver.Server // by address
	addrs   map[string][]netip.Addr     // by host
	mx      []string
	naps    time.Duration

	mu             sync.Mutex
	target, source []string // Message-IDs of canaries
	lookFault      error

	out // the way out
}

func newTown(t *testing.T) *town {
	return &town{t: t, servers: map[string]*receiver.Server{}, addrs: map[string][]netip.Addr{}}
}

// host adds a mail server at an address.
func (w *town) host(name, addr string, o receiver.Options) *receiver.Server {
	w.servers[addr] = receiver.Start(w.t, o)
	w.addrs[name] = append(w.addrs[name], netip.MustParseAddr(addr))
	return w.servers[addr]
}

func (w *town) MX(context.Context, string) ([]string, error) { return w.mx, nil }

func (w *town) Addresses(_ context.Context, host string) ([]netip.Addr, error) {
	if a := w.addrs[host]; len(a) > 0 {
		return a, nil
	}
	return nil, fault(planner.Unreachable, "dns.unseen", "domain", host, "error", "NXDOMAIN")
}

func (w *town) dial(ctx context.Context, network, address string) (net.Conn, error) {
	at, port, _ := net.SplitHostPort(address)
	s := w.servers[at]
	if at == "smtp.new.test" && port == "465" && w.submit != nil {
		return w.dialSubmission(ctx)
	}
	if port != "25" || s == nil {
		return nil, errors.New("connection refused")
	}
	return new(net.Dialer).DialContext(ctx, network, s.Addr)
}

func (w *town) TakeCanaries(_ context.Context, _, prefix string) ([]string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var ids []string
	w.target = slices.DeleteFunc(w.target, func(id string) bool {
		ours := strings.HasPrefix(id, prefix)
		if ours {
			ids = append(ids, id)
		}
		return ours
	})
	return ids, w.lookFault
}

func (w *town) SourceCanaries(context.Context, string, string) ([]string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.source, nil
}

// keep files the canary of a mail that a server took.
func (w *town) keep(box *[]string) func(receiver.Mail) error {
	return func(m receiver.Mail) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		for line := range strings.Lines(string(m.Body)) {
			if id, ok := strings.CutPrefix(strings.TrimSpace(line), "Message-ID: "); ok {
				*box = append(*box, id)
			}
		}
		return nil
	}
}

func (w *town) world(mx ...string) *World {
	spec := &config.Spec{Target: config.Side{Kind: "imap"}, Cutover: &config.Cutover{Zones: []config.Zone{{Domain: "acme.test", MX: mx}}}}
	return New(nil, Options{Spec: spec, Lineage: "l1", Domains: w, Boxes: w, Dial: w.dial, Now: time.Now,
		Sleep: func(ctx context.Context, d time.Duration) error { w.naps += d; return ctx.Err() }})
}

func (w *town) do(world *World, op planner.Op) *planner.Fault {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer cancel()
	_, err := world.Do(ctx, op, nil, func(planner.Progress) {})
	var f *planner.Fault
	if err != nil && !errors.As(err, &f) {
		w.t.Fatal(err)
	}
	return f
}

func answer(code int, said string) error {
	return &smtpd.SMTPError{Code: code, EnhancedCode: smtpd.NoEnhancedCode, Message: said}
}

var people = planner.ProbeMX{Domain: "acme.test", Addresses: []string{"amy@acme.test", "ben@acme.test"}}

// Every address of every host is asked for every mailbox, and no mail is sent.
func TestProbeAsksAllAndSendsNothing(t *testing.T) {
	w := newTown(t)
	all := []*receiver.Server{
		w.host("mx1.new.test", "192.0.2.1", receiver.Options{TLS: true}), w.host("mx1.new.test", "192.0.2.2", receiver.Options{}),
		w.host("mx2.new.test", "192.0.2.3", receiver.Options{}),
	}
	w.addrs["mx1.new.test"] = append(w.addrs["mx1.new.test"], netip.MustParseAddr("2001:db8::1")) // no way there
	if f := w.do(w.world("5 mx1.new.test", "10 mx2.new.test"), people); f != nil {
		t.Fatal(f)
	}
	for i, s := range all {
		calls := s.Calls()
		calls = slices.DeleteFunc(calls, func(c string) bool { return c == "CONNECT" || c == "END" }) // again after STARTTLS
		if want := []string{"MAIL ", "RCPT amy@acme.test", "RCPT ben@acme.test"}; !slices.Equal(calls, want) || len(s.Taken()) > 0 {
			t.Errorf("server %d: %q, %d mails", i, calls, len(s.Taken()))
		}
	}
}

func TestProbeVerdicts(t *testing.T) {
	no := func(code int) func(string) error {
		return func(to string) error {
			if to == "ben@acme.test" {
				return answer(code, "not now, Ben")
			}
			return nil
		}
	}
	for _, each := range []struct {
		name     string
		rcpt     func(string) error
		op       planner.ProbeMX
		addr, mx string
		code     string
		says     []string
	}{
		{"fine", nil, people, "192.0.2.1", "5 mx.new.test", "", nil},
		{"refused", no(550), people, "192.0.2.1", "5 mx.new.test", "probe.refused", []string{"mx.new.test (192.0.2.1) ben@acme.test: 550 not now, Ben"}},
		{"greylisted", no(451), people, "192.0.2.1", "5 mx.new.test", "probe.later", []string{"451 not now, Ben"}},
		{"refusal is as usual", no(550), planner.ProbeMX{Domain: "acme.test", Addresses: people.Addresses, RefusalOK: true}, "192.0.2.1", "5 mx.new.test", "", nil},
		{"nobody listens", nil, people, "192.0.2.9", "5 mx.new.test", "probe.unreachable", []string{"192.0.2.9", "connection refused"}},
		{"nobody listens, refusal or not", nil, planner.ProbeMX{Domain: "acme.test", RefusalOK: true}, "192.0.2.9", "5 mx.new.test", "probe.unreachable", nil},
		{"no address", nil, people, "192.0.2.1", "5 mx.gone.test", "probe.unreachable", []string{"mx.gone.test"}},
		{"another domain", nil, planner.ProbeMX{Domain: "other.test"}, "192.0.2.1", "5 mx.new.test", "probe.no-zone", nil},
		{"no servers", nil, people, "192.0.2.1", "", "probe.nobody", nil},
	} {
		t.Run(each.name, func(t *testing.T) {
			w := newTown(t)
			w.host("mx.new.test", "192.0.2.1", receiver.Options{Rcpt: each.rcpt})
			w.addrs["mx.new.test"] = []netip.Addr{netip.MustParseAddr(each.addr)}
			var mx []string
			if each.mx != "" {
				mx = []string{each.mx}
			}
			f := w.do(w.world(mx...), each.op)
			if got := codeOf(f); got != each.code {
				t.Fatalf("%q, want %q (%v)", got, each.code, f)
			}
			if f != nil && (f.Class == planner.Throttled) != (each.code == "probe.later") {
				t.Errorf("class %s", f.Class)
			}
			for _, s := range each.says {
				if !strings.Contains(f.Args["list"], s) {
					t.Errorf("%q does not say %q", f.Args["list"], s)
				}
			}
		})
	}
}

func codeOf(f *planner.Fault) string {
	if f == nil {
		return ""
	}
	return f.Code
}

// What is wrong at several servers is told at once, and a refusal outweighs a
// "later".
func TestProbeTellsAll(t *testing.T) {
	w := newTown(t)
	w.host("mx1.new.test", "192.0.2.1", receiver.Options{Rcpt: func(string) error { return answer(450, "greylisted") }})
	w.host("mx2.new.test", "192.0.2.2", receiver.Options{Rcpt: func(string) error { return answer(554, "who?") }})
	f := w.do(w.world("5 mx1.new.test", "10 mx2.new.test", "20 mx3.new.test"), people)
	if codeOf(f) != "probe.refused" {
		t.Fatal(f)
	}
	for _, s := range []string{"450 greylisted", "554 who?", "mx3.new.test", "amy@", "ben@"} {
		if !strings.Contains(f.Args["list"], s) {
			t.Errorf("%q does not say %q", f.Args["list"], s)
		}
	}
}

// A server that offers STARTTLS and cannot do it loses mail of careful senders.
func TestProbeOfBrokenTLS(t *testing.T) {
	w := newTown(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(c, "220 mx\r\n250-mx\r\n250 STARTTLS\r\n220 go\r\nnonsense\r\n")
			c.Close()
		}
	}()
	w.servers["192.0.2.1"] = &receiver.Server{Addr: l.Addr().String()}
	w.addrs["mx.new.test"] = []netip.Addr{netip.MustParseAddr("192.0.2.1")}
	if f := w.do(w.world("5 mx.new.test"), people); codeOf(f) != "probe.unreachable" {
		t.Error(f)
	}
}

// A run that is told to end does not wait for a server that says nothing.
func TestEndsWithItsContext(t *testing.T) {
	w := newTown(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	w.servers["192.0.2.1"] = &receiver.Server{Addr: l.Addr().String()}
	w.addrs["mx.new.test"], w.mx = []netip.Addr{netip.MustParseAddr("192.0.2.1")}, []string{"mx.new.test"}
	for _, op := range []planner.Op{people, canaryOp} {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		if _, err := w.world("5 mx.new.test").Do(ctx, op, nil, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", op.Kind(), err)
		}
	}
}

// inside only tells what it is asked to do.
type inside struct{ did []string }

func (i *inside) Observe(context.Context, planner.Depth) (planner.Snapshot, error) {
	return planner.Snapshot{Can: []string{"wait", "copy-mailbox"}}, nil
}

func (i *inside) Do(_ context.Context, op planner.Op, _ <-chan struct{}, _ func(planner.Progress)) (planner.Tally, error) {
	i.did = append(i.did, op.Kind())
	return planner.Tally{}, nil
}

func TestAllElseIsTheInnerWorlds(t *testing.T) {
	in := &inside{}
	w := New(in, Options{})
	s, err := w.Observe(t.Context(), planner.Recorded)
	if err != nil || !slices.Equal(s.Can, []string{"canary", "canary-arrival", "canary-out", "copy-mailbox", "probe-mx", "wait"}) {
		t.Errorf("%v %v", s.Can, err)
	}
	if _, err := w.Do(t.Context(), planner.Wait{}, nil, nil); err != nil || !slices.Equal(in.did, []string{"wait"}) {
		t.Errorf("%v %v", in.did, err)
	}
}
