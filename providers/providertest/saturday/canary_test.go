package saturday

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/mxmove/mxmove/providers/providertest/peer"
	"github.com/mxmove/mxmove/providers/providertest/receiver"
)

// outside is a person at another service, whom the migration's test mail is for.
const outside = "trial@outside.example"

// way is how mail leaves the target: by a submission server, to a mailbox at
// another service.
type way struct {
	*receiver.Server
	box *peer.Server
}

const canarySpec = `
  canary {
    from = "%s"
    to   = "%s"
    submission {
      host     = "127.0.0.1"
      port     = %d
      tls      = "none"
      password = env("MAIL_PW")
    }
    arrival {
      host     = "127.0.0.1"
      port     = %d
      tls      = "none"
      password = env("MAIL_PW")
    }
  }
}
`

// submission is the port of the target's submission server: free, since each
// test has a network of its own.
const submission = 587

// leaves opens the way out and writes it into the spec.
func (w *world) leaves() *way {
	o := &way{box: peer.Dovecot(w.t, peer.Options{Users: map[string]string{outside: password}})}
	room := &mailroom{box: o.box}
	o.Server = receiver.Start(w.t, receiver.Options{Addr: "127.0.0.1:" + strconv.Itoa(submission), Users: map[string]string{address(1): password},
		Deliver: func(m receiver.Mail) error {
			head := fmt.Sprintf("Authentication-Results: mx.outside.example; spf=pass smtp.mailfrom=%s; dkim=none; dmarc=pass\r\n", domain)
			m.Body = append([]byte(head), m.Body...)
			return room.deliver(m)
		}})
	b, err := os.ReadFile(filepath.Join(w.dir, "main.hcl"))
	if err != nil {
		w.t.Fatal(err)
	}
	spec := strings.TrimSuffix(strings.TrimRight(string(b), "\n"), "}")
	w.write("main.hcl", spec+fmt.Sprintf(canarySpec, address(1), outside, submission, o.box.Port))
	return o
}

// left fails unless one mail left, and its receiver's word of it was told.
func (o *way) left(w *world, seen *transcript) {
	w.t.Helper()
	if n := len(o.Taken()); n != 1 {
		w.t.Errorf("%d test mails left", n)
	}
	if said := spaces.ReplaceAllString(seen.text.String(), ""); !strings.Contains(said, "spf=pass,dkim=none,dmarc=pass") { // however lines are broken
		w.t.Error("nobody told how it was received")
	}
}
