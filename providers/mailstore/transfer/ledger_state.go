package transfer

import (
	"cmp"
	"fmt"
	"slices"
)

// state is the ledger in memory: 12 octets a message, hashes stay in the file.
type state struct {
	flagSets []string
	flagIDs  map[string]uint32
	octets   int // of flagSets
	targets  []*targetState
	folders  []*folderState
	targetOf map[string]*targetState // by name: the newest generation
	folderOf map[string]*folderState // by name at the source: the newest generation
	beforeAt int64                   // Unix seconds; 0: what the target held before is not on record
	before   []reached
}

// targetState is a target folder in one UIDVALIDITY.
type targetState struct {
	id          uint32
	name        string
	path        []string
	uidValidity uint32
	looked      uint32   // UIDs below are explained
	top         uint32   // UIDs from here on were never seen
	foreign     []uint32 // UIDs that no copy of ours placed; a folder may have adopted them since
}

// folderState is a source folder in one UIDVALIDITY, copied to one
// generation of a target folder.
type folderState struct {
	id          uint32
	name        string
	uidValidity uint32
	target      *targetState
	rows        []row // ordered by src
	problems    map[uint32]Problem
	intents     []intent // sent since the last mark, perhaps
	mark        mark
	marked      bool
	removing    map[uint32]bool   // src: deleted at the source, perhaps removed
	kept        map[uint32]Kept   // src: deleted at the source, stays
	mended      map[uint32]Mended // src: sent altered, perhaps
}

// mark is how a source folder stood when all of it was dealt with.
type mark struct {
	next, messages uint32
	modSeq         uint64
	since          int64  // the option, in Unix seconds
	pending        uint32 // missing: to be asked for again
	skipped        uint32 // left out for their date
	subscribed     uint32 // 1: the target folder was subscribed to
}

func newState() *state {
	return &state{flagSets: []string{""}, flagIDs: map[string]uint32{"": 0},
		targetOf: map[string]*targetState{}, folderOf: map[string]*folderState{}}
}

func (st *state) folder(id uint32) (*folderState, error) {
	if int(id) >= len(st.folders) {
		return nil, fmt.Errorf("no folder %d", id)
	}
	return st.folders[id], nil
}

func (f *folderState) find(src uint32) (int, bool) {
	return slices.BinarySearchFunc(f.rows, src, func(r row, src uint32) int { return cmp.Compare(r.src, src) })
}

// put adds a row or replaces the one of its source UID.
func (f *folderState) put(r row) {
	if n := len(f.rows); n == 0 || f.rows[n-1].src < r.src {
		f.rows = append(f.rows, r)
		return
	}
	i, found := f.find(r.src)
	if found {
		f.rows[i] = r
		return
	}
	f.rows = slices.Insert(f.rows, i, r)
}

// attempts are what earlier tries may have sent, for a quick look.
type attempts struct {
	spans []intent // by first
	end   []uint64 // the highest end of spans up to each
}

func attemptsOf(intents []intent) attempts {
	a := attempts{spans: slices.Clone(intents), end: make([]uint64, len(intents))}
	slices.SortFunc(a.spans, func(x, y intent) int { return cmp.Compare(x.first, y.first) })
	for i, s := range a.spans {
		a.end[i] = max(uint64(s.first)+uint64(s.count), a.end[max(i-1, 0)])
	}
	return a
}

// may reports whether dst may be where we sent src without seeing the answer.
func (a attempts) may(src, dst uint32) bool {
	i, _ := slices.BinarySearchFunc(a.spans, src, func(s intent, src uint32) int {
		if s.first <= src {
			return -1
		}
		return 1
	})
	for i--; i >= 0 && a.end[i] > uint64(src); i-- {
		if s := a.spans[i]; src-s.first < s.count && dst >= s.next {
			return true
		}
	}
	return false
}

// explained gives the UIDs from t.looked on that some record explains, sorted.
func (st *state) explained(t *targetState) []uint32 {
	var uids []uint32
	for _, f := range st.folders {
		if f.target != t {
			continue
		}
		for _, r := range f.rows {
			if r.dst >= t.looked {
				uids = append(uids, r.dst)
			}
		}
	}
	for _, u := range t.foreign {
		if u >= t.looked {
			uids = append(uids, u)
		}
	}
	slices.Sort(uids)
	return slices.Compact(uids)
}

// advance gives the UID up to which all is explained, next at most.
func (st *state) advance(t *targetState, next uint32) uint32 {
	at := t.looked
	for _, u := range st.explained(t) {
		if u != at || at >= next {
			break
		}
		at++
	}
	return at
}
