package planner

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/mozillazg/go-pinyin"

	"github.com/mxmove/mxmove/config"
)

// allocated gives members without a row and without an address in the domain
// one made of their name; collisions are numbered in the order of accounts
// (HISTORY-05).
func (b *builder) allocated(taken map[string]bool) []person {
	t := b.tenant()
	if t == nil {
		return nil
	}
	used := b.usedAddresses(t)
	var people []person
	for i := range t.Members {
		m := &t.Members[i]
		if taken[m.Account] || m.Enabled == No {
			continue
		}
		address, made := b.addressFor(m, used)
		used[address] = true
		row := config.Mailbox{Address: address, SourceLogin: address, TargetAddress: address, TargetLogin: address,
			Name: m.Name, Account: m.Account}
		people = append(people, person{Mailbox: row, account: m.Account, member: m, made: made})
	}
	return people
}

// usedAddresses are those that nobody else may be given.
func (b *builder) usedAddresses(t *Tenant) map[string]bool {
	used := map[string]bool{}
	r := b.spec.Roster
	for _, row := range r.Mailboxes {
		used[row.Address], used[row.TargetAddress], used[row.Was] = true, true, true
	}
	for _, a := range r.Skip {
		used[a] = true
	}
	for _, s := range r.Shared {
		used[s.Address] = true
	}
	for _, g := range r.Groups {
		used[g.Address] = true
	}
	for _, s := range t.Shared {
		used[s.Address] = true
	}
	for _, g := range t.Groups {
		used[g.Address] = true
	}
	for _, m := range t.Members {
		for _, a := range append([]string{m.Address}, m.Aliases...) {
			used[a] = true
		}
	}
	return used
}

// addressFor is the member's own address in the domain, or one that is made.
func (b *builder) addressFor(m *Member, used map[string]bool) (address string, made bool) {
	domain := "@" + b.spec.Source.Domain
	switch {
	case strings.HasSuffix(m.Address, domain):
		return m.Address, false
	case m.Suggested != "":
		return m.Suggested, true
	}
	local, _ := pinyinOf(m.Name)
	if local == "" {
		local = plainLocal(m.Account)
	}
	if local == "" {
		local = "member"
	}
	address = local + domain
	for n := 1; used[address]; n++ {
		address = local + strconv.Itoa(n) + domain
	}
	return address, true
}

// plainLocal keeps of an account what may stand before the @.
func plainLocal(account string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_' {
			return r
		}
		return -1
	}, strings.ToLower(account)), ".")
}

// surnames are read otherwise than as words.
var surnames = map[rune]string{
	'单': "shan", '曾': "zeng", '解': "xie", '仇': "qiu", '区': "ou", '任': "ren", '查': "zha", '翟': "zhai", '朴': "piao", '缪': "miao",
}

// oneReading are common surnames that a dictionary gives rare readings, too; as
// surnames they have the first one only.
const oneReading = "王吴朱冯于董邓许沈彭蔡贾丁叶余潘杜夏汪方石姚陆郝白万汤尹"

// pinyinOf writes a Chinese name in letters, without tones; "" for any other
// name. unsure tells of a character with more than one reading: a person must
// look at it.
func pinyinOf(name string) (local string, unsure bool) {
	args := pinyin.NewArgs()
	args.Heteronym = true
	var b strings.Builder
	for _, r := range strings.TrimSpace(name) {
		if r == ' ' || r == '·' || r == '　' {
			continue
		}
		if !unicode.Is(unicode.Han, r) {
			return "", false
		}
		readings := distinct(pinyin.SinglePinyin(r, args))
		if len(readings) == 0 {
			return "", false
		}
		reading, sure := readings[0], len(readings) == 1
		if b.Len() == 0 {
			reading = cmp.Or(surnames[r], reading)
			sure = sure || surnames[r] != "" || strings.ContainsRune(oneReading, r)
		}
		unsure = unsure || !sure
		b.WriteString(reading)
	}
	return b.String(), unsure
}

func distinct(readings []string) []string {
	var out []string
	for _, r := range readings {
		r = strings.ReplaceAll(r, "ü", "v")
		if r != "" && !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}

// madeFindings shows each address that was made, and those to be looked at.
func (b *builder) madeFindings() []config.Finding {
	var found []config.Finding
	for _, p := range b.people {
		if !p.made {
			continue
		}
		code := "HISTORY-05-made"
		if _, unsure := pinyinOf(p.Name); unsure || p.member.Unsure {
			code = "HISTORY-05-reading"
		}
		found = append(found, warning(p.Address, code, "address", p.Address, "name", p.Name, "account", p.account))
	}
	return found
}

// suggest writes what was made of names into a directory whose names will be
// masked, so that a plan from it makes the same.
func suggest(plan *Plan) Snapshot {
	s := plan.Observed
	b := newBuilder(plan.Spec, s, s.At, rules{})
	made := map[string]person{}
	for _, p := range b.people {
		if p.made {
			made[p.account] = p
		}
	}
	if len(made) == 0 {
		return s
	}
	t := *s.Target.Tenant
	t.Members = slices.Clone(t.Members)
	for i, m := range t.Members {
		if p, ok := made[m.Account]; ok {
			_, unsure := pinyinOf(m.Name)
			t.Members[i].Suggested, t.Members[i].Unsure = p.Address, unsure || m.Unsure
		}
	}
	s.Target.Tenant = &t
	return s
}
