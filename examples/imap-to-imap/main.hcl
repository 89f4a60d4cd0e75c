# acme.test leaves an old IMAP service for a new one. Every block and attribute
# that this version knows stands here; most have good defaults.

migration "acme" {
  version  = ">= 0.1"  # of mxmove
  language = "en"      # en | zh-CN: output, unless --lang
  state    = ".mxmove" # state directory: lock, journal, ledgers; never in git
}

variable "old_admin_password" {
  description = "of the administrator who opens every mailbox of the old service"
  sensitive   = true # from MXMOVE_VAR_old_admin_password or --var-file
}

locals {
  domain = "acme.test"
}

source "imap" {
  domain  = local.domain
  aliases = ["acme.example"] # further domains of the same mailboxes

  imap {
    host = "imap.old.test"
    port = 143
    tls  = "starttls" # implicit | starttls | none (loopback only)
    login "master" {  # password | plain (with authorization identity) | master | oauth2
      user      = "migrate"
      separator = "*"
      password  = var.old_admin_password
    }
    limits {
      connections = 4
    }
  }
}

target "imap" {
  imap {
    host = "imap.new.test" # port 993, tls = "implicit", certificates verified
    login "password" {     # each row's own target_password
    }
  }
}

roster {
  files = ["members.csv"]
  skip  = ["robot@acme.test"] # left behind on purpose, named in every plan

  mailbox "info@acme.test" {
    kind            = "shared"
    wave            = "2"
    target_password = env("INFO_PASSWORD")
  }
}

history {
  since   = "2015-01-01" # INTERNALDATE, UTC: older mail stays
  refused = "quarantine" # quarantine | fail
  folders {
    skip = ["Junk"]
    map  = { "Old/Projects" = "Projects" }
  }
}

cutover {
  opens     = "2026-12-05T20:00:00+08:00"
  closes    = "2026-12-06T06:00:00+08:00"
  approvals = 0 # or approvers = "allowed_signers"

  zone "acme.test" "manual" { # rfc2136 | dnspod | alidns | cloudflare | route53: see ../dns-zones
    mx = ["10 mx.new.test"]
  }
  zone "acme.example" "manual" {
    mx = ["10 mx.new.test"]
  }

  # After the switch a mail comes in, and one goes out: how is it received
  # elsewhere? Without arrival a person attests that it came.
  canary {
    from = "alice@acme.test"
    to   = "acme.trial@outside.example"
    submission {
      host     = "smtp.new.test" # port 465, tls = "implicit"
      password = env("ALICE_PASSWORD")
    }
    arrival {
      host     = "imap.outside.example"
      password = env("CANARY_IN")
    }
  }
}
