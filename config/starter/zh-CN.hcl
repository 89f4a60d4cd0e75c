# 一个目录中的所有 *.hcl 文件构成一个邮件域名的迁移。
# 「mxmove validate」检查配置，「mxmove plan」显示将要执行的操作，两者都不会改动任何东西。
# 密码不写在这里：用 env("NAME") 或 file("path") 指明密码的位置。

migration "MIGRATION" {
  language = "zh-CN"
}

# 邮件目前所在的服务（源端）。
source "imap" {
  domain = "DOMAIN"
  # aliases = ["other.example"]   # 同一批邮箱的其他域名

  imap {
    host = "SOURCE_HOST"      # 默认端口 993，使用 TLS
    # tls     = "starttls"        # implicit | starttls
    # ca_file = "old-ca.pem"      # 私有 CA 证书

    # 名单中每一行使用各自的密码。若管理员账号可以打开所有邮箱，请改用：
    #   login "master" {
    #     user     = "migrate"
    #     password = env("OLD_MASTER_PASSWORD")
    #   }
    login "password" {}

    limits {
      connections = 8             # 到该服务器的最大并发连接数
    }
  }
}

# 邮件要迁入的服务（目标端）。目标端的邮箱必须已经存在。
target "imap" {
  imap {
    host = "TARGET_HOST"
    login "password" {}
  }
}

# 要迁移的邮箱。名单文件的列为：address、source_login、source_password、
# target_address、target_login、target_password、name、department、kind、wave、
# account、was、mover，也可直接使用常见导出文件的列名（如「原邮箱地址」）；
# 其中只有 address 必填。密码单元格可写 env:NAME、file:PATH 或密码本身；
# 含有密码的文件必须被 git 忽略（见 .gitignore）。
roster {
  files = ["members.csv"]
  # skip = ["old.robot@DOMAIN"]   # 明确不迁移的邮箱
}

# 历史邮件如何迁移。没有此块则不迁移历史邮件。
history {
  # since   = "2015-01-01"        # 以服务器上的邮件日期为准
  refused = "quarantine"          # 目标端拒收的邮件：quarantine（隔离）| fail（失败）

  folders {
    # skip = ["Junk"]
    # map  = { "Sent Items" = "Sent" }
  }
}
