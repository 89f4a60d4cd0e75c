package config

import (
	"bytes"
	"encoding/csv"
	"strings"

	"github.com/mxmove/mxmove/config/text"
)

// FromImapsync makes a roster (CSV in UTF-8) of the list that people feed to
// imapsync in a loop: host1;user1;password1;host2;user2;password2; a line, #
// before remarks. The passwords go into the roster: whoever writes it must keep
// it out of git and readable for its owner only. Logins that are no addresses
// become addresses of domain. Lines that are not understood are findings, with
// their place and never with their words; hosts belong into the spec and are
// told when there is more than one a side.
func FromImapsync(name string, list []byte, domain string) ([]byte, []Finding) {
	l := newLoader(Options{})
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	w.Write([]string{columns[colAddress], columns[colSourceLogin], columns[colSourcePassword], columns[colTargetAddress], columns[colTargetLogin], columns[colTargetPassword]})
	hosts := [2]string{}
	t := decodeText(list)
	for _, line := range t.bad {
		l.sayHidden(Pos{File: name, Line: line}, Error, text.M("roster.encoding", "file", name))
	}
	for n, line := range strings.Split(string(t.data), "\n") {
		line = strings.TrimRight(line, "\r")
		if s := strings.TrimSpace(line); s == "" || s[0] == '#' {
			continue
		}
		at := Pos{File: name, Line: n + 1}
		f := strings.Split(line, ";")
		if len(f) < 6 {
			l.sayHidden(at, Error, text.M("imapsync.fields"))
			continue
		}
		l.oneHost(&hosts, f, at)
		source, target := strings.TrimSpace(f[1]), strings.TrimSpace(f[4])
		address, err := Canonical(addressOf(source, domain))
		if err != nil {
			l.sayHidden(at, Error, text.M("imapsync.login"))
			continue
		}
		moved, err := Canonical(addressOf(target, domain))
		if err != nil || moved == address {
			moved = ""
		}
		w.Write([]string{address, unless(source, address), f[2], moved, unless(target, orElse(moved, address)), f[5]})
	}
	w.Flush()
	return out.Bytes(), l.result()
}

// oneHost warns of a second server on a side: a spec has one.
func (l *loader) oneHost(hosts *[2]string, f []string, at Pos) {
	for side, host := range []string{f[0], f[3]} {
		host = strings.ToLower(strings.TrimSpace(host))
		switch {
		case hosts[side] == "":
			hosts[side] = host
		case hosts[side] != host:
			l.sayHidden(at, Warning, text.M("imapsync.hosts"))
			return
		}
	}
}

func addressOf(login, domain string) string {
	if strings.Contains(login, "@") {
		return login
	}
	return login + "@" + domain
}

// unless is s, or "" where it is the default.
func unless(s, def string) string {
	if s == def {
		return ""
	}
	return s
}
