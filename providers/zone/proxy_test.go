package zone

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// proxy is a TCP way to a server on which updates or their answers are lost;
// UDP passes.
type proxy struct {
	at               string
	updates, answers atomic.Int32
}

func startProxy(t *testing.T, to string, updates, answers int32) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	udp, err := net.ListenPacket("udp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{at: listener.Addr().String()}
	p.updates.Store(updates)
	p.answers.Store(answers)
	var group sync.WaitGroup
	group.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			p.pass(conn, to)
		}
	})
	group.Go(func() { relay(udp, to) })
	t.Cleanup(func() { _ = listener.Close(); _ = udp.Close(); group.Wait() })
	return p
}

func (p *proxy) pass(conn net.Conn, to string) {
	defer conn.Close()
	if p.updates.Load() > 0 {
		p.updates.Add(-1)
		return
	}
	out, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer out.Close()
	b := make([]byte, 64<<10)
	n, _ := io.ReadAtLeast(conn, b, 3)
	_, _ = out.Write(b[:n])
	n, _ = io.ReadAtLeast(out, b, 3)
	if p.answers.Load() > 0 {
		p.answers.Add(-1)
		return
	}
	_, _ = conn.Write(b[:n])
}

func relay(udp net.PacketConn, to string) {
	b := make([]byte, 64<<10)
	for {
		n, from, err := udp.ReadFrom(b)
		if err != nil {
			return
		}
		out, err := net.Dial("udp", to)
		if err != nil {
			return
		}
		_, _ = out.Write(b[:n])
		_ = out.SetReadDeadline(time.Now().Add(time.Second))
		if n, err = out.Read(b); err == nil {
			_, _ = udp.WriteTo(b[:n], from)
		}
		_ = out.Close()
	}
}
