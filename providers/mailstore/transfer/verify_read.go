package transfer

import (
	"cmp"
	"context"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/planner"
)

// message is what is kept of a message while it waits for its match.
type message struct {
	print Fingerprint
	date  int64 // seconds since 1970; noDate: none
	uid   uint32
	flags *flagSet
	box   int32 // which of the unit's source folders
	read  bool  // print is of its body
	used  bool  // has its match
}

const noDate = math.MinInt64

// flagSet is a set of flags that many messages share: lower case, ordered,
// without \Recent, which is no property of the message (RFC 3501 section 2.3.2).
type flagSet struct {
	key   string
	flags []string
}

// box is a folder as it was read.
type box struct {
	folder      Folder
	uidValidity uint32
	permanent   []imap.Flag
	mail        []message // by UID
	leftOut     int       // older than asked for
	failed      error     // the folder could not be read
}

// fetchBatch is how many messages are asked for at once, and readTries how
// often a connection may break without a message coming through.
const (
	fetchBatch = 256
	readTries  = 3
)

// reader reads the folders of one side, one after another.
type reader struct {
	session  Session
	conn     Target
	write    bool // open folders as for writing: only then is what PERMANENTFLAGS tells true
	sets     map[string]*flagSet
	print    *Fingerprinter
	buf      []byte
	progress func(folder string, size int64)
}

func (r *reader) close() {
	if r.conn != nil {
		_ = r.conn.Close()
		r.conn = nil
	}
}

// read lists a folder and fetches all of it but what is older than since.
func (r *reader) read(ctx context.Context, f Folder, since time.Time) (*box, error) {
	return r.insist(ctx, f, func(b *box) error {
		if err := r.list(ctx, b, since); err != nil {
			return err
		}
		for range 2 { // some servers skip messages when much is asked for
			if err := r.fetch(ctx, b); err != nil {
				return err
			}
		}
		return r.forgetExpunged(ctx, b)
	})
}

// count is read without the bodies.
func (r *reader) count(ctx context.Context, f Folder, since time.Time) (*box, error) {
	return r.insist(ctx, f, func(b *box) error { return r.list(ctx, b, since) })
}

// insist opens the folder and does the work, again on a new connection where
// the old one broke; what was read before is kept. What is wrong with this
// folder only is in box.failed.
func (r *reader) insist(ctx context.Context, f Folder, work func(*box) error) (*box, error) {
	b := &box{folder: f}
	for failures, before := 0, 0; ; {
		err := r.enter(ctx, b)
		if err == nil {
			err = work(b)
		}
		failures++
		if n := b.done(); n > before {
			before, failures = n, 0
		}
		var fault *planner.Fault
		var refusal *Refusal
		switch {
		case err == nil:
			return b, nil
		case errors.As(err, &fault) && fault.Class == planner.Gone && failures < readTries && ctx.Err() == nil:
			r.close()
		case errors.As(err, &refusal),
			errors.As(err, &fault) && (fault.Class == planner.FolderOnly || fault.Class == planner.Message):
			b.failed = err
			return b, nil
		default:
			return nil, err
		}
	}
}

func (r *reader) enter(ctx context.Context, b *box) error {
	if r.conn == nil {
		conn, err := r.session.Open(ctx)
		if err != nil {
			return err
		}
		r.conn = conn
	}
	open := r.conn.Examine
	if r.write {
		open = r.conn.Select
	}
	o, err := open(ctx, b.folder)
	if err != nil {
		return err
	}
	if o.UIDValidity != b.uidValidity {
		b.mail = nil
	}
	b.uidValidity, b.permanent = o.UIDValidity, o.Permanent
	return nil
}

// list fills in the messages with what a listing tells.
func (r *reader) list(ctx context.Context, b *box, since time.Time) error {
	old := b.mail
	b.mail, b.leftOut = nil, 0
	err := r.conn.Scan(ctx, 1, 0, func(it Item) error {
		if !it.Date.IsZero() && it.Date.Before(since) {
			b.leftOut++
			return nil
		}
		m := message{uid: it.UID, date: noDate, flags: r.set(it.Flags)}
		if !it.Date.IsZero() {
			m.date = it.Date.Unix()
		}
		if i, ok := findUID(old, it.UID); ok && old[i].read {
			m.print, m.read = old[i].print, true
		}
		b.mail = append(b.mail, m)
		return nil
	})
	slices.SortStableFunc(b.mail, func(x, y message) int { return cmp.Compare(x.uid, y.uid) })
	b.mail = slices.CompactFunc(b.mail, func(x, y message) bool { return x.uid == y.uid })
	return err
}

// fetch reads what was listed and not yet read.
func (r *reader) fetch(ctx context.Context, b *box) error {
	for uids := range slices.Chunk(b.unread(), fetchBatch) {
		if _, _, err := ask(ctx, r.conn, uids, func(it Item) error { return r.take(b, it) }); err != nil {
			return err
		}
	}
	return nil
}

// take reads one body. One that is not as long as the server says stays unread.
func (r *reader) take(b *box, it Item) error {
	i, ok := findUID(b.mail, it.UID)
	if !ok || it.Body == nil {
		return nil
	}
	if r.print == nil {
		r.print, r.buf = NewFingerprinter(), make([]byte, 32<<10)
	}
	r.print.Reset()
	n, err := io.CopyBuffer(r.print, struct{ io.Reader }{it.Body}, r.buf)
	if err != nil {
		return err
	}
	if m := &b.mail[i]; n == it.Size && !m.read {
		m.print, m.read = r.print.Sum(), true
		r.progress(label(b.folder.Path), n)
	}
	return nil
}

// forgetExpunged drops messages that were listed, did not come, and are not
// listed any more.
func (r *reader) forgetExpunged(ctx context.Context, b *box) error {
	unread := b.unread()
	if len(unread) == 0 {
		return nil
	}
	listed := map[uint32]bool{}
	err := r.conn.Scan(ctx, unread[0], 0, func(it Item) error {
		listed[it.UID] = true
		return nil
	})
	if err != nil {
		return err
	}
	b.mail = slices.DeleteFunc(b.mail, func(m message) bool { return !m.read && !listed[m.uid] })
	return nil
}

func (r *reader) set(flags []imap.Flag) *flagSet {
	names := make([]string, 0, len(flags))
	for _, f := range flags {
		if name := strings.ToLower(string(f)); name != `\recent` {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	key := strings.Join(names, " ")
	if r.sets == nil {
		r.sets = map[string]*flagSet{}
	}
	s, ok := r.sets[key]
	if !ok {
		s = &flagSet{key: key, flags: names}
		r.sets[key] = s
	}
	return s
}

func (b *box) unread() []uint32 {
	var uids []uint32
	for _, m := range b.mail {
		if !m.read {
			uids = append(uids, m.uid)
		}
	}
	return uids
}

func (b *box) done() int { return len(b.mail) - len(b.unread()) }

func findUID(mail []message, uid uint32) (int, bool) {
	return slices.BinarySearchFunc(mail, uid, func(m message, uid uint32) int { return cmp.Compare(m.uid, uid) })
}

// beginning is the fingerprint of a message's canonical form up to length
// octets. A message that does not come any more has none.
func (r *reader) beginning(ctx context.Context, b *box, uid uint32, length int64) (Fingerprint, error) {
	var begun Fingerprint
	fetched, err := r.insist(ctx, b.folder, func(now *box) error {
		if now.uidValidity != b.uidValidity {
			return nil
		}
		_, err := r.conn.Fetch(ctx, []uint32{uid}, func(it Item) error {
			if it.UID != uid || it.Body == nil {
				return nil
			}
			r.print.resetTo(length)
			if _, err := io.CopyBuffer(r.print, struct{ io.Reader }{it.Body}, r.buf); err != nil {
				return err
			}
			begun = r.print.Sum()
			return nil
		})
		return err
	})
	if err == nil && fetched.failed != nil {
		return Fingerprint{}, nil
	}
	return begun, err
}
