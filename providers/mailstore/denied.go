package mailstore

import (
	"errors"
	"sync"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// adminTries is how many mailboxes an administrator is refused at before
// nobody asks any more: the fault is then the administrator's, and servers
// lock accounts after some failures.
const adminTries = 3

// denied remembers who was refused, for the life of the process: a wrong
// password is never tried twice.
type denied struct {
	mu      sync.Mutex
	logins  map[string]*planner.Fault
	let     bool // the administrator was let in once
	refused int

	one sync.Mutex // held while an administrator who was never let in is tried
}

// alone makes tries of an administrator wait for each other until one was let
// in, so that no more than adminTries are refused. The function ends the wait.
func (d *denied) alone(l config.Login) func() {
	d.mu.Lock()
	free := !isAdmin(l) || d.let
	d.mu.Unlock()
	if free {
		return func() {}
	}
	d.one.Lock()
	return d.one.Unlock
}

func isAdmin(l config.Login) bool { return l.Kind == config.LoginMaster || l.Kind == config.LoginPlain }

// before gives why a login was refused already, or nil.
func (d *denied) before(login string) *planner.Fault {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.logins[login]
}

// after keeps the outcome of a try.
func (d *denied) after(login string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var f *planner.Fault
	switch {
	case err == nil:
		d.let = true
	case errors.As(err, &f) && (f.Class == planner.Credential || f.Class == planner.Account):
		if d.logins == nil {
			d.logins = map[string]*planner.Fault{}
		}
		d.logins[login] = f
		d.refused++
	}
}

// hopeless reports whether an administrator was refused, and only refused,
// often enough.
func (d *denied) hopeless(l config.Login) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return isAdmin(l) && !d.let && d.refused >= adminTries
}
