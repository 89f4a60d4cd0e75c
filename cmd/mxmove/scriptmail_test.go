package main

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/mxmove/mxmove/providers/memory/imapd"
	"github.com/mxmove/mxmove/providers/providertest/receiver"
)

// submission NAME LOGIN PASSWORD SERVER FOLDER [FIELD]: starts a server that
// takes mail from LOGIN and puts it into that folder of whom it is for, with a
// header field above it; $NAME_PORT is its port.
func scriptSubmission(t *testing.T) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, args []string) {
		to, folder, head := serverOf(ts, args[3]), args[4], ""
		if len(args) > 5 {
			head = args[5] + "\r\n"
		}
		s := receiver.Start(t, receiver.Options{Users: map[string]string{args[1]: args[2]}, Deliver: func(m receiver.Mail) error {
			for _, address := range m.To {
				to.User(address).Add(imapd.Message{Date: time.Now(), Body: append([]byte(head), m.Body...)}, folder)
			}
			return nil
		}})
		port := s.Addr[strings.LastIndexByte(s.Addr, ':')+1:]
		if _, err := strconv.Atoi(port); err != nil {
			ts.Fatalf("%s", s.Addr)
		}
		ts.Setenv(args[0]+"_PORT", port)
	}
}
