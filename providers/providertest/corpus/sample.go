package corpus

import (
	"slices"
	"testing"
	"time"

	"github.com/mxmove/mxmove/providers/providertest/peer"
)

// Sample gives a mailbox that has some of everything: nested folders, Chinese
// names, special-use folders, an empty one, subscriptions, flags, keywords
// and dates in odd zones; in it about count mails of the corpus, evenly
// taken, and the nasty ones, all of them such that servers of the given kinds
// keep them octet by octet.
func Sample(tb testing.TB, count int, kinds ...peer.Kind) []Folder {
	tb.Helper()
	messages := Messages(tb)
	step := max(1, len(messages)/max(1, count))
	chosen := Nasty()
	for i := 0; i < len(messages) && count > 0; i += step {
		chosen = append(chosen, messages[i])
	}
	chosen = slices.DeleteFunc(chosen, func(m Message) bool {
		return slices.ContainsFunc(kinds, func(kind peer.Kind) bool { return !m.Faithful(kind) })
	})
	tree := sampleTree()
	for i, m := range chosen {
		folder := &tree[i%(len(tree)-1)] // the last one stays empty
		folder.Mail = append(folder.Mail, Mail{Message: m, Flags: sampleFlags(i), Date: sampleDate(i)})
	}
	return tree
}

func sampleTree() []Folder {
	return []Folder{
		{Path: []string{"INBOX"}, Subscribed: true},
		{Path: []string{"Sent"}, Subscribed: true},
		{Path: []string{"Drafts"}},
		{Path: []string{"Trash"}, Subscribed: true},
		{Path: []string{"Archive"}, Subscribed: true},
		{Path: []string{"Archive", "2024"}},
		{Path: []string{"Archive", "2024", "Q1"}, Subscribed: true},
		{Path: []string{"其他文件夹"}}, // some servers make it with the next one anyway
		{Path: []string{"其他文件夹", "项目"}, Subscribed: true},
		{Path: []string{"其他文件夹", "项目", "R&D 研发"}},
		{Path: []string{"Box"}, Subscribed: true},
		{Path: []string{"Empty"}, Subscribed: true},
	}
}

func sampleFlags(i int) []string {
	all := [][]string{
		nil,
		{`\Seen`},
		{`\Seen`, `\Answered`},
		{`\Flagged`},
		{`\Seen`, "$Forwarded"},
		{`\Draft`},
		{"NonJunk", "$label_1"},
		{`\Deleted`, `\Seen`},
		{`\Seen`, `\Flagged`, "&XfJT0ZAB-", "Todo:1"},
	}
	return all[i%len(all)]
}

func sampleDate(i int) time.Time {
	minute := 60
	zones := []int{345 * minute, -210 * minute, 14 * 60 * minute, 0, 8 * 60 * minute, -12 * 60 * minute}
	zone := time.FixedZone("", zones[i%len(zones)])
	if i%5 == 0 {
		return time.Date(2024, time.February, 29, 12, 0, i%60, 0, zone)
	}
	return time.Date(2001+i%24, time.Month(1+i%12), 1+i%28, i%24, i%60, (7*i)%60, 0, zone)
}
