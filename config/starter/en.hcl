# One directory of *.hcl files is one migration of one mail domain.
# "mxmove validate" checks it, "mxmove plan" shows what would be done; neither
# changes anything. Passwords never stand here: env("NAME") and file("path")
# name where they are.

migration "MIGRATION" {
  language = "en"
}

# Where the mail is now.
source "imap" {
  domain = "DOMAIN"
  # aliases = ["other.example"]   # further domains of the same mailboxes

  imap {
    host = "SOURCE_HOST"      # port 993 and TLS unless said otherwise
    # tls     = "starttls"        # implicit | starttls
    # ca_file = "old-ca.pem"      # of a private certificate authority

    # Each row of the roster has its own password. If one administrator can
    # open every mailbox, use instead:
    #   login "master" {
    #     user     = "migrate"
    #     password = env("OLD_MASTER_PASSWORD")
    #   }
    login "password" {}

    limits {
      connections = 8             # at once to this server
    }
  }
}

# Where it shall be. The mailboxes there must exist already.
target "imap" {
  imap {
    host = "TARGET_HOST"
    login "password" {}
  }
}

# Whose mail is moved. The file's columns are: address, source_login,
# source_password, target_address, target_login, target_password, name,
# department, kind, wave, account, was, mover; only address must be there, and
# the headers of the usual exports are known too. A password cell is env:NAME,
# file:PATH or the password itself; a file with passwords in it must be ignored
# by git (see .gitignore).
roster {
  files = ["members.csv"]
  # skip = ["old.robot@DOMAIN"]   # left behind on purpose
}

# How old mail is carried. Without this block none is.
history {
  # since   = "2015-01-01"        # by the mail's date at the server
  refused = "quarantine"          # mail that the target refuses: quarantine | fail

  folders {
    # skip = ["Junk"]
    # map  = { "Sent Items" = "Sent" }
  }
}
