package config

// imapBlock says how a side's mailboxes are reached. It stands in source and
// in target, and must where the side is nothing but an IMAP service.
var imapBlock = &block{name: "imap", shared: true, must: []string{KindIMAP}, args: []arg{
	{name: "host", typ: typText, must: every, example: `"imap.old.test"`},
	{name: "port", typ: typNumber, min: 1, max: 65535, example: `993`},
	{name: "tls", typ: typText, oneOf: []string{TLSImplicit, TLSStart, TLSNone}, def: `"implicit"`, example: `"starttls"`},
	{name: "ca_file", typ: typText, example: `"old-ca.pem"`},
	{name: "compress", typ: typBool, def: `false`, example: `true`},
}, blocks: []*block{loginBlock, limitsBlock}}

var loginBlock = &block{name: "login", must: every,
	labels: []label{{name: "KIND", oneOf: []string{LoginPassword, LoginPlain, LoginMaster, LoginOAuth2}, example: LoginMaster}},
	args: []arg{
		{name: "user", typ: typText, must: byAdministrator, only: byAdministrator, example: `"migrate"`},
		{name: "password", typ: typSecret, must: byAdministrator, only: byAdministrator, example: `env("OLD_MASTER_PW")`},
		{name: "separator", typ: typText, only: []string{LoginMaster}, def: `"*"`, example: `"*"`},
		{name: "command", typ: typList, must: []string{LoginOAuth2}, only: []string{LoginOAuth2}, example: `["oama", "access"]`},
		{name: "mechanism", typ: typText, only: []string{LoginOAuth2}, oneOf: []string{"XOAUTH2", "OAUTHBEARER"}, example: `"XOAUTH2"`},
	}}

var byAdministrator = []string{LoginPlain, LoginMaster}

var limitsBlock = &block{name: "limits", args: []arg{
	{name: "connections", typ: typNumber, min: 1, max: maxConnections, def: `8`, example: `20`},
	{name: "per_mailbox", typ: typNumber, min: 1, max: maxConnections, def: `1`, example: `2`},
	{name: "rate", typ: typRate, example: `"40MB/s"`},
}, blocks: []*block{
	{name: "hours", labels: []label{{name: "HH:MM-HH:MM", example: "08:00-20:00"}}, many: true, args: []arg{
		{name: "rate", typ: typRate, must: every, example: `"5MB/s"`},
	}},
}}

var apiBlock = &block{name: "api", shared: true, only: tenants, many: true,
	labels: []label{{name: "NAME", oneOf: []string{"directory", "mail", "customers"}, example: "directory"}},
	args: []arg{
		{name: "secret", typ: typSecret, must: every, example: `env("WECOM_DIRECTORY_SECRET")`},
	}}

// directoryBlock says where the directory is read while no API shows it.
var directoryBlock = &block{name: "directory", shared: true, only: tenants, args: []arg{
	{name: "sheet", typ: typText, must: every, example: `"members-b.csv"`},
}}

var sourceBlock = &block{name: "source", must: every,
	labels: []label{{name: "KIND", oneOf: []string{KindIMAP, KindExmail, KindWeCom}, example: KindIMAP}},
	args: []arg{
		{name: "domain", typ: typText, must: every, example: `"acme.test"`},
		{name: "aliases", typ: typList, example: `["acme.example"]`},
		{name: "corp_id", typ: typText, only: tenants, must: []string{KindWeCom}, example: `"wwA0123456789abcde"`},
		{name: "name", typ: typText, only: tenants, example: `"Acme Ltd"`},
		{name: "creator", typ: typText, only: tenants, example: `"zhang.san"`},
	}, blocks: []*block{apiBlock, directoryBlock, imapBlock}}

var tenant = []string{KindWeCom}

var targetBlock = &block{name: "target", must: every,
	labels: []label{{name: "KIND", oneOf: []string{KindIMAP, KindWeCom}, example: KindWeCom}},
	args: []arg{
		{name: "corp_id", typ: typText, only: tenant, example: `"ww0123456789abcdef"`},
		{name: "name", typ: typText, only: tenant, example: `"Acme Group"`},
		{name: "creator", typ: typText, only: tenant, example: `"zhang.san"`},
		{name: "procedure", typ: typText, only: tenant, must: tenant,
			oneOf: []string{ProcedureHistory, ProcedureMerge, ProcedureUpgrade}, example: `"history"`},
		{name: "mode", typ: typNumber, only: tenant, min: 1, max: 2, example: `1`, apart: true},
	}, blocks: []*block{
		apiBlock, directoryBlock, imapBlock,
		{name: "seats", only: tenant, args: []arg{
			{name: "vip", typ: typNumber, must: every, max: unbounded, example: `20`},
		}},
		{name: "archive", only: tenant, args: []arg{
			{name: "path", typ: typText, must: every, example: `"archive/ww0123456789abcdef"`},
		}},
	}}
