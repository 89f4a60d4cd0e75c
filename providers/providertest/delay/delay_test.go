package delay

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// serve starts a server that gives each connection to handle, and a proxy
// before it, and connects to that.
func serve(t *testing.T, trip time.Duration, handle func(*net.TCPConn)) (*Proxy, *net.TCPConn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		handle(conn.(*net.TCPConn))
	}()
	p, err := Start(listener.Addr().String(), trip)
	if err != nil {
		t.Fatal(err)
	}
	conn := connect(t, p)
	t.Cleanup(func() {
		_ = conn.Close()
		p.Close()
		_ = listener.Close()
		<-done
		goleak.VerifyNone(t)
	})
	return p, conn
}

func connect(t *testing.T, p *Proxy) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p.Port())))
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

func echo(conn *net.TCPConn) {
	_, _ = io.Copy(conn, conn)
	_ = conn.CloseWrite()
}

func ping(t *testing.T, conn net.Conn) time.Duration {
	t.Helper()
	began := time.Now()
	if _, err := conn.Write([]byte{1}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	return time.Since(began)
}

func TestARoundTripTakesAsLongAsItShould(t *testing.T) {
	for _, trip := range []time.Duration{0, 20 * time.Millisecond, 100 * time.Millisecond} {
		t.Run(trip.String(), func(t *testing.T) {
			_, conn := serve(t, trip, echo)
			first := ping(t, conn) // with the handshake
			if first < 2*trip {
				t.Errorf("the first answer is there after %v", first)
			}
			best := time.Hour // a busy machine adds to it
			for range 5 {
				took := ping(t, conn)
				if took < trip {
					t.Errorf("a round trip took %v", took)
				}
				best = min(best, took)
			}
			if best > trip+50*time.Millisecond {
				t.Errorf("the best round trip took %v", best)
			}
		})
	}
}

func TestDistanceCostsNoBandwidth(t *testing.T) {
	const trip, size = 200 * time.Millisecond, 32 << 20
	_, conn := serve(t, trip, func(c *net.TCPConn) {
		_, _ = c.Write(make([]byte, size))
	})
	began := time.Now()
	n, err := io.Copy(io.Discard, conn)
	if err != nil || n != size {
		t.Fatalf("%d octets, %v", n, err)
	}
	// a window of one chunk would take 512 half trips
	if took := time.Since(began); took < 2*trip || took > 20*trip {
		t.Errorf("32 MB took %v", took)
	}
}

func TestOrderAndContentAreKept(t *testing.T) {
	sent := make([]byte, 5<<20)
	random := rand.New(rand.NewPCG(4, 4))
	for i := range sent {
		sent[i] = byte(random.Uint32())
	}
	_, conn := serve(t, 10*time.Millisecond, echo)
	go func() {
		rest := sent
		for len(rest) > 0 {
			n := min(len(rest), 1+random.IntN(200_000))
			if _, err := conn.Write(rest[:n]); err != nil {
				return
			}
			rest = rest[n:]
		}
		_ = conn.CloseWrite()
	}()
	got, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, sent) {
		t.Errorf("%d octets, hash %x, of %d", len(got), sha256.Sum256(got), len(sent))
	}
}

func TestOctetsOfClientsAreCounted(t *testing.T) {
	p, conn := serve(t, 0, echo)
	for n := range 3 {
		ping(t, conn)
		if got := p.Passed(); got != int64(n+1) {
			t.Errorf("%d octets were sent, %d counted", n+1, got)
		}
	}
}

func TestAnEndOfOneDirectionLeavesTheOther(t *testing.T) {
	const trip = 50 * time.Millisecond
	ended := make(chan time.Time, 1)
	_, conn := serve(t, trip, func(c *net.TCPConn) {
		_, _ = io.ReadAll(c)
		ended <- time.Now()
		time.Sleep(20 * time.Millisecond)
		_, _ = c.Write([]byte("after the end"))
	})
	_, _ = conn.Write([]byte("the last words"))
	closed := time.Now()
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(conn)
	if err != nil || string(got) != "after the end" {
		t.Errorf("%q, %v", got, err)
	}
	if took := (<-ended).Sub(closed); took < trip/2 {
		t.Errorf("the end overtook what was on its way: %v", took)
	}
}

func TestABreakReachesTheOtherSide(t *testing.T) {
	_, conn := serve(t, 0, func(c *net.TCPConn) {
		_, _ = io.ReadFull(c, make([]byte, 1))
		_ = c.SetLinger(0) // close by RST
	})
	_, _ = conn.Write([]byte{1})
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the connection still stands")
	} else if !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
		t.Error(err)
	}
}

func TestCloseCutsWhatIsOpen(t *testing.T) {
	p, conn := serve(t, 0, echo)
	ping(t, conn)
	p.Close()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the connection still stands")
	}
}

func TestAReaderThatSleepsHoldsTheWriter(t *testing.T) {
	const size = room + 256<<20
	written := make(chan int, 1)
	p, conn := serve(t, 0, func(c *net.TCPConn) {
		n, _ := c.Write(make([]byte, size))
		written <- n
	})
	ping := make([]byte, 1)
	if _, err := io.ReadFull(conn, ping); err != nil {
		t.Fatal(err)
	}
	select {
	case n := <-written:
		t.Errorf("%d octets went into a proxy that holds %d", n, room)
	case <-time.After(500 * time.Millisecond):
	}
	p.Close()
	<-written
}

func TestAServerThatIsNotThere(t *testing.T) {
	p, err := Start("127.0.0.1:1", 0)
	if err != nil {
		t.Fatal(err)
	}
	conn := connect(t, p)
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("there is a connection to nobody")
	}
	_ = conn.Close()
	p.Close()
	goleak.VerifyNone(t)
}
