package executor

import (
	"errors"

	"github.com/mxmove/mxmove/config/text"
)

// Exclusively does something to a state directory's records while no run may.
// What note gives when it is done goes into the journal. It returns *Held when
// another process has the lock, and else do's error or that of the records.
func Exclusively(s *State, self Self, do func() (note text.Msg, err error)) error {
	lock, _, err := takeLock(s.Dir, self)
	if err != nil {
		return err
	}
	j, _, err := openJournal(s)
	if err != nil {
		return errors.Join(err, lock.release())
	}
	note, err := do()
	if err == nil {
		err = j.append(Line{At: self.Now().UTC(), Kind: KindNote, Msg: &note})
	}
	return errors.Join(err, j.close(), lock.release())
}
