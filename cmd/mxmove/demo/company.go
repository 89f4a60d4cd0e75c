// Package demo is a small company with two IMAP services: the old one full of
// mail as an office has it, the new one empty. Everything in it is made up,
// and the same at each start.
package demo

import "github.com/emersion/go-imap/v2"

// Domain is the company's.
const Domain = "acme.test"

// person is somebody who writes or receives mail.
type person struct {
	name, address string
	department    string
	chinese       bool
	folders       [][]string // beside those that everybody has
}

// Numbers of the people below, as threads name them.
const (
	alice = iota
	bob
	wangFang
	liNa
	zhaoLei
	info
	staff // how many of them have a mailbox here
	buyerEast
	buyerSouth
	supplier
	hoster
	newsletter
	stranger
	caller
)

func people() []person {
	return []person{
		alice: {name: "Alice Chen", address: "alice@acme.test", department: "Sales",
			folders: [][]string{{"客户", "华东", "订单"}, {"客户", "华南"}, {"项目"}, {"Archive", "2024"}}},
		bob: {name: "Bob Martin", address: "bob@acme.test", department: "Engineering",
			folders: [][]string{{"项目", "Warehouse R&D"}, {"Lists", "go-imap"}, {"Archive", "2023"}}},
		wangFang: {name: "王芳", address: "wang.fang@acme.test", department: "销售部", chinese: true,
			folders: [][]string{{"客户", "华东", "订单"}, {"客户", "华东", "报价"}, {"项目"}}},
		liNa: {name: "李娜", address: "li.na@acme.test", department: "财务部", chinese: true,
			folders: [][]string{{"发票", "2025"}, {"发票", "2026"}, {"报销"}}},
		zhaoLei: {name: "赵磊", address: "zhao.lei@acme.test", department: "采购部", chinese: true,
			folders: [][]string{{"供应商"}, {"项目"}}},
		info: {name: "Acme", address: "info@acme.test", department: "Shared", folders: [][]string{{"Answered"}}},

		buyerEast:  {name: "周敏", address: "zhou.min@huadong.example", chinese: true},
		buyerSouth: {name: "Grace Lam", address: "grace@southtrade.example"},
		supplier:   {name: "深圳恒信电子", address: "billing@hengxin.example", chinese: true},
		hoster:     {name: "Hosting Desk", address: "noreply@hosting.example"},
		newsletter: {name: "Trade Weekly", address: "news@tradeweekly.example"},
		stranger:   {name: "WIN A PRIZE", address: "x8841@prizes.invalid"},
		caller:     {name: "J. de Vries", address: "jdv@vries.example"},
	}
}

// thread is a conversation: who takes part, about what, and where the staff
// keep it.
type thread struct {
	with    []int // the first begins, the others answer in turn
	subject string
	lines   []string // one a message
	keep    []string // folder of those of the staff who have it; else INBOX
	attach  string   // png, csv, pdf: on the first message
	html    bool
	gb      bool // in GB18030
	label   imap.Flag
}

func threads() []thread {
	return []thread{
		{with: []int{buyerEast, wangFang, alice}, subject: "关于十一月份订单的交货时间", gb: true, keep: []string{"客户", "华东", "订单"}, attach: "csv", label: "$label1",
			lines: []string{"王经理您好：\n附件是十一月份的订单明细，请确认交货时间。", "周总您好，订单已收到，预计下周五发货。", "好的，谢谢！请把物流单号发给我。", "单号 SF1029384756，预计周六到。"}},
		{with: []int{wangFang, buyerEast}, subject: "报价单 Q-2026-118（含税）", keep: []string{"客户", "华东", "报价"}, attach: "pdf", html: true,
			lines: []string{"周总：报价单见附件，有效期三十天。", "收到，我们内部讨论后答复。", "价格能否再优惠 3%？"}},
		{with: []int{alice, bob, zhaoLei}, subject: "项目启动会：新仓库系统", keep: []string{"项目"}, attach: "png", label: "Todo",
			lines: []string{"周三上午十点，三楼会议室。草图见附件。", "I will join by phone. The rack plan looks fine.", "收到，我带上供应商的清单。"}},
		{with: []int{buyerSouth, alice}, subject: "Sample shipment to Guangzhou", keep: []string{"客户", "华南"}, html: true,
			lines: []string{"Dear Alice,\ncould you send two more samples of the 40 mm version?", "Of course. They leave on Monday.", "Received, thank you. The finish is much better."}},
		{with: []int{zhaoLei, supplier, liNa}, subject: "回复：PCB 打样费用", gb: true, keep: []string{"供应商"},
			lines: []string{"请问这批打样的费用怎么算？", "打样费 860 元，量产后可退。", "财务这边需要增值税专用发票。"}},
		{with: []int{bob, alice, wangFang, liNa, zhaoLei}, subject: "Mail moves on Saturday / 周六邮箱迁移通知", html: true, label: "$Important",
			lines: []string{"Dear all,\nour mail moves to the new service on Saturday at 20:00. Nothing is lost; restart your client on Monday.\n\n各位同事：周六 20:00 邮箱迁移，周一重启客户端即可。", "Will the shared mailbox move too?", "Yes, info@ goes with the rest.", "手机上需要重新登录吗？", "需要，用新的客户端专用密码。"}},
		{with: []int{liNa, alice}, subject: "差旅报销（九月）", attach: "csv",
			lines: []string{"请核对附件中的九月差旅费用。", "Checked, all fine.", "好的，周五打款。"}},
		{with: []int{bob, hoster}, subject: "[Ticket 48213] IMAP connection limit", lines: []string{"Please tell us how many IMAP connections one account may open.", "Hello Bob,\n\nten per mailbox and sixty per address.", "Thanks, that is enough."}},
		{with: []int{caller, info, alice}, subject: "Inquiry: 5,000 pcs, delivery to Rotterdam", lines: []string{"Hello,\nplease quote 5,000 pieces DAP Rotterdam.", "Dear Sir or Madam, Alice will answer you today.", "Our offer: EUR 2.14 a piece, six weeks."}},
		{with: []int{wangFang, alice, liNa}, subject: "客户回款提醒", gb: true, lines: []string{"华东客户还有 12 万未回款，请跟进。", "I call them tomorrow.", "已收到 8 万，余款下周。"}},
		{with: []int{zhaoLei, bob}, subject: "Spare parts for the packing line", lines: []string{"Bob, which belt do we need, 1200 or 1250?", "1250, and two of them.\n-- \nBob Martin\nEngineering"}},
		{with: []int{alice, buyerSouth}, subject: "Merry Christmas and a price list 🎄", attach: "pdf", html: true, lines: []string{"Dear Grace,\nour list for next year is attached. Merry Christmas!", "Thank you, the same to you and your family!"}},
	}
}
