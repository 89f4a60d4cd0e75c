package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// population is a set of mailboxes to copy.
type population struct {
	name      string
	mailboxes int
	messages  int // in each
	folders   []string
	median    float64 // octets; sizes are log-normal
	sigma     float64
	huge      int // so many messages more in each, of hugeSize
}

const (
	hugeSize = 50 << 20
	maxSize  = 20 << 20 // of the others
	minSize  = 400
	lineSize = 76
)

var (
	eight = []string{"INBOX", "Sent", "Drafts", "Trash", "Junk", "Archive", "Archive/2023", "Archive/2024"}
	two   = []string{"INBOX", "Sent"}
	one   = []string{"INBOX"}
)

// users gives the login names, which are addresses.
func (p population) users() []string {
	all := make([]string, p.mailboxes)
	for i := range all {
		all[i] = fmt.Sprintf("%s%04d@speed.test", p.name, i+1)
	}
	return all
}

// smaller is the population with a tenth of everything, for a quick run.
func (p population) smaller() population {
	if p.mailboxes > 1 {
		p.mailboxes = max(2, p.mailboxes/10)
	}
	p.messages = max(10, p.messages/10)
	p.huge = min(p.huge, 1)
	return p
}

// mail is a message with what an IMAP server knows of it.
type mail struct {
	folder string
	raw    []byte   // with CRLF
	flags  []string // sorted
	date   time.Time
}

func (m mail) key() key {
	return key{folder: m.folder, hash: sha256.Sum256(m.raw), flags: strings.Join(m.flags, " "), date: m.date.Unix()}
}

// writer makes messages, the same ones for the same seed.
type writer struct {
	random *rand.Rand
	lines  []byte // of lineSize and CRLF
	number int
	user   string
}

const blockLines = 4096

func newWriter(user string, seed uint64) *writer {
	sum := sha256.Sum256([]byte(user))
	w := &writer{user: user, random: rand.New(rand.NewPCG(seed, uint64(sum[0])<<24|uint64(sum[1])<<16|uint64(sum[2])<<8|uint64(sum[3])))}
	w.lines = block()
	return w
}

// block gives lines as base64 has them: what most octets of mail are.
func block() []byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	random := rand.New(rand.NewPCG(4, 12))
	lines := make([]byte, 0, blockLines*(lineSize+2))
	for range blockLines {
		for range lineSize {
			lines = append(lines, alphabet[random.IntN(len(alphabet))])
		}
		lines = append(lines, '\r', '\n')
	}
	return lines
}

// size draws the size of a message.
func (w *writer) size(p population) int {
	n := p.median * math.Exp(p.sigma*w.random.NormFloat64())
	return int(min(max(n, minSize), maxSize))
}

// next makes a message of about the size.
func (w *writer) next(folder string, size int) mail {
	w.number++
	date := time.Unix(1_420_000_000+int64(w.random.IntN(340_000_000)), 0).UTC()
	return mail{folder: folder, date: date, flags: w.flags(), raw: w.raw(size, date)}
}

// flags are as in a mailbox that is in use: most is read, some of it answered,
// a little flagged or labelled.
func (w *writer) flags() []string {
	flags := []string{}
	for _, f := range []struct {
		name  string
		among float64
	}{{`\Seen`, 0.8}, {`\Answered`, 0.2}, {`\Flagged`, 0.05}, {"$Forwarded", 0.05}, {"$label1", 0.02}} {
		if w.random.Float64() < f.among {
			flags = append(flags, f.name)
		}
	}
	slices.Sort(flags)
	return flags
}

func (w *writer) raw(size int, date time.Time) []byte {
	var b bytes.Buffer
	b.Grow(size + lineSize)
	fmt.Fprintf(&b, "Return-Path: <sender@else.test>\r\nReceived: from mx.else.test (mx.else.test [192.0.2.7])\r\n\tby mx.speed.test with ESMTPS id %016x\r\n\tfor <%s>; %s\r\n",
		w.random.Uint64(), w.user, date.Format(time.RFC1123Z))
	fmt.Fprintf(&b, "From: Sender <sender@else.test>\r\nTo: <%s>\r\nSubject: message %d\r\nDate: %s\r\nMessage-ID: <%d.%016x@else.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n",
		w.user, w.number, date.Format(time.RFC1123Z), w.number, w.random.Uint64())
	line := w.random.IntN(blockLines)
	for b.Len() < size {
		n := min((size-b.Len())/(lineSize+2)+1, blockLines-line)
		b.Write(w.lines[line*(lineSize+2) : (line+n)*(lineSize+2)])
		line = 0
	}
	return b.Bytes()
}
