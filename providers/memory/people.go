package memory

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// Deliver puts a message into a folder, which it makes if need be, and gives
// its UID. It panics on an address that has no row, as all helpers do.
func (w *World) Deliver(side Side, address, path string, m Message) uint32 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.box(address).side[side].folder(path).add(m)
}

// MakeFolder makes an empty folder.
func (w *World) MakeFolder(side Side, address, path string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.box(address).side[side].folder(path)
}

// ChangeFlags replaces a message's flags and reports whether it was there.
func (w *World) ChangeFlags(side Side, address, path string, uid uint32, flags ...string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	m := w.box(address).side[side].message(place{path, uid})
	if m != nil {
		m.Flags = sortedFlags(flags)
	}
	return m != nil
}

// Remove deletes a message and reports whether it was there.
func (w *World) Remove(side Side, address, path string, uid uint32) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	st := &w.box(address).side[side]
	if st.message(place{path, uid}) == nil {
		return false
	}
	f := st.folders[path]
	f.messages = slices.DeleteFunc(f.messages, func(m Message) bool { return m.UID == uid })
	return true
}

// Dump gives a copy of all folders of a mailbox.
func (w *World) Dump(side Side, address string) map[string][]Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := map[string][]Message{}
	for path, f := range w.box(address).side[side].folders {
		all[path] = []Message{}
		for _, m := range f.messages {
			m.Body, m.Flags = bytes.Clone(m.Body), slices.Clone(m.Flags)
			all[path] = append(all[path], m)
		}
	}
	return all
}

// WrongPassword makes sign-ins of a mailbox fail on one side, or work again.
func (w *World) WrongPassword(side Side, address string, wrong bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.box(address).side[side].locked = wrong
}

// Refuse makes the target refuse messages with this body.
func (w *World) Refuse(address string, body []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.box(address).refuse[string(body)] = true
}

// Slow makes each call to a server take this long.
func (w *World) Slow(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.slow = d
}

// Failure is a call that goes wrong. Calls of a mailbox are counted apart and
// from the moment Fail was called: its sign-ins, listings, appends and flag
// changes.
type Failure struct {
	Call  int            // the first is 1
	Lost  bool           // it took effect, only its answer was lost
	Fault *planner.Fault // nil: the connection is gone
}

// Fail makes coming calls of a mailbox fail; it replaces what was set before.
func (w *World) Fail(address string, failures ...Failure) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.box(address)
	b.calls, b.faults = 0, failures
}

// Calls is the number of calls of a mailbox since the last Fail.
func (w *World) Calls(address string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.box(address).calls
}

func (w *World) box(address string) *box {
	b := w.boxes[address]
	if b == nil {
		panic(fmt.Sprintf("memory: no row %q", address))
	}
	return b
}

func (s *store) folder(path string) *folder {
	f := s.folders[path]
	if f == nil {
		f = &folder{next: 1}
		s.folders[path] = f
	}
	return f
}

func (s *store) message(at place) *Message {
	f := s.folders[at.folder]
	if f == nil {
		return nil
	}
	i, ok := slices.BinarySearchFunc(f.messages, at.uid, func(m Message, uid uint32) int {
		return int(m.UID) - int(uid)
	})
	if !ok {
		return nil
	}
	return &f.messages[i]
}

func (f *folder) add(m Message) uint32 {
	m.UID, m.Body, m.Flags = f.next, bytes.Clone(m.Body), sortedFlags(m.Flags)
	f.next++
	f.messages = append(f.messages, m)
	return m.UID
}

func sortedFlags(flags []string) []string { return slices.Compact(slices.Sorted(slices.Values(flags))) }

func compareStrings(a, b string) int { return strings.Compare(a, b) }

func fault(class planner.Class, code string, pairs ...string) *planner.Fault {
	return &planner.Fault{Msg: text.M(code, pairs...), Class: class}
}

// Hire makes a mailbox on both sides for somebody who has no row.
func (w *World) Hire(row config.Mailbox) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.boxes[row.Address] == nil {
		w.boxes[row.Address] = newBox(row)
	}
}
