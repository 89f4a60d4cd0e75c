package transfer

import (
	"context"
	"slices"
	"time"
)

// A server may still be storing what a connection brought before it died:
// pipelined messages lie in its buffers. It is taken to be done when no folder
// that something may have been sent to has grown for calmLooks times calmPause.
const (
	calmLooks = 6
	calmPause = 500 * time.Millisecond
)

// owed reports whether an earlier try may have sent a message that has no
// place yet.
func (c *carry) owed() bool {
	return slices.ContainsFunc(c.jobs, func(j job) bool { return c.before.may(j.uid, ^uint32(0)) })
}

// calm makes sure that nothing more comes from a connection that died, and
// looks at what came.
func (c *carry) calm(ctx context.Context) error {
	if err := c.untilCalm(ctx, c.m.ToFolder); err != nil {
		return err
	}
	to, err := c.dst.Select(ctx, c.m.ToFolder)
	switch {
	case err != nil:
		return err
	case to.UIDValidity != c.to.UIDValidity:
		return gone("the target folder was made anew")
	case to.UIDNext <= c.next:
		return nil
	}
	if err := c.lookFrom(ctx, c.f.target); err != nil {
		return err
	}
	c.next = max(c.next, to.UIDNext)
	return nil
}

// untilCalm waits until no target folder grows any more, once for all of them:
// the server stores one after the other, whichever comes first. When our own
// connection has died since, it waits again: see drop.
func (r *course) untilCalm(ctx context.Context, first Folder) error {
	if r.calmed {
		return nil
	}
	folders := r.unanswered(first)
	was, err := r.extents(ctx, folders)
	for still := 0; still < calmLooks && err == nil; still++ {
		if err := r.wait(ctx, nil, calmPause); err != nil {
			return err
		}
		var is []extent
		is, err = r.extents(ctx, folders)
		if !slices.Equal(was, is) {
			was, still = is, -1
		}
	}
	r.calmed = err == nil
	return err
}

// unanswered are the target folders that an earlier try may have sent to.
func (r *course) unanswered(first Folder) []Folder {
	folders := []Folder{first}
	for _, m := range r.mapped {
		f := r.l.st.folderOf[m.From.Name]
		if f != nil && len(f.intents) > 0 && m.Exists && m.ToFolder.Name != first.Name {
			folders = append(folders, m.ToFolder)
		}
	}
	return folders
}

// extent is by what a folder shows that it has grown.
type extent struct{ uidValidity, uidNext, messages uint32 }

// extents looks at folders; one that does not open stands still.
func (r *course) extents(ctx context.Context, folders []Folder) ([]extent, error) {
	found, err := r.survey(ctx, folders)
	all := make([]extent, len(folders))
	for i, s := range found {
		if s.Err == nil {
			all[i] = extent{s.UIDValidity, s.UIDNext, s.Messages}
		}
	}
	return all, err
}

func (r *course) survey(ctx context.Context, folders []Folder) ([]Surveyed, error) {
	if dst, can := r.dst.(Ahead); can {
		return dst.Survey(ctx, folders)
	}
	all := make([]Surveyed, len(folders))
	for i, f := range folders {
		o, err := r.dst.Select(ctx, f)
		if err != nil && !isRefusal(err) {
			return nil, err
		}
		all[i] = Surveyed{Opened: o, Err: err}
	}
	return all, nil
}
