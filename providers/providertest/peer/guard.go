package peer

import (
	_ "embed" // guard.sh
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed files/guard.sh
var guardScript string

// guard is the shell that runs a server and ends it, with all its processes,
// when the pipe to it closes: also when the test dies without a word.
type guard struct {
	command *exec.Cmd
	pipe    *os.File
}

func startGuard(dir string, command []string) (*guard, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = read.Close() }()
	log, err := os.OpenFile(filepath.Join(dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		_ = write.Close()
		return nil, err
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command("sh", append([]string{"-c", guardScript, "peer-guard", dir}, command...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = read, log, log
	cmd.Dir = "/"
	if err := cmd.Start(); err != nil {
		_ = write.Close()
		return nil, err
	}
	return &guard{command: cmd, pipe: write}, nil
}

// stop ends the server and returns when none of its processes is left.
func (g *guard) stop() error {
	if _, err := g.pipe.WriteString("stop\n"); err != nil {
		return fmt.Errorf("its guard is gone: %w", err)
	}
	if err := g.pipe.Close(); err != nil {
		return err
	}
	if err := g.command.Wait(); err != nil {
		return fmt.Errorf("it does not stop: %w", err)
	}
	return nil
}
