package config

// languageCases change one thing of the whole spec each.
var languageCases = map[string]struct {
	change []change
	want   []string
}{
	"sealed":                    {whole("source_password = env(\"ZOE_OLD\")", "source_password = sealed(\"alice\")"), []string{"secret.sealed main.hcl:29:23"}},
	"exec of nothing":           {whole("exec(\"printf\", \"hunter2 %s\", \"\\\"x\\\"\")", "exec()"), []string{"secret.command main.hcl:37:23"}},
	"exec of no program":        {whole("exec(\"printf\", \"hunter2 %s\", \"\\\"x\\\"\")", "exec(\"no-such-program-here\")"), []string{"secret.no-program main.hcl:37:23"}},
	"duration":                  {whole("\"5d\"", "\"5 days\""), []string{"value.duration main.hcl:80:15"}},
	"duration as number":        {whole("\"5d\"", "5"), []string{"value.type main.hcl:80:15"}},
	"moment without offset":     {whole("T20:00:00+08:00\"", "T20:00:00\""), []string{"value.moment main.hcl:77:15"}},
	"rate":                      {whole("\"40MB/s\"", "\"40Mbit\""), []string{"value.rate main.hcl:14:21"}},
	"size":                      {whole("\"20GB\"", "\"20 gigabytes\""), []string{"value.size main.hcl:108:17"}},
	"share":                     {whole("removed = 7", "removed = \"5\""), []string{"value.share main.hcl:102:13"}},
	"great share":               {whole("removed = 7", "removed = \"101%\""), []string{"value.share main.hcl:102:13"}},
	"negative share":            {whole("removed = 7", "removed = -1"), []string{"value.range main.hcl:102:13"}},
	"broken share":              {whole("removed = 7", "removed = 0.05"), []string{"value.range main.hcl:102:13"}},
	"hours":                     {whole("\"20:00-08:00\"", "\"8pm-8am\""), []string{"value.hours main.hcl:15:13"}},
	"hours overlap":             {whole("\"20:00-08:00\"", "\"19:59-08:00\""), []string{"limits.hours main.hcl:15:13"}},
	"per mailbox":               {whole("per_mailbox = 2", "per_mailbox = 21"), []string{"limits.per-mailbox main.hcl:11:5"}},
	"corp id":                   {andAlso(whole("\"ww0123456789abcdef\"\n  name", "\"Acme\"\n  name"), "tenant/ww0123456789abcdef", "tenant/Acme"), []string{"tenant.corp-id main.hcl:54:15"}},
	"creator":                   {whole("\"zhang.san\"", "\"张三\""), []string{"tenant.account main.hcl:56:15"}},
	"account's form":            {whole("account         = \"alice\"", "account         = \"-alice\""), []string{"tenant.account main.hcl:28:23"}},
	"api twice":                 {whole("api \"mail\"", "api \"directory\""), []string{"block.repeated main.hcl:61:3"}},
	"api's name":                {whole("api \"mail\"", "api \"calendar\""), []string{"value.choice main.hcl:58:7"}},
	"seats of imap":             {whole("target \"wecom\"", "target \"imap\""), []string{"acknowledge.unused main.hcl:104:1", "argument.kind main.hcl:54:3", "argument.kind main.hcl:55:3", "argument.kind main.hcl:56:3", "argument.kind main.hcl:57:3", "argument.kind main.hcl:58:3", "argument.kind main.hcl:61:3", "argument.kind main.hcl:68:3", "history.wizard main.hcl:36:23"}},
	"procedure missing":         {whole("procedure = \"history\"", ""), []string{"argument.missing main.hcl:53:1"}},
	"no corp id":                {andAlso(whole("  corp_id   = \"ww0123456789abcdef\"\n", ""), "x", "x"), []string{"argument.missing main.hcl:53:1"}},
	"new tenant":                {[]change{write("main.hcl", upgradeSpec)}, []string{}},
	"upgraded by another name":  {[]change{write("main.hcl", upgradeSpec), inMain("tenant/wwA", "tenant/wwB")}, []string{"acknowledge.subject main.hcl:13:1"}},
	"upgrade of nobody":         {[]change{write("main.hcl", upgradeSpec), inMain("  corp_id = \"wwA0123456789abcde\"\n", "")}, []string{"argument.missing main.hcl:2:1"}},
	"upgrade without names":     {[]change{write("main.hcl", upgradeSpec), inMain("  company = \"Acme\"\n", "")}, []string{"argument.missing main.hcl:13:1"}},
	"wizard needs no password":  {whole("    source_password = exec(\"printf\", \"hunter2 %s\", \"\\\"x\\\"\")\n", ""), []string{}},
	"naming of who stays":       {whole("[\"robot@held.test\"]", "[\"robot@held.test\", \"ro+bot@held.test\"]\n  mailbox \"ro+bot@held.test\" {}"), []string{}},
	"mode":                      {whole("procedure = \"history\"", "procedure = \"history\"\n mode = 1"), []string{"procedure.mode main.hcl:58:9"}},
	"merge from imap":           {whole("procedure = \"history\"", "procedure = \"merge\""), []string{"merge.creator main.hcl:5:1", "procedure.history main.hcl:72:1", "procedure.source main.hcl:57:15"}},
	"no imap":                   {whole("  imap {\n    host = \"imap.exmail.qq.com\"\n    login \"password\" {}\n  }\n", ""), []string{"history.imap main.hcl:53:1"}},
	"an Exmail source":          {whole("source \"imap\"", "source \"exmail\""), []string{}},
	"customers without tenants": {whole("again \"1f00\"", "customers {\n  accounts = { \"a\" = \"b\" }\n}\nagain \"1f00\""), []string{"customers.tenants main.hcl:111:1"}},
	"naming":                    {whole("mailbox \"alice@held.test\"", "mailbox \"alice+x@held.test\""), []string{"group.member main.hcl:45:15", "leaver.heir main.hcl:50:12", "roster.naming main.hcl:27:11", "shared.user main.hcl:42:13"}},
	"target address":            {whole("account         = \"alice\"", "target_address = \"al@held.test\""), []string{"roster.address-kept main.hcl:28:22"}},
	"shared user":               {whole("\"bob@held.test\", \"Alice@held.test\"", "\"bob@held.test\", \"eve@held.test\""), []string{"shared.user main.hcl:42:13"}},
	"shared user is shared":     {whole("was             =", "kind = \"shared\"\n was ="), []string{"shared.user main.hcl:43:13"}},
	"shared user twice":         {whole("\"bob@held.test\", \"Alice@held.test\"", "\"bob@held.test\", \"BOB@held.test\""), []string{"address.twice main.hcl:42:13"}},
	"no address in users":       {whole("\"bob@held.test\", \"Alice@held.test\"", "\"bob@held.test\", \"alice\""), []string{"address.at main.hcl:42:13"}},
	"shared is a member":        {andAlso(whole("shared \"info@held.test\"", "shared \"alice@held.test\""), "\"info@held.test\", \"out", "\"out"), []string{"roster.duplicate main.hcl:40:10"}},
	"shared elsewhere":          {andAlso(whole("shared \"info@held.test\"", "shared \"info@side.test\""), "\"info@held.test\", \"out", "\"out"), []string{"roster.domain main.hcl:40:10"}},
	"shared twice":              {andAlso(whole("group \"all@held.example\" {\n    members", "group \"info@held.test\" {\n    members"), "\"info@held.test\", \"out", "\"out"), []string{"roster.duplicate main.hcl:44:9"}},
	"shared's address":          {andAlso(whole("shared \"info@held.test\"", "shared \"info\""), "\"info@held.test\", \"out", "\"out"), []string{"address.at main.hcl:40:10"}},
	"group member":              {whole("\"out@side.test\"", "\"nobody@held.test\""), []string{"group.member main.hcl:45:15"}},
	"group in itself":           {whole("\"out@side.test\"", "\"all@held.example\""), []string{"group.member main.hcl:45:15"}},
	"leaver without row":        {whole("leaver \"bob@held.test\"", "leaver \"eve@held.test\""), []string{"leaver.row main.hcl:48:10"}},
	"leaver twice":              {whole("  leaver \"bob@held.test\" {", "  leaver \"bob@held.test\" {\n    mail = \"keep\"\n  }\n  leaver \"bob@held.test\" {"), []string{"roster.duplicate main.hcl:51:10"}},
	"leaver's heir":             {whole("to   = \"alice@held.test\"", "to   = \"eve@held.test\""), []string{"leaver.heir main.hcl:50:12"}},
	"leaver's heir left":        {whole("to   = \"alice@held.test\"", "to   = \"bob@held.test\""), []string{"leaver.heir main.hcl:50:12"}},
	"leaver without heir":       {whole("    to   = \"alice@held.test\"\n", ""), []string{"leaver.to main.hcl:48:10"}},
	"leaver kept and given":     {whole("mail = \"to\"", "mail = \"keep\""), []string{"leaver.to main.hcl:48:10"}},
	"accept":                    {whole("mailboxes   = [\"bob@held.test\"]", "mailboxes   = [\"robot@held.test\"]"), []string{"accept.mailbox main.hcl:85:19"}},
	"acknowledged twice":        {whole("again \"1f00\"", "acknowledge \"finish-wizard\" \"tenant/ww0123456789abcdef\" {\n  because = \"x\"\n}\nagain \"1f00\""), []string{"acknowledge.twice main.hcl:111:1"}},
	"acknowledged for nothing":  {whole("\"finish-wizard\"", "\"merge-tenants\""), []string{"acknowledge.unused main.hcl:104:1"}},
	"acknowledged kind":         {whole("\"finish-wizard\"", "\"finish\""), []string{"value.choice main.hcl:104:13"}},
	"acknowledged subject":      {whole("tenant/ww0123456789abcdef", "tenant/ww0123456789abcdee"), []string{"acknowledge.subject main.hcl:104:1"}},
	"acknowledged company":      {whole("because = \"nobody waits\"", "because = \"nobody waits\"\n  company = \"Acme\""), []string{"argument.kind main.hcl:106:3"}},
	"empty subject":             {whole("\"tenant/ww0123456789abcdef\"", "\" \""), []string{"value.empty main.hcl:104:29"}},
	"again twice":               {whole("again \"1f00\"", "again \"1f00\" {\n  outcome = 412\n  because = \"x\"\n}\nagain \"1f00\""), []string{"again.twice main.hcl:115:1"}},
	"window":                    {whole("2026-12-06T06", "2026-12-05T19"), []string{"cutover.window main.hcl:78:15"}},
	"act":                       {whole("\"1h30m\"", "\"11h\""), []string{"cutover.duration main.hcl:81:15"}},
	"short tail":                {whole("\"5d\"", "\"23h\""), []string{"cutover.tail main.hcl:80:15"}},
	"approvers":                 {whole("  approvers = \"allowed_signers\"\n", ""), []string{"cutover.approvers main.hcl:82:15"}},
	"no approvers' file":        {whole("\"allowed_signers\"", "\"signers\""), []string{"file.unreadable main.hcl:83:15"}},
	"zone twice":                {whole("zone \"held.example\" \"manual\" {}", "zone \"HELD.test\" \"manual\" {}"), []string{"zone.missing main.hcl:76:1", "zone.twice main.hcl:99:3"}},
	"zone elsewhere":            {whole("zone \"held.example\" \"manual\" {}", "zone \"held.example\" \"manual\" {}\n  zone \"side.test\" \"manual\" {}"), []string{"zone.domain main.hcl:100:3"}},
	"zone missing":              {whole("  zone \"held.example\" \"manual\" {}\n", ""), []string{"zone.missing main.hcl:76:1"}},
	"zone's domain":             {whole("zone \"held.example\"", "zone \"held_example\""), []string{"domain.invalid main.hcl:99:8", "zone.domain main.hcl:99:3", "zone.missing main.hcl:76:1"}},
	"zone's server":             {whole("ns1.held.test:5353", "ns1.held.test:x"), []string{"zone.server main.hcl:90:16"}},
	"zone's algorithm":          {whole("    key_name", "    algorithm = \"hmac-md5\"\n    key_name"), []string{"value.choice main.hcl:91:17"}},
	"zone's endpoint":           {whole("zone \"held.example\" \"manual\" {}", "zone \"held.example\" \"cloudflare\" {\n    key = env(\"ZOE_OLD\")\n    endpoint = \"http://api.test\"\n  }"), []string{"zone.endpoint main.hcl:101:16"}},
	"an endpoint on loopback":   {whole("zone \"held.example\" \"manual\" {}", "zone \"held.example\" \"route53\" {\n    key_id = \"A\"\n    key = env(\"ZOE_OLD\")\n    zone_id = \"Z1\"\n    endpoint = \"http://127.0.0.1:9\"\n  }"), []string{}},
	"lines of route53":          {whole("zone \"held.example\" \"manual\" {}", "zone \"held.example\" \"route53\" {\n    key_id = \"A\"\n    key = env(\"ZOE_OLD\")\n    lines = [\"x\"]\n  }"), []string{"argument.kind main.hcl:102:5"}},
	"zone's key":                {whole("      = env(\"ZOE_OLD\")\n    mx", "      = \"hunter2\"\n    mx"), []string{"secret.literal main.hcl:92:16"}},
	"key of manual":             {whole("zone \"held.example\" \"manual\" {}", "zone \"held.example\" \"manual\" {\n    key = env(\"ZOE_OLD\")\n  }"), []string{"argument.kind main.hcl:100:5"}},
	"zone without key id":       {whole("zone \"held.example\" \"manual\" {}", "zone \"held.example\" \"dnspod\" {\n    key = env(\"ZOE_OLD\")\n  }"), []string{"argument.missing main.hcl:99:3"}},
	"mx":                        {whole("\"5 mxbiz1.qq.com\"", "\"mxbiz1.qq.com\""), []string{"zone.mx main.hcl:93:16"}},
	"spf":                       {whole("\"include:spf.mail.qq.com\"", "\"v=spf1 -all\""), []string{"zone.spf main.hcl:95:16"}},
	"spf both ways":             {whole("[\"-all\"]", "[\"Include:spf.mail.qq.com\"]"), []string{"zone.spf-both main.hcl:96:16"}},
	"name":                      {whole("  tail ", "  resolvers = [\"dns.held.test\"]\n  tail "), []string{"cutover.resolver main.hcl:80:15"}},
	"zone's name":               {whole("    key_name", "    names = [\"a b\"]\n    selectors = [\"-\"]\n    dkim = { \"\" = \"p=\" }\n    key_name"), []string{"zone.name main.hcl:91:13", "zone.name main.hcl:92:17", "zone.name main.hcl:93:12"}},
	"mistyped block":            {whole("  accept {", "  acept {"), []string{"block.unknown main.hcl:84:3"}},
	"labels of a zone":          {whole("zone \"held.example\" \"manual\" {}", "zone \"held.example\" {}"), []string{"block.labels main.hcl:99:3", "zone.missing main.hcl:76:1"}},
}

// mergeCases do the same to the merge.
var mergeCases = map[string]struct {
	change []change
	want   []string
}{
	"archive by nothing": {merge("  imap {\n    host = \"imap.exmail.qq.com\"\n    login \"password\" {}\n  }\n", ""), []string{"archive.imap main.hcl:16:3"}},
	"corp ids":           {merge("wwA0123456789abcde", "wwB0123456789abcde"), []string{"tenant.same main.hcl:13:15"}},
	"no creator":         {merge("  creator = \"zhang.san\"\n", ""), []string{"merge.creator main.hcl:2:1"}},
	"creators":           {merge("\"Zhang.San\"", "\"li.si\""), []string{"merge.creators main.hcl:15:15"}},
	"history":            {merge("cutover {", "history {}\ncutover {"), []string{"procedure.history main.hcl:24:1"}},
	"upgrade":            {merge("\"merge\"", "\"upgrade\""), []string{"acknowledge.unused main.hcl:37:1", "procedure.mode main.hcl:14:15", "procedure.source main.hcl:14:15"}},
	"one source account": {merge("\"li.si\" = \"lisi\"", "\"Zhang.San\" = \"lisi\""), []string{"customers.split main.hcl:30:16"}},
	"one target account": {merge("\"lisi\"", "\"ZhangSan\""), []string{"customers.merged main.hcl:30:16"}},
	"account":            {merge("\"lisi\"", "\"李四\""), []string{"tenant.account main.hcl:30:16"}},
}

// upgradeSpec makes the tenant: its id is not known before.
const upgradeSpec = `migration "u" {}
source "exmail" {
  domain  = "held.test"
  corp_id = "wwA0123456789abcde"
}
roster {
  mailbox "alice@held.test" {}
}
target "wecom" {
  procedure = "upgrade"
  mode = 1
}
acknowledge "upgrade-tenant" "tenant/wwA0123456789abcde" {
  because = "the old edition ends"
  company = "Acme"
  administrator = "admin@held.test"
  at_most {
    accounts = 120
  }
}
`
