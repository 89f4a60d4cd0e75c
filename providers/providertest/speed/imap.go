package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// client reads and changes mailboxes by IMAP, knowing nothing of mxmove's own
// code. It trusts the server's syntax: both are Dovecots of the benchmark's.
type client struct {
	conn      net.Conn
	in        *bufio.Reader
	separator string
	number    int
}

// reply is an untagged response with its one literal, if any.
type reply struct {
	text    string
	literal []byte
}

const patience = 2 * time.Minute // for one command

func signIn(port int, user string) (*client, error) {
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	c := &client{conn: conn, in: bufio.NewReaderSize(conn, 256<<10)}
	if _, err := c.in.ReadString('\n'); err != nil {
		return nil, err
	}
	if _, err := c.do("LOGIN %q %q", user, password); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *client) close() {
	_, _ = c.do("LOGOUT")
	_ = c.conn.Close()
}

// do gives the untagged responses of a command that the server took.
func (c *client) do(format string, args ...any) ([]reply, error) {
	var all []reply
	err := c.each(func(r reply) error {
		r.literal = bytes.Clone(r.literal)
		all = append(all, r)
		return nil
	}, format, args...)
	return all, err
}

// each gives the untagged responses one by one; a literal is good until the next.
func (c *client) each(use func(reply) error, format string, args ...any) error {
	c.number++
	tag := fmt.Sprintf("s%d", c.number)
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	command := fmt.Sprintf(format, args...)
	if _, err := io.WriteString(c.conn, tag+" "+command+"\r\n"); err != nil {
		return err
	}
	var literal []byte
	for {
		r, err := c.reply(&literal)
		if err != nil {
			return err
		}
		if status, tagged := strings.CutPrefix(r.text, tag+" "); tagged {
			if !strings.HasPrefix(status, "OK") {
				return fmt.Errorf("%.80q: %s", command, status)
			}
			return nil
		}
		if err := use(r); err != nil {
			return err
		}
	}
}

var literalPattern = regexp.MustCompile(`\{(\d+)\}$`)

func (c *client) reply(buffer *[]byte) (reply, error) {
	var r reply
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			return r, err
		}
		r.text += strings.TrimRight(line, "\r\n")
		m := literalPattern.FindStringSubmatch(r.text)
		if m == nil {
			return r, nil
		}
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return r, err
		}
		*buffer = slices.Grow((*buffer)[:0], n)[:n]
		if _, err := io.ReadFull(c.in, *buffer); err != nil {
			return r, err
		}
		r.literal = *buffer
	}
}

var (
	listPattern  = regexp.MustCompile(`^\* LIST \(([^)]*)\) "(.)" "?([^"]+)"?$`)
	datePattern  = regexp.MustCompile(`INTERNALDATE "([^"]+)"`)
	flagPattern  = regexp.MustCompile(`FLAGS \(([^)]*)\)`)
	uidPattern   = regexp.MustCompile(`UID (\d+)`)
	nextPattern  = regexp.MustCompile(`UIDNEXT (\d+)`)
	tuidPattern  = regexp.MustCompile(`(?im)^X-TUID: [^\r\n]*\r\n`)
	fetchPattern = regexp.MustCompile(`^\* \d+ FETCH `)
)

// folders gives the folders that can hold mail, as the server writes them.
func (c *client) folders() ([]string, error) {
	replies, err := c.do(`LIST "" "*"`)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, r := range replies {
		m := listPattern.FindStringSubmatch(r.text)
		if m == nil {
			return nil, fmt.Errorf("LIST: %q is not understood", r.text)
		}
		c.separator = m[2]
		if !strings.Contains(m[1], `\Noselect`) && !strings.Contains(m[1], `\NonExistent`) {
			names = append(names, m[3])
		}
	}
	return names, nil
}

// fetch gives each message of a set of UIDs in the open folder. The raw octets
// are good until the next one.
func (c *client) fetch(folder, set string, use func(uid string, m mail)) error {
	return c.each(func(r reply) error {
		if !fetchPattern.MatchString(r.text) {
			return nil
		}
		uid, flags, date := uidPattern.FindStringSubmatch(r.text), flagPattern.FindStringSubmatch(r.text), datePattern.FindStringSubmatch(r.text)
		if flags != nil && r.literal == nil {
			return nil // a change of flags that the server tells by itself
		}
		if uid == nil || flags == nil || date == nil {
			return fmt.Errorf("FETCH: %.200q is not understood", r.text)
		}
		moment, err := time.Parse("_2-Jan-2006 15:04:05 -0700", date[1])
		if err != nil {
			return err
		}
		names := slices.DeleteFunc(strings.Fields(flags[1]), func(f string) bool { return f == `\Recent` })
		slices.Sort(names)
		use(uid[1], mail{folder: folder, raw: r.literal, flags: names, date: moment})
		return nil
	}, "UID FETCH %s (FLAGS INTERNALDATE BODY.PEEK[])", set)
}

// read gives all that a mailbox holds. A header X-TUID, which mbsync adds, is
// not counted in where the tool is known for it.
func read(port int, user string, tuid bool) (manifest, error) {
	c, err := signIn(port, user)
	if err != nil {
		return nil, err
	}
	defer c.close()
	names, err := c.folders()
	if err != nil {
		return nil, err
	}
	all := manifest{}
	for _, name := range names {
		if _, err := c.do("EXAMINE %q", name); err != nil {
			return nil, err
		}
		folder := strings.ReplaceAll(name, c.separator, "/")
		err := c.fetch(folder, "1:*", func(_ string, m mail) {
			k := m.key()
			if tuid {
				k.hash = hashWithoutTUID(m.raw)
			}
			all[k]++
		})
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", user, name, err)
		}
	}
	return all, nil
}

func hashWithoutTUID(raw []byte) [32]byte {
	end := bytes.Index(raw, []byte("\r\n\r\n"))
	if end < 0 {
		return sha256.Sum256(raw)
	}
	h := sha256.New()
	h.Write(tuidPattern.ReplaceAll(raw[:end+2], nil))
	h.Write(raw[end+2:])
	return [32]byte(h.Sum(nil))
}
