# $head

migration "$name" {
  language = "$language"
}

source "imap" {
  domain = "$domain"

  imap {
    host = "$source"       # $port
    login "password" {}    # $login
  }
}

roster {
  files = ["members.csv"]  # $roster
}

target "imap" {
  imap {
    host = "$target"
    login "password" {}
  }
}

history {
  mover = "mxmove"         # $history
}
