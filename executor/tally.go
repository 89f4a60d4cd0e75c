package executor

import (
	"slices"

	"github.com/mxmove/mxmove/planner"
)

func sum(a, b planner.Tally) planner.Tally {
	a.Copied += b.Copied
	a.Bytes += b.Bytes
	a.Adopted += b.Adopted
	a.Flags += b.Flags
	a.Folders += b.Folders
	a.Refused += b.Refused
	a.Repaired += b.Repaired
	a.Wrapped += b.Wrapped
	a.Keywords += b.Keywords
	a.Dates += b.Dates
	a.Missing += b.Missing
	a.Removed += b.Removed
	a.Skipped += b.Skipped
	return a
}

func sortBy[T any](list []T, cmp func(a, b T) int) { slices.SortFunc(list, cmp) }
