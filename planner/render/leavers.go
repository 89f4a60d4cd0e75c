package render

import (
	"github.com/mxmove/mxmove/config"
)

// leavers says what becomes of the mail of people who left.
func (v *planView) leavers() []string {
	names := map[string][]string{}
	for _, l := range v.plan.Spec.Roster.Leavers {
		name := l.Address
		if l.Mail == config.MailTo {
			name += " -> " + l.To
		}
		names[l.Mail] = append(names[l.Mail], name)
	}
	var parts []string
	for _, mail := range []string{config.MailKeep, config.MailTo, config.MailArchive} {
		if len(names[mail]) > 0 {
			parts = append(parts, v.t("render.people.left-"+mail, "names", v.list(names[mail])))
		}
	}
	return parts
}

// archived are the addresses whose mail goes into the archive and into no mailbox.
func (v *planView) archived() []string {
	var list []string
	for _, l := range v.plan.Spec.Roster.Leavers {
		if l.Mail == config.MailArchive {
			list = append(list, l.Address)
		}
	}
	return list
}
