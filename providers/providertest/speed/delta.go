package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// change is what happens to a mailbox between two passes, and how it is undone.
type change struct {
	port    int
	user    string
	folders []touched
}

type touched struct {
	name    string
	flagged string // set of UIDs, may be ""
	from    string // first UID of the new messages
}

// delta says how much changes in each folder of a mailbox.
type delta struct{ fresh, flagged int }

// deltaOf is one message in a hundred new and two in a hundred flagged, but at
// least one of each a mailbox.
func deltaOf(p population) delta {
	per := p.messages / len(p.folders)
	return delta{fresh: max(1, per/100), flagged: max(1, per/50)}
}

// alter changes a mailbox and the manifest of it.
func alter(port int, user string, p population, seed uint64, holds manifest) (*change, error) {
	c, err := signIn(port, user)
	if err != nil {
		return nil, err
	}
	defer c.close()
	done := &change{port: port, user: user}
	w := newWriter(user, seed)
	for _, folder := range p.folders {
		t, err := c.alter(folder, w, p, holds)
		if err != nil {
			return nil, fmt.Errorf("changing %s, %s: %w", user, folder, err)
		}
		done.folders = append(done.folders, t)
	}
	return done, nil
}

func (c *client) alter(folder string, w *writer, p population, holds manifest) (touched, error) {
	t := touched{name: strings.ReplaceAll(folder, "/", ".")}
	d := deltaOf(p)
	replies, err := c.do("SELECT %q", t.name)
	if err != nil {
		return t, err
	}
	if t.from, err = find(replies, nextPattern); err != nil {
		return t, err
	}
	if t.flagged, err = c.unflagged(d.flagged); err != nil {
		return t, err
	}
	if err := c.flag(folder, t.flagged, holds); err != nil {
		return t, err
	}
	for range d.fresh {
		m := w.next(folder, w.size(p))
		if err := c.append(t.name, m); err != nil {
			return t, err
		}
		holds[m.key()]++
	}
	return t, nil
}

func (c *client) flag(folder, set string, holds manifest) error {
	if set == "" {
		return nil
	}
	err := c.fetch(folder, set, func(_ string, m mail) {
		was := m.key()
		if holds[was]--; holds[was] == 0 {
			delete(holds, was)
		}
		m.flags = insert(m.flags, `\Flagged`)
		holds[m.key()]++
	})
	if err != nil {
		return err
	}
	_, err = c.do(`UID STORE %s +FLAGS.SILENT (\Flagged)`, set)
	return err
}

// unflagged gives the last few messages that are not flagged, as a set.
func (c *client) unflagged(n int) (string, error) {
	replies, err := c.do("UID SEARCH UNFLAGGED")
	if err != nil {
		return "", err
	}
	for _, r := range replies {
		if list, ok := strings.CutPrefix(r.text, "* SEARCH"); ok {
			uids := strings.Fields(list)
			return strings.Join(uids[max(0, len(uids)-n):], ","), nil
		}
	}
	return "", fmt.Errorf("UID SEARCH has no answer")
}

func (c *client) append(name string, m mail) error {
	_, err := c.do("APPEND %q (%s) %q {%d+}\r\n%s", name, strings.Join(m.flags, " "), m.date.Format("02-Jan-2006 15:04:05 -0700"), len(m.raw), m.raw)
	return err
}

// undo makes the mailbox what it was.
func (d *change) undo() error {
	c, err := signIn(d.port, d.user)
	if err != nil {
		return err
	}
	defer c.close()
	for _, t := range d.folders {
		commands := []string{fmt.Sprintf("SELECT %q", t.name), fmt.Sprintf(`UID STORE %s:* +FLAGS.SILENT (\Deleted)`, t.from), "EXPUNGE"}
		if t.flagged != "" {
			commands = append(commands, fmt.Sprintf(`UID STORE %s -FLAGS.SILENT (\Flagged)`, t.flagged))
		}
		for _, command := range commands {
			if _, err := c.do("%s", command); err != nil {
				return err
			}
		}
	}
	return nil
}

func find(replies []reply, pattern *regexp.Regexp) (string, error) {
	for _, r := range replies {
		if m := pattern.FindStringSubmatch(r.text); m != nil {
			return m[1], nil
		}
	}
	return "", fmt.Errorf("no answer has %s", pattern)
}

func insert(flags []string, flag string) []string {
	flags = append(slices.Clone(flags), flag)
	slices.Sort(flags)
	return flags
}
