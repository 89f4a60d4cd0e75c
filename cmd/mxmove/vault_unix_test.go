//go:build unix

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/providers/memory/imapd"
	"github.com/mxmove/mxmove/providers/providertest/dnsd"
	"github.com/mxmove/mxmove/providers/zone"
	"github.com/mxmove/mxmove/providers/zone/wire"
)

// vault is a migration whose every secret is a canary.
type vault struct {
	*testing.T
	dir, logs string // of the spec; of the programs that were run
	dns       *zone.Observer
	vars      map[string]string
	said      strings.Builder
	called    map[string]bool // commands, by their path
}

// program puts a program into the path that keeps what it was called with, and
// what was in its environment, and goes on as then says.
func (v *vault) program(name, then string) {
	script := fmt.Sprintf("#!/bin/sh\nlog=%s/%s.$$\ntr '\\0' '\\n' </proc/self/cmdline >$log\nprintf '%%s\\n' \"$0\" \"$@\" >>$log\nenv >>$log\n%s\n", v.logs, name, then)
	if err := os.WriteFile(filepath.Join(v.dir, "bin", name), []byte(script), 0o700); err != nil {
		v.Fatal(err)
	}
}

func (v *vault) write(name, content string) {
	if err := os.WriteFile(filepath.Join(v.dir, name), []byte(content), 0o600); err != nil {
		v.Fatal(err)
	}
}

// call runs a command line and keeps what it says.
func (v *vault) call(dir string, args ...string) ended {
	one := call{args: append(args, "--dir", dir), vars: v.vars, dns: v.dns}
	if cmd, _, err := v.commands().Find(args); err == nil {
		v.called[cmd.CommandPath()] = true
	}
	got := one.run(v.Context())
	fmt.Fprintf(&v.said, "\n$ mxmove %s\n%s%s", strings.Join(args, " "), got.out, got.errors)
	return got
}

// commands is the program's tree of them.
func (v *vault) commands() *cobra.Command {
	c := &cli{env: call{}.env(new(bytes.Buffer), new(bytes.Buffer))}
	c.speak("en")
	return newRoot(c)
}

// everyCommand fails where a command was not called.
func (v *vault) everyCommand() {
	n := 0
	var look func(cmd *cobra.Command)
	look = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			look(sub)
		}
		if n++; !cmd.HasSubCommands() && !v.called[cmd.CommandPath()] {
			v.Errorf("nobody looked at what %q leaves: call it here", cmd.CommandPath())
		}
	}
	if look(v.commands()); n < 30 {
		v.Errorf("only %d commands", n)
	}
}

func newVault(t *testing.T) *vault {
	v := &vault{T: t, dir: t.TempDir(), logs: t.TempDir(), vars: map[string]string{}, called: map[string]bool{}}
	t.Setenv("TMPDIR", filepath.Join(v.dir, "tmp"))
	for _, sub := range []string{"bin", "tmp", "oauth", "mirror"} {
		if err := os.Mkdir(filepath.Join(v.dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("sh", "-c", "cd "+v.dir+" && ssh-keygen -q -t ed25519 -N '' -f key && echo li.si@acme.test $(cat key.pub) >allowed_signers && git init -q . && printf '*\\n' >.gitignore").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{"ALICE_OLD", "ALICE_NEW", "TSIG_KEY", "OP_TOKEN", "CANARY_OUT", "CANARY_IN", "MXMOVE_VAR_pw", "ERIN"} {
		v.vars[name] = canaries[name]
		t.Setenv(name, canaries[name]) // what children would inherit
	}
	for _, real := range []string{"ssh-keygen", "git"} {
		path, err := exec.LookPath(real)
		if err != nil {
			t.Fatal(err)
		}
		v.program(real, fmt.Sprintf("exec %q \"$@\"", path))
	}
	v.program("op", fmt.Sprintf("printf '%%s' '%s'", canaries["CAROL"]))
	v.program("token", fmt.Sprintf("printf '%%s' '%s'", canaries["OAUTH"]))
	t.Setenv("PATH", filepath.Join(v.dir, "bin")+":"+os.Getenv("PATH"))
	return v
}

const vaultSpec = `migration "acme" {
  mirror = "mirror"
}
variable "pw" {
  type      = string
  sensitive = true
}
source "imap" {
  domain = "acme.test"
  imap {
    host = "127.0.0.1"
    port = %d
    tls  = "none"
    login "password" {}
  }
}
roster {
  files = ["members.csv"]
  mailbox "carol@acme.test" {
    source_password = exec("op", "read", "carol")
    target_password = var.pw
  }
  leaver "erin@acme.test" {
    mail = "archive"
  }
}
target "imap" {
  imap {
    host = "127.0.0.1"
    port = %d
    tls  = "none"
    login "password" {}
  }
}
history {}
cutover {
  opens     = "%s"
  closes    = "%s"
  start     = "unattended"
  approvals = 1
  approvers = "allowed_signers"
  tail      = "1h"
  zone "acme.test" "rfc2136" {
    server   = "127.54.1.1:%d"
    key_name = "cutover"
    key      = env("TSIG_KEY")
    mx       = ["10 ns2.acme.test"]
  }
  canary {
    from = "alice@acme.test"
    to   = "me@outside.example"
    submission {
      host     = "127.0.0.1"
      port     = %d
      tls      = "none"
      password = env("CANARY_OUT")
    }
    arrival {
      host     = "127.0.0.1"
      port     = %d
      tls      = "none"
      password = env("CANARY_IN")
    }
  }
  accept {
    mailboxes   = ["bob@acme.test"]
    quarantined = 5
  }
}
`

// servers are the two services, a name server that takes no update, and one
// that repeats all that it is told.
func (v *vault) servers() {
	var ports []int
	for i, users := range []map[string]string{
		{"alice": canaries["ALICE_OLD"], "bob": canaries["BOB_OLD"], "carol": canaries["CAROL"], "dave": canaries["DAVE"], "erin": canaries["ERIN"]},
		{"alice": canaries["ALICE_NEW"], "bob": "right", "carol": canaries["MXMOVE_VAR_pw"], "dave": canaries["DAVE"]},
	} {
		s, err := imapd.Start(imapd.Options{Now: time.Now})
		if err != nil {
			v.Fatal(err)
		}
		v.Cleanup(func() { s.Close() })
		ports = append(ports, s.Port())
		for name, password := range users {
			u := s.AddUser(name+"@acme.test", password)
			if i == 0 {
				u.Add(imapd.Message{Date: eight(), Body: []byte("Subject: hello\r\nMessage-ID: <1@acme.test>\r\n\r\nhello " + name + "\r\n")}, "INBOX")
			}
		}
		if i == 1 {
			s.AddUser("me@outside.example", canaries["CANARY_IN"])
			s.Fail(imapd.Fault{Login: "dave@acme.test", Command: "APPEND", Times: 1 << 20, Act: imapd.Refuse, Text: "[TOOBIG] no"})
		}
	}
	n := dnsd.New(v.T)
	n.Serve("127.54.0.1", dnsRoot)
	slow := strings.Replace(dnsZone, "@ 300 IN MX", "@ 3600 IN MX", 1)
	n.Serve("127.54.1.1", slow)
	n.Serve("127.54.2.1", slow)
	v.dns = &zone.Observer{Client: &wire.Client{Timeout: 200 * time.Millisecond}, Port: n.Port, Roots: []netip.Addr{netip.MustParseAddr("127.54.0.1")}}
	at := func(d time.Duration) string { return time.Now().Add(d).Format(time.RFC3339) }
	v.write("main.hcl", fmt.Sprintf(vaultSpec, ports[0], ports[1], at(-time.Hour), at(9*time.Hour), n.Port, v.parrot(repeatMail), ports[1]))
	v.write("members.csv", "address,source_password,target_password\nalice@acme.test,env:ALICE_OLD,env:ALICE_NEW\nbob@acme.test,file:bob.old,file:bob.new\nerin@acme.test,env:ERIN,\n"+
		"dave@acme.test,"+canaries["DAVE"]+","+canaries["DAVE"]+"\n")
	v.write("list.txt", "old.test;dave@acme.test;"+canaries["DAVE"]+";new.test;dave@acme.test;"+canaries["DAVE"]+"\n")
	v.write("bob.old", canaries["BOB_OLD"]+"\n")
	v.write("bob.new", canaries["BOB_NEW_WRONG"]+"\n")
	login := fmt.Sprintf("    host = \"127.0.0.1\"\n    port = %d\n    tls  = \"none\"\n", v.parrot(repeat))
	v.write("oauth/main.hcl", "migration \"acme\" {}\nsource \"imap\" {\n  domain = \"acme.test\"\n  imap {\n"+login+"    login \"oauth2\" {\n      command = [\"token\"]\n    }\n  }\n}\n"+
		"roster {\n  mailbox \"alice@acme.test\" {\n    target_password = env(\"ALICE_NEW\")\n  }\n}\ntarget \"imap\" {\n  imap {\n"+login+"    login \"password\" {}\n  }\n}\nhistory {}\n")
}

// parrot refuses every sign-in and repeats what it was sent.
func (v *vault) parrot(repeat func(net.Conn)) int {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		v.Fatal(err)
	}
	v.Cleanup(func() { ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go repeat(conn)
		}
	}()
	return ln.Addr().(*net.TCPAddr).Port
}

func repeat(conn net.Conn) {
	defer conn.Close()
	fmt.Fprint(conn, "* OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2 AUTH=PLAIN SASL-IR] hello\r\n")
	in := bufio.NewScanner(conn)
	for in.Scan() {
		tag, rest, _ := strings.Cut(in.Text(), " ")
		if strings.HasPrefix(strings.ToUpper(rest), "CAPABILITY") || strings.HasPrefix(strings.ToUpper(rest), "ID ") {
			fmt.Fprintf(conn, "%s OK done\r\n", tag)
			continue
		}
		fmt.Fprintf(conn, "%s NO [AUTHENTICATIONFAILED] cannot do: %s\r\n", tag, in.Text())
	}
}

// repeatMail is the same of a server that takes mail.
func repeatMail(conn net.Conn) {
	defer conn.Close()
	fmt.Fprint(conn, "220 parrot\r\n")
	in := bufio.NewScanner(conn)
	for in.Scan() {
		if strings.HasPrefix(in.Text(), "EHLO ") {
			fmt.Fprint(conn, "250-parrot\r\n250 AUTH PLAIN LOGIN\r\n")
			continue
		}
		fmt.Fprintf(conn, "535 cannot do: %s\r\n", in.Text())
	}
}
