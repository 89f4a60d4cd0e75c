// Package corpus has mail for tests, real and nasty, fills a real server with
// it and reads a mailbox back. It speaks IMAP on its own, so that what it
// reads is a second opinion on what the product wrote.
package corpus

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mxmove/mxmove/providers/providertest/peer"
)

// Message is a mail as it is given to a server.
type Message struct {
	Name     string   // such as mox/mox-0007.eml, or of a nasty one: nul
	Raw      []byte   // the octets of the APPEND; line ends are CRLF but where a nasty one says otherwise
	Features []string // as in testdata/mail-dev/LICENCES.md, of the file as it was before its line ends were made CRLF
}

// Has reports whether the message has a feature.
func (m Message) Has(feature string) bool { return slices.Contains(m.Features, feature) }

// Faithful reports whether a server of that kind takes the message and gives
// it back octet by octet, as measured with Dovecot 2.3, Cyrus 3.6 and
// Courier 5.0.
func (m Message) Faithful(kind peer.Kind) bool {
	if len(m.Raw) == 0 || hasBareLF(m.Raw) {
		return false
	}
	header := headerOf(m.Raw)
	switch kind {
	case peer.KindDovecot:
		return !bytes.Contains(m.Raw, []byte{0}) && !bytes.Contains(m.Raw, []byte("\r\r\n"))
	case peer.KindCyrus:
		return !bytes.Contains(m.Raw, []byte{0}) && !hasHighOctet(header) && wellFormed(header)
	case peer.KindCourier:
		return bytes.HasSuffix(m.Raw, []byte("\r\n")) && !hasBareCR(m.Raw)
	}
	panic("no such kind of server: " + string(kind))
}

func hasBareLF(b []byte) bool { return bytes.Count(b, []byte("\n")) != bytes.Count(b, []byte("\r\n")) }
func hasBareCR(b []byte) bool { return bytes.Count(b, []byte("\r")) != bytes.Count(b, []byte("\r\n")) }

func hasHighOctet(b []byte) bool {
	return bytes.ContainsFunc(b, func(r rune) bool { return r >= 0x80 })
}

func headerOf(raw []byte) []byte {
	if bytes.HasPrefix(raw, []byte("\r\n")) {
		return nil
	}
	header, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	return header
}

// wellFormed reports whether each line is a field or goes on with one
// (RFC 5322 section 2.2), or is the first and an mbox's "From ".
func wellFormed(header []byte) bool {
	if len(header) == 0 {
		return true
	}
	for i, line := range bytes.Split(bytes.TrimSuffix(header, []byte("\r\n")), []byte("\r\n")) {
		if bytes.HasPrefix(line, []byte(" ")) || bytes.HasPrefix(line, []byte("\t")) || i == 0 && bytes.HasPrefix(line, []byte("From ")) {
			continue
		}
		name, _, found := bytes.Cut(line, []byte(":"))
		if !found || len(name) == 0 || bytes.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return false
		}
	}
	return true
}

// Messages gives the 1,337 mails of testdata/mail-dev, from the test suites of
// other projects, in the order of their names, their line ends made CRLF.
func Messages(tb testing.TB) []Message {
	tb.Helper()
	dir, err := dataDir()
	if err != nil {
		tb.Fatal(err)
	}
	messages, err := load(dir)
	if err != nil {
		tb.Fatalf("corpus: %v", err)
	}
	return messages
}

// dataDir finds the module's testdata from a test's working directory, its
// package's.
func dataDir() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "testdata", "mail-dev"), nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("corpus: no go.mod above the working directory")
		}
		dir = parent
	}
}

func load(dir string) ([]Message, error) {
	features, err := loadFeatures(filepath.Join(dir, "MANIFEST.tsv"))
	if err != nil {
		return nil, err
	}
	file, err := os.Open(filepath.Join(dir, "mail-dev.tar.gz"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	var messages []Message
	for archive := tar.NewReader(unzipped); ; {
		entry, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		known, listed := features[entry.Name]
		if !listed {
			return nil, fmt.Errorf("%s is not in the manifest", entry.Name)
		}
		raw, err := io.ReadAll(archive)
		if err != nil {
			return nil, err
		}
		messages = append(messages, Message{Name: entry.Name, Raw: toCRLF(raw), Features: known})
	}
	slices.SortFunc(messages, func(a, b Message) int { return strings.Compare(a.Name, b.Name) })
	return messages, nil
}

func loadFeatures(name string) (map[string][]string, error) {
	manifest, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	features := map[string][]string{}
	lines := strings.Split(strings.TrimSpace(string(manifest)), "\n")
	for _, line := range lines[1:] {
		columns := strings.Split(line, "\t")
		if len(columns) != 7 {
			return nil, fmt.Errorf("%s: %d columns in %q", name, len(columns), line)
		}
		features[columns[0]] = strings.Split(columns[6], ",")
	}
	return features, nil
}

// toCRLF makes every CR, LF and CRLF a CRLF.
func toCRLF(raw []byte) []byte {
	raw = bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))
	raw = bytes.ReplaceAll(raw, []byte("\r"), []byte("\n"))
	return bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n"))
}
