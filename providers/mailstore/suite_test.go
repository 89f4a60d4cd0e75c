package mailstore_test

import (
	"bytes"
	"context"
	"net/mail"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/providers/mailstore"
	"github.com/mxmove/mxmove/providers/memory/imapd"
	"github.com/mxmove/mxmove/providers/providertest/suite"
)

func TestSuiteInProcess(t *testing.T) {
	suite.Run(t, func(t *testing.T) suite.Harness { return newInProcess(t) })
}

const (
	goodPassword = "right-pw"
	badPassword  = "wrong-pw"
)

// inProcess is the store over two servers in this process.
type inProcess struct {
	t       *testing.T
	spec    *config.Spec
	state   string
	servers [2]*imapd.Server
}

func newInProcess(t *testing.T) *inProcess {
	h := &inProcess{t: t, state: t.TempDir()}
	for i := range h.servers {
		s, err := imapd.Start(imapd.Options{Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		h.servers[i] = s
	}
	h.spec = specOf(at(h.servers[0].Host(), h.servers[0].Port()), at(h.servers[1].Host(), h.servers[1].Port()), "alice", "bob", "carol")
	for _, m := range h.spec.Roster.Mailboxes {
		h.servers[suite.Source].AddUser(m.SourceLogin, goodPassword)
		h.servers[suite.Target].AddUser(m.TargetLogin, goodPassword)
	}
	return h
}

// at is a server in the clear on loopback, with each row's own password.
func at(host string, port int) config.IMAP {
	return config.IMAP{Host: host, Port: port, TLS: config.TLSNone,
		Login: config.Login{Kind: config.LoginPassword}, Limits: config.Limits{Connections: 8}}
}

func specOf(source, target config.IMAP, names ...string) *config.Spec {
	s := &config.Spec{
		Source:  config.Side{Kind: "imap", Domain: "acme.test", IMAP: source},
		Target:  config.Side{Kind: "imap", IMAP: target},
		History: &config.History{Mover: "mxmove", Deletions: "keep", Refused: "quarantine"},
	}
	for _, n := range names {
		a := n + "@acme.test"
		s.Roster.Mailboxes = append(s.Roster.Mailboxes, config.Mailbox{
			Address: a, SourceLogin: a, TargetAddress: a, TargetLogin: a,
			SourcePassword: config.SecretRef("env:SOURCE_PW"), TargetPassword: config.SecretRef("env:TARGET_PW"),
		})
	}
	return s
}

func (h *inProcess) Spec() *config.Spec { return h.spec }

func (h *inProcess) World() suite.World { return open(h.spec, h.state) }

// open gives the store of a spec whose passwords are all goodPassword.
func open(spec *config.Spec, state string) *mailstore.Store {
	return mailstore.New(optionsOf(spec, state))
}

// hasty is open without waits before another try.
func hasty(spec *config.Spec, state string) *mailstore.Store {
	o := optionsOf(spec, state)
	o.Sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	return mailstore.New(o)
}

func optionsOf(spec *config.Spec, state string) mailstore.Options {
	getenv := func(string) string { return goodPassword }
	return mailstore.Options{
		Spec: spec, Secrets: config.NewSecrets(state, getenv, nil), SpecDir: state, Lineage: "test", Version: "test",
		Ledger: filepath.Join(state, "ledger"), Quarantine: filepath.Join(state, "quarantine"), Now: time.Now,
	}
}

func path(folder string) []string { return strings.Split(folder, "/") }

func (h *inProcess) user(side suite.Side, address string) *imapd.User {
	return h.servers[side].User(address)
}

func (h *inProcess) Put(side suite.Side, address, folder string, m *suite.Message) {
	u := h.user(side, address)
	if !slices.ContainsFunc(u.Folders(), func(f imapd.Folder) bool { return slices.Equal(f.Path, path(folder)) }) {
		u.Create("", path(folder)...)
	}
	if m != nil {
		u.Add(imapd.Message{Flags: flags(m.Flags), Date: m.Date, Body: m.Body}, path(folder)...)
	}
}

func flags(words []string) []imap.Flag {
	out := make([]imap.Flag, len(words))
	for i, w := range words {
		out[i] = imap.Flag(w)
	}
	return out
}

func (h *inProcess) SetFlags(side suite.Side, address, folder, id string, words []string) {
	u := h.user(side, address)
	for _, m := range u.Messages(path(folder)...) {
		if messageID(m.Body) == id {
			u.SetFlags(m.UID, flags(words), path(folder)...)
		}
	}
}

func (h *inProcess) BreakPassword(address string, broken bool) {
	pw := goodPassword
	if broken {
		pw = badPassword
	}
	h.servers[suite.Source].AddUser(address, pw)
}

func (h *inProcess) SignIns() int {
	n := 0
	for _, m := range h.spec.Roster.Mailboxes {
		n += h.servers[suite.Source].Count(m.SourceLogin, "LOGIN") + h.servers[suite.Target].Count(m.TargetLogin, "LOGIN")
	}
	return n
}

func (h *inProcess) Dump(side suite.Side, address string) map[string][]suite.Message {
	all := map[string][]suite.Message{}
	u := h.user(side, address)
	for _, f := range u.Folders() {
		name := strings.Join(f.Path, "/")
		all[name] = nil
		for _, m := range u.Messages(f.Path...) {
			words := make([]string, len(m.Flags))
			for i, fl := range m.Flags {
				words[i] = string(fl)
			}
			all[name] = append(all[name], suite.Message{ID: messageID(m.Body), Body: m.Body, Flags: words, Date: m.Date})
		}
	}
	return all
}

func messageID(body []byte) string {
	m, err := mail.ReadMessage(bytes.NewReader(body))
	if err != nil {
		return ""
	}
	return strings.Trim(m.Header.Get("Message-ID"), "<>")
}
