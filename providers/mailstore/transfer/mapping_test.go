package transfer

import (
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/config/text"
)

// listed makes folders of lines "PATH [ATTRIBUTE]", levels joined with "/";
// the attribute \NoSelect is none of the uses.
func listed(lines ...string) []Folder {
	var all []Folder
	for _, line := range lines {
		path, attr, _ := strings.Cut(line, " \\")
		f := Folder{Name: path, Path: strings.Split(path, "/")}
		switch attr {
		case "":
		case "NoSelect":
			f.NoSelect = true
		default:
			f.Use = imap.MailboxAttr(`\` + attr)
		}
		all = append(all, f)
	}
	return all
}

// shown is "FROM → TO", with + where the target has it, the use asked for, and
// the reason for which it is skipped.
func shown(mapped []Mapped) []string {
	var all []string
	for _, m := range mapped {
		s := m.From.Name + " > " + label(m.To)
		if m.Exists {
			s += " +"
		}
		if m.Use != "" {
			s += " " + string(m.Use)
		}
		if m.Skip != "" {
			s += " " + m.Skip
		}
		all = append(all, s)
	}
	return all
}

func codes(notes []text.Msg) []string {
	var all []string
	for _, n := range notes {
		all = append(all, n.Code)
	}
	return all
}

func TestMapFolders(t *testing.T) {
	for _, c := range []struct {
		name           string
		source, target []Folder
		o              MapOptions
		want, notes    []string
	}{
		{
			name:   "names and inbox",
			source: listed("Inbox", "Work", "Work/2024"),
			target: listed("INBOX", "Work"),
			want:   []string{"Inbox > INBOX +", "Work > Work +", "Work/2024 > Work/2024"},
		},
		{
			name:   "roles by attribute, children follow",
			source: listed("INBOX", `[Gmail] \NoSelect`, `[Gmail]/Verschickt \Sent`, "[Gmail]/Verschickt/2020", `[Gmail]/Bin \trash`),
			target: listed("INBOX", `Sent Items \Sent`, `Deleted Items \Trash`),
			want: []string{"INBOX > INBOX +", "[Gmail] > [Gmail] map.skip.noselect", `[Gmail]/Bin > Deleted Items + \Trash`,
				`[Gmail]/Verschickt > Sent Items + \Sent`, "[Gmail]/Verschickt/2020 > Sent Items/2020"},
		},
		{
			name:   "exmail to dovecot",
			source: listed("INBOX", "Sent Messages", "Drafts", "Deleted Messages", "Junk", `其他文件夹 \NoSelect`, "其他文件夹/合同", "其他文件夹/合同/2024"),
			target: listed("INBOX", `Sent \Sent`, `Drafts \Drafts`, `Trash \Trash`),
			want: []string{"INBOX > INBOX +", `Deleted Messages > Trash + \Trash`, `Drafts > Drafts + \Drafts`, `Junk > Junk \Junk`,
				`Sent Messages > Sent + \Sent`, "其他文件夹 >  map.skip.noselect", "其他文件夹/合同 > 合同", "其他文件夹/合同/2024 > 合同/2024"},
			notes: []string{"map.lifted"},
		},
		{
			name:   "exmail to exmail",
			source: listed("INBOX", `其他文件夹 \NoSelect`, "其他文件夹/合同"),
			target: listed("INBOX", `其他文件夹 \NoSelect`),
			want:   []string{"INBOX > INBOX +", "其他文件夹 > 其他文件夹 map.skip.noselect", "其他文件夹/合同 > 其他文件夹/合同"},
		},
		{
			name:   "to exmail, which puts people's folders below its own",
			source: listed("INBOX", "Work", "Work/A", "New"),
			target: listed("INBOX", `其他文件夹 \NoSelect`, "其他文件夹/Work"),
			want:   []string{"INBOX > INBOX +", "New > New", "Work > 其他文件夹/Work +", "Work/A > 其他文件夹/Work/A"},
		},
		{
			name:   "otherFolders that holds mail is a folder like others",
			source: listed("其他文件夹", "其他文件夹/合同"),
			want:   []string{"其他文件夹 > 其他文件夹", "其他文件夹/合同 > 其他文件夹/合同"},
		},
		{
			name:   "netease by Chinese names",
			source: listed("INBOX", "草稿箱", "已发送", "已删除", "垃圾邮件", "病毒文件夹"),
			target: listed("INBOX", "Sent Messages", "Drafts", "Deleted Messages", "Junk"),
			want: []string{"INBOX > INBOX +", `垃圾邮件 > Junk + \Junk`, `已删除 > Deleted Messages + \Trash`,
				`已发送 > Sent Messages + \Sent`, "病毒文件夹 > 病毒文件夹", `草稿箱 > Drafts + \Drafts`},
		},
		{
			name:   "two sent folders: the attribute wins",
			source: listed(`Sent \Sent`, "Sent Items"),
			target: listed(`Gesendet \Sent`),
			want:   []string{`Sent > Gesendet + \Sent`, "Sent Items > Sent Items"},
			notes:  []string{"map.role"},
		},
		{
			name:   "the other's own name is the target's role folder",
			source: listed(`Sent \Sent`, "Sent Items"),
			target: listed(`Sent Items \Sent`),
			want:   []string{`Sent > Sent Items + \Sent`, "Sent Items > Sent Items (2)"},
			notes:  []string{"map.role", "map.collision"},
		},
		{
			name:   "a role's name is one only at the top",
			source: listed("Projects", "Projects/Sent", "INBOX/Drafts"),
			target: listed(`Sent Mail \Sent`, `Drafts \Drafts`),
			want:   []string{"INBOX/Drafts > INBOX/Drafts", "Projects > Projects", "Projects/Sent > Projects/Sent"},
		},
		{
			name:   "many tongues",
			source: listed("GÖNDERİLMİŞ ÖĞELER", "Entwu\u0308rfe", "Corbeille", "スパム", "Архив"),
			target: listed(`S \Sent`, `D \Drafts`, `T \Trash`, `J \Junk`, `A \Archive`),
			want: []string{`Corbeille > T + \Trash`, "Entwu\u0308rfe > D + \\Drafts", `GÖNDERİLMİŞ ÖĞELER > S + \Sent`,
				`Архив > A + \Archive`, `スパム > J + \Junk`},
		},
		{
			name:   "map, skip and what is below",
			source: listed("INBOX", `Sent \Sent`, "Sent Items", "Sent Items/2020", "Junk", "Junk/Old", "Junky"),
			target: listed("INBOX", `Sent \Sent`),
			o:      MapOptions{Map: map[string]string{"Sent Items": "Sent", "Junk/Old": "Kept/Old"}, Skip: []string{"Junk"}},
			want: []string{"INBOX > INBOX +", "Junk >  map.skip.spec", "Junk/Old > Kept/Old", "Junky > Junky", `Sent > Sent + \Sent`,
				"Sent Items > Sent +", "Sent Items/2020 > Sent/2020"},
			notes: []string{"map.merged"},
		},
		{
			name:   "below a folder, roles count for nothing",
			source: listed("INBOX", `Sent \Sent`, "Junk", "A/B"),
			target: listed("INBOX", `Sent \Sent`, "bob@x_test/INBOX", "bob@x_test/A.B"),
			o:      MapOptions{Below: []string{"bob@x.test"}, Delimiter: ".", Skip: []string{"Junk"}, Map: map[string]string{"A/B": "C"}},
			want:   []string{"INBOX > bob@x_test/INBOX +", "A/B > bob@x_test/C", "Junk >  map.skip.spec", "Sent > bob@x_test/Sent"},
		},
		{
			name:   "inbox by its name in any case",
			source: listed("INBOX", "A"),
			o:      MapOptions{Map: map[string]string{"inbox": "Old/Inbox"}, Skip: []string{"A/"}},
			want:   []string{"INBOX > Old/Inbox", "A >  map.skip.spec"},
		},
		{
			name:   "the inbox can be skipped",
			source: listed("INBOX", "A"),
			o:      MapOptions{Skip: []string{"Inbox"}},
			want:   []string{"INBOX >  map.skip.spec", "A > A"},
		},
		{
			name:   "views stay unless named",
			source: listed(`[Gmail]/All Mail \All`, `[Gmail]/Starred \Flagged`, `[Gmail]/Important \Important`),
			o:      MapOptions{Map: map[string]string{"[Gmail]/All Mail": "Archive"}},
			want: []string{"[Gmail]/All Mail > Archive", "[Gmail]/Important > [Gmail]/Important map.skip.view",
				"[Gmail]/Starred > [Gmail]/Starred map.skip.view"},
			notes: []string{"map.view", "map.view"},
		},
		{
			name:   "a view at the target is no place",
			source: listed("All Mail"),
			target: listed(`All Mail \All`),
			want:   []string{"All Mail > All Mail (2)"},
			notes:  []string{"map.view-name"},
		},
		{
			name:   "the target's separator",
			source: listed("a.b", "a.b/c", "a_b", "x", "x/"),
			o:      MapOptions{Delimiter: "."},
			want:   []string{"a.b > a_b (2)", "a.b/c > a_b (2)/c", "a_b > a_b", "x > x", "x/ > x/_"},
			notes:  []string{"map.collision", "map.separator"},
		},
		{
			name:   "pinned",
			source: listed(`Sent Items \Sent`, "Sent"),
			target: listed(`Sent \Sent`, "Sent Items"),
			o:      MapOptions{Pinned: map[string][]string{"Sent Items": {"Sent Items"}, "Sent": {"Sent"}}},
			want:   []string{"Sent > Sent +", `Sent Items > Sent Items + \Sent`},
		},
		{
			name:   "a name that somebody gave is not the role's before it is made",
			source: listed(`Spam \Junk`, "Junk"),
			target: listed("Junk Mail", "Junk"),
			want:   []string{"Junk > Junk +", `Spam > Junk Mail + \Junk`},
			notes:  []string{"map.role"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			mapped, notes := MapFolders(c.source, c.target, c.o)
			if diff := cmp.Diff(c.want, shown(mapped)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if diff := cmp.Diff(c.notes, codes(notes)); diff != "" {
				t.Errorf("notes: -want +got\n%s", diff)
			}
		})
	}
}

func TestTheTargetsFoldersTellItsSeparator(t *testing.T) {
	target := listed("INBOX", "Work")
	target[1].Delimiter = "|"
	mapped, _ := MapFolders(listed("a|b"), target, MapOptions{})
	if diff := cmp.Diff([]string{"a|b > a_b"}, shown(mapped)); diff != "" {
		t.Error(diff)
	}
}

// INBOX.inbox of a server whose prefix is "INBOX." is not the INBOX, though
// many targets would take it for it.
func TestFolderCalledInboxIsNotTheInbox(t *testing.T) {
	source := []Folder{
		{Name: "INBOX.inbox", Path: []string{"inbox"}}, {Name: "INBOX", Path: []string{"INBOX"}},
		{Name: "INBOX.inbox.a", Path: []string{"inbox", "a"}},
	}
	mapped, _ := MapFolders(source, listed("INBOX"), MapOptions{})
	want := []string{"INBOX > INBOX +", "INBOX.inbox > inbox (2)", "INBOX.inbox.a > inbox (2)/a"}
	if diff := cmp.Diff(want, shown(mapped)); diff != "" {
		t.Error(diff)
	}
}

// Names that differ by Unicode form only are two folders at the source.
func TestUnicodeFormsDoNotMerge(t *testing.T) {
	mapped, notes := MapFolders(listed("e\u0301", "\u00e9"), listed("e\u0301"), MapOptions{})
	want := []string{"e\u0301 > \u00e9 +", "\u00e9 > \u00e9 (2)"}
	if diff := cmp.Diff(want, shown(mapped)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"map.collision"}, codes(notes)); diff != "" {
		t.Error(diff)
	}
}

// The names of roles are in lower case, and none has two roles.
func TestRoleNames(t *testing.T) {
	for _, role := range roles {
		if len(roleNames[role]) == 0 {
			t.Errorf("%s has no names", role)
		}
		for i, name := range roleNames[role] {
			if got, rank := roleRank(strings.ToUpper(name)); got != role || rank != i {
				t.Errorf("%s %q is found as %s %d", role, name, got, rank)
			}
		}
	}
	for _, name := range []string{"病毒文件夹", "广告邮件", "发件箱", "INBOX", "", "Sent 2020"} {
		if role, _ := roleRank(name); role != "" {
			t.Errorf("%q is %s", name, role)
		}
	}
}

// Every code that a mapping gives has its texts.
func TestMapTexts(t *testing.T) {
	for _, lang := range []text.Lang{text.English, text.Chinese} {
		c := text.Load(lang)
		for _, code := range []string{"map.view", "map.role", "map.merged", "map.collision", "map.view-name", "map.separator", "map.lifted"} {
			for _, part := range []string{".what", ".why", ".do"} {
				if !c.Has(code + part) {
					t.Errorf("%s: no %s%s", lang, code, part)
				}
			}
		}
		for _, code := range []string{SkipBySpec, SkipNoSelect, SkipView} {
			if !c.Has(code) {
				t.Errorf("%s: no %s", lang, code)
			}
		}
	}
}
