package transfer

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// TraceInput says where mail is looked for. Mapping and Since are those of the
// passes.
type TraceInput struct {
	Source, Target Session
	Mapping        MapOptions
	Since          time.Time
	Ledger         *Ledger
	Query          Query
	Progress       func(planner.Progress) // headers read; may be nil
}

// Trace is where the mail of a query is.
type Trace struct {
	Found   []Hit    `json:"found"`
	More    int      `json:"more,omitempty"`   // hits that are not listed
	Read    int      `json:"read"`             // headers, on both sides
	Folders int      `json:"folders"`          // ... of so many folders
	Unread  []string `json:"unread,omitempty"` // folders that could not be read: nothing is known of them
}

// Hit is one message that fits a query, where it was found and what became of
// it.
type Hit struct {
	Target    bool      `json:"target,omitempty"` // only at the target
	Folder    string    `json:"folder"`
	UID       uint32    `json:"uid"`
	Date      time.Time `json:"date,omitzero"` // INTERNALDATE
	From      string    `json:"from"`
	Subject   string    `json:"subject"`
	MessageID string    `json:"message_id"`
	Where     text.Msg  `json:"where"`

	name     string
	validity uint32
	to       Mapped
	joined   bool
}

// maxHits bounds what a trace holds of each side.
const maxHits = 200

// headerReader is a store's connection that can give headers alone.
type headerReader interface {
	Headers(ctx context.Context, uids []uint32, each func(Item) error) (missing []uint32, err error)
}

// FindMail looks at the header of every message on both sides, since what
// servers find by themselves is not to be relied on, and tells what became of
// each that fits. It writes nothing. Errors are *planner.Fault or the
// context's.
func FindMail(ctx context.Context, in TraceInput) (*Trace, error) {
	t := &tracer{in: in, out: &Trace{Found: []Hit{}}}
	source, err := in.Source.Folders(ctx)
	if err != nil {
		return nil, err
	}
	target, err := in.Target.Folders(ctx)
	if err != nil {
		return nil, err
	}
	mapped, _ := MapFolders(source, target, in.Mapping)
	for _, f := range slices.Concat(source, target) {
		t.at.Total += int(f.Status.Messages)
	}
	at := &reader{session: in.Source}
	defer at.close()
	for _, m := range mapped {
		if err := t.search(ctx, at, m.From, m, &t.here); err != nil {
			return nil, err
		}
	}
	there := &reader{session: in.Target}
	defer there.close()
	for _, f := range target {
		if err := t.search(ctx, there, f, Mapped{}, &t.there); err != nil {
			return nil, err
		}
	}
	t.join()
	return t.out, nil
}

type tracer struct {
	in          TraceInput
	out         *Trace
	at          planner.Progress
	here, there []Hit
	cut         bool // there has more than are held
}

// search reads the headers of a folder.
func (t *tracer) search(ctx context.Context, r *reader, f Folder, m Mapped, hits *[]Hit) error {
	if f.NoSelect {
		return nil
	}
	b, err := r.insist(ctx, f, func(b *box) error { return r.list(ctx, b, t.in.Query.Since) })
	if err == nil && b.failed == nil {
		b, err = r.insist(ctx, f, func(now *box) error { return t.headers(ctx, r, f, b, now, m, hits) })
	}
	if err != nil {
		return err
	}
	if t.out.Folders++; b.failed != nil {
		t.out.Unread = append(t.out.Unread, label(f.Path))
	}
	return nil
}

func (t *tracer) headers(ctx context.Context, r *reader, f Folder, listed, now *box, m Mapped, hits *[]Hit) error {
	if now.uidValidity != listed.uidValidity {
		return nil
	}
	fetch := r.conn.Fetch
	if h, ok := r.conn.(headerReader); ok {
		fetch = h.Headers
	}
	for chunk := range slices.Chunk(listed.unread(), fetchBatch) {
		_, err := fetch(ctx, chunk, func(it Item) error {
			i, ok := findUID(listed.mail, it.UID)
			if !ok || it.Body == nil || listed.mail[i].read {
				return nil
			}
			h, err := readHead(it.Body)
			if err != nil {
				return err
			}
			listed.mail[i].read = true
			t.progressed(f)
			if t.in.Query.matches(h) {
				t.hit(f, now.uidValidity, listed.mail[i], h, m, hits)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if n := len(listed.unread()); n > 0 && t.in.Progress != nil {
		t.at.Done += n
	}
	return nil
}

func (t *tracer) hit(f Folder, validity uint32, m message, h head, to Mapped, hits *[]Hit) {
	if len(*hits) == maxHits {
		t.cut = t.cut || hits == &t.there
		t.out.More++
		return
	}
	hit := Hit{Folder: label(f.Path), UID: m.uid, From: h.from, Subject: h.subject, MessageID: h.id, name: f.Name, validity: validity, to: to}
	if m.date != noDate {
		hit.Date = time.Unix(m.date, 0).UTC()
	}
	*hits = append(*hits, hit)
}

func (t *tracer) progressed(f Folder) {
	t.out.Read++
	t.at.Done++
	t.at.Folder = label(f.Path)
	if t.in.Progress != nil {
		t.in.Progress(t.at)
	}
}

// join tells what became of each message of the source, and what is only at
// the target. Places that are on record go first; then what has the same
// Message-ID may be what somebody moved, or what another tool brought.
func (t *tracer) join() {
	places := make([]*Hit, len(t.here))
	for i, h := range t.here {
		places[i] = t.place(func(p *Hit) bool { return t.onRecord(h, p) })
	}
	for i, h := range t.here {
		if places[i] == nil && h.MessageID != "" && h.to.Skip == "" {
			places[i] = t.place(func(p *Hit) bool { return p.MessageID == h.MessageID })
		}
		h.Where = t.fate(h, places[i])
		t.out.Found = append(t.out.Found, h)
	}
	for _, h := range t.there {
		if !h.joined {
			h.Target, h.Where = true, text.M("trace.only-target")
			t.out.Found = append(t.out.Found, h)
		}
	}
}

// place gives the first free hit at the target that is the one, and takes it.
func (t *tracer) place(is func(*Hit) bool) *Hit {
	for i := range t.there {
		if p := &t.there[i]; !p.joined && is(p) {
			p.joined = true
			return p
		}
	}
	return nil
}

func (t *tracer) onRecord(h Hit, p *Hit) bool {
	fate, known := t.in.Ledger.Fate(h.name, h.validity, h.UID)
	return known && fate.UID != 0 && p.UID == fate.UID && p.validity == fate.UIDValidity && p.Folder == label(h.to.To) &&
		(h.MessageID == "" || p.MessageID == h.MessageID)
}

func (t *tracer) fate(h Hit, place *Hit) text.Msg {
	switch {
	case h.to.Skip == SkipBySpec:
		return text.M("trace.excluded.skip")
	case h.to.Skip == SkipView:
		return text.M("trace.excluded.view")
	case place != nil:
		return text.M("trace.at-target", "folder", place.Folder, "uid", uidText(place.UID))
	}
	fate, known := t.in.Ledger.Fate(h.name, h.validity, h.UID)
	return t.absent(h, fate, known)
}

// absent tells why a message of the source was not found at the target.
func (t *tracer) absent(h Hit, fate Fate, known bool) text.Msg {
	switch {
	case known && fate.Refused != "":
		return text.M("trace.refused", "reason", fate.Refused, "file", t.in.Ledger.kept(h.name, h.UID))
	case known && fate.Missing:
		return text.M("trace.missing")
	case known && (t.cut || len(t.out.Unread) > 0 || fate.UID == 0):
		return text.M("trace.placed", "folder", label(h.to.To), "uid", strconv.FormatUint(uint64(fate.UID), 10))
	case known:
		return text.M("trace.removed", "folder", label(h.to.To), "uid", uidText(fate.UID))
	case !t.in.Since.IsZero() && !h.Date.IsZero() && h.Date.Before(t.in.Since):
		return text.M("trace.excluded.since")
	}
	return text.M("trace.not-yet")
}

// kept is the file in quarantine of a refused message, or "-".
func (l *Ledger) kept(folder string, uid uint32) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f := l.st.folderOf[folder]; f != nil && f.problems[uid].File != "" {
		return f.problems[uid].File
	}
	return "-"
}
