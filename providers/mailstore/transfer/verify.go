package transfer

import (
	"cmp"
	"context"
	"sync"
	"time"

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
	Scratch        string                 // directory for files of hashes that do not fit into memory, made when needed; "": the system's
	Progress       func(planner.Progress) // messages read on both sides; may be nil; called from one goroutine at a time

	page int // messages of a list held in memory; 0: pageLen
}

// Verify reads every message on both sides and compares octets, flags, dates,
// folders and subscriptions; it writes nothing. Source and target are read at
// once, folder by folder. What is held in memory does not grow with the mail,
// some 10 MB, but for copies of one message, for mail of one folder that
// matches nothing on either side, and for mail that a side does not give: some
// 150 octets each. The rest is in temporary files, 230 octets a message, that
// hold hashes and no text. A folder that cannot be read is in the report. With
// an error the report tells of what was compared before it.
func Verify(ctx context.Context, in VerifyInput) (*Report, error) {
	v := &verifier{in: in, report: &Report{}, sets: &flagSets{}, scratch: scratch{in.Scratch, in.page}}
	v.scratch.sweep()
	v.lost, v.extra = v.newShelf(), v.newShelf()
	v.source = &reader{session: in.Source, cuts: &cutShort{}, progress: v.progressed, sets: v.sets, scratch: v.scratch}
	v.target = &reader{session: in.Target, progress: v.progressed, write: true, sets: v.sets, scratch: v.scratch}
	defer v.source.close()
	defer v.target.close()
	defer v.lost.close()
	defer v.extra.close()
	err := v.run(ctx)
	v.report.Unfinished = err != nil
	v.report.conclude(v.draw)
	return v.report, err
}

type verifier struct {
	in             VerifyInput
	source, target *reader
	report         *Report
	scratch        scratch
	sets           *flagSets
	draw           *draw           // nil: all was read
	lost           *shelf          // source messages without a match in their place
	extra          *shelf          // target messages without a match in their place
	reasons        []verdict       // of lost ones
	reasonOf       map[string]int  // by what they say
	paths          []string        // of extra ones: the target's folder
	reports        []*FolderReport // of both
	reportOf       map[*FolderReport]int32

	mu sync.Mutex // over the rest
	at planner.Progress
}

func (v *verifier) newShelf() *shelf { return &shelf{scratch: v.scratch, sets: v.sets} }

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
			return cmp.Or(err, v.settle())
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
	return v.settle()
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
	defer func() {
		for _, b := range append(boxes, target) {
			if b != nil {
				b.forget()
			}
		}
	}()
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
		func(ctx context.Context) error {
			if u.exists {
				b, err := v.target.read(ctx, u.target, time.Time{})
				if err != nil {
					return err
				}
				target = b
			}
			return nil
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
		if err := v.other(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) other(ctx context.Context, f Folder) error {
	fr := &FolderReport{To: f.Path}
	v.report.Folders = append(v.report.Folders, fr)
	if v.lost.n == 0 {
		n, failed, err := v.target.number(ctx, f)
		fr.Counts.Target, fr.Counts.OnlyTarget = n, n
		if failed != nil {
			v.report.folder(fr, Explained, "verify.folder.other-unread")
		}
		return err
	}
	b, err := v.target.read(ctx, f, time.Time{})
	if err != nil {
		return err
	}
	defer b.forget()
	fr.Counts.Target, fr.Counts.OnlyTarget = b.size(), b.size()-b.got
	if b.failed != nil {
		v.report.folder(fr, Explained, "verify.folder.other-unread")
	}
	if b.shelf == nil {
		return nil
	}
	put := v.aside(v.extra, fr, v.path(f.Path))
	return b.shelf.each(func(m *message) error {
		if !m.read {
			return nil
		}
		return put(m)
	})
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
