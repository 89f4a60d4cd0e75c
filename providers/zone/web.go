package zone

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/smtp"
	"time"
)

// IsResolver reports whether a text is an address, or address:port.
func IsResolver(s string) bool {
	_, bare := netip.ParseAddr(s)
	_, port := netip.ParseAddrPort(s)
	return bare == nil || port == nil
}

const webTimeout = 10 * time.Second

// HTTPS gives an Observer's Get: it connects to the addresses that were
// observed, checks the certificate and follows no redirect (RFC 8461 section
// 3.3). conf and port are as usual where they are empty.
func HTTPS(conf *tls.Config, port string) func(context.Context, string, []netip.Addr) ([]byte, error) {
	return func(ctx context.Context, url string, at []netip.Addr) ([]byte, error) {
		ctx, cancel := context.WithTimeout(ctx, webTimeout)
		defer cancel()
		dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialAny(ctx, at, cmp.Or(port, "443"))
		}
		client := &http.Client{Transport: &http.Transport{DialContext: dial, TLSClientConfig: conf, DisableKeepAlives: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return nil, err
		}
		resp, err := client.Do(req)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("HTTP %d", resp.StatusCode)
		}
		return io.ReadAll(io.LimitReader(resp.Body, maxPolicy))
	}
}

func dialAny(ctx context.Context, at []netip.Addr, port string) (net.Conn, error) {
	err := errors.New("no address")
	for _, a := range at {
		var conn net.Conn
		if conn, err = new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(a.String(), port)); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

// StartTLS gives an Observer's Certificates: what a mail server shows after
// STARTTLS (RFC 3207), as TLSA values without their usage. It sends no mail.
func StartTLS(port string) func(context.Context, string, []netip.Addr) ([]string, error) {
	return func(ctx context.Context, host string, at []netip.Addr) ([]string, error) {
		ctx, cancel := context.WithTimeout(ctx, webTimeout)
		defer cancel()
		conn, err := dialAny(ctx, at, cmp.Or(port, "25"))
		if err != nil {
			return nil, err
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(webTimeout)); err != nil {
			return nil, err
		}
		client, err := smtp.NewClient(conn, host)
		if err != nil {
			return nil, err
		}
		// DANE does not look at names or authorities (RFC 7672 section 3.1.1).
		if err := client.StartTLS(&tls.Config{ServerName: host, InsecureSkipVerify: true}); err != nil {
			return nil, err
		}
		state, _ := client.TLSConnectionState()
		_ = client.Quit()
		return sums(state.PeerCertificates), nil
	}
}

// sums are what TLSA records may hold of certificates: the whole or its key,
// as SHA-256 (RFC 6698 section 2.1).
func sums(chain []*x509.Certificate) []string {
	list := []string{}
	for _, c := range chain {
		whole, key := sha256.Sum256(c.Raw), sha256.Sum256(c.RawSubjectPublicKeyInfo)
		list = append(list, "0 1 "+hex.EncodeToString(whole[:]), "1 1 "+hex.EncodeToString(key[:]))
	}
	return list
}
