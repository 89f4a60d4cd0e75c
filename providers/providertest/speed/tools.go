package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// atOnce is how many mailboxes each tool copies at once: mxmove's default.
const atOnce = 8

// tool copies a population's mailboxes from one site to another.
type tool struct {
	name     string
	tuid     bool // adds a header X-TUID
	keywords bool // keeps them
	once     bool // one run is enough: a form that is only there to be compared with
	prepare  preparation
}

// preparation forgets all former passes and gives what one pass runs.
type preparation func(j job) (batch, error)

// job is what a tool has to do.
type job struct {
	work, binary string // a directory for states; mxmove
	from, to     *site
	users        []string
}

// The tools at their best for many mailboxes, several of them at once.
var (
	moving = tool{name: "mxmove", keywords: true, prepare: mxmove(atOnce, 1)}
	synced = tool{name: "mbsync", tuid: true, prepare: mbsyncEach}
	dumped = tool{name: "dsync", keywords: true, prepare: dsync}
)

// mbsyncWith is the form of mbsync with so many processes, each for its share
// of the mailboxes; with one it is what everybody tries first.
func mbsyncWith(processes int) tool {
	return tool{name: fmt.Sprintf("mbsync %d×-a", processes), tuid: true, once: true, prepare: func(j job) (batch, error) { return mbsyncAll(j, processes) }}
}

// mxmove copies by a plan that was made before, with so many connections to
// each server and to each mailbox.
func mxmove(connections, perMailbox int) preparation {
	return func(j job) (batch, error) { return mxmoveApply(j, connections, perMailbox) }
}

func mxmoveApply(j job, connections, perMailbox int) (batch, error) {
	dir := filepath.Join(j.work, "mxmove")
	if err := anew(dir); err != nil {
		return batch{}, err
	}
	side := func(port int) string {
		return fmt.Sprintf("imap {\n    host = \"127.0.0.1\"\n    port = %d\n    tls = \"none\"\n    login \"password\" {}\n    limits {\n      connections = %d\n      per_mailbox = %d\n    }\n  }",
			port, connections, perMailbox)
	}
	spec := fmt.Sprintf("migration \"speed\" {}\n\nsource \"imap\" {\n  domain = \"speed.test\"\n  %s\n}\n\nroster {\n  files = [\"members.csv\"]\n}\n\ntarget \"imap\" {\n  %s\n}\n\nhistory {\n  mover = \"mxmove\"\n}\n",
		side(j.from.port()), side(j.to.port()))
	var members strings.Builder
	members.WriteString("address,source_password,target_password\n")
	for _, user := range j.users {
		members.WriteString(user + ",env:SPEED_PASSWORD,env:SPEED_PASSWORD\n")
	}
	if err := write(dir, map[string]string{"main.hcl": spec, "members.csv": members.String()}); err != nil {
		return batch{}, err
	}
	env := []string{"SPEED_PASSWORD=" + password}
	for _, args := range [][]string{{"init"}, {"plan", "--out", "speed.plan"}} {
		cmd := exec.Command(j.binary, args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return batch{}, fmt.Errorf("mxmove %s: %w\n%s", args[0], err, out)
		}
	}
	apply := command{Args: []string{j.binary, "apply", "speed.plan", "--json"}, Env: env, Dir: dir}
	return batch{Commands: []command{apply}, Parallel: 1}, nil
}

// mbsyncEach runs a process for each mailbox, several at once, as one would
// with xargs -P.
func mbsyncEach(j job) (batch, error) {
	rc, err := mbsyncrc(filepath.Join(j.work, "mbsync"), j)
	if err != nil {
		return batch{}, err
	}
	b := batch{Parallel: atOnce}
	for _, user := range j.users {
		b.Commands = append(b.Commands, command{Args: []string{"mbsync", "-q", "-c", rc(user), "copy"}})
	}
	return b, nil
}

// mbsyncAll shares the mailboxes out to so many processes.
func mbsyncAll(j job, processes int) (batch, error) {
	dir := filepath.Join(j.work, "mbsync")
	rc, err := mbsyncrc(dir, j)
	if err != nil {
		return batch{}, err
	}
	shares := make([]strings.Builder, processes)
	for i, user := range j.users {
		content, err := os.ReadFile(rc(user))
		if err != nil {
			return batch{}, err
		}
		shares[i%processes].WriteString(renamed(string(content), user))
	}
	b := batch{Parallel: processes}
	for i := range shares {
		file := filepath.Join(dir, fmt.Sprintf("share%d.rc", i))
		if err := os.WriteFile(file, []byte(shares[i].String()), 0o600); err != nil {
			return batch{}, err
		}
		b.Commands = append(b.Commands, command{Args: []string{"mbsync", "-q", "-a", "-c", file}})
	}
	return b, nil
}

// renamed gives the parts of a mailbox's configuration names of its own.
func renamed(content, user string) string {
	own := "-" + strings.ReplaceAll(user, "@", "-")
	for _, part := range []string{"far", "near", "copy"} {
		content = strings.ReplaceAll(content, " "+part+"\n", " "+part+own+"\n")
		content = strings.ReplaceAll(content, ":"+part+":", ":"+part+own+":")
	}
	return content + "\n"
}

// mbsyncrc writes a configuration for each mailbox and gives their names.
func mbsyncrc(dir string, j job) (func(user string) string, error) {
	if err := anew(dir); err != nil {
		return nil, err
	}
	files := map[string]string{}
	for _, user := range j.users {
		store := func(name string, port int) string {
			return fmt.Sprintf("IMAPAccount %[1]s\nHost 127.0.0.1\nPort %[2]d\nUser %[3]s\nPass %[4]s\nSSLType None\nAuthMechs LOGIN\n\nIMAPStore %[1]s\nAccount %[1]s\n\n",
				name, port, user, password)
		}
		files[user+".rc"] = store("far", j.from.port()) + store("near", j.to.port()) +
			"Channel copy\nFar :far:\nNear :near:\nPatterns *\nCreate Near\nSync Pull\nExpunge None\nCopyArrivalDate yes\nSyncState " + filepath.Join(dir, user) + "/\n"
		if err := os.Mkdir(filepath.Join(dir, user), 0o700); err != nil {
			return nil, err
		}
	}
	return func(user string) string { return filepath.Join(dir, user+".rc") }, write(dir, files)
}

// dsync reads by IMAP and writes the target's store directly, as only its
// administrator can.
func dsync(j job) (batch, error) {
	b := batch{Parallel: atOnce}
	for _, user := range j.users {
		args := []string{"doveadm", "-c", filepath.Join(j.to.server.Dir(), "dovecot.conf")}
		for _, setting := range []string{"imapc_host=127.0.0.1", "imapc_port=" + strconv.Itoa(j.from.port()), "imapc_user=" + user, "imapc_password=" + password,
			"imapc_features=rfc822.size fetch-headers", "mail_prefetch_count=20"} {
			args = append(args, "-o", setting)
		}
		b.Commands = append(b.Commands, command{Args: append(args, "backup", "-R", "-u", user, "imapc:")})
	}
	return b, nil
}

// anew makes an empty directory.
func anew(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.MkdirAll(dir, 0o700)
}

func write(dir string, files map[string]string) error {
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	return nil
}
