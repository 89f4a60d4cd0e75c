package transfer

import "context"

// calmLost waits where there is no ledger and the target has mail: that may be
// of a run whose state was lost, and if it was killed just now, the target may
// still be storing what it sent. Where that is known to be so an empty target is waited
// for too, as long as all that can be afloat may need: nothing may have been
// stored yet. One quiet time for all folders is enough where none has grown meanwhile.
func (r *course) calmLost(ctx context.Context, mapped []Mapped) error {
	folders, was := r.inhabited(mapped)
	if len(folders) == 0 {
		return nil
	}
	if err := r.open(ctx); err != nil {
		return err
	}
	if was == nil {
		var err error
		if was, err = r.extents(ctx, folders); err != nil {
			return err
		}
	}
	quiet := r.p.Options.Answers.quiet(r.afloat(mapped))
	if err := r.wait(ctx, settles("transfer.settles-lost", quiet), quiet); err != nil {
		return err
	}
	is, err := r.extents(ctx, folders)
	if err != nil {
		return err
	}
	for i := range is {
		if is[i].grown(was[i]) {
			return r.watch(ctx, folders, is, quiet, anybodys)
		}
	}
	return nil
}

// afloat is how many octets a run of which nothing is known may have sent.
func (r *course) afloat(mapped []Mapped) (octets int64) {
	if !r.p.Options.Lost {
		return 0
	}
	for _, m := range mapped {
		st := m.From.Status
		if !st.Known || st.Messages > 0 && st.Size == 0 {
			return afloatMax
		}
		octets += st.Size
	}
	return min(octets, afloatMax)
}

// anybodys says that nothing is known of what may have been sent.
func anybodys(context.Context, Folder, extent) (bool, error) { return true, nil }

// inhabited are the target's folders that mail goes to and that were there
// before, as large as the listing told; nil: it did not tell of all. There are none
// where a ledger tells what was sent, or where none of them has mail and no run
// is known to be lost.
func (r *course) inhabited(mapped []Mapped) (folders []Folder, was []extent) {
	if len(r.l.st.folders) > 0 {
		return nil, nil
	}
	goal := map[string]bool{}
	for _, m := range mapped {
		if st := m.From.Status; !st.Known || st.Messages > 0 {
			goal[m.ToFolder.Name] = true
		}
	}
	mail, told := r.p.Options.Lost, true
	for _, f := range r.p.target {
		if !goal[f.Name] || f.NoSelect {
			continue
		}
		folders, was = append(folders, f), append(was, extentOf(f.Status))
		mail = mail || f.Status.Messages > 0 || !f.Status.Known
		told = told && f.Status.Known
	}
	if !mail {
		return nil, nil
	}
	if !told {
		was = nil
	}
	return folders, was
}
