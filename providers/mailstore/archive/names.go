package archive

import (
	"encoding/hex"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
)

// infoSep parts a message's name from its flags. Windows takes no colon.
func infoSep() string {
	if runtime.GOOS == "windows" {
		return ";2,"
	}
	return ":2,"
}

// letters are the flags that Maildir has a letter for, in the letters' order.
var letters = []struct {
	letter byte
	flag   imap.Flag
}{
	{'D', imap.FlagDraft}, {'F', imap.FlagFlagged}, {'P', imap.FlagForwarded},
	{'R', imap.FlagAnswered}, {'S', imap.FlagSeen}, {'T', imap.FlagDeleted},
}

// info is what stands behind a message's name: its flags as letters.
func info(flags []string) string {
	b := []byte(infoSep())
	for _, l := range letters {
		if hasFlag(flags, string(l.flag)) {
			b = append(b, l.letter)
		}
	}
	return string(b)
}

func hasFlag(flags []string, flag string) bool {
	return slices.ContainsFunc(flags, func(f string) bool { return strings.EqualFold(f, flag) })
}

// bare is a file's name without the flags.
func bare(name string) string {
	for _, sep := range []string{":2,", ";2,"} {
		if before, _, ok := strings.Cut(name, sep); ok {
			return before
		}
	}
	return name
}

// fileName is unique in a folder: validity and UID are used once.
func fileName(date time.Time, validity, uid uint32, sum []byte, size int64) string {
	at := int64(0)
	if !date.IsZero() {
		at = max(0, date.Unix())
	}
	return fmt.Sprintf("%d.V%dU%d_%s.mxmove,S=%d", at, validity, uid, hex.EncodeToString(sum[:6]), size)
}

// maxDirName is the length up to which a folder's name makes the directory's.
const maxDirName = 150

// dirName makes a directory's name of a folder's path, as Maildir++ does, that
// every file system takes and that none of taken is. Its exact name is in the
// manifest. An empty level is "%-".
func dirName(path []string, taken func(string) bool) string {
	if isInbox(path) {
		return "."
	}
	var b strings.Builder
	for _, level := range path {
		b.WriteByte('.')
		if level == "" {
			b.WriteString("%-")
		}
		for _, c := range []byte(level) {
			if c < ' ' || strings.IndexByte(`./\:*?"<>|%~`, c) >= 0 || c == 0x7f {
				fmt.Fprintf(&b, "%%%02X", c)
			} else {
				b.WriteByte(c)
			}
		}
	}
	name := b.String()
	if len(name) > maxDirName {
		name = strings.ToValidUTF8(name[:maxDirName], "")
	}
	if strings.TrimRight(name, " .") != name { // which some file systems cut
		name += "%-"
	}
	for n := 2; taken(name); n++ {
		name = fmt.Sprintf("%s~%d", strings.SplitN(name, "~", 2)[0], n)
	}
	return name
}

// ownDir reports whether a name is of a directory that dirName makes. A
// manifest is not trusted to name others.
func ownDir(name string) bool {
	return name == "." || len(name) > 1 && name[0] == '.' && name[1] != '.' && !strings.ContainsAny(name, `/\`) && strings.TrimRight(name, " .") == name
}

func isInbox(path []string) bool { return len(path) == 1 && path[0] == "INBOX" }
