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
	box   int32 // which of the unit's source folders; of one put aside: which of the report's
	why   int32 // of one put aside: which of the verifier's reasons, or paths
	read  bool  // print is of its body
	cut   bool  // ... which is only the beginning of the mail
	used  bool  // has its match

	doubled bool // of one put aside at the target: the source has it, fewer times
	gone    bool // was listed, and is not there any more
}

const noDate = math.MinInt64

// flagSet is a set of flags that many messages share: lower case, ordered,
// without \Recent, which is no property of the message (RFC 3501 section 2.3.2).
type flagSet struct {
	id    uint32 // among flagSets
	key   string
	flags []string
}

// box is a folder as it was read.
type box struct {
	folder      Folder
	uidValidity uint32
	permanent   []imap.Flag
	mail        []message // by UID, where only some are read
	shelf       *shelf    // by UID, where all are
	got         int       // of shelf, read
	gone        int       // of shelf
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
	sets     *flagSets
	scratch  scratch
	print    *Fingerprinter
	cuts     *cutShort // of a source, which may hand out less than there is
	buf      []byte
	progress func(folder string, size int64)
}

func (r *reader) close() {
	if r.conn != nil {
		_ = r.conn.Close()
		r.conn = nil
	}
}

// count lists a folder.
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
		b.forget()
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
		m := r.listed(it)
		if i, ok := findUID(old, it.UID); ok && old[i].read {
			m.print, m.read, m.cut = old[i].print, true, old[i].cut
		}
		b.mail = append(b.mail, m)
		return nil
	})
	slices.SortStableFunc(b.mail, func(x, y message) int { return cmp.Compare(x.uid, y.uid) })
	b.mail = slices.CompactFunc(b.mail, func(x, y message) bool { return x.uid == y.uid })
	return err
}

// fingerprint reads a body, and tells whether it is as long as the server says.
func (r *reader) fingerprint(it Item) (print Fingerprint, whole bool, err error) {
	to := io.Writer(r.printer())
	if r.cuts != nil {
		r.cuts.Reset()
		to = io.MultiWriter(r.print, r.cuts)
	}
	n, err := io.CopyBuffer(to, struct{ io.Reader }{it.Body}, r.buf)
	if err != nil || n != it.Size {
		return Fingerprint{}, false, err
	}
	return r.print.Sum(), true, nil
}

// printer starts a fingerprint.
func (r *reader) printer() *Fingerprinter {
	if r.print == nil {
		r.print, r.buf = NewFingerprinter(), make([]byte, 32<<10)
	}
	r.print.Reset()
	return r.print
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
	if r.sets == nil {
		r.sets = &flagSets{}
	}
	return r.sets.of(strings.Join(names, " "), names)
}

// listed is a message as a listing shows it.
func (r *reader) listed(it Item) message {
	m := message{uid: it.UID, date: noDate, flags: r.set(it.Flags)}
	if !it.Date.IsZero() {
		m.date = it.Date.Unix()
	}
	return m
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

func (b *box) done() int {
	if b.shelf != nil {
		return b.got
	}
	return len(b.mail) - len(b.unread())
}

// size is how many messages the folder has.
func (b *box) size() int {
	if b.shelf != nil {
		return b.shelf.n - b.gone
	}
	return len(b.mail)
}

// has reports whether a UID was listed.
func (b *box) has(uid uint32) (bool, error) {
	if b.shelf == nil {
		_, found := findUID(b.mail, uid)
		return found, nil
	}
	_, found, err := b.shelf.search(uid)
	return found, err
}

// forget drops all that was read of a folder, which is another now.
func (b *box) forget() {
	if b.mail = nil; b.shelf != nil {
		b.shelf.close()
		b.shelf, b.got, b.gone = nil, 0, 0
	}
}

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
