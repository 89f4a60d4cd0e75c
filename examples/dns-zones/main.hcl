# Six domains of the same mailboxes, each with its DNS somewhere else: one zone
# block of every kind. Keys stay outside: env, file, exec or sealed; what each
# needs to be allowed is told by: mxmove explain cutover.zone.key

migration "acme" {
  version = ">= 0.1"
}

locals {
  new_mx = ["5 mx1.new.test", "10 mx2.new.test"]
}

source "imap" {
  domain  = "acme.test"
  aliases = ["acme-cn.test", "acme-hk.test", "acme-shop.test", "acme-cloud.test", "acme-old.test"]

  imap {
    host = "imap.old.test"
    login "password" {}
  }
}

target "imap" {
  imap {
    host = "imap.new.test"
    login "password" {}
  }
}

roster {
  mailbox "alice@acme.test" {
    source_password = env("ALICE_OLD")
    target_password = env("ALICE_NEW")
  }
}

history {}

cutover {
  opens     = "2026-12-05T20:00:00+08:00"
  closes    = "2026-12-06T06:00:00+08:00"
  approvals = 0
  resolvers = ["223.5.5.5", "119.29.29.29"]

  # BIND, Knot, PowerDNS: allow the key these names, and transfers of the zone,
  # so that subdomains with mail of their own are found.
  zone "acme.test" "rfc2136" {
    server    = "ns1.acme.test"
    key_name  = "cutover"
    algorithm = "hmac-sha512"
    key       = env("TSIG_KEY")
    mx        = local.new_mx
    spf {
      add    = ["include:spf.new.test"]
      remove = ["include:spf.old.test"]
    }
  }

  # DNSPod: SecretId and SecretKey of a sub-account (CAM).
  zone "acme-cn.test" "dnspod" {
    key_id = "AKIDEXAMPLE"
    key    = env("TENCENTCLOUD_SECRET_KEY")
    lines  = ["境外"] # changes with the default line, whose records it has
    mx     = local.new_mx
  }

  # Alibaba Cloud DNS: AccessKey of a RAM user.
  zone "acme-hk.test" "alidns" {
    key_id = "LTAIEXAMPLE"
    key    = env("ALIBABA_CLOUD_ACCESS_KEY_SECRET")
    mx     = local.new_mx
  }

  # Cloudflare: an API token for this zone alone.
  zone "acme-shop.test" "cloudflare" {
    key = env("CLOUDFLARE_API_TOKEN")
    mx  = local.new_mx
  }

  # Route 53: an access key; zone_id where there are several zones of the name.
  zone "acme-cloud.test" "route53" {
    key_id  = "AKIAEXAMPLE"
    key     = env("AWS_SECRET_ACCESS_KEY")
    zone_id = "Z0123456789EXAMPLE"
    mx      = local.new_mx
  }

  # Anywhere else: a person is told what to enter, and mxmove watches the servers.
  zone "acme-old.test" "manual" {
    mx = local.new_mx
  }

  # After the switch a mail comes in, and one goes out: how is it received
  # elsewhere? Without arrival a person attests that it came.
  canary {
    from = "alice@acme.test"
    to   = "acme.trial@outside.example"
    submission {
      host     = "smtp.new.test" # port 465, tls = "implicit"
      password = env("ALICE_NEW")
    }
    arrival {
      host     = "imap.outside.example"
      password = env("CANARY_IN")
    }
  }
}
