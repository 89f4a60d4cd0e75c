package peer

import (
	_ "embed" // install.sh
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// cacheDir holds unpacked packages, locks and nothing that must last.
const cacheDir = "/var/cache/mxmove-peers"

//go:embed files/install.sh
var installScript string

// Install makes sure that what a kind of server needs is on this machine. It
// is safe to call from many processes at once, and quick when all is there.
// The error says what is missing and how to get it.
func Install(kind Kind) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("peer: %s: starting it needs root, and this is user %d: run the tests as root (sudo make test, or in a container)", kind, os.Geteuid())
	}
	if err := os.MkdirAll(cacheDir, 0o755); err != nil {
		return fmt.Errorf("peer: %s: %w", kind, err)
	}
	lock := flock.New(filepath.Join(cacheDir, "install.lock"))
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("peer: %s: %w", kind, err)
	}
	defer func() { _ = lock.Close() }()
	out, err := exec.Command("bash", "-c", installScript, "peer-install", cacheDir, string(kind)).CombinedOutput()
	if err != nil {
		return fmt.Errorf("peer: %s could not be installed: %s", kind, strings.TrimSpace(string(out)))
	}
	return nil
}
