package config

import (
	"embed"
	"strings"

	"github.com/mxmove/mxmove/config/text"
)

//go:embed starter
var starterFiles embed.FS

// Starter gives the files of a first spec for a domain, by name: main.hcl with
// comments in a language, members.csv with one row to replace, and .gitignore,
// whose lines belong into an existing one. source and target are the hosts of
// the two services; "" stands for a name to replace. It loads without errors
// as it is.
func Starter(lang text.Lang, domain, source, target string) map[string][]byte {
	if lang != text.Chinese {
		lang = text.English
	}
	if source == "" {
		source = "imap.old." + domain
	}
	if target == "" {
		target = "imap.new." + domain
	}
	first, _, _ := strings.Cut(domain, ".")
	fill := strings.NewReplacer("MIGRATION", first, "DOMAIN", domain, "SOURCE_HOST", source, "TARGET_HOST", target)
	read := func(name string) []byte {
		b, err := starterFiles.ReadFile("starter/" + string(lang) + name)
		if err != nil {
			panic(err) // embedded: a test reads each
		}
		return []byte(fill.Replace(string(b)))
	}
	return map[string][]byte{
		"main.hcl":   Format(read(".hcl")),
		".gitignore": read(".gitignore"),
		"members.csv": []byte("address,source_password,target_password,name\n" +
			"alice@" + domain + ",env:ALICE_OLD_PASSWORD,env:ALICE_NEW_PASSWORD,Alice Example\n"),
	}
}
