package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
	mem "github.com/mxmove/mxmove/providers/memory"
)

// scriptWorld is a world in memory that all commands of a script share, with
// the script's clock.
type scriptWorld struct {
	world // what it has no part of: commands about mail services
	mem   *mem.World
	now   time.Time

	mu   sync.Mutex
	acts []string // kinds that were carried out
}

func (w *scriptWorld) Observe(ctx context.Context, depth planner.Depth) (planner.Snapshot, error) {
	return w.mem.Observe(ctx, depth)
}

// Deviations of mail: this world keeps no ledgers.
func (*scriptWorld) Deviations(address string) ([]transfer.Deviation, error) { return nil, nil }

func (w *scriptWorld) Do(ctx context.Context, op planner.Op, stop <-chan struct{}, progress func(planner.Progress)) (planner.Tally, error) {
	w.mu.Lock()
	w.acts = append(w.acts, op.Kind())
	w.mu.Unlock()
	return w.mem.Do(ctx, op, stop, progress)
}

func (w *scriptWorld) clock() time.Time { return w.now }

type worldKey struct{}

// scriptSpecs are what "world KIND" writes.
var scriptSpecs = map[string]string{
	"imap": `migration "acme" {}

source "imap" {
  domain = "acme.test"

  imap {
    host = "imap.old.test"
    login "master" {
      user     = "admin"
      password = env("PW")
    }
  }
}

roster {
  mailbox "m0@acme.test" {}
  mailbox "m1@acme.test" {}
}

target "imap" {
  imap {
    host = "imap.new.test"
    login "master" {
      user     = "admin"
      password = env("PW")
    }
  }
}

history {}

cutover {
  opens     = "2026-12-05T20:00:00+08:00"
  closes    = "2026-12-06T06:00:00+08:00"
  approvals = 0
  tail      = "2d"

  zone "acme.test" "manual" {
    mx = ["10 mx.new.test"]
  }
}
`,
	"history": `migration "acme" {}

source "imap" {
  domain = "acme.test"

  imap {
    host = "imap.old.test"
    login "master" {
      user     = "admin"
      password = env("PW")
    }
  }
}

roster {
  mailbox "m0@acme.test" {
    account         = "m0"
    target_password = env("PW")
  }
  mailbox "m1@acme.test" {
    account         = "m1"
    target_password = env("PW")
  }
}

target "wecom" {
  corp_id   = "wwB0123456789abcde"
  procedure = "history"
  api "directory" {
    secret = env("PW")
  }
  imap {
    host = "imap.exmail.qq.com"
    login "password" {}
  }
}

history {
  mover = "mxmove"
}

cutover {
  opens     = "2026-12-05T20:00:00+08:00"
  closes    = "2026-12-06T06:00:00+08:00"
  start     = "unattended"
  approvals = 0

  zone "acme.test" "manual" {}
}
`,
	"merge": `migration "acme" {}

source "wecom" {
  domain  = "acme.test"
  corp_id = "wwA0123456789abcde"
  creator = "zhang.san"
  api "directory" {
    secret = env("PW")
  }
}

roster {
  mailbox "m0@acme.test" {
    account         = "m0"
    target_password = env("PW")
  }
  mailbox "m1@acme.test" {
    account         = "m1"
    target_password = env("PW")
  }
}

target "wecom" {
  corp_id   = "wwB0123456789abcde"
  procedure = "merge"
  creator   = "zhang.san"
  api "directory" {
    secret = env("PW")
  }
  imap {
    host = "imap.exmail.qq.com"
    login "password" {}
  }
  archive {
    path = "archive"
  }
}

cutover {
  opens     = "2026-12-05T20:00:00+08:00"
  closes    = "2026-12-06T06:00:00+08:00"
  start     = "unattended"
  duration  = "1h"
  approvals = 0
}

acknowledge "merge-tenants" "tenant/wwB0123456789abcde" {
  because = "B only holds trial mail, CHG-1042"
  at_most {
    mailboxes  = 3
    messages   = 10
    unobserved = 0
  }
}
`,
}

// world KIND: writes main.hcl (imap, history or merge) and makes a company to match.
// world send N | account NAME | gone NAME | mx VALUE | blind KIND | fail KIND N:
// refuse | paid: something happens there. world arrived N: of what was sent
// to the target N are at the source, each once. world do KIND: a person does it.
// undone: $STEP and $OUTCOME are the change of MX and its line. world note
// FILE: $PLAN is the plan's number, $HASH its final step's.
func scriptWorldCmd(ts *testscript.TestScript, _ bool, args []string) {
	if spec, ok := scriptSpecs[args[0]]; ok {
		ts.Check(os.WriteFile(ts.MkAbs("main.hcl"), []byte(spec), 0o600))
		ts.Value(worldKey{}).(map[string]*scriptWorld)[""] = newScriptWorld(ts)
		_, err := executor.InitState(ts.MkAbs("."), "")
		ts.Check(err)
		return
	}
	w := worldOf(ts)
	switch args[0] {
	case "send":
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		for i := range n {
			w.mem.Deliver(mem.Target, "m1@acme.test", "INBOX", mem.Message{Body: fmt.Appendf(nil, "more %d %d", i, w.now.Unix()), Date: w.now})
		}
	case "arrived":
		got := map[string]int{}
		for _, m := range w.mem.Dump(mem.Source, "m1@acme.test")["INBOX"] {
			got[string(m.Body)]++
		}
		for body, n := range got {
			if strings.HasPrefix(body, "trial") || n != 1 {
				ts.Fatalf("%q is at the source %d times", body, n)
			}
		}
		if n, err := strconv.Atoi(args[1]); err != nil || len(got) != n+1 {
			ts.Fatalf("at the source: %v", got)
		}
	case "note":
		plan, err := readPlan(ts.MkAbs(args[1]))
		ts.Check(err)
		ts.Setenv("PLAN", plan.ID)
		for _, s := range plan.Steps {
			if s.Op.Traits().Risk == planner.Final {
				ts.Setenv("HASH", s.ID.Hash())
			}
		}
	case "account":
		w.mem.PutAccount(planner.Member{Account: args[1], Enabled: planner.Yes})
	case "gone":
		w.mem.DropAccount(args[1])
	case "mx":
		w.mem.PutSet(planner.RRset{Zone: "acme.test", Name: "acme.test", Type: "MX", Values: args[1:], TTL: 3600})
	case "undone":
		state, err := executor.OpenState(ts.MkAbs("."), "")
		ts.Check(err)
		records, err := state.Records()
		ts.Check(err)
		for _, r := range records {
			if strings.HasPrefix(string(r.Step), "set-records acme.test MX") {
				ts.Setenv("STEP", string(r.Step))
				ts.Setenv("OUTCOME", strconv.Itoa(r.Outcome))
			}
		}
	case "paid":
		w.mem.TargetTenant(planner.Tenant{Creator: "zhang.san", Paid: planner.Yes})
	case "refuse":
		w.mem.Refuse("m0@acme.test", []byte("old 0"))
	case "blind":
		w.mem.Blind(args[1], true)
	case "fail":
		n, err := strconv.Atoi(args[2])
		ts.Check(err)
		w.mem.FailKind(args[1], n, false)
	case "do":
		w.person(ts, args[1])
	default:
		ts.Fatalf("world %s?", args[0])
	}
}

func newScriptWorld(ts *testscript.TestScript) *scriptWorld {
	loaded, found := config.Load(config.Options{Dir: ts.MkAbs("."), Version: "0.1.0-test", Getenv: func(string) string { return "pw" }})
	if loaded.Spec == nil {
		ts.Fatalf("%v", found)
	}
	w := &scriptWorld{now: time.Date(2026, 12, 3, 16, 0, 0, 0, time.FixedZone("", 8*3600))}
	w.mem = mem.New(loaded.Spec, w.clock)
	w.mem.PutSet(planner.RRset{Zone: "acme.test", Name: "acme.test", Type: "MX", Values: []string{"10 mx.old.test"}, TTL: 3600})
	source := planner.Tenant{Corp: loaded.Spec.Source.CorpID, Creator: "zhang.san"}
	for i, row := range loaded.Spec.Roster.Mailboxes {
		w.mem.Deliver(mem.Source, row.Address, "INBOX", mem.Message{Body: fmt.Appendf(nil, "old %d", i), Date: w.now})
		if row.Account != "" {
			w.mem.PutAccount(planner.Member{Account: row.Account, Address: row.Account + "@trial.test", Enabled: planner.Yes, VIP: planner.No})
			w.mem.Deliver(mem.Target, row.Address, "INBOX", mem.Message{Body: fmt.Appendf(nil, "trial %d", i), Date: w.now})
			source.Members = append(source.Members, planner.Member{Account: row.Account, Address: row.Address})
		}
	}
	if source.Corp != "" {
		w.mem.SourceTenant(source)
	}
	return w
}

func worldOf(ts *testscript.TestScript) *scriptWorld {
	return ts.Value(worldKey{}).(map[string]*scriptWorld)[""]
}

// person does every act of a kind that is to be done now.
func (w *scriptWorld) person(ts *testscript.TestScript, kind string) {
	loaded, _ := config.Load(config.Options{Dir: ts.MkAbs("."), Version: "0.1.0-test", Getenv: func(string) string { return "pw" }})
	snap, err := w.Observe(context.Background(), planner.Recorded)
	ts.Check(err)
	n := 0
	for _, s := range planner.Build(loaded.Spec, snap, w.now).Steps {
		if s.Op.Kind() == kind {
			_, err := w.mem.Do(context.Background(), s.Op, nil, func(planner.Progress) {})
			ts.Check(err)
			n++
		}
	}
	if n == 0 {
		ts.Fatalf("there is no %s to do", kind)
	}
}

// clock TIME: the script's world and the program's clock are set.
func scriptClock(ts *testscript.TestScript, _ bool, args []string) {
	at, err := time.ParseInLocation("2006-01-02 15:04", strings.Join(args, " "), time.FixedZone("", 8*3600))
	ts.Check(err)
	worldOf(ts).now = at
}

// did [KIND ...]: since the last did exactly these kinds were carried out, in
// any order; with none, nothing was written anywhere.
func scriptDid(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	w.mu.Lock()
	defer w.mu.Unlock()
	got := slices.Clone(w.acts)
	w.acts = nil
	if len(args) == 1 && args[0] == "anything" {
		return
	}
	slices.Sort(got)
	slices.Sort(args)
	if slices.Equal(got, args) == neg {
		ts.Fatalf("carried out: %v", got)
	}
}
