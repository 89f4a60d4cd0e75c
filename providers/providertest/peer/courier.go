package peer

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// courier runs in a chroot, DIR/root, since its paths are built in.
type courier struct{}

// courierRoot is the chroot that is copied for each server.
const courierRoot = cacheDir + "/courier/root"

func (courier) check(o Options) error {
	if o.Format != "" || o.Separator != "" || o.Prefix != "" || o.AltNamespace || o.MaxMessage != 0 || o.Masters != nil {
		return errors.New("of the options it has only Users, TLS, Quota and Extra")
	}
	return nil
}

// base is no memory: programs run from there, which is often forbidden, and
// the chroot's files are hard links.
func (courier) base() string { return "/tmp" }

func (c courier) configure(s *Server) ([]string, error) {
	root := filepath.Join(s.dir, "root")
	if _, err := os.Stat(root); errors.Is(err, os.ErrNotExist) {
		if err := copyRoot(root); err != nil {
			return nil, err
		}
	}
	if err := c.accounts(s, root); err != nil {
		return nil, err
	}
	if s.options.TLS {
		if err := c.certificate(s, root); err != nil {
			return nil, err
		}
	}
	if err := s.render("courier.sh", map[string]any{"Root": root}); err != nil {
		return nil, err
	}
	rc := "authmodulelist=\"authuserdb\"\nauthmodulelistorig=\"authuserdb\"\ndaemons=3\nauthdaemonvar=/run/courier/authdaemon\n" +
		"DEBUG_LOGIN=0\nDEFAULTOPTIONS=\"\"\nLOGGEROPTS=\"\"\n"
	if err := replaceFile(root+"/etc/courier/authdaemonrc", []byte(rc), 0o644); err != nil {
		return nil, err
	}
	return []string{"sh", filepath.Join(s.dir, "courier.sh")}, nil
}

// copyRoot copies the chroot by hard links where it can: files in it are
// replaced, never written.
func copyRoot(root string) error {
	if exec.Command("cp", "-al", courierRoot, root).Run() == nil {
		return nil
	}
	if err := os.RemoveAll(root); err != nil {
		return err
	}
	if out, err := exec.Command("cp", "-a", courierRoot, root).CombinedOutput(); err != nil {
		return fmt.Errorf("copying %s: %w: %s", courierRoot, err, out)
	}
	return nil
}

// replaceFile writes a new file in the place of one that may be a hard link.
func replaceFile(name string, content []byte, mode os.FileMode) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.WriteFile(name, content, mode)
}

func (courier) certificate(s *Server, root string) error {
	key, err := os.ReadFile(s.keyFile())
	if err != nil {
		return err
	}
	cert, err := os.ReadFile(s.CAFile)
	if err != nil {
		return err
	}
	name := root + "/etc/courier/imapd.pem"
	if err := replaceFile(name, slices.Concat(key, cert), 0o600); err != nil {
		return err
	}
	return os.Chown(name, mailUID, mailGID)
}

// accounts writes the user database anew and makes the mailboxes of new users.
func (c courier) accounts(s *Server, root string) error {
	var users, shadow strings.Builder
	for _, user := range slices.Sorted(maps.Keys(s.Users)) {
		home := "/mail/" + user
		if err := c.maildir(s, root+home); err != nil {
			return err
		}
		quota := ""
		if s.options.Quota > 0 {
			quota = fmt.Sprintf("|quota=%dS", s.options.Quota)
		}
		fmt.Fprintf(&users, "%s\tuid=%d|gid=%d|home=%s|mail=%s/Maildir%s|_=\n", user, mailUID, mailGID, home, home, quota)
		sum := sha256.Sum256([]byte(s.Users[user]))
		fmt.Fprintf(&shadow, "%s\tsystempw={SHA256}%s\n", user, base64.StdEncoding.EncodeToString(sum[:]))
	}
	if err := makeDat(root, "userdb", users.String()); err != nil {
		return err
	}
	return makeDat(root, "userdbshadow", shadow.String())
}

func makeDat(root, name, lines string) error {
	file := "/etc/courier/" + name
	cmd := exec.Command("chroot", root, "/usr/lib/courier/courier-authlib/makedatprog", "-", file+".tmp", file+".dat")
	cmd.Stdin = strings.NewReader(lines + ".\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("makedatprog: %w: %s", err, out)
	}
	if err := os.Chmod(root+file+".dat", 0o600); err != nil {
		return err
	}
	return os.Chown(root+file+".dat", mailUID, mailGID)
}

func (courier) maildir(s *Server, home string) error {
	maildir := filepath.Join(home, "Maildir")
	if _, err := os.Stat(maildir); err == nil {
		return nil
	}
	subscribed := ""
	for _, folder := range append([]string{""}, specialFolders...) {
		dir := maildir
		if folder != "" {
			dir = filepath.Join(maildir, "."+folder)
			subscribed += "INBOX." + folder + "\n"
		}
		for _, part := range []string{"cur", "new", "tmp"} {
			if err := os.MkdirAll(filepath.Join(dir, part), 0o700); err != nil {
				return err
			}
		}
		if folder == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, "maildirfolder"), nil, 0o600); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(maildir, "courierimapsubscribed"), []byte(subscribed), 0o600); err != nil {
		return err
	}
	if s.options.Quota > 0 {
		if err := os.WriteFile(filepath.Join(maildir, "maildirsize"), fmt.Appendf(nil, "%dS\n", s.options.Quota), 0o600); err != nil {
			return err
		}
	}
	return chownAll(home)
}

func chownAll(dir string) error {
	return filepath.WalkDir(dir, func(name string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(name, mailUID, mailGID)
	})
}
