package executor

import (
	"errors"
	"os"
	"runtime"
	"syscall"
)

// ProcessAlive says whether a process of this host has that number. In doubt
// it says yes.
func ProcessAlive(pid int) bool {
	if pid <= 0 {
		return false
	}
	p, err := os.FindProcess(pid)
	if err != nil { // Windows opens the process: there is none
		return false
	}
	defer p.Release()
	if runtime.GOOS == "windows" {
		return true
	}
	err = p.Signal(syscall.Signal(0)) // kill(2): asks only
	return err == nil || errors.Is(err, syscall.EPERM)
}
