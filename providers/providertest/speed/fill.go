package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Every Debian has the user mail with these numbers; the servers run as it.
const mailUID, mailGID = 8, 8

// maildirFlags are how a Maildir's file names tell flags, in their order.
var maildirFlags = []struct{ letter, flag string }{
	{"D", `\Draft`}, {"F", `\Flagged`}, {"R", `\Answered`}, {"S", `\Seen`}, {"T", `\Deleted`},
	{"a", "$Forwarded"}, {"b", "$label1"},
}

// fill writes the mailboxes of a population below a directory, as Dovecot
// keeps them (Maildir++, separator "."), and gives what is in each.
func fill(ctx context.Context, dir string, p population, seed uint64) (map[string]manifest, error) {
	all := map[string]manifest{}
	for _, user := range p.users() {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		m, err := fillMailbox(filepath.Join(dir, user), user, p, seed)
		if err != nil {
			return nil, fmt.Errorf("filling %s: %w", user, err)
		}
		all[user] = m
	}
	return all, nil
}

func fillMailbox(home, user string, p population, seed uint64) (manifest, error) {
	if err := own(home); err != nil {
		return nil, err
	}
	for _, folder := range append([]string{"INBOX"}, p.folders...) {
		if err := makeFolder(filepath.Join(home, "Maildir"), folder); err != nil {
			return nil, err
		}
	}
	w, all := newWriter(user, seed), manifest{}
	for i := range p.messages + p.huge {
		size := w.size(p)
		if i >= p.messages {
			size = hugeSize
		}
		m := w.next(p.folders[i%len(p.folders)], size)
		if err := deliver(filepath.Join(home, "Maildir"), w.number, m); err != nil {
			return nil, err
		}
		all[m.key()]++
	}
	return all, nil
}

// makeFolder makes a folder and its keywords' names.
func makeFolder(maildir, folder string) error {
	dir := folderDir(maildir, folder)
	for _, name := range []string{maildir, dir, dir + "/cur", dir + "/new", dir + "/tmp"} {
		if err := own(name); err != nil {
			return err
		}
	}
	name := filepath.Join(dir, "dovecot-keywords")
	if err := os.WriteFile(name, []byte("0 $Forwarded\n1 $label1\n"), 0o600); err != nil {
		return err
	}
	return os.Chown(name, mailUID, mailGID)
}

func own(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.Chown(dir, mailUID, mailGID)
}

func folderDir(maildir, folder string) string {
	if folder == "INBOX" {
		return maildir
	}
	return filepath.Join(maildir, "."+strings.ReplaceAll(folder, "/", "."))
}

// deliver writes a message as Dovecot would: with LF, and with both sizes in
// the file's name.
func deliver(maildir string, number int, m mail) error {
	content := bytes.ReplaceAll(m.raw, []byte("\r\n"), []byte("\n"))
	flags := ""
	for _, f := range maildirFlags {
		if slices.Contains(m.flags, f.flag) {
			flags += f.letter
		}
	}
	name := fmt.Sprintf("%d.M%06dP1.speed,S=%d,W=%d:2,%s", 1_700_000_000+number/1000, number%1000*1000, len(content), len(m.raw), flags)
	path := filepath.Join(folderDir(maildir, m.folder), "cur", name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return err
	}
	if err := os.Chown(path, mailUID, mailGID); err != nil {
		return err
	}
	return os.Chtimes(path, time.Now(), m.date) // INTERNALDATE
}
