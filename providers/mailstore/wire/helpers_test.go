package wire

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve runs a server that says and expects exactly what is written, a line a
// step, on each connection in turn (parted by "----"):
//
//	S: text    sends text and CRLF
//	S~ "text"  sends the Go string as it is
//	C: text    expects this line
//	TLS        takes the server's side of a handshake
//	Z          takes whatever comes until the client closes
//	E          expects the client to close
//
// After the last step it closes.

func serve(t *testing.T, cert *tls.Config, text string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, part := range strings.Split(text, "----\n") {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			play(t, nc, cert, part)
			_ = nc.Close()
		}
	}()
	t.Cleanup(func() {
		_ = ln.Close()
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			t.Error("the scripted server was not played to its end")
		}
	})
	return ln.Addr().String()
}

func play(t *testing.T, nc net.Conn, cert *tls.Config, text string) {
	_ = nc.SetDeadline(time.Now().Add(8 * time.Second))
	r := bufio.NewReader(nc)
	for _, step := range strings.Split(text, "\n") {
		step = strings.TrimLeft(step, "\t")
		var err error
		switch {
		case step == "":
		case step == "TLS":
			tc := tls.Server(nc, cert)
			if err := tc.Handshake(); err != nil {
				return
			}
			nc, r = tc, bufio.NewReader(tc)
		case step == "Z":
			_, _ = io.Copy(io.Discard, r)
		case step == "E":
			if b, err := r.ReadByte(); err == nil {
				t.Errorf("client sent %q, but should have closed", b)
			}
		case strings.HasPrefix(step, "S: "):
			_, err = io.WriteString(nc, step[3:]+"\r\n")
		case strings.HasPrefix(step, "S~ "):
			raw, qerr := strconv.Unquote(step[3:])
			if qerr != nil {
				t.Errorf("script: %q: %v", step, qerr)
			}
			_, err = io.WriteString(nc, raw)
		case strings.HasPrefix(step, "C: "):
			var line string
			line, err = r.ReadString('\n')
			if err == nil && line != step[3:]+"\r\n" {
				t.Errorf("client sent %q, expected %q", line, step[3:])
				return
			}
		default:
			t.Errorf("script: unknown step %q", step)
		}
		if err != nil {
			t.Errorf("script: %q: %v", step, err)
			return
		}
	}
}

// talk connects to a script in the clear, past its greeting.
func talk(t *testing.T, caps, text string) *Conn {
	t.Helper()
	return talkTo(t, Options{}, caps, text)
}

func talkTo(t *testing.T, o Options, caps, text string) *Conn {
	t.Helper()
	o.Addr = serve(t, nil, "S: * OK [CAPABILITY "+caps+"] ready\n"+text)
	o.Mode = None
	if o.Timeout == 0 {
		o.Timeout = 5 * time.Second
	}
	c, err := Dial(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// authority makes certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{pool: x509.NewCertPool()}
	a.key = newKey(t)
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(48 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.cert = a.sign(t, tmpl, tmpl, a.key)
	a.pool.AddCert(a.cert)
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (a *authority) sign(t *testing.T, tmpl, parent *x509.Certificate, key *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// server is a server's TLS configuration for localhost and 127.0.0.1.
func (a *authority) server(t *testing.T, change func(*x509.Certificate)) *tls.Config {
	t.Helper()
	key := newKey(t)
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "server"},
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if change != nil {
		change(tmpl)
	}
	cert := a.sign(t, tmpl, a.cert, key)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}}}
}

// refusedAs fails the test unless err is a refusal with this status and code.
func refusedAs(t *testing.T, err error, status, code string) *Refused {
	t.Helper()
	var no *Refused
	if !errors.As(err, &no) || no.Status != status || no.Code != code {
		t.Fatalf("error is %#v (%v), expected a refusal %s [%s]", err, err, status, code)
	}
	return no
}
