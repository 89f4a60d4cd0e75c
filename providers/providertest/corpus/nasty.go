package corpus

import (
	"bytes"
	"fmt"
	"strings"
)

// Commands is the body of a mail that does harm where a client or server
// loses track of where a literal ends (RFC 9051 section 4.3): it makes a
// folder "injected", marks and expunges all, and deletes the folder "Box".
const Commands = "L2 CREATE injected\r\n" +
	"x STORE 1:* +FLAGS (\\Deleted)\r\n" +
	"x EXPUNGE\r\n" +
	"x DELETE Box\r\n" +
	")\r\n" +
	"{10+}\r\n" +
	"* BYE not me\r\n" +
	"* 1 FETCH (UID 1 FLAGS (\\Deleted) BODY[] {4}\r\n" +
	"gone)\r\n" +
	"A1 OK done\r\n" +
	"+ go on\r\n" +
	".\r\n"

// Nasty gives small mails that break software, each named after what is
// wrong with it, and a large one of 5 MiB. The two named duplicate-… have
// the same octets. Not every server takes them unchanged: see Faithful.
func Nasty() []Message {
	head := "From: Zhang Wei <zhang.wei@held.test>\r\nTo: li.na@held.test\r\nDate: Thu, 29 Feb 2024 12:00:00 +0545\r\n"
	twin := head + "Message-ID: <twin@held.test>\r\nSubject: twice\r\n\r\nThe same, octet by octet.\r\n"
	return []Message{
		nasty("no-message-id", head+"Subject: anonymous\r\n\r\nWithout a Message-ID.\r\n", "no-message-id"),
		nasty("duplicate-1", twin),
		nasty("duplicate-2", twin),
		nasty("same-message-id", strings.Replace(twin, "twice", "another mail with its Message-ID", 1)),
		nasty("nul", head+"Subject: NUL\r\n\r\nbefore\x00after\r\n", "nul"),
		nasty("bare-cr", head+"Subject: CR\r\n\r\nbefore\rafter\r\n", "cr"),
		nasty("bare-lf", head+"Subject: LF\r\n\r\nbefore\nafter\r\n", "mixed-newlines"),
		nasty("header-gbk", head+"Subject: \xd6\xd0\xce\xc4\xd3\xca\xbc\xfe\r\n\r\nThe subject is raw GBK.\r\n", "8bit-header"),
		nasty("header-latin-1", head+"Subject: d\xe9j\xe0 vu\r\n\r\nThe subject is raw ISO 8859-1.\r\n", "8bit-header"),
		nasty("header-utf-8", head+"Subject: 中文邮件\r\n\r\nThe subject is raw UTF-8.\r\n", "8bit-header"),
		nasty("empty", "", "no-body"),
		nasty("one-octet", "x", "no-body", "no-final-newline", "bad-first-line"),
		nasty("no-final-newline", head+"Subject: cut\r\n\r\nNo line end", "no-final-newline"),
		nasty("header-only", head+"Subject: no body\r\n\r\n", "no-body"),
		nasty("body-only", "\r\nNo header at all.\r\n", "no-from"),
		nasty("from-line", "From zhang.wei@held.test Thu Feb 29 06:15:00 2024\r\n"+head+"\r\n>From the start.\r\n", "from_-line"),
		nasty("long-line", head+"Subject: long\r\n\r\n"+strings.Repeat("0123456789", 10_000)+"\r\n", "line-over-998"),
		nasty("commands", head+"Message-ID: <commands@held.test>\r\nSubject: IMAP\r\n\r\n"+Commands),
		{Name: "large", Raw: large(head, 5<<20), Features: []string{"large"}},
	}
}

func nasty(name, raw string, features ...string) Message {
	return Message{Name: name, Raw: []byte(raw), Features: features}
}

// large makes a mail of exactly size octets whose lines all differ.
func large(head string, size int) []byte {
	var b bytes.Buffer
	b.WriteString(head + "Message-ID: <large@held.test>\r\nSubject: large\r\n\r\n")
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "%012d %s\r\n", i, strings.Repeat(string(rune('a'+i%26)), 50))
	}
	return append(b.Bytes()[:size-2], '\r', '\n')
}
