package wire

import (
	"errors"
	"strings"
	"syscall"
)

// noRoute knows the systems' ways to say that an address cannot be reached
// from here at all.
func noRoute(err error) bool {
	return errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EADDRNOTAVAIL) ||
		strings.Contains(err.Error(), "unreachable network") // Windows
}
