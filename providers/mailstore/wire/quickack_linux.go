package wire

import (
	"net"
	"syscall"
)

// quickAck tells the kernel to acknowledge at once. A server that waits for
// our acknowledgement between two small answers (Nagle) otherwise gets it
// after 40 ms, at each synchronising literal. The option does not last: it is
// set again after each read.
func quickAck(nc net.Conn) {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1)
	})
}
