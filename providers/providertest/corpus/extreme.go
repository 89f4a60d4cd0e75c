package corpus

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/mxmove/mxmove/providers/providertest/peer"
)

// ManyParts is the name of a mail of 400 MIME parts. Courier gives what comes
// before its 300th part for the whole, and takes it so.
const ManyParts = "many-parts"

// Extreme gives a mailbox at the limits of what a server of that kind holds: a
// message of 30 MB and one of 400 MIME parts, dates from 1900 to 2100,
// keywords of 60 characters (50 at Dovecot, which has no longer ones), folders 25 levels deep, and such whose names
// have what other servers part levels with, as far as target takes it.
func Extreme(kind, target peer.Kind) []Folder {
	head := "From: li.na@held.test\r\nSubject: extreme\r\n"
	tree := []Folder{{Path: []string{"INBOX"}}, {Path: []string{"Dates"}}, {Path: []string{"Keywords"}, Subscribed: true}}
	add := func(n int, m Mail) { tree[n].Mail = append(tree[n].Mail, m) }
	add(0, Mail{Message: Message{Name: "30-megabytes", Raw: large(head, 30_000_000)}, Date: time.Date(2020, 2, 29, 1, 2, 3, 0, time.UTC)})
	add(0, Mail{Message: manyParts(head, 400)})
	for i, year := range []int{1900, 1950, 1969, 1970, 2037, 2038, 2039, 2100} {
		if kind == peer.KindCyrus && year < 1970 {
			continue // BAD
		}
		add(1, Mail{Message: nasty(fmt.Sprint("of-", year), fmt.Sprintf("%sX-Year: %d\r\n\r\nold or new\r\n", head, year)),
			Date: time.Date(year, time.Month(1+i), 20, 5, 6, 7, 0, time.FixedZone("", 8*3600))})
	}
	for i := range 10 {
		keyword := fmt.Sprintf("$%0*d", keywordLimit(kind)-1, i)
		add(2, Mail{Message: nasty("keyword", fmt.Sprintf("%sX-Number: %d\r\n\r\nwith %s\r\n", head, i, keyword)), Flags: []string{keyword, `\Seen`}})
	}
	var deep []string
	for n := range 25 {
		deep = append(deep, fmt.Sprintf("L%02d", n+1))
		tree = append(tree, Folder{Path: slices.Clone(deep), Subscribed: n%2 == 0})
	}
	add(len(tree)-1, Mail{Message: nasty("deep", head+"\r\nat the bottom\r\n")})
	for _, c := range separators(kind, target) {
		tree = append(tree, Folder{Path: []string{"a" + c + "b"}, Subscribed: true,
			Mail: []Mail{{Message: nasty("in-"+c, head+"X-Folder: a"+c+"b\r\n\r\nin its folder\r\n")}}})
	}
	return tree
}

// keywordLimit is how long a keyword is at most, here.
func keywordLimit(kind peer.Kind) int {
	if kind == peer.KindDovecot {
		return 50
	}
	return 60
}

// separators are those characters that some server parts levels with and
// that these take in a name: not Maildir's and the file system's, and of the
// rest what Cyrus allows.
func separators(kinds ...peer.Kind) []string {
	if slices.Contains(kinds, peer.KindCyrus) {
		return []string{":", ",", "~", "_", "-"}
	}
	return []string{`\`, "^", "|", ":", ";", ",", "!", "~", "_", "-"}
}

func manyParts(head string, parts int) Message {
	var b bytes.Buffer
	b.WriteString(head + "Message-ID: <parts@held.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"edge\"\r\n\r\n")
	for n := range parts {
		fmt.Fprintf(&b, "--edge\r\nContent-Type: text/plain\r\n\r\npart %d\r\n", n+1)
	}
	b.WriteString("--edge--\r\n")
	return Message{Name: ManyParts, Raw: b.Bytes()}
}
