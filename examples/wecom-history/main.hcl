# The company acme.test leaves its old IMAP service and enters the WeCom tenant
# ww0123456789abcdef. Old mail is copied, the domain switches in one night.

migration "acme" {
  version  = ">= 0.1"                   # of mxmove itself
  language = "zh-CN"                    # en | zh-CN: what people read, unless --lang says otherwise
  state    = "/srv/mxmove/acme"         # on storage that every operator reaches; default .mxmove
  identity = "~/.config/mxmove/key.txt" # where the age identity is that opens sealed passwords
}

source "imap" { # imap | exmail | wecom
  domain  = "acme.test"
  aliases = ["acme.example"] # the same mailboxes under further domains

  imap {
    host    = "imap.old.test" # port 993, TLS and checked certificates unless said otherwise
    ca_file = "old-ca.pem"
    login "master" { # password | plain | master | oauth2
      user      = "migrate"
      separator = "*"
      password  = env("OLD_MASTER_PW")
    }
    limits {
      connections = 20
      per_mailbox = 2
      rate        = "40MB/s"
      hours "08:00-20:00" { # by the clock of the machine that applies
        rate = "5MB/s"
      }
    }
  }
}

roster {
  files    = ["members.csv", "late-hires.csv"]
  unlisted = "leave"                 # leave | allocate: people of the directory without a row
  skip     = ["old.robot@acme.test"] # stays behind on purpose; every plan says so

  mailbox "alice@acme.test" {
    account         = "alice"
    source_password = sealed("alice-old")
    target_password = sealed("alice-client")
    wave            = "pilot"
  }
  shared "info@acme.test" {
    users = ["alice@acme.test"]
  }
  group "all@acme.test" {
    members = ["alice@acme.test"]
  }
}

target "wecom" { # wecom | imap
  corp_id   = "ww0123456789abcdef"
  procedure = "history" # history | merge | upgrade
  directory {
    sheet = "directory.csv" # 通讯录 as the console exports it, anew after each change
  }
  imap {
    host = "imap.exmail.qq.com"
    login "password" {} # each row's target_password
  }
  seats {
    vip = 20
  }
}

history {
  mover     = "mxmove"     # mxmove | wizard
  since     = "2015-01-01" # by the server's date of each message, UTC
  deletions = "keep"       # keep | follow
  refused   = "quarantine" # quarantine | repair | fail
  folders {
    skip = ["Junk"]
    map  = { "Sent Items" = "Sent" }
  }
}

cutover { # without this block nothing switches
  opens     = "2026-12-05T20:00:00+08:00"
  closes    = "2026-12-06T06:00:00+08:00"
  start     = "attended" # attended | unattended
  tail      = "5d"       # how long late mail is still fetched from the old service
  approvals = 2
  approvers = "allowed_signers" # as ssh-keygen reads it
  accept {                      # what may be unfinished at the switch
    mailboxes   = ["on.leave@acme.test"]
    not_started = 3
    quarantined = 5
  }
  zone "acme.test" "rfc2136" { # manual | rfc2136 | dnspod | alidns | cloudflare | route53
    server   = "ns1.acme.test"
    key_name = "cutover"
    key      = env("TSIG_KEY")
    mx       = ["5 mxbiz1.qq.com", "10 mxbiz2.qq.com"]
    spf {
      add    = ["include:spf.mail.qq.com"]
      remove = ["include:spf.old.test"] # when the tail is over
    }
  }
  zone "acme.example" "manual" {}
}

guards {
  removed = "5%" # of the roster, in one plan
}
