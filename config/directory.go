package config

import (
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
)

// Listed is a member as a tenant's directory lists it, in the file that its
// administrators export.
type Listed struct {
	Account     string
	Name        string
	Address     string // of the mailbox; "": it has none
	Aliases     []string
	Departments []string
	Enabled     string // yes, no, or "" where the file does not tell
}

// directoryColumns are the headers of such files, in normal form, in the order
// in which one goes before another.
var directoryColumns = map[string][]string{
	"account":     {"账号", "成员账号", "企业微信账号", "企业微信成员账号", "userid", "account"},
	"name":        {"姓名", "成员姓名", "企业微信成员姓名", "name"},
	"address":     {"企业邮箱", "企业邮箱账号", "邮箱账号", "address", "email", "邮箱"},
	"aliases":     {"企业邮箱别名", "邮箱别名", "aliases"},
	"departments": {"所在部门", "所属部门", "部门", "department", "departments"},
	"enabled":     {"启用状态", "账号状态", "激活状态", "状态", "enabled"},
}

// off are the words for a member that may not sign in; all others mean that it
// may, also before it first did.
var off = []string{"禁用", "已禁用", "停用", "已停用", "退出企业", "no", "false", "0", "disabled"}

// ErrNoDirectory says that a file is no directory of members.
var ErrNoDirectory = errors.New("no line has the headers 姓名 and 账号, or 邮箱账号")

// ReadDirectory reads a directory as the admin console exports it: CSV in
// UTF-8 or GB 18030, whose header may stand below lines of explanation. columns
// are those that it has: account, name, address, aliases, departments, enabled.
// Where accounts are named by their addresses alone, as the old edition does,
// those are the accounts. name is for the places in errors only.
func ReadDirectory(name string, b []byte) (all []Listed, columns []string, err error) {
	s := newSheet(name, decodeText(b).data)
	var at map[string]int
	for {
		err := s.next()
		switch {
		case errors.Is(err, io.EOF) && at == nil:
			return nil, nil, ErrNoDirectory
		case errors.Is(err, io.EOF):
			return all, slices.Sorted(maps.Keys(at)), nil
		case err != nil:
			return nil, nil, err
		case at == nil:
			at = directoryHeader(s.cells)
			continue
		}
		if m := listed(s.cells, at); m.Account != "" {
			all = append(all, m)
		}
	}
}

// directoryHeader finds the columns; nil: this is no header.
func directoryHeader(cells []string) map[string]int {
	at := map[string]int{}
	for column, names := range directoryColumns {
		for _, n := range names {
			if i := slices.IndexFunc(cells, func(c string) bool { return normal(c) == n }); i >= 0 {
				at[column] = i
				break
			}
		}
	}
	_, account := at["account"]
	_, address := at["address"]
	_, name := at["name"]
	if !account && !address || !name {
		return nil
	}
	return at
}

func listed(cells []string, at map[string]int) Listed {
	cell := func(column string) string {
		i, ok := at[column]
		if !ok || i >= len(cells) {
			return ""
		}
		return strings.TrimSpace(strings.Trim(strings.TrimSpace(cells[i]), "\t"))
	}
	m := Listed{Account: cell("account"), Name: cell("name"), Aliases: addressesIn(cell("aliases")), Departments: several(cell("departments"))}
	if found := addressesIn(cell("address")); len(found) > 0 {
		m.Address = found[0]
	}
	if _, named := at["account"]; !named {
		m.Account = m.Address
	}
	if said := strings.ToLower(cell("enabled")); said != "" {
		m.Enabled = "yes"
		if slices.Contains(off, said) {
			m.Enabled = "no"
		}
	}
	return m
}

// addressesIn gives addresses in their one form, ordered; what is none is left
// as it stands.
func addressesIn(cell string) []string {
	all := several(cell)
	for i, a := range all {
		if c, err := Canonical(a); err == nil {
			all[i] = c
		}
	}
	return all
}

func several(cell string) []string {
	all := strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(";；,，、\n", r) })
	for i, s := range all {
		all[i] = strings.TrimSpace(s)
	}
	all = slices.DeleteFunc(all, func(s string) bool { return s == "" })
	if len(all) == 0 {
		return nil
	}
	slices.Sort(all)
	return all
}
