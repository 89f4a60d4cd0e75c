package main

import (
	"cmp"
	"context"
	"encoding/json"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/mxmove/mxmove/providers/memory/imapd"
	"github.com/mxmove/mxmove/providers/providertest/dnsd"
	"github.com/mxmove/mxmove/providers/providertest/receiver"
	"github.com/mxmove/mxmove/providers/zone"
	"github.com/mxmove/mxmove/providers/zone/wire"
)

const (
	dnsRoot = `. 60 IN SOA a. a. 1 60 60 60 60
acme.test. 60 IN NS ns1.acme.test.
acme.test. 60 IN NS ns2.acme.test.
ns1.acme.test. 60 IN A 127.54.1.1
ns2.acme.test. 60 IN A 127.54.2.1
xn--fsqu00a.xn--0zwm56d. 60 IN NS ns1.acme.test.
`
	dnsZone = `$ORIGIN acme.test.
@ 60 IN SOA ns1 a 7 60 60 60 60
@ 60 IN NS ns1
@ 60 IN NS ns2
ns1 60 IN A 127.54.1.1
ns2 60 IN A 127.54.2.1
@ 300 IN MX 10 ns1
_smtp._tls 60 IN TXT "v=TLSRPTv1; rua=mailto:t@acme.test"
`
	idnZone = `xn--fsqu00a.xn--0zwm56d. 60 IN SOA ns1.acme.test. a.acme.test. 3 60 60 60 60
xn--fsqu00a.xn--0zwm56d. 60 IN NS ns1.acme.test.
xn--fsqu00a.xn--0zwm56d. 60 IN MX 10 ns1.acme.test.
`
)

// smallNet serves acme.test, with what the second server says instead, and 例子.测试.
func smallNet(t *testing.T, second string) *zone.Observer {
	t.Helper()
	n := dnsd.New(t)
	n.Serve("127.54.0.1", dnsRoot)
	n.Serve("127.54.1.1", dnsZone, idnZone)
	n.Serve("127.54.2.1", second)
	return &zone.Observer{Client: &wire.Client{Timeout: 200 * time.Millisecond}, Port: n.Port, Roots: []netip.Addr{netip.MustParseAddr("127.54.0.1")}}
}

func TestDNSOfADomain(t *testing.T) {
	for _, lang := range []string{"en", "zh-CN"} {
		got := call{args: []string{"dns", "Acme.Test.", "--dir", t.TempDir(), "--lang", lang}, dns: smallNet(t, dnsZone)}.run(t.Context())
		if got.code != 0 {
			t.Fatalf("exit %d: %s%s", got.code, got.out, got.errors)
		}
		for _, want := range []string{"ns2.acme.test", "127.54.2.1", "10 ns1.acme.test", "300"} {
			if !strings.Contains(got.out, want) {
				t.Errorf("%s: no %q in\n%s", lang, want, got.out)
			}
		}
	}
}

func TestDNSThatDiffers(t *testing.T) {
	o := smallNet(t, strings.Replace(dnsZone, "10 ns1", "20 ns2", 1))
	got := call{args: []string{"dns", "acme.test", "--dir", t.TempDir()}, dns: o}.run(t.Context())
	if got.code != 4 || !strings.Contains(got.out, "DNS-01") || !strings.Contains(got.out, "differs in 1 set") {
		t.Errorf("exit %d:\n%s%s", got.code, got.out, got.errors)
	}
	got = call{args: []string{"dns", "acme.test", "--dir", t.TempDir(), "--json"}, dns: o}.run(t.Context())
	var data struct {
		Format  int
		Domains []struct {
			Domain   string
			Findings []struct {
				Code, Severity string
				Evidence       []zone.Evidence
			}
		}
	}
	if err := json.Unmarshal([]byte(got.out), &data); err != nil {
		t.Fatalf("%v: %s", err, got.out)
	}
	if got.code != 4 || data.Format != 1 || len(data.Domains) != 1 || data.Domains[0].Findings[0].Code != "DNS-01" || len(data.Domains[0].Findings[0].Evidence) == 0 {
		t.Errorf("%d %+v", got.code, data)
	}
}

func TestDNSOfAnIDN(t *testing.T) {
	got := call{args: []string{"dns", "例子.测试", "--dir", t.TempDir()}, dns: smallNet(t, dnsZone)}.run(t.Context())
	if !strings.Contains(got.out, "例子.测试") || !strings.Contains(got.out, "10 ns1.acme.test") || strings.Contains(got.out, "dns.unseen") {
		t.Errorf("exit %d:\n%s%s", got.code, got.out, got.errors)
	}
}

func TestDNSRefuses(t *testing.T) {
	for _, c := range []struct{ args, code string }{
		{"dns", "dns.no-domain"},
		{"dns a..b", "dns.name"},
		{"dns localhost", "dns.name"},
		{"dns acme.test --resolver dns.google", "cutover.resolver"},
	} {
		got := call{args: append(strings.Fields(c.args), "--dir", t.TempDir()), dns: smallNet(t, dnsZone)}.run(t.Context())
		if got.code != 1 || !strings.Contains(got.errors, c.code) {
			t.Errorf("%s: exit %d: %s", c.args, got.code, got.errors)
		}
	}
}

type dialKey struct{}

type dialer = func(ctx context.Context, network, address string) (net.Conn, error)

// receiver SERVER: a mail server, at whatever address is called, that puts
// what it takes into the INBOX of an imapd's user.
func scriptReceiver(t *testing.T) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, args []string) {
		box := serverOf(ts, args[0])
		s := receiver.Start(t, receiver.Options{Deliver: func(m receiver.Mail) error {
			for _, to := range m.To {
				box.User(to).Add(imapd.Message{Body: m.Body, Date: time.Now()}, "INBOX")
			}
			return nil
		}})
		ts.Value(dialKey{}).(map[string]dialer)[""] = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, s.Addr)
		}
	}
}

type namesKey struct{}

// internet ADDRESS=FILE ...: name servers with the zones of these files, for
// all that the script asks from then on; the first is the root.
func scriptInternet(t *testing.T) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, args []string) {
		n, root := dnsd.New(t), ""
		for _, arg := range args {
			addr, file, _ := strings.Cut(arg, "=")
			n.Serve(addr, ts.ReadFile(file))
			root = cmp.Or(root, addr)
		}
		ts.Value(namesKey{}).(map[string]*zone.Observer)[""] = &zone.Observer{
			Client: &wire.Client{Timeout: 200 * time.Millisecond}, Port: n.Port, Roots: []netip.Addr{netip.MustParseAddr(root)}}
	}
}
