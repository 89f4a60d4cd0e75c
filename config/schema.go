package config

import "slices"

// typ is the type of an argument's value.
type typ string

// The types. Each has a text type.NAME in the catalogue.
const (
	typText     typ = "text"
	typNumber   typ = "number"
	typBool     typ = "bool"
	typList     typ = "list"
	typMap      typ = "map"
	typSecret   typ = "secret"
	typAddress  typ = "address"
	typDate     typ = "date"
	typMoment   typ = "moment"
	typDuration typ = "duration"
	typRate     typ = "rate"
	typSize     typ = "size"
	typShare    typ = "share"
	typType     typ = "type"
	typAny      typ = "any"
)

// block is a kind of block as data: decoding, mxmove explain and the reference
// page read the same table. What depends on a block's kind (the label with
// choices: source "imap") is said by lists of kinds.
type block struct {
	name   string
	labels []label
	must   []string // kinds of the block around it that need it
	only   []string // kinds of the block around it that know it; nil: every kind
	many   bool     // may stand several times
	shared bool     // explained once, wherever it stands
	args   []arg
	blocks []*block
}

// label is a word between a block's name and its brace.
type label struct {
	name    string
	oneOf   []string
	example string
}

// arg is an argument of a block.
type arg struct {
	name    string
	typ     typ
	must    []string // kinds of the block that need it
	only    []string // kinds of the block that know it; nil: every kind
	oneOf   []string // of text
	min     int      // of number
	max     int      // of number
	def     string   // as it would be written; decoding fills it in
	example string   // what is right of the equals sign
	apart   bool     // its example does not go with those of its neighbours
}

// every stands for each kind of a block, also of one that has no kinds.
var every = []string{"*"}

// unbounded is the greatest number where nothing else bounds one.
const unbounded = 1_000_000_000

func (a *arg) fits(kind string) bool   { return a.only == nil || slices.Contains(a.only, kind) }
func (b *block) fits(kind string) bool { return b.only == nil || slices.Contains(b.only, kind) }

// needed reports whether a list of kinds has this one.
func needed(kinds []string, kind string) bool {
	return slices.Contains(kinds, kind) || len(kinds) == 1 && kinds[0] == every[0]
}

// kindLabel is the index of the label that says the block's kind, or -1.
func (b *block) kindLabel() int {
	return slices.IndexFunc(b.labels, func(l label) bool { return l.oneOf != nil })
}

func (b *block) child(name string) *block {
	if i := slices.IndexFunc(b.blocks, func(c *block) bool { return c.name == name }); i >= 0 {
		return b.blocks[i]
	}
	return nil
}

func (b *block) arg(name string) *arg {
	if i := slices.IndexFunc(b.args, func(a arg) bool { return a.name == name }); i >= 0 {
		return &b.args[i]
	}
	return nil
}

// Kinds of a side and of a target's procedure.
const (
	KindIMAP   = "imap"
	KindExmail = "exmail" // Tencent Exmail (腾讯企业邮箱), source only
	KindWeCom  = "wecom"  // 企业微信

	ProcedureHistory = "history"
	ProcedureMerge   = "merge"
	ProcedureUpgrade = "upgrade"
)

var tenants = []string{KindExmail, KindWeCom}

// language is the whole language.
var language = &block{blocks: []*block{
	{name: "migration", labels: []label{{name: "NAME", example: "acme"}}, must: every, args: []arg{
		{name: "version", typ: typText, example: `">= 0.1"`},
		{name: "language", typ: typText, oneOf: []string{"en", "zh-CN"}, example: `"zh-CN"`},
		{name: "state", typ: typText, def: `".mxmove"`, example: `"/srv/mxmove/acme"`},
		{name: "mirror", typ: typText, example: `"/mnt/nas/mxmove/acme"`},
		{name: "identity", typ: typText, example: `"~/.config/mxmove/key.txt"`},
	}},
	sourceBlock, targetBlock, rosterBlock, historyBlock, cutoverBlock,
	{name: "guards", args: []arg{
		{name: "removed", typ: typShare, def: `"5%"`, example: `"5%"`},
	}},
	acknowledgeBlock,
	{name: "again", labels: []label{{name: "STEP", example: "set-seat ww0123456789abcdef/alice @1f00ab9c"}}, many: true, args: []arg{
		{name: "outcome", typ: typNumber, must: every, min: 1, max: unbounded, example: `412`},
		{name: "because", typ: typText, must: every, example: `"the account was deleted by mistake, CHG-1043"`},
	}},
	customersBlock,
	variableBlock,
	{name: "locals", many: true},
}}

var historyBlock = &block{name: "history", args: []arg{
	{name: "mover", typ: typText, oneOf: movers, def: `"mxmove"`, example: `"mxmove"`},
	{name: "since", typ: typDate, example: `"2015-01-01"`},
	{name: "deletions", typ: typText, oneOf: []string{"keep", "follow"}, def: `"keep"`, example: `"keep"`},
	{name: "refused", typ: typText, oneOf: []string{"quarantine", "repair", "fail"}, def: `"quarantine"`, example: `"quarantine"`},
}, blocks: []*block{
	{name: "folders", args: []arg{
		{name: "skip", typ: typList, example: `["Junk"]`},
		{name: "map", typ: typMap, example: `{ "Sent Items" = "Sent" }`},
	}},
}}

// Who carries a mailbox's old mail (HISTORY-17).
const (
	MoverMxmove = "mxmove"
	MoverWizard = "wizard"
)

var movers = []string{MoverMxmove, MoverWizard}

var rosterBlock = &block{name: "roster", must: every, args: []arg{
	{name: "files", typ: typList, example: `["members.csv"]`},
	{name: "unlisted", typ: typText, oneOf: []string{"leave", "allocate"}, def: `"leave"`, example: `"leave"`},
	{name: "skip", typ: typList, example: `["old.robot@acme.test"]`},
}, blocks: []*block{
	{name: "mailbox", labels: []label{{name: "ADDRESS", example: "alice@acme.test"}}, many: true, args: []arg{
		{name: columns[colSourceLogin], typ: typText, example: `"alice"`},
		{name: columns[colSourcePassword], typ: typSecret, example: `env("ALICE_OLD")`},
		{name: columns[colTargetAddress], typ: typAddress, example: `"alice@acme.example"`},
		{name: columns[colTargetLogin], typ: typText, example: `"alice@acme.example"`},
		{name: columns[colTargetPassword], typ: typSecret, example: `env("ALICE_NEW")`},
		{name: columns[colName], typ: typText, example: `"Alice Example"`},
		{name: columns[colDepartment], typ: typText, example: `"Sales/East"`},
		{name: columns[colKind], typ: typText, oneOf: []string{kindMember, kindShared}, def: `"member"`, example: `"shared"`},
		{name: columns[colWave], typ: typText, example: `"pilot"`},
		{name: columns[colAccount], typ: typText, example: `"alice"`},
		{name: columns[colWas], typ: typAddress, example: `"alice.smith@acme.test"`},
		{name: columns[colMover], typ: typText, oneOf: movers, example: `"wizard"`},
	}},
	{name: "shared", labels: []label{{name: "ADDRESS", example: "info@acme.test"}}, many: true, args: []arg{
		{name: "name", typ: typText, example: `"Front desk"`},
		{name: "users", typ: typList, must: every, example: `["alice@acme.test"]`},
	}},
	{name: "group", labels: []label{{name: "ADDRESS", example: "all@acme.test"}}, many: true, args: []arg{
		{name: "name", typ: typText, example: `"Everybody"`},
		{name: "members", typ: typList, must: every, example: `["alice@acme.test"]`},
		{name: "allow", typ: typText, oneOf: []string{"anyone", "company", "members"}, def: `"anyone"`, example: `"company"`},
	}},
	{name: "leaver", labels: []label{{name: "ADDRESS", example: "bob@acme.test"}}, many: true, args: []arg{
		{name: "mail", typ: typText, must: every, oneOf: []string{MailKeep, MailTo, MailArchive}, example: `"to"`},
		{name: "to", typ: typAddress, example: `"alice@acme.test"`},
	}},
}}

var variableBlock = &block{name: "variable", labels: []label{{name: "NAME", example: "domain"}}, many: true, args: []arg{
	{name: "type", typ: typType, example: `string`},
	{name: "sensitive", typ: typBool, example: `true`, apart: true},
	{name: "description", typ: typText, example: `"of the administrator of the old service"`},
	{name: "default", typ: typAny, example: `"acme.test"`},
}}
