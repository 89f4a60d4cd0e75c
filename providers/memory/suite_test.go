package memory_test

import (
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/providers/memory"
	"github.com/mxmove/mxmove/providers/providertest/suite"
)

func TestSuite(t *testing.T) {
	suite.Run(t, func(*testing.T) suite.Harness {
		spec := acme("alice", "bob", "carol")
		return &harness{spec, memory.New(spec, clock)}
	})
}

func clock() time.Time { return time.Date(2026, 12, 3, 8, 4, 0, 0, time.UTC) }

// acme is a spec with a row for each name.
func acme(names ...string) *config.Spec {
	at := func(host string) config.IMAP { return config.IMAP{Host: host, Port: 993, TLS: config.TLSImplicit} }
	s := &config.Spec{
		Source:  config.Side{Kind: "imap", Domain: "acme.test", IMAP: at("old.test")},
		Target:  config.Side{Kind: "imap", IMAP: at("new.test")},
		History: &config.History{Mover: "mxmove", Deletions: "keep", Refused: "quarantine"},
	}
	for _, n := range names {
		a := n + "@acme.test"
		s.Roster.Mailboxes = append(s.Roster.Mailboxes,
			config.Mailbox{Address: a, SourceLogin: a, TargetAddress: a, TargetLogin: n})
	}
	return s
}

type harness struct {
	spec  *config.Spec
	world *memory.World
}

func (h *harness) Spec() *config.Spec { return h.spec }
func (h *harness) World() suite.World { return h.world }
func (h *harness) SignIns() int       { return h.world.SignIns() }

func (h *harness) BreakPassword(address string, broken bool) {
	h.world.WrongPassword(memory.Source, address, broken)
}

func (h *harness) Put(side suite.Side, address, folder string, m *suite.Message) {
	if m == nil {
		h.world.MakeFolder(memory.Side(side), address, folder)
		return
	}
	h.world.Deliver(memory.Side(side), address, folder, memory.Message{Body: m.Body, Flags: m.Flags, Date: m.Date})
}

func (h *harness) SetFlags(side suite.Side, address, folder, id string, flags []string) {
	for _, m := range h.world.Dump(memory.Side(side), address)[folder] {
		if messageID(m.Body) == id {
			h.world.ChangeFlags(memory.Side(side), address, folder, m.UID, flags...)
		}
	}
}

func (h *harness) Dump(side suite.Side, address string) map[string][]suite.Message {
	all := map[string][]suite.Message{}
	for path, messages := range h.world.Dump(memory.Side(side), address) {
		all[path] = nil
		for _, m := range messages {
			all[path] = append(all[path], suite.Message{ID: messageID(m.Body), Body: m.Body, Flags: m.Flags, Date: m.Date})
		}
	}
	return all
}
