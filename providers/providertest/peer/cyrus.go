package peer

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

type cyrus struct{}

// cyrusRoot is where Cyrus' packages are unpacked.
const cyrusRoot = cacheDir + "/cyrus/root"

func (cyrus) check(o Options) error {
	switch {
	case o.Format != "" || o.Prefix != "":
		return fmt.Errorf("only Dovecot has Format and Prefix")
	case o.Separator != "" && o.Separator != "." && o.Separator != "/":
		return fmt.Errorf("the Separator %q is neither . nor /", o.Separator)
	}
	return nil
}

func (cyrus) base() string { return inMemory() }

func (c cyrus) configure(s *Server) ([]string, error) {
	for _, dir := range []string{"var", "spool"} {
		if err := s.mailDir(dir); err != nil {
			return nil, err
		}
	}
	for _, dir := range []string{"db", "proc", "lock", "log", "msg", "quota", "sieve", "user", "socket", "rpm", "sync"} {
		if err := s.mailDir("var/" + dir); err != nil {
			return nil, err
		}
	}
	more := map[string]any{
		"Bin":          cyrusRoot + "/usr/lib/cyrus/bin",
		"Separator":    cmp.Or(s.options.Separator, "."),
		"AltNamespace": s.options.AltNamespace,
		"QuotaKiB":     s.options.Quota / 1024,
	}
	for _, name := range []string{"imapd.conf", "cyrus.conf"} {
		if err := s.render(name, more); err != nil {
			return nil, err
		}
	}
	if err := c.accounts(s); err != nil {
		return nil, err
	}
	return []string{"env", "LD_LIBRARY_PATH=" + cyrusLibraries(), "CYRUS_USER=mail", "CYRUS_VERBOSE=1",
		cyrusRoot + "/usr/lib/cyrus/bin/master", "-D", "-L", s.dir + "/log",
		"-C", s.dir + "/imapd.conf", "-M", s.dir + "/cyrus.conf", "-p", s.dir + "/cyrus.pid"}, nil
}

func cyrusLibraries() string {
	found, err := filepath.Glob(cyrusRoot + "/usr/lib/*-linux-gnu*")
	if err != nil {
		panic(err) // the pattern is constant
	}
	return strings.Join(found, ":")
}

// accounts writes the password database anew, and gives Cyrus' user what it
// must read and write.
func (cyrus) accounts(s *Server) error {
	db := filepath.Join(s.dir, "sasldb2")
	if err := os.RemoveAll(db); err != nil {
		return err
	}
	for _, accounts := range []map[string]string{s.Users, s.Masters} {
		for user, password := range accounts {
			if err := saslPassword(db, user, password); err != nil {
				return err
			}
		}
	}
	owned := []string{s.dir, db}
	if s.options.TLS {
		owned = append(owned, s.keyFile())
	}
	for _, name := range owned {
		if err := os.Chown(name, mailUID, mailGID); err != nil {
			return err
		}
	}
	return nil
}

func saslPassword(db, user, password string) error {
	name, realm, found := strings.Cut(user, "@")
	if !found {
		realm = "localhost"
	}
	cmd := exec.Command(cyrusRoot+"/usr/sbin/saslpasswd2", "-p", "-c", "-f", db, "-u", realm, name)
	cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+cyrusLibraries())
	cmd.Stdin = strings.NewReader(password)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("saslpasswd2 for %s: %w: %s", user, err, out)
	}
	return nil
}
