package config

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// wholeSpec moves an old IMAP service into a tenant; mergeSpec joins two
// tenants. Both load without any finding.
const wholeSpec = `migration "acme" {
  language = "zh-CN"
  identity = "key.txt"
}
source "imap" {
  domain  = "held.test"
  aliases = ["held.example"]
  imap {
    host = "imap.old.test"
    login "password" {}
    limits {
      connections = 20
      per_mailbox = 2
      rate        = "40MB/s"
      hours "20:00-08:00" {
        rate = "1.5MiB/s"
      }
      hours "08:00-20:00" {
        rate = "5MB/s"
      }
    }
  }
}
roster {
  unlisted = "allocate"
  skip     = ["robot@held.test"]
  mailbox "alice@held.test" {
    account         = "alice"
    source_password = env("ZOE_OLD")
    target_password = env("ZOE_NEW")
    wave            = "pilot"
    was             = "alice.smith@held.test"
  }
  mailbox "bob@held.test" {
    account         = "Bob"
    mover           = "wizard"
    source_password = exec("printf", "hunter2 %s", "\"x\"")
    target_password = env("ZOE_NEW")
  }
  shared "info@held.test" {
    name  = "Front desk"
    users = ["bob@held.test", "Alice@held.test"]
  }
  group "all@held.example" {
    members = ["info@held.test", "out@side.test", "alice@held.test"]
    allow   = "company"
  }
  leaver "bob@held.test" {
    mail = "to"
    to   = "alice@held.test"
  }
}
target "wecom" {
  corp_id   = "ww0123456789abcdef"
  name      = "Acme"
  creator   = "zhang.san"
  procedure = "history"
  api "mail" {
    secret = env("ZOE_OLD")
  }
  api "directory" {
    secret = env("ZOE_NEW")
  }
  imap {
    host = "imap.exmail.qq.com"
    login "password" {}
  }
  seats {
    vip = 20
  }
}
history {
  deletions = "follow"
  refused   = "repair"
}
cutover {
  opens     = "2026-12-05T20:00:00+08:00"
  closes    = "2026-12-06T06:00:00+08:00"
  start     = "unattended"
  tail      = "5d"
  duration  = "1h30m"
  approvals = 2
  approvers = "allowed_signers"
  accept {
    mailboxes   = ["bob@held.test"]
    not_started = 3
    quarantined = 5
  }
  zone "held.test" "rfc2136" {
    server   = "ns1.held.test:5353"
    key_name = "cutover"
    key      = env("ZOE_OLD")
    mx       = ["5 mxbiz1.qq.com", "10 mxbiz2.qq.com."]
    spf {
      add    = ["include:spf.mail.qq.com", "ip4:192.0.2.0/24"]
      remove = ["-all"]
    }
  }
  zone "held.example" "manual" {}
}
guards {
  removed = 7
}
acknowledge "finish-wizard" "tenant/ww0123456789abcdef" {
  because = "nobody waits"
  at_most {
    mailboxes = 2
    bytes     = "20GB"
  }
}
again "1f00" {
  outcome = 412
  because = "deleted by mistake"
}
`

const mergeSpec = `migration "m" {}
source "wecom" {
  domain  = "held.test"
  corp_id = "wwA0123456789abcde"
  creator = "zhang.san"
}
roster {
  mailbox "alice@held.test" {
    target_password = env("ZOE_NEW")
  }
}
target "wecom" {
  corp_id   = "wwB0123456789abcde"
  procedure = "merge"
  creator   = "Zhang.San"
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
  approvals = 0
}
customers {
  accounts   = { "zhang.san" = "zhangsan", "li.si" = "lisi" }
  join_codes = ["CODE1"]
  contract {
    relations = 8500
    number    = "HT-1"
  }
}
acknowledge "merge-tenants" "tenant/wwB0123456789abcde" {
  because = "trial mail only"
  at_most {
    messages   = 20000
    unobserved = 0
  }
}
`

var wholeFiles = []change{write("main.hcl", wholeSpec), write("allowed_signers", "x\n")}

var bySecret = cmp.Comparer(func(a, b Secret) bool { return a == b })

func TestWholeLanguage(t *testing.T) {
	l, findings := loadWith(t, wholeFiles...)
	if len(findings) > 0 {
		t.Fatalf("findings: %v", findings)
	}
	noPlace := cmp.Comparer(func(a, b Pos) bool { return true })
	env := func(n string) Secret { return SecretRef("env:" + n) }
	east := time.FixedZone("", 8*3600)
	want := &Spec{
		Migration: Migration{Name: "acme", Language: "zh-CN", State: ".mxmove", Identity: "key.txt"},
		Source: Side{Kind: "imap", Domain: "held.test", Aliases: []string{"held.example"}, IMAP: IMAP{Host: "imap.old.test", Port: 993, TLS: "implicit",
			Login: Login{Kind: "password"}, Limits: Limits{Connections: 20, PerMailbox: 2, Rate: 40e6, Hours: []Hours{
				{From: "08:00", To: "20:00", Rate: 5e6}, {From: "20:00", To: "08:00", Rate: 1536 << 10}}}}},
		Target: Side{Kind: "wecom", CorpID: "ww0123456789abcdef", Name: "Acme", Creator: "zhang.san", Procedure: "history",
			APIs:  []API{{Name: "directory", Secret: env("ZOE_NEW")}, {Name: "mail", Secret: env("ZOE_OLD")}},
			Seats: &Seats{VIP: 20},
			IMAP:  IMAP{Host: "imap.exmail.qq.com", Port: 993, TLS: "implicit", Login: Login{Kind: "password"}, Limits: Limits{Connections: 8, PerMailbox: 1}}},
		Roster: Roster{Skip: []string{"robot@held.test"}, Unlisted: "allocate", Mailboxes: []Mailbox{
			{Address: "alice@held.test", SourceLogin: "alice@held.test", SourcePassword: env("ZOE_OLD"), TargetAddress: "alice@held.test", TargetLogin: "alice@held.test",
				TargetPassword: env("ZOE_NEW"), Kind: "member", Wave: "pilot", Account: "alice", Was: "alice.smith@held.test"},
			{Address: "bob@held.test", SourceLogin: "bob@held.test", SourcePassword: SecretRef(`exec:["printf","hunter2 %s","\"x\""]`), TargetAddress: "bob@held.test",
				TargetLogin: "bob@held.test", TargetPassword: env("ZOE_NEW"), Kind: "member", Account: "Bob", Mover: "wizard"},
		},
			Shared:  []Shared{{Address: "info@held.test", Name: "Front desk", Users: []string{"alice@held.test", "bob@held.test"}}},
			Groups:  []Group{{Address: "all@held.example", Members: []string{"alice@held.test", "info@held.test", "out@side.test"}, Allow: "company"}},
			Leavers: []Leaver{{Address: "bob@held.test", Mail: "to", To: "alice@held.test"}},
		},
		History: &History{Mover: "mxmove", Deletions: "follow", Refused: "repair"},
		Cutover: &Cutover{Opens: time.Date(2026, 12, 5, 20, 0, 0, 0, east), Closes: time.Date(2026, 12, 6, 6, 0, 0, 0, east), Start: "unattended",
			Tail: 120 * time.Hour, Duration: 90 * time.Minute, Approvals: 2, Approvers: "allowed_signers", Signers: []string{"x"},
			Accept: Accept{Mailboxes: []string{"bob@held.test"}, NotStarted: 3, Quarantined: 5},
			Zones: []Zone{{Domain: "held.example", Kind: "manual"}, {Domain: "held.test", Kind: "rfc2136", Server: "ns1.held.test:5353", KeyName: "cutover", Algorithm: "hmac-sha256", Key: env("ZOE_OLD"),
				MX: []string{"5 mxbiz1.qq.com", "10 mxbiz2.qq.com."}, SPF: SPF{Add: []string{"include:spf.mail.qq.com", "ip4:192.0.2.0/24"}, Remove: []string{"-all"}}}}},
		Guards:       Guards{Removed: Share{Number: 7}},
		Acknowledged: []Acknowledge{{Kind: "finish-wizard", Subject: "tenant/ww0123456789abcdef", Because: "nobody waits", AtMost: Bounds{Mailboxes: 2, Bytes: 20e9}}},
		Again:        []Again{{Step: "1f00", Outcome: 412, Because: "deleted by mistake"}},
	}
	if d := cmp.Diff(want, l.Spec, noPlace, bySecret); d != "" {
		t.Error(d)
	}
	for what, at := range map[string]Pos{
		"main.hcl:15:13": l.Spec.Source.IMAP.Limits.Hours[1].At, "main.hcl:40:10": l.Spec.Roster.Shared[0].At,
		"main.hcl:84:3": l.Spec.Cutover.Accept.At, "main.hcl:94:5": l.Spec.Cutover.Zones[1].SPF.At, "main.hcl:104:1": l.Spec.Acknowledged[0].At,
	} {
		if at.String() != what {
			t.Errorf("%s, want %s", at, what)
		}
	}
}

func TestMergeSpec(t *testing.T) {
	l, findings := loadWith(t, write("main.hcl", mergeSpec))
	if len(findings) > 0 {
		t.Fatalf("findings: %v", findings)
	}
	s := l.Spec
	if s.Customers.Accounts["li.si"] != "lisi" || s.Customers.Contract.Relations != 8500 || s.Target.Archive.Path != "archive" ||
		s.Cutover.Tail != 120*time.Hour || s.Cutover.Approvals != 0 || s.Source.IMAP.Host != "" || s.Acknowledged[0].AtMost.Messages != 20000 {
		t.Errorf("%+v", s)
	}
}

// whole changes the whole spec.
func whole(old, new string) []change { return append(wholeFiles[:2:2], inMain(old, new)) }

func merge(old, new string) []change { return []change{write("main.hcl", mergeSpec), inMain(old, new)} }

func andAlso(changes []change, old, new string) []change {
	return append(changes[:len(changes):len(changes)], inMain(old, new))
}

func TestLanguageFindings(t *testing.T) {
	for name, c := range languageCases {
		t.Run(name, func(t *testing.T) { checkFindings(t, c.change, c.want) })
	}
	for name, c := range mergeCases {
		t.Run("merge/"+name, func(t *testing.T) { checkFindings(t, c.change, c.want) })
	}
}
