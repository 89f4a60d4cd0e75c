package main

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
)

// host stands in for the test that providertest/peer wants: it runs outside
// of one.
type host struct {
	testing.TB // nil: what peer does not use panics
	log        io.Writer

	mu       sync.Mutex
	cleanups []func()
	failed   bool
}

// fatal is what Fatal panics with.
type fatal struct{ message string }

// hosted calls f, and gives what would have ended a test as an error.
func hosted(f func()) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case fatal:
			err = fmt.Errorf("%s", r.message)
		default:
			panic(r)
		}
	}()
	f()
	return nil
}

func (h *host) Helper() {}

func (h *host) Fatal(args ...any) { panic(fatal{fmt.Sprint(args...)}) }

func (h *host) Fatalf(format string, args ...any) { panic(fatal{fmt.Sprintf(format, args...)}) }

func (h *host) Logf(format string, args ...any) { _, _ = fmt.Fprintf(h.log, format+"\n", args...) }

func (h *host) Errorf(format string, args ...any) {
	h.Logf(format, args...)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failed = true
}

func (h *host) Failed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.failed
}

func (h *host) Cleanup(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cleanups = append(h.cleanups, f)
}

// end ends what was started, the last first.
func (h *host) end() {
	for _, f := range slices.Backward(h.cleanups) {
		f()
	}
}
