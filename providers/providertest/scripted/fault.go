package scripted

import (
	"math/rand/v2"
	"strings"
)

// Act is how a fault shows.
type Act int

// The acts.
const (
	Answer    Act = iota // Text is the answer, the command is not carried out
	Drop                 // the connection ends, the command is not carried out
	DropMid              // ... in the middle of the first literal, sent or received
	DropAfter            // the command is carried out, then the connection ends without an answer
	Meanwhile            // Do runs, then the command is carried out
)

// Fault is something that goes wrong with a command.
type Fault struct {
	Login   string // "": whoever
	Command string // APPEND, UID FETCH, SELECT … as the client names it; "": any but LOGIN and LOGOUT
	Part    string // only commands whose line holds it
	After   int    // so many of them go well first
	Times   int    // and so many fail; 0: one; below 0: all
	Act     Act
	Text    string // of Answer: NO …, BAD …, or * BYE …, which ends the connection
	Close   bool   // after Answer: the connection ends
	Do      func() // of Meanwhile
}

type armed struct {
	Fault
	seen int
}

// Fail arms faults. Of those that fit a command the first acts.
func (s *Server) Fail(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		s.faults = append(s.faults, &armed{Fault: f})
	}
}

// Mend disarms all faults.
func (s *Server) Mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// Storm gives n faults of a lost connection each, at places that follow from
// the seed.
func Storm(seed uint64, n int) []Fault {
	r := rand.New(rand.NewPCG(seed, seed))
	commands := []string{"APPEND", "UID FETCH", "SELECT", "EXAMINE", "LIST", "CREATE", "UID STORE", "STATUS", "NOOP", ""}
	var faults []Fault
	for range n {
		faults = append(faults, Fault{Command: commands[r.IntN(len(commands))], After: r.IntN(12),
			Act: []Act{Drop, DropMid, DropAfter}[r.IntN(3)]})
	}
	return faults
}

// suffer counts a command and gives the fault it suffers, or nil.
func (c *conn) suffer(name, line string) *Fault {
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	c.trace.Commands[name]++
	var hit *Fault
	for _, f := range s.faults {
		any := f.Command == "" && name != "LOGIN" && name != "LOGOUT"
		if f.Login != "" && f.Login != c.trace.Login || !any && f.Command != name || !strings.Contains(line, f.Part) {
			continue
		}
		f.seen++
		if hit == nil && f.seen > f.After && (f.Times < 0 || f.seen <= f.After+max(f.Times, 1)) {
			hit = &f.Fault
		}
	}
	return hit
}
