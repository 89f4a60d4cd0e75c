package config

import (
	"regexp"
	"slices"
	"strings"
)

// header says what the cells of a row are.
type header struct {
	columns []int // column of each cell, or one of the marks below
	local   bool  // the address column holds what stands before the @
	shared  bool  // the file lists shared mailboxes
}

// Marks of cells that are none of our columns.
const (
	stray   = -1 // a header that nobody knows
	unnamed = -2 // no header: only empty cells may stand below it
	ignored = -3 // a column of other tools, left alone
)

// aliases are headers that other tools write, most of all the vendor's import
// template (HISTORY-02), in normal form.
var aliases = map[string]int{
	"原邮箱地址": colAddress, "原邮箱": colAddress, "邮箱地址": colAddress, "邮箱账号": colAddress, "邮箱": colAddress,
	"企业邮箱": colAddress, "公共邮箱地址": colAddress, "公共邮箱": colAddress, "email": colAddress, "e-mail": colAddress, "mail": colAddress,
	"原邮箱密码": colSourcePassword, "邮箱密码": colSourcePassword, "密码": colSourcePassword, "公共邮箱密码": colSourcePassword,
	"新邮箱密码": colTargetPassword, "客户端密码": colTargetPassword, "客户端专用密码": colTargetPassword,
	"企业微信成员账号": colAccount, "企业微信账号": colAccount, "成员账号": colAccount, "账号": colAccount, "userid": colAccount,
	"企业微信成员姓名": colName, "成员姓名": colName, "姓名": colName, "名称": colName,
	"所在部门": colDepartment, "所属部门": colDepartment, "部门": colDepartment,
	"批次": colWave,
}

// foreign are headers of other tools that mean nothing here.
var foreign = []string{
	"手机", "手机号", "手机号码", "电话", "分机号", "备注", "编号", "工号", "性别", "职务", "职位", "生日",
	"邮箱容量", "使用成员账号", "别名", "序号",
}

// localPart is the header that means the part before the @ where no column has
// the whole address (Tencent Exmail's list of members).
const localPart = "账号"

var remark = regexp.MustCompile(`[(（][^()（）]*[)）]\s*$`)

// normal is a header without the marks that templates add: a star, a remark in
// brackets, blanks; 帐 is 账 written otherwise.
func normal(name string) string {
	s := strings.ToLower(strings.TrimSpace(name))
	s = strings.TrimSpace(strings.Trim(s, "*＊"))
	s = strings.TrimSpace(remark.ReplaceAllString(s, ""))
	return strings.ReplaceAll(s, "帐", "账")
}

func columnOf(cell string) int {
	name := normal(cell)
	if i := slices.Index(columns[:], name); i >= 0 {
		return i
	}
	if i, ok := aliases[name]; ok {
		return i
	}
	switch {
	case name == "":
		return unnamed
	case slices.Contains(foreign, name):
		return ignored
	}
	return stray
}

func readHeader(cells []string) header {
	h := header{columns: make([]int, len(cells))}
	for i, c := range cells {
		h.columns[i] = columnOf(c)
		h.shared = h.shared || strings.HasPrefix(normal(c), "公共邮箱")
	}
	if !slices.Contains(h.columns, colAddress) {
		for i, c := range cells {
			if normal(c) == localPart {
				h.columns[i], h.local = colAddress, true
				break
			}
		}
	}
	return h
}

// key is what the address column holds for an address.
func (h *header) key(address string) string {
	if h.local {
		address, _, _ = strings.Cut(address, "@")
	}
	return address
}

// canonical is a cell of the address column in its one form, or "".
func (h *header) canonical(cell string) string {
	if h.local {
		cell += "@local.invalid"
	}
	a, err := Canonical(cell)
	if err != nil {
		return ""
	}
	return h.key(a)
}
