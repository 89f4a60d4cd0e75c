package closednet

import (
	"net"
	"testing"
	"time"
)

func TestNobodyIsThereAndEveryPortIsFree(t *testing.T) {
	if !Enter(t, nil, "192.0.2.25", "198.41.0.4") {
		return
	}
	for _, at := range []string{"192.0.2.25:25", "198.41.0.4:53", "127.0.0.1:25"} {
		l, err := net.Listen("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		c, err := net.DialTimeout("tcp", at, 10*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		l.Close()
	}
	if c, err := net.DialTimeout("tcp", "192.0.2.26:25", 10*time.Second); err == nil {
		c.Close()
		t.Error("somebody outside answers")
	}
	faces, err := net.Interfaces()
	if err != nil || len(faces) == 0 || faces[0].Name != "lo" {
		t.Errorf("%v %v", faces, err)
	}
}
