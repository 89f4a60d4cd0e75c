# The Exmail of tenant A moves into the WeCom tenant B, which exists already.
# The vendor carries the mail; what B held before is erased by the same press.

migration "acme-merge" {
  language = "zh-CN"
}

source "wecom" {
  domain  = "acme.test"
  corp_id = "wwA0123456789abcde"
  creator = "zhang.san" # the same in both tenants, or nothing can start
  api "directory" {
    secret = env("A_DIRECTORY_SECRET")
  }
}

roster {
  files = ["members.csv"]
}

target "wecom" {
  corp_id   = "wwB0123456789abcde"
  procedure = "merge"
  creator   = "zhang.san"
  api "directory" {
    secret = env("B_DIRECTORY_SECRET")
  }
  imap {
    host = "imap.exmail.qq.com"
    login "password" {}
  }
  archive { # of B's mail, before it is erased
    path = "archive/wwB"
  }
}

cutover {
  opens     = "2026-12-05T20:00:00+08:00"
  closes    = "2026-12-06T06:00:00+08:00"
  duration  = "4h" # what the press takes, as the vendor says for a company of this size
  approvals = 2
  approvers = "allowed_signers"
}

acknowledge "merge-tenants" "tenant/wwB0123456789abcde" {
  because = "B only holds trial mail, CHG-1042"
  at_most {
    mailboxes  = 21
    messages   = 20000
    unobserved = 0
  }
}
