package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/mxmove/mxmove/providers/providertest/delay"
	"github.com/mxmove/mxmove/providers/providertest/peer"
)

const password = "speed-pw"

// site is one side: a Dovecot, near or far.
type site struct {
	server *peer.Server
	proxy  *delay.Proxy // nil: near
}

// startSite starts a Dovecot that keeps its mail below base.
func startSite(h *host, base, format, separator string, users []string, extra ...string) (*site, error) {
	accounts := map[string]string{}
	for _, user := range users {
		accounts[user] = password
	}
	s := &site{}
	err := hosted(func() {
		s.server = peer.Dovecot(h, peer.Options{Users: accounts, Format: format, Separator: separator, Base: base,
			// as its makers advise where there are many users: a login process serves many
			Extra: append([]string{"service imap-login {", "  service_count = 0", "  process_min_avail = 1", "}"}, extra...)})
	})
	return s, err
}

// move puts the site so far away.
func (s *site) move(trip time.Duration) error {
	if s.proxy != nil {
		s.proxy.Close()
		s.proxy = nil
	}
	if trip == 0 {
		return nil
	}
	var err error
	s.proxy, err = delay.Start(s.server.Addr(), trip)
	return err
}

// port is the one to reach it by at its distance.
func (s *site) port() int {
	if s.proxy != nil {
		return s.proxy.Port()
	}
	return s.server.Port
}

func (s *site) mail() string { return filepath.Join(s.server.Dir(), "mail") }

// wipe removes all mail, once nobody is signed in.
func (s *site) wipe() error {
	if err := s.settle(); err != nil {
		return err
	}
	entries, err := os.ReadDir(s.mail())
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(s.mail(), e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// settle waits until no mailbox is open.
func (s *site) settle() error {
	deadline := time.Now().Add(20 * time.Second)
	for {
		all, err := s.processes()
		if err != nil {
			return err
		}
		open := 0
		for _, p := range all {
			if p.name == "imap" {
				open++
			}
		}
		if open == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d sessions are still open", open)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// cpu gives what the server's processes have used so far, those that have
// ended too.
func (s *site) cpu() (time.Duration, error) {
	all, err := s.processes()
	if err != nil {
		return 0, err
	}
	var ticks int64
	for _, p := range all {
		ticks += p.own
		if p.leader {
			ticks += p.children
		}
	}
	return time.Duration(ticks) * time.Second / 100, nil // USER_HZ is 100 wherever Debian runs
}

type process struct {
	name          string
	leader        bool
	own, children int64 // ticks
}

// processes are those of the server's session.
func (s *site) processes() ([]process, error) {
	content, err := os.ReadFile(filepath.Join(s.server.Dir(), "run/master.pid"))
	if err != nil {
		return nil, err
	}
	leader := strings.TrimSpace(string(content))
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	var all []process
	for _, name := range stats {
		stat, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		if p, session := parseStat(string(stat)); session == leader {
			p.leader = name == "/proc/"+leader+"/stat"
			all = append(all, p)
		}
	}
	return all, nil
}

// parseStat reads a line of /proc/PID/stat (proc(5)).
func parseStat(line string) (p process, session string) {
	open, end := strings.IndexByte(line, '('), strings.LastIndexByte(line, ')')
	if open < 0 || end < open {
		return process{}, ""
	}
	f := strings.Fields(line[end+1:]) // from field 3, the state, on
	if len(f) < 15 {
		return process{}, ""
	}
	ticks := func(i int) int64 { n, _ := strconv.ParseInt(f[i], 10, 64); return n } // the kernel's own digits
	return process{name: line[open+1 : end], own: ticks(11) + ticks(12), children: ticks(13) + ticks(14)}, f[3]
}
