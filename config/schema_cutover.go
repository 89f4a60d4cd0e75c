package config

import "strconv"

// Kinds of zone.
const (
	ZoneManual     = "manual"
	ZoneRFC2136    = "rfc2136"
	ZoneDNSPod     = "dnspod"
	ZoneAliDNS     = "alidns"
	ZoneCloudflare = "cloudflare"
	ZoneRoute53    = "route53"
)

var (
	zoneKinds   = []string{ZoneManual, ZoneRFC2136, ZoneDNSPod, ZoneAliDNS, ZoneCloudflare, ZoneRoute53}
	zoneKeyed   = zoneKinds[1:] // those that mxmove changes by itself
	zoneVendors = zoneKinds[2:] // by an API
	zoneIDs     = []string{ZoneDNSPod, ZoneAliDNS, ZoneRoute53}
	zoneLines   = []string{ZoneDNSPod, ZoneAliDNS}      // that have resolution lines
	zoneNamed   = []string{ZoneCloudflare, ZoneRoute53} // whose zones have ids
)

// tsigAlgorithms are those of RFC 8945 section 6 that servers still take, as
// BIND names them.
var tsigAlgorithms = []string{"hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512"}

var cutoverBlock = &block{name: "cutover", args: []arg{
	{name: "opens", typ: typMoment, must: every, example: `"2026-12-05T20:00:00+08:00"`},
	{name: "closes", typ: typMoment, must: every, example: `"2026-12-06T06:00:00+08:00"`},
	{name: "start", typ: typText, oneOf: []string{"attended", "unattended"}, def: `"attended"`, example: `"attended"`},
	{name: "tail", typ: typDuration, def: `"5d"`, example: `"5d"`},
	{name: "duration", typ: typDuration, example: `"3h"`},
	{name: "approvals", typ: typNumber, max: 100, def: `1`, example: `2`},
	{name: "approvers", typ: typText, example: `"allowed_signers"`},
	{name: "rollback_copies", typ: typText, oneOf: []string{CopiesKeep, CopiesRemove}, def: `"keep"`, example: `"remove"`},
	{name: "resolvers", typ: typList, example: `["223.5.5.5", "192.0.2.53"]`},
}, blocks: []*block{
	{name: "accept", args: []arg{
		{name: "mailboxes", typ: typList, example: `["on.leave@acme.test"]`},
		{name: "not_started", typ: typNumber, max: unbounded, def: `0`, example: `3`},
		{name: "quarantined", typ: typNumber, max: unbounded, def: `0`, example: `5`},
	}},
	{name: "zone", labels: []label{{name: "DOMAIN", example: "acme.test"}, {name: "KIND", oneOf: zoneKinds, example: ZoneRFC2136}}, many: true, args: []arg{
		{name: "server", typ: typText, must: []string{ZoneRFC2136}, only: []string{ZoneRFC2136}, example: `"ns1.acme.test"`},
		{name: "key_name", typ: typText, must: []string{ZoneRFC2136}, only: []string{ZoneRFC2136}, example: `"cutover"`},
		{name: "algorithm", typ: typText, only: []string{ZoneRFC2136}, oneOf: tsigAlgorithms, def: `"hmac-sha256"`, example: `"hmac-sha512"`},
		{name: "key_id", typ: typText, must: zoneIDs, only: zoneIDs, example: `"AKIDEXAMPLE"`},
		{name: "key", typ: typSecret, must: zoneKeyed, only: zoneKeyed, example: `env("TSIG_KEY")`},
		{name: "token", typ: typSecret, only: zoneIDs, example: `env("AWS_SESSION_TOKEN")`},
		{name: "zone_id", typ: typText, only: zoneNamed, example: `"Z0123456789EXAMPLE"`},
		{name: "region", typ: typText, only: []string{ZoneRoute53}, def: `"us-east-1"`, example: `"cn-northwest-1"`},
		{name: "endpoint", typ: typText, only: zoneVendors, example: `"https://route53.amazonaws.com.cn"`},
		{name: "lines", typ: typList, only: zoneLines, example: `["境外"]`},
		{name: "mx", typ: typList, example: `["5 mxbiz1.qq.com", "10 mxbiz2.qq.com"]`},
		{name: "names", typ: typList, example: `["mail", "lists"]`},
		{name: "selectors", typ: typList, example: `["s2024"]`},
		{name: "dkim", typ: typMap, example: `{ "s2026" = "v=DKIM1; k=rsa; p=MIIB" }`},
	}, blocks: []*block{
		{name: "spf", args: []arg{
			{name: "add", typ: typList, example: `["include:spf.mail.qq.com"]`},
			{name: "remove", typ: typList, example: `["include:spf.old.test"]`},
		}},
	}},
	{name: "canary", many: true, args: []arg{
		{name: "from", typ: typAddress, must: every, example: `"alice@acme.test"`},
		{name: "to", typ: typAddress, must: every, example: `"acme.trial@outside.example"`},
	}, blocks: []*block{
		{name: "submission", must: every, args: serviceArgs("smtp.new.test", 587, "CANARY_OUT")},
		{name: "arrival", args: serviceArgs("imap.outside.example", 143, "CANARY_IN")},
	}},
}}

// serviceArgs are those of a server that one person signs in to.
func serviceArgs(host string, port int, password string) []arg {
	return []arg{
		{name: "host", typ: typText, must: every, example: strconv.Quote(host)},
		{name: "port", typ: typNumber, min: 1, max: 65535, example: strconv.Itoa(port)},
		{name: "tls", typ: typText, oneOf: []string{TLSImplicit, TLSStart, TLSNone}, def: `"implicit"`, example: `"starttls"`},
		{name: "ca_file", typ: typText, example: `"ca.pem"`},
		{name: "user", typ: typText, example: `"alice"`},
		{name: "password", typ: typSecret, must: every, example: "env(" + strconv.Quote(password) + ")"},
	}
}

// Kinds of step that a spec acknowledges by name: the final ones.
const (
	stepMerge     = "merge-tenants"
	stepUpgrade   = "upgrade-tenant"
	stepCustomers = "move-customers"
	stepWizard    = "finish-wizard"
)

var acknowledgeBlock = &block{name: "acknowledge", many: true,
	labels: []label{{name: "KIND", oneOf: []string{stepMerge, stepUpgrade, stepCustomers, stepWizard}, example: stepMerge}, {name: "SUBJECT", example: "tenant/ww0123456789abcdef"}},
	args: []arg{
		{name: "because", typ: typText, must: every, example: `"B only holds trial mail, CHG-1042"`},
		{name: "company", typ: typText, only: []string{stepUpgrade}, must: []string{stepUpgrade}, example: `"Acme Ltd"`},
		{name: "administrator", typ: typText, only: []string{stepUpgrade}, must: []string{stepUpgrade}, example: `"admin@acme.test"`},
	}, blocks: []*block{
		{name: "at_most", args: []arg{
			{name: "mailboxes", typ: typNumber, max: unbounded, def: `0`, example: `21`},
			{name: "messages", typ: typNumber, max: unbounded, def: `0`, example: `20000`},
			{name: "unobserved", typ: typNumber, max: unbounded, def: `0`, example: `0`},
			{name: "accounts", typ: typNumber, max: unbounded, def: `0`, example: `120`},
			{name: "relations", typ: typNumber, max: unbounded, def: `0`, example: `8500`},
			{name: "bytes", typ: typSize, example: `"20GB"`},
		}},
	}}

var customersBlock = &block{name: "customers", args: []arg{
	{name: "accounts", typ: typMap, must: every, example: `{ "zhang.san" = "zhangsan" }`},
	{name: "join_codes", typ: typList, example: `["CODE1"]`},
}, blocks: []*block{
	{name: "contract", args: []arg{
		{name: "relations", typ: typNumber, must: every, max: unbounded, example: `8500`},
		{name: "number", typ: typText, example: `"HT-2026-118"`},
	}},
}}
