package config

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"
)

const exported = "填写须知：\n1、不能在该excel表中对成员信息类别进行增加、删除或修改\n" +
	"姓名（必填）,帐号（必填）,别名,职务,部门,企业邮箱,邮箱,企业邮箱别名,启用状态\n" +
	"张三,zhang.san,,,总经办,ZHANG.SAN@Acme.Test,zs@private.test,\"zs@acme.test;san@acme.test\",已激活\n" +
	"李四,lisi,,,销售部/华东;市场部,,,,未激活\n" +
	"\n" +
	"王五,wangwu,,,,wang.wu@acme.test,,,已禁用\n"

var people = []Listed{
	{Account: "zhang.san", Name: "张三", Address: "zhang.san@acme.test", Aliases: []string{"san@acme.test", "zs@acme.test"}, Departments: []string{"总经办"}, Enabled: "yes"},
	{Account: "lisi", Name: "李四", Departments: []string{"市场部", "销售部/华东"}, Enabled: "yes"},
	{Account: "wangwu", Name: "王五", Address: "wang.wu@acme.test", Enabled: "no"},
}

// The console's export is read as it comes: with what stands above its header,
// in either encoding.
func TestReadDirectory(t *testing.T) {
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(exported)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"utf-8": exported, "bom": "\ufeff" + exported, "gb18030": gb} {
		got, columns, err := ReadDirectory("b.csv", []byte(text))
		if d := cmp.Diff(people, got); err != nil || d != "" {
			t.Errorf("%s: %v %s", name, err, d)
		}
		if d := cmp.Diff([]string{"account", "address", "aliases", "departments", "enabled", "name"}, columns); d != "" {
			t.Error(d)
		}
	}
	got, columns, err := ReadDirectory("b.csv", []byte("name;account;email\nEve;eve;eve@acme.test\n;;\n"))
	if d := cmp.Diff([]Listed{{Account: "eve", Name: "Eve", Address: "eve@acme.test"}}, got); err != nil || d != "" || len(columns) != 3 {
		t.Errorf("%v %s %v", err, d, columns)
	}
}

// The old edition names accounts by their addresses alone.
func TestReadDirectoryOfTheOldEdition(t *testing.T) {
	got, columns, err := ReadDirectory("a.csv", []byte("邮箱账号,姓名,部门\nLi.Si@acme.test,李四,销售部\n,空,\n"))
	want := []Listed{{Account: "li.si@acme.test", Name: "李四", Address: "li.si@acme.test", Departments: []string{"销售部"}}}
	if d := cmp.Diff(want, got); err != nil || d != "" || slices.Contains(columns, "account") {
		t.Errorf("%v %s %v", err, d, columns)
	}
}

func TestWhatIsNoDirectory(t *testing.T) {
	for name, text := range map[string]string{"empty": "", "passwords": "a@acme.test,secret\n", "no account": "姓名,部门\n张三,总经办\n"} {
		if got, _, err := ReadDirectory("b.csv", []byte(text)); !errors.Is(err, ErrNoDirectory) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, _, err := ReadDirectory("b.csv", []byte("姓名,账号\n\"张三,zhang\n")); err == nil {
		t.Error("an open quote was read over")
	}
}
