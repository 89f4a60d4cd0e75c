package executor

import (
	"cmp"
	"strings"

	"github.com/mxmove/mxmove/planner"
)

// apiAct gives the texts of what a tenant's API could do, for the person who
// does it where there is none; "": op is no such act.
func apiAct(op planner.Op) (code string, pairs []string) {
	switch o := op.(type) {
	case planner.Undo:
		return backAct(o)
	case planner.Inventory:
		return "act.inventory." + o.What, []string{"corp", o.Corp}
	case planner.Compare:
		return "act.compare." + o.What, []string{"corp", o.Corp}
	case planner.Notify:
		return "act.notify." + o.Template, []string{"to", o.To}
	case planner.PutTags:
		return "act.put-tags", []string{"corp", o.Corp}
	case planner.Wait:
		return "act.wait." + o.For, []string{"on", o.On}
	case planner.SetSeat:
		return "act.set-seat." + onOff(o.VIP), []string{"corp", o.Corp, "account", o.Account}
	case planner.PutShared:
		return "act.put-shared", []string{"corp", o.Corp, "address", o.Address, "name", cmp.Or(o.Name, "-"), "users", cmp.Or(strings.Join(o.Users, ", "), "-")}
	case planner.PutGroup:
		return "act.put-group", []string{"corp", o.Corp, "address", o.Address, "name", cmp.Or(o.Name, "-"), "members", cmp.Or(strings.Join(o.Members, ", "), "-"), "allow", cmp.Or(o.Allow, "anyone")}
	case planner.SetEnabled:
		return "act.set-enabled." + onOff(o.Enabled), []string{"corp", o.Corp, "account", o.Account}
	case planner.PutMember:
		pairs := []string{"corp", o.Corp, "account", o.Account, "name", cmp.Or(o.Name, "-"), "departments", cmp.Or(strings.Join(o.Departments, ", "), "-"), "address", o.Address}
		switch {
		case len(o.Aliases) > 0:
			return "act.put-member.aliases", append(pairs, "aliases", strings.Join(o.Aliases, ", "))
		case o.AccountOnly:
			return "act.put-member.account", pairs
		}
		return "act.put-member.address", pairs
	}
	return "", nil
}

// backAct is apiAct of what takes a step back: the same act, for another reason.
func backAct(u planner.Undo) (code string, pairs []string) {
	code, pairs = apiAct(u.Op)
	switch o := u.Op.(type) {
	case planner.SetEnabled:
		code = "act.back.enabled." + onOff(o.Enabled)
	case planner.SetSeat:
		code = "act.back.seat." + onOff(o.VIP)
	case planner.PutMember:
		code = "act.back.address"
	}
	return code, pairs
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}
