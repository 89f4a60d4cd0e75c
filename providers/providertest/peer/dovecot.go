package peer

import (
	"cmp"
	"embed"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
)

//go:embed files/*.tmpl
var templates embed.FS

type dovecot struct{}

// locations maps a mailbox format to Dovecot's mail_location.
var locations = map[string]string{
	"":        "maildir:~/Maildir",
	"maildir": "maildir:~/Maildir",
	"mdbox":   "mdbox:~/mdbox",
	"sdbox":   "sdbox:~/sdbox",
	"mbox":    "mbox:~/mail:INBOX=~/inbox",
}

func (dovecot) check(o Options) error {
	if _, known := locations[o.Format]; !known {
		return fmt.Errorf("no such Format: %q", o.Format)
	}
	if o.AltNamespace {
		return fmt.Errorf("only Cyrus has AltNamespace")
	}
	return nil
}

func (dovecot) base() string { return inMemory() }

func (dovecot) configure(s *Server) ([]string, error) {
	o := s.options
	err := s.render("dovecot.conf", map[string]any{
		"Location":  locations[o.Format],
		"Separator": cmp.Or(o.Separator, "/"),
		"Prefix":    o.Prefix,
	})
	if err != nil {
		return nil, err
	}
	if err := s.writeAccounts("users", s.Users); err != nil {
		return nil, err
	}
	if err := s.writeAccounts("masters", s.Masters); err != nil {
		return nil, err
	}
	if err := s.mailDir("mail"); err != nil {
		return nil, err
	}
	return []string{"/usr/sbin/dovecot", "-F", "-c", filepath.Join(s.dir, "dovecot.conf")}, nil
}

// specialFolders are what every account has beside its INBOX; each has the
// special use of its name.
var specialFolders = []string{"Drafts", "Sent", "Trash", "Junk"}

// render fills the template of that name into the server's directory.
func (s *Server) render(name string, more map[string]any) error {
	values := map[string]any{
		"Dir": s.dir, "Host": s.Host, "Port": s.Port, "TLSPort": s.TLSPort,
		"CAFile": s.CAFile, "KeyFile": s.keyFile(), "Masters": slices.Sorted(maps.Keys(s.Masters)),
		"Quota": s.options.Quota, "MaxMessage": s.options.MaxMessage,
		"Special": specialFolders, "Extra": s.options.Extra,
	}
	maps.Copy(values, more)
	t, err := template.ParseFS(templates, "files/"+name+".tmpl")
	if err != nil {
		return err
	}
	var out strings.Builder
	if err := t.Option("missingkey=error").Execute(&out, values); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.dir, name), []byte(out.String()), 0o644)
}

// writeAccounts writes user:password lines (passwd-file).
func (s *Server) writeAccounts(name string, accounts map[string]string) error {
	var out strings.Builder
	for _, user := range slices.Sorted(maps.Keys(accounts)) {
		if strings.ContainsAny(user+accounts[user], ":\r\n") {
			return fmt.Errorf("the account %q or its password has a colon or a line end", user)
		}
		out.WriteString(user + ":{PLAIN}" + accounts[user] + "\n")
	}
	return os.WriteFile(filepath.Join(s.dir, name), []byte(out.String()), 0o644)
}

// Every Debian has the user mail with these numbers; all servers run as it.
const mailUID, mailGID = 8, 8

// mailDir makes a directory, below the server's own, that belongs to mail.
func (s *Server) mailDir(name string) error {
	dir := filepath.Join(s.dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.Chown(dir, mailUID, mailGID)
}
