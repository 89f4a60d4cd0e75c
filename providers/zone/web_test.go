package zone

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestHTTPSChecksCertificatesAndFollowsNothing(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "/", http.StatusFound)
			return
		}
		fmt.Fprint(w, "mode: testing\n"+strings.Repeat("x", 2*maxPolicy))
	}))
	defer srv.Close()
	u, _ := url.Parse(srv.URL)
	trust := srv.Client().Transport.(*http.Transport).TLSClientConfig
	here := []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	b, err := HTTPS(trust, u.Port())(t.Context(), "https://example.com/", here)
	if err != nil || !strings.HasPrefix(string(b), "mode: testing") || len(b) != maxPolicy {
		t.Errorf("%d octets, %v", len(b), err)
	}
	for name, try := range map[string]func() ([]byte, error){
		"redirect":   func() ([]byte, error) { return HTTPS(trust, u.Port())(t.Context(), "https://example.com/away", here) },
		"other name": func() ([]byte, error) { return HTTPS(trust, u.Port())(t.Context(), "https://other.test/", here) },
		"untrusted":  func() ([]byte, error) { return HTTPS(nil, u.Port())(t.Context(), "https://example.com/", here) },
		"no address": func() ([]byte, error) { return HTTPS(trust, u.Port())(t.Context(), "https://example.com/", nil) },
	} {
		if _, err := try(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// A mail server's certificate is what TLSA records pin.
func TestStartTLSShowsTheCertificate(t *testing.T) {
	srv := httptest.NewUnstartedServer(nil)
	srv.StartTLS()
	defer srv.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		r := bufio.NewReader(conn)
		fmt.Fprint(conn, "220 mx.test\r\n")
		_, _ = r.ReadString('\n')
		fmt.Fprint(conn, "250-mx.test\r\n250 STARTTLS\r\n")
		_, _ = r.ReadString('\n')
		fmt.Fprint(conn, "220 go\r\n")
		inner := tls.Server(conn, srv.TLS)
		r = bufio.NewReader(inner)
		for range 2 { // EHLO, QUIT
			_, _ = r.ReadString('\n')
			fmt.Fprint(inner, "250 mx.test\r\n")
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	got, err := StartTLS(port)(t.Context(), "mx.test", []netip.Addr{netip.MustParseAddr("127.0.0.1")})
	if want := sums([]*x509.Certificate{srv.Certificate()}); err != nil || len(got) != 2 || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
}
