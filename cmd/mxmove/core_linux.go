package main

import "syscall"

// prSetDumpable is PR_SET_DUMPABLE of prctl(2).
const prSetDumpable = 4

// noCore keeps passwords and mail out of a core file, and other processes of
// the same user from reading them out of the memory. Failures leave it as the
// system has it.
func noCore() {
	syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
	syscall.RawSyscall(syscall.SYS_PRCTL, prSetDumpable, 0, 0)
}
