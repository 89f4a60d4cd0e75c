package config

import (
	"slices"
	"strings"

	"github.com/mxmove/mxmove/config/text"
)

// topic is a block or an argument as something that can be explained.
type topic struct {
	key   string // of its text: shared blocks have one, wherever they stand
	path  string // as it is written: target.imap.host
	block *block
	arg   *arg // nil: the block itself
}

// topics lists the whole language, each block before what is inside it. A
// shared block comes once for each place.
func topics() []topic {
	var list []topic
	var walk func(b *block, key, path string)
	walk = func(b *block, key, path string) {
		list = append(list, topic{key: key, path: path, block: b})
		for i := range b.args {
			list = append(list, topic{key: key + "." + b.args[i].name, path: path + "." + b.args[i].name, block: b, arg: &b.args[i]})
		}
		for _, c := range b.blocks {
			inner := key + "." + c.name
			if c.shared {
				inner = c.name
			}
			walk(c, inner, path+"."+c.name)
		}
	}
	for _, b := range language.blocks {
		walk(b, b.name, b.name)
	}
	return list
}

// secretFuncs are the functions that name a secret, with an example each.
var secretFuncs = []struct{ name, example string }{
	{refEnv, `env("OLD_MASTER_PW")`},
	{refFile, `file("secrets/old-master")`},
	{refExec, `exec("op", "read", "op://mail/old-master/password")`},
	{refSealed, `sealed("old-master")`},
}

// findTopic finds a topic by its path, its key, or the end of its key where
// only one topic ends so.
func findTopic(name string) (topic, bool) {
	var ends []topic
	for _, t := range topics() {
		if t.path == name || t.key == name {
			return t, true
		}
		if strings.HasSuffix(t.key, "."+name) && !slices.ContainsFunc(ends, func(e topic) bool { return e.key == t.key }) {
			ends = append(ends, t)
		}
	}
	if len(ends) == 1 {
		return ends[0], true
	}
	return topic{}, false
}

// fewAlike bounds how many names are suggested.
const fewAlike = 12

// topicsLike are the topics and codes that end in a name or begin with it, or
// else the one that was probably meant.
func topicsLike(c *text.Catalogue, name string) []string {
	var ends, begins, keys []string
	for _, t := range topics() {
		keys = append(keys, t.key, t.path)
		if strings.HasSuffix(t.key, "."+name) && !slices.Contains(ends, t.key) {
			ends = append(ends, t.key)
		}
	}
	if len(ends) > 0 {
		return ends
	}
	for _, f := range secretFuncs {
		keys = append(keys, f.name)
	}
	bare := strings.TrimRight(name, ".-")
	codes := c.Codes(".what")
	for _, r := range procedureRules {
		codes = append(codes, r.code)
	}
	for _, code := range codes {
		keys = append(keys, code)
		if hasPrefixFold(code, bare+".") || hasPrefixFold(code, bare+"-") {
			begins = append(begins, code)
		}
	}
	if len(begins) > 0 {
		slices.Sort(begins)
		begins = slices.Compact(begins)
		return begins[:min(len(begins), fewAlike)]
	}
	for _, written := range []string{name, strings.ToLower(name), strings.ToUpper(name)} {
		if near := Nearest(written, keys); near != "" {
			return []string{near}
		}
	}
	return nil
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
