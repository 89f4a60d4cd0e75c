package planner

import (
	"cmp"
	"maps"
	"slices"
)

var phaseNames = [...]string{"prepare", "provision", "copy", "freeze", "cutover", "drain", "retire"}

// String gives the phase's name in lower case.
func (p Phase) String() string { return phaseNames[p] }

// String gives the risk's name in lower case.
func (r Risk) String() string { return [...]string{"reversible", "costly", "final"}[r] }

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
