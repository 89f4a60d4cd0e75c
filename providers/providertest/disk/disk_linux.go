// Package disk gives tests small disks that get full.
package disk

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

const there = "MXMOVE_TEST_APART"

// Apart runs a test again where it may mount file systems that nobody else
// sees, and reports whether this is there.
func Apart(t *testing.T) bool {
	t.Helper()
	if os.Getenv(there) != "" {
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.timeout", "5m")
	cmd.Env = append(os.Environ(), there+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return false
}

// Ample is room for all that a test writes.
const Ample = "size=4m,nr_inodes=10000"

// Mount puts a small disk over a directory until the test ends.
func Mount(t *testing.T, dir string) {
	t.Helper()
	if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("none", dir, "tmpfs", 0, Ample+",mode=700"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
}

// Room gives a disk so much room, in tmpfs's words: size=8k, nr_inodes=7.
func Room(t *testing.T, dir, room string) {
	t.Helper()
	if err := syscall.Mount("none", dir, "", syscall.MS_REMOUNT, room+",mode=700"); err != nil {
		t.Fatalf("%s: %v", room, err)
	}
}

// Left leaves so many free pages on a disk, of 4096 octets each.
func Left(t *testing.T, dir string, pages int) {
	t.Helper()
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		t.Fatal(err)
	}
	used := int64(s.Blocks-s.Bfree) * s.Bsize >> 10
	Room(t, dir, fmt.Sprintf("size=%dk", max(used+int64(pages)*4, 4))) // size=0 is no bound
}
