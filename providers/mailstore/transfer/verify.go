package transfer

import (
	"context"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/planner"
)

// VerifyInput says what is compared. Mapping and Since are those of the
// passes.
type VerifyInput struct {
	Source, Target Session
	Mapping        MapOptions
	Since          time.Time              // source messages with an older INTERNALDATE were not to be carried; zero: all were
	Now            time.Time              // explains dates beyond it; zero: none
	Evidence       Evidence               // labels differences; nil: none has an excuse
	Sample         *Sampling              // nil: every message is read
	Progress       func(planner.Progress) // messages read on both sides; may be nil; called from one goroutine at a time
}

// Evidence is what the passes put on record. Verify finds differences without
// it and only then asks, so a wrong record can hide nothing but its own label.
type Evidence interface {
	// Fate tells what became of a source message, by the folder's Name; false:
	// no pass has dealt with it.
	Fate(folder string, uidValidity, uid uint32) (Fate, bool)
	// Passed tells of the last finished pass over a source folder; false: none.
	Passed(folder string) (Passed, bool)
}

// Fate is what the passes know of one source message.
type Fate struct {
	Refused     string      // why the target does not have it, as a catalogue code or the target's words; "": it was not refused
	Missing     bool        // the source listed it and did not give it
	UIDValidity uint32      // of the target folder it was placed in; 0 with UID 0
	UID         uint32      // at the target; 0: not known
	Adopted     bool        // it was at the target before
	Written     bool        // Flags are as last written at the target
	Flags       []imap.Flag //
	Keywords    bool        // keywords were dropped, which the target does not take
	Date        bool        // the date was dropped, which the target does not take
}

// Passed is the last finished pass over a source folder.
type Passed struct {
	Began       time.Time // zero: not known
	UIDValidity uint32    // of the source folder
	UIDNext     uint32    // of the source folder when the pass listed it; 0: not known
	Subscribed  bool      // the target's folder was subscribed
}

// Verify reads every message on both sides and compares octets, flags, dates,
// folders and subscriptions; it writes nothing. Source and target are read at
// once, folder by folder; some 150 octets are held for each message of the folder
// at hand and for each that has no match. A folder that cannot be read is in
// the report. With an error the report tells of what was compared before it.
func Verify(ctx context.Context, in VerifyInput) (*Report, error) {
	v := &verifier{in: in, report: &Report{}}
	v.source = &reader{session: in.Source, progress: v.progressed}
	v.target = &reader{session: in.Target, progress: v.progressed, write: true}
	defer v.source.close()
	defer v.target.close()
	err := v.run(ctx)
	v.report.Unfinished = err != nil
	v.report.conclude(v.draw)
	return v.report, err
}

type verifier struct {
	in             VerifyInput
	source, target *reader
	report         *Report
	draw           *draw      // nil: all was read
	lost           []leftover // source messages without a match in their place
	extra          []leftover // target messages without a match in their place

	mu sync.Mutex // over the rest
	at planner.Progress
}

// leftover is a message without a match, copied so that the folder's others
// can be forgotten.
type leftover struct {
	message
	in      *FolderReport
	finding verdict // of lost ones
	doubled bool    // of extra ones: the source has it, fewer times
	path    string  // of extra ones: the target's folder
}

// unit is a target folder with the source folders that go there.
type unit struct {
	sources []Mapped
	target  Folder
	exists  bool
	reports []*FolderReport
}

func (v *verifier) run(ctx context.Context) error {
	var source, target []Folder
	err := both(ctx,
		func(ctx context.Context) (err error) { source, err = v.in.Source.Folders(ctx); return err },
		func(ctx context.Context) (err error) { target, err = v.in.Target.Folders(ctx); return err })
	if err != nil {
		return err
	}
	mapped, notes := MapFolders(source, target, v.in.Mapping)
	v.report.Notes = notes
	units := v.units(mapped)
	if v.in.Sample != nil {
		if all, err := v.sample(ctx, units); err != nil || !all {
			v.settle()
			return err
		}
	}
	for _, u := range units {
		if err := v.compare(ctx, u); err != nil {
			return err
		}
	}
	if err := v.others(ctx, units, target); err != nil {
		return err
	}
	v.settle()
	return nil
}

// units groups the folders to compare and reports those that are not.
func (v *verifier) units(mapped []Mapped) []*unit {
	byKey := map[string]*unit{}
	var units []*unit
	for _, m := range mapped {
		fr := &FolderReport{From: m.From.Path, To: m.To, Skip: m.Skip}
		if m.Skip == SkipNoSelect {
			continue
		}
		v.report.Folders = append(v.report.Folders, fr)
		if m.Skip != "" {
			fr.Counts.LeftOut = int(m.From.Status.Messages)
			continue
		}
		u := byKey[pathKey(m.To)]
		if u == nil {
			u = &unit{target: m.ToFolder, exists: m.Exists}
			v.expect(m.ToFolder)
			byKey[pathKey(m.To)] = u
			units = append(units, u)
		}
		u.sources = append(u.sources, m)
		u.reports = append(u.reports, fr)
		v.expect(m.From)
		v.compareFolder(m, fr)
	}
	return units
}

// expect adds a folder that is going to be read to the progress' total.
func (v *verifier) expect(f Folder) {
	v.at.Total += int(f.Status.Messages)
	v.at.BytesAll += f.Status.Size
}

// compareFolder looks at the folder itself, not at its mail.
func (v *verifier) compareFolder(m Mapped, fr *FolderReport) {
	var passed Passed
	known := false
	if v.in.Evidence != nil {
		passed, known = v.in.Evidence.Passed(m.From.Name)
	}
	switch {
	case !m.Exists && known:
		v.report.folder(fr, Explained, "verify.folder.removed")
	case !m.Exists && v.in.Evidence != nil:
		v.report.folder(fr, Behind, "verify.folder.new")
	case !m.Exists:
		v.report.folder(fr, Unexplained, "verify.folder.missing")
	case m.From.Subscribed && !m.ToFolder.Subscribed && passed.Subscribed:
		v.report.folder(fr, Explained, "verify.subscription.removed")
	case m.From.Subscribed && !m.ToFolder.Subscribed:
		v.report.folder(fr, Unexplained, "verify.subscription")
	}
}

// compare reads the folders of a unit on both sides and judges each message.
func (v *verifier) compare(ctx context.Context, u *unit) error {
	boxes := make([]*box, len(u.sources))
	target := &box{}
	err := both(ctx,
		func(ctx context.Context) error {
			for i, m := range u.sources {
				b, err := v.source.read(ctx, m.From, v.in.Since)
				if err != nil {
					return err
				}
				boxes[i] = b
			}
			return nil
		},
		func(ctx context.Context) (err error) {
			if u.exists {
				target, err = v.target.read(ctx, u.target, time.Time{})
			}
			return err
		})
	if err != nil {
		return err
	}
	return v.judge(ctx, u, boxes, target)
}

// others looks into the target's folders to which nothing goes: at their
// messages where some are missing elsewhere, else only at their number.
func (v *verifier) others(ctx context.Context, units []*unit, target []Folder) error {
	taken := map[string]bool{}
	for _, u := range units {
		taken[u.target.Name] = u.exists
	}
	for _, f := range target {
		if taken[f.Name] || f.NoSelect || isView(f) {
			continue
		}
		fr := &FolderReport{To: f.Path}
		read := v.target.count
		if len(v.lost) > 0 {
			read = v.target.read
		}
		b, err := read(ctx, f, time.Time{})
		if err != nil {
			return err
		}
		v.report.Folders = append(v.report.Folders, fr)
		fr.Counts.Target = len(b.mail)
		fr.Counts.OnlyTarget = len(b.mail)
		if b.failed != nil {
			v.report.folder(fr, Explained, "verify.folder.other-unread")
		}
		for _, m := range b.mail {
			if m.read && len(v.lost) > 0 {
				fr.Counts.OnlyTarget--
				v.extra = append(v.extra, leftover{message: m, in: fr, path: label(f.Path)})
			}
		}
	}
	return nil
}

func (v *verifier) progressed(folder string, size int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.at.Folder = folder
	v.at.Done++
	v.at.Bytes += size
	if v.in.Progress != nil {
		v.in.Progress(v.at)
	}
}

// both runs a and b at once and waits for both; the first error ends the other.
func both(ctx context.Context, a, b func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for _, run := range []func(context.Context) error{a, b} {
		wg.Go(func() {
			if err := run(ctx); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}
