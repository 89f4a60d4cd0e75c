package transfer

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/mxmove/mxmove/providers/providertest/corpus"
)

// parted is a mail of n parts, whose boundary ends as told.
func parted(n int, end string) string {
	var b strings.Builder
	b.WriteString("Subject: many\r\nContent-Type: multipart/mixed;\r\n\tboundary=\"edge of it\"\r\n\r\npreamble\r\n")
	for i := range n {
		fmt.Fprintf(&b, "--edge of it\r\nContent-Type: text/plain\r\n\r\npart %d\r\n", i)
	}
	return b.String() + end
}

func TestCutShort(t *testing.T) {
	inner := "--edge of it\r\nContent-Type: multipart/alternative; boundary=in\r\n\r\n" + strings.Repeat("--in\r\n\r\na\r\n", 400) + "--in--\r\n"
	for _, c := range []struct {
		name, mail string
		cut        bool
	}{
		{"cut off between parts", parted(300, ""), true},
		{"cut off behind a boundary", parted(300, "--edge of it"), true},
		{"cut off in the closing boundary", parted(300, "--edge of it-"), true},
		{"whole", parted(400, "--edge of it--\r\n"), false},
		{"whole, without a last line end", parted(400, "--edge of it--"), false},
		{"whole, with more behind", parted(400, "--edge of it-- \r\n\r\n--edge of it\r\n"), false},
		{"without an end, as senders do", parted(297, ""), false},
		{"lines end with LF only", strings.ReplaceAll(parted(300, ""), "\r\n", "\n"), true},
		{"many parts in one of few", parted(2, inner), true},
		{"many parts in one of few, whole", parted(2, inner+"--edge of it--\r\n"), false},
		{"an attached mail of many parts", "Content-Type: message/rfc822\r\n\r\n" + parted(300, ""), true},
		{"no multipart", "Subject: a\r\n\r\n" + strings.Repeat("--edge\r\n", 400), false},
		{"the boundary is only in the text", "Content-Type: text/plain; boundary=edge\r\n\r\n" + strings.Repeat("--edge\r\n", 400), false},
		{"a malformed type", "Content-Type: multipart/mixed; boundary=\r\n\r\n" + strings.Repeat("--\r\n", 400), false},
		{"nothing", "", false},
	} {
		for _, in := range []io.Reader{strings.NewReader(c.mail), iotest.OneByteReader(strings.NewReader(c.mail))} {
			var s cutShort
			s.Reset()
			if _, err := io.Copy(&s, struct{ io.Reader }{in}); err != nil {
				t.Fatal(err)
			}
			if got := s.cut(); got != c.cut {
				t.Errorf("%s: %v", c.name, got)
			}
		}
	}
}

// Not one of real mails is taken for cut off.
func TestCutShortIsSilentOnRealMail(t *testing.T) {
	for _, m := range append(corpus.Messages(t), corpus.Nasty()...) {
		var s cutShort
		_, _ = s.Write(m.Raw)
		if s.cut() {
			t.Errorf("%s is said to be cut off", m.Name)
		}
	}
}
