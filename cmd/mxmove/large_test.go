package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/memory/imapd"
)

const largeSpec = `migration "acme" {}

source "imap" {
  domain = "acme.test"
  imap {
    host = "imap.old.test"
    login "master" {
      user     = "admin"
      password = env("OLD_MASTER")
    }
    limits {
      connections = 20
    }
  }
}

target "imap" {
  imap {
    host = "imap.new.test"
    login "password" {}
  }
}

roster {
  files = ["members.csv"]
}

history {
  mover = "mxmove"
  folders {
    skip = ["Junk"]
  }
}

cutover {
  opens     = "2026-12-05T20:00:00+08:00"
  closes    = "2026-12-06T06:00:00+08:00"
  approvals = 0
  zone "acme.test" "manual" {
    mx = ["10 mx.new.test"]
  }
}
`

// largeSite is a migration of n mailboxes in a directory, a third of them
// copied, with what was observed as acme.snapshot and masked as masked.snapshot.
func largeSite(t testing.TB, n int) string {
	dir := t.TempDir()
	put := func(name string, b []byte, err error) {
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	rows := []byte("address,name,department,wave,target_password\n")
	for i := range n {
		rows = fmt.Appendf(rows, "u%05d@acme.test,王%d,销售部/%d,%d,pw-%d\n", i, i, i%40, i%9, i)
	}
	put("main.hcl", []byte(largeSpec), nil)
	put("members.csv", rows, nil)
	loaded, found := config.Load(config.Options{Dir: dir, Version: version, Getenv: func(string) string { return "x" }})
	if loaded.Spec == nil {
		t.Fatal(found)
	}
	plan := planner.Build(loaded.Spec, largeWorld(loaded.Spec), observedAt())
	plan.Observed.Records = copied(plan, n/3)
	b, err := planner.EncodeSnapshot(&planner.SnapshotFile{Tool: version, Observed: plan.Observed})
	put("acme.snapshot", b, err)
	file, err := planner.MaskSnapshot(plan, strings.Repeat("5a", 16), version)
	if err != nil {
		t.Fatal(err)
	}
	b, err = planner.EncodeSnapshot(file)
	put("masked.snapshot", b, err)
	return dir
}

func observedAt() time.Time {
	return time.Date(2026, 12, 3, 16, 4, 0, 0, time.FixedZone("", 8*60*60))
}

func largeWorld(spec *config.Spec) planner.Snapshot {
	seen := planner.Seen{At: observedAt(), How: "imap"}
	s := planner.Snapshot{Format: 1, At: observedAt(), Lineage: "5f0e", Can: planner.Kinds(),
		Source: planner.Side{Seen: seen, Endpoint: "imap://imap.old.test:993"},
		Target: planner.Side{Seen: seen, Endpoint: "imap://imap.new.test:993"},
		Zones: []planner.Zone{{Seen: seen, Name: "acme.test", Sets: []planner.RRset{
			{Zone: "acme.test", Name: "acme.test", Type: "MX", Values: []string{"10 mx.old.test"}, TTL: 86400}}}}}
	for i, row := range spec.Roster.Mailboxes {
		m := planner.Mailbox{Address: row.Address, State: planner.NotStarted,
			Source: planner.Store{Seen: seen, Login: row.SourceLogin, Folders: 9, Messages: 100 + 7*i%9000, Bytes: int64(i) * 80_000},
			Target: planner.Store{Seen: seen, Login: row.TargetLogin, Messages: 3},
			Behind: planner.Gap{Messages: 97 + 7*i%9000, Bytes: int64(i) * 80_000}}
		if i%100 == 7 {
			m.Source = planner.Store{Seen: planner.Seen{Err: &planner.Fault{Msg: text.M("credential.missing", "side", "source", "address", row.Address), Class: planner.Credential}}}
		}
		s.Mailboxes = append(s.Mailboxes, m)
	}
	return s
}

// copied are records of the plan's first n copies.
func copied(plan *planner.Plan, n int) []planner.Record {
	var list []planner.Record
	for _, s := range plan.Steps {
		if op, ok := s.Op.(planner.CopyMailbox); ok && op.In == planner.Copy && len(list) < n {
			k := 2*len(list) + 1
			list = append(list, planner.Record{Step: s.ID, Intent: k, Outcome: k + 1, IntentAt: observedAt(), OutcomeAt: observedAt(),
				Tally: planner.Tally{Copied: 90, Bytes: 7 << 20}})
		}
	}
	return list
}

// rememberedSite is a migration between two servers in this process, of which
// the program has looked at all n mailboxes. The second result counts sign-ins.
func rememberedSite(t testing.TB, program string, n int) (dir string, signIns func() int) {
	dir = t.TempDir()
	var servers [2]*imapd.Server
	spec := "migration \"acme\" {}\n"
	for i, head := range []string{"source \"imap\" {\n  domain = \"acme.test\"", "target \"imap\" {"} {
		s, err := imapd.Start(imapd.Options{Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		servers[i] = s
		spec += fmt.Sprintf("%s\n  imap {\n    host = %q\n    port = %d\n    tls  = \"none\"\n    login \"password\" {}\n    limits {\n      connections = 20\n    }\n  }\n}\n", head, s.Host(), s.Port())
	}
	spec += "roster {\n  files = [\"members.csv\"]\n}\nhistory {}\n"
	rows := []byte("address,source_password,target_password\n")
	for i := range n {
		address := fmt.Sprintf("u%05d@acme.test", i)
		rows = fmt.Appendf(rows, "%s,pw,pw\n", address)
		servers[0].AddUser(address, "pw").Add(imapd.Message{Date: observedAt(), Body: []byte("Subject: x\r\n\r\nx\r\n")}, "INBOX")
		servers[1].AddUser(address, "pw")
	}
	for name, b := range map[string][]byte{"main.hcl": []byte(spec), "members.csv": rows} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	child(t, program, dir, "UTC", "plan")
	return dir, func() (all int) {
		for i := range n {
			address := fmt.Sprintf("u%05d@acme.test", i)
			all += servers[0].Count(address, "LOGIN") + servers[1].Count(address, "LOGIN")
		}
		return all
	}
}
