package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
)

// Exit codes that commands can give, for their help.
var (
	codesPlain  = []int{executor.ExitDone, executor.ExitError}
	codesCheck  = []int{executor.ExitDone, executor.ExitError, executor.ExitChanges}
	codesState  = []int{executor.ExitDone, executor.ExitError, executor.ExitRefused}
	codesPlan   = []int{executor.ExitDone, executor.ExitError, executor.ExitChanges, executor.ExitRefused}
	codesVerify = []int{executor.ExitDone, executor.ExitError, executor.ExitRefused, executor.ExitIncomplete}
	codesApply  = append(slices.Clone(codesVerify), executor.ExitPast)
)

// errChanges says that there is something to do, where that was asked.
var errChanges = errors.New("changes pending")

// errNotProven says that verify found mail it cannot vouch for; it has told so.
var errNotProven = errors.New("not proven")

// errNotFine says that check found mailboxes that do not open, or worse; it
// has told which.
var errNotFine = errors.New("not fine")

// exited says that a command within this one ended with another code than 0;
// it has told why.
type exited struct{ code int }

func (e *exited) Error() string { return "exit " + strconv.Itoa(e.code) }

// invalid says that the spec has errors.
type invalid struct {
	found []config.Finding
	files map[string][]byte
	full  bool // each finding by itself
}

func (e *invalid) Error() string { return fmt.Sprintf("%d findings", len(e.found)) }

// usageError is about the command line.
type usageError struct{ error }

// unknownError names a command that does not exist.
type unknownError struct {
	name  string
	alike []string
}

func (e *unknownError) Error() string { return "unknown command " + e.name }

// exitCode is the one place where an error becomes an exit code.
func exitCode(err error) int {
	var refused *planner.Refused
	var within *exited
	switch {
	case errors.As(err, &within):
		return within.code
	case errors.As(err, new(*waited)):
		return executor.ExitDone
	case errors.Is(err, errChanges):
		return executor.ExitChanges
	case errors.Is(err, errNotProven), errors.Is(err, errNotFine):
		return executor.ExitIncomplete
	case errors.As(err, &refused):
		return executor.ExitRefused
	}
	return executor.ExitCode(err)
}

// tell writes an error for people on Stderr.
func (c *cli) tell(err error) {
	var (
		bad        *invalid
		refused    *executor.Refused
		incomplete *executor.Incomplete
		within     *exited
		past       *executor.PastReturn
	)
	var of *ofPlan
	errors.As(err, &of)
	if errors.As(err, &past) {
		defer c.warn(c.cat.T("apply.past"))
		err = past.Err
	}
	switch {
	case err == nil, errors.Is(err, errChanges), errors.Is(err, errNotProven), errors.Is(err, errNotFine):
	case errors.As(err, &within):
		fmt.Fprintln(c.Stderr, c.cat.T("cmd.demo.stopped", "code", strconv.Itoa(within.code)))
	case errors.As(err, &bad):
		opt := c.options()
		opt.Full = bad.full
		render.Findings(c.Stderr, c.cat, bad.files, bad.found, opt)
	case errors.As(err, &refused) && refused.Standing != nil:
		c.tellStanding(of, refused.Reasons, *refused.Standing, false)
	case errors.As(err, &refused):
		fmt.Fprintln(c.Stderr, c.cat.T("cmd.refused", "n", strconv.Itoa(len(refused.Reasons))))
		render.Findings(c.Stderr, c.cat, nil, refused.Reasons, c.options())
	case errors.As(err, &incomplete):
		if incomplete.Standing != nil && !incomplete.Early() {
			c.tellStanding(of, incomplete.Reasons, *incomplete.Standing, true)
		}
		c.warn(c.cat.Text(incomplete.Msg()))
	default:
		render.Problem(c.Stderr, c.cat, message(err), c.options())
	}
}

// warn writes words on Stderr, in lines that fit.
func (c *cli) warn(words string) {
	for _, l := range render.Wrap(words, c.options().Width) {
		fmt.Fprintln(c.Stderr, l)
	}
}

// message gives the catalogue's code for an error.
func message(err error) text.Msg {
	var (
		fault   *planner.Fault
		refused *planner.Refused
		secret  *config.SecretError
		topic   *config.TopicError
		leave   *config.LeaveError
		address *config.AddressError
		usage   *usageError
		unknown *unknownError
	)
	switch {
	case errors.As(err, &fault):
		return fault.Msg
	case errors.As(err, &refused):
		return refused.Msg
	case errors.As(err, &secret):
		return secret.Msg
	case errors.As(err, &topic):
		return topic.Msg
	case errors.As(err, &leave):
		return leave.Msg
	case errors.As(err, &address):
		return address.Msg
	case errors.As(err, &usage):
		return text.M("cmd.usage", "error", usage.Error())
	case errors.As(err, &unknown) && len(unknown.alike) > 0:
		return text.M("cmd.unknown.alike", "name", unknown.name, "alike", strings.Join(unknown.alike, ", "))
	case errors.As(err, &unknown):
		return text.M("cmd.unknown", "name", unknown.name)
	case errors.Is(err, context.Canceled):
		return text.M("cmd.interrupted")
	}
	return text.M("cmd.error", "error", err.Error())
}

// refuse makes a refusal of a command's own.
func refuse(code string, pairs ...string) error {
	return &executor.Refused{Reasons: []config.Finding{{Msg: text.M(code, pairs...), Severity: config.Blocks}}}
}
