package transfer

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

func pathText(path []string) string { return strings.Join(path, "/") }

func pathID(path []string) string { return strings.Join(path, "\x00") }

// prepare lists both sides, decides where each folder goes, and makes those
// that the target lacks.
func (r *course) prepare(ctx context.Context) ([]Mapped, error) {
	source, target, err := r.list(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.firstLook(target); err != nil {
		return nil, err
	}
	mapped := r.mapping(source, target)
	have := map[string]bool{}
	for _, f := range target {
		have[pathID(f.Path)] = true
	}
	if err := r.build(ctx, mapped, have); err != nil {
		return nil, err
	}
	made := map[string]Folder{} // several source folders may go to one
	var carried []Mapped
	var carriedFrom []Folder
	for _, m := range mapped {
		if m.Skip != "" {
			r.left(m)
			continue
		}
		err := r.place(ctx, &m, have, made)
		if isClass(err, planner.FolderOnly) {
			r.fails(m, err)
			continue
		}
		if err != nil {
			return nil, err
		}
		carried, carriedFrom = append(carried, m), append(carriedFrom, m.From)
	}
	r.p.source, r.p.target, r.p.carried = source, target, carriedFrom
	gap := r.l.Behind(carriedFrom)
	r.report(func(p *planner.Progress) { p.Total, p.BytesAll = p.Done+gap.Messages, p.Bytes+gap.Bytes })
	return carried, nil
}

// mapping decides where each folder goes: where it went before, if it did.
func (r *course) mapping(source, target []Folder) []Mapped {
	r.names = map[string]bool{}
	for _, f := range source {
		r.names[f.Name] = true
	}
	o := r.p.Options.MapOptions
	o.Pinned = r.l.Pinned()
	for name, path := range r.p.Options.Pinned {
		if o.Pinned[name] == nil {
			o.Pinned[name] = path
		}
	}
	mapped, notes := MapFolders(source, target, o)
	for _, n := range notes {
		r.note(n)
	}
	return mapped
}

// build makes in one go what the target lacks, where it can. What it could
// not do is left to place.
func (r *course) build(ctx context.Context, mapped []Mapped, have map[string]bool) error {
	to, can := r.p.Target.(Builder)
	wanted := r.wanted(mapped, have)
	if !can || len(wanted) < 2 {
		return nil
	}
	built, err := to.Build(ctx, wanted)
	if err != nil {
		return err
	}
	there := map[string]Folder{}
	for i, f := range built {
		if f.Name != "" {
			there[pathID(wanted[i].Path)] = f
		}
	}
	for i := range mapped {
		m := &mapped[i]
		f, ok := there[pathID(m.To)]
		if m.Skip != "" || !ok {
			continue
		}
		if !have[pathID(m.To)] {
			have[pathID(m.To)] = true
			r.made(*m)
		}
		m.Exists, m.ToFolder, m.To = true, f, f.Path // where the server put it
	}
	for id := range there {
		have[id] = true
	}
	return nil
}

// wanted lists the folders to be made and subscribed to, each once, those
// above before those below.
func (r *course) wanted(mapped []Mapped, have map[string]bool) (wanted []Wanted) {
	listed := map[string]bool{}
	for _, m := range mapped {
		if m.Skip != "" {
			continue
		}
		leaf := Wanted{Path: m.To, Use: m.Use, Exists: m.Exists, Subscribe: r.subscribes(m)}
		for n := 1; n < len(m.To) && !m.Exists; n++ {
			if id := pathID(m.To[:n]); !have[id] && !listed[id] {
				listed[id] = true
				wanted = append(wanted, Wanted{Path: m.To[:n]})
			}
		}
		if id := pathID(m.To); !listed[id] && (!leaf.Exists || leaf.Subscribe) {
			listed[id] = true
			wanted = append(wanted, leaf)
		}
	}
	return wanted
}

// subscribes tells whether the target folder is to be subscribed to, as the
// source's is. What a person unsubscribed later stays so.
func (r *course) subscribes(m Mapped) bool {
	return m.From.Subscribed && !m.ToFolder.Subscribed && r.l.st.folderOf[m.From.Name] == nil
}

// made counts a new folder.
func (r *course) made(m Mapped) {
	if r.once("made", m.From.Name, 0) {
		r.count(func(t *planner.Tally) { t.Folders++ })
	}
}

// list asks both sides at once.
func (r *course) list(ctx context.Context) (source, target []Folder, err error) {
	var wg sync.WaitGroup
	var errTarget error
	wg.Go(func() { target, errTarget = r.p.Target.Folders(ctx) })
	source, err = r.p.Source.Folders(ctx)
	wg.Wait()
	if err == nil || isClass(err, planner.Gone) && errTarget != nil { // what a person must see to counts more
		err = errTarget
	}
	return source, target, err
}

// left counts the messages of a folder that is not copied.
func (r *course) left(m Mapped) {
	if m.Skip == SkipNoSelect || !r.once("left", m.From.Name, 0) {
		return
	}
	r.count(func(t *planner.Tally) { t.Skipped += int(m.From.Status.Messages) })
}

// place makes the target folder if there is none, and subscribes to a new one.
func (r *course) place(ctx context.Context, m *Mapped, have map[string]bool, made map[string]Folder) error {
	if f, ok := made[pathID(m.To)]; ok {
		m.Exists, m.ToFolder = true, f
	}
	if !m.Exists {
		if err := r.create(ctx, m, have); err != nil {
			return err
		}
		made[pathID(m.To)] = m.ToFolder
	}
	if !r.subscribes(*m) {
		return nil
	}
	err := r.p.Target.Subscribe(ctx, m.ToFolder)
	if isRefusal(err) || isClass(err, planner.FolderOnly) {
		r.note(text.M("copy.unsubscribed", "folder", pathText(m.To), "said", saidBy(err)))
		return nil
	}
	m.ToFolder.Subscribed = err == nil
	return err
}

// saidBy gives the store's own words where an error holds them.
func saidBy(err error) string {
	var f *planner.Fault
	if errors.As(err, &f) && f.Args["said"] != "" {
		return f.Args["said"]
	}
	return err.Error()
}

// create makes a folder and those above it.
func (r *course) create(ctx context.Context, m *Mapped, have map[string]bool) error {
	for n := 1; n <= len(m.To); n++ {
		path, use := m.To[:n], imap.MailboxAttr("")
		if n == len(m.To) {
			use = m.Use
		} else if have[pathID(path)] {
			continue
		}
		f, err := r.p.Target.Create(ctx, path, use)
		if err != nil {
			return folderFault(*m, err)
		}
		have[pathID(path)] = true
		m.ToFolder = f
		if n == len(m.To) {
			m.To = f.Path // where the server put it
			m.Exists = true
			r.made(*m)
		}
	}
	return nil
}
