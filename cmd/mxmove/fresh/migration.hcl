# What is moved, from where, to where. mxmove validate checks this file.

migration "acme" {
  language = "en"
}

source "imap" {
  domain = "acme.test"

  imap {
    host = "imap.old.test" # port 993 and TLS unless you say otherwise
    login "password" {}    # each mailbox with its own password; also: master, plain, oauth2
  }
}

roster {
  files = ["members.csv"] # one row a mailbox; passwords as env:NAME or file:PATH
}

target "imap" {
  imap {
    host = "imap.new.test"
    login "password" {}
  }
}

history {
  mover = "mxmove" # old mail is copied; nothing is deleted at the source
}
