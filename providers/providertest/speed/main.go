// Command speed times mxmove, mbsync and dsync as they copy mailboxes between
// two Dovecots, verifies what each made, and shows how they compare. It needs
// Linux, root and what providertest/peer installs.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/mxmove/mxmove/providers/providertest/peer"
)

type options struct {
	only, tools  string
	runs         int
	quick        bool
	seed         uint64
	binary       string
	json, readme string
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == launchFlag {
		if err := launch(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	o := flags()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o, os.Stdout, os.Stderr)
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "speed:", err)
		os.Exit(1)
	}
}

func flags() options {
	var o options
	var names []string
	for _, s := range scenarios() {
		names = append(names, s.name)
	}
	flag.StringVar(&o.only, "only", "", "only scenarios that begin so, with commas: "+strings.Join(names, " "))
	flag.StringVar(&o.tools, "tools", "", "only tools that begin so, with commas: mxmove, mbsync, mbsync 1×-a, mbsync 8×-a, dsync")
	flag.IntVar(&o.runs, "runs", 3, "runs of each tool; the table has medians")
	flag.BoolVar(&o.quick, "quick", false, "a tenth of the mail, one run: to see that it works")
	flag.Uint64Var(&o.seed, "seed", 1, "of the mail")
	flag.StringVar(&o.binary, "binary", "", "the mxmove to measure; default: it is built")
	flag.StringVar(&o.json, "json", "", "write all results to this file")
	flag.StringVar(&o.readme, "readme", "", "put the table into this file, between its marks")
	flag.Parse()
	return o
}

func run(ctx context.Context, o options, out, log io.Writer) error {
	chosen, err := o.choose()
	if err != nil {
		return err
	}
	return o.runAll(ctx, chosen, out, log)
}

func (o options) runAll(ctx context.Context, chosen []scenario, out, log io.Writer) (err error) {
	for _, kind := range []peer.Kind{peer.KindDovecot, peer.ToolMbsync} {
		if err := peer.Install(kind); err != nil {
			return err
		}
	}
	work, err := os.MkdirTemp("", "mxmove-speed-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	h := &host{log: log}
	defer h.end()
	b := &bench{log: log, work: work, binary: o.binary, seed: o.seed, runs: o.runs}
	if o.quick {
		b.runs = 1
	}
	if err := b.begin(ctx, h, chosen); err != nil {
		return err
	}
	for _, s := range chosen {
		if err := b.run(ctx, s); err != nil {
			return err
		}
	}
	return o.tell(summary{when: time.Now(), machine: machine(), versions: versions(), results: b.results, scenarios: chosen}, out)
}

// choose gives the scenarios that are asked for.
func (o options) choose() ([]scenario, error) {
	if o.readme != "" && (o.quick || o.only != "" || o.tools != "") {
		return nil, errors.New("-readme wants all scenarios with all tools in full")
	}
	all := scenarios()
	only := func(list, name string) bool {
		return list == "" || slices.ContainsFunc(strings.Split(list, ","), func(start string) bool { return strings.HasPrefix(name, start) })
	}
	var chosen []scenario
	for _, s := range all {
		if !only(o.only, s.name) {
			continue
		}
		if o.quick {
			s.population = s.population.smaller()
		}
		if s.kind != bare {
			s.tools = slices.DeleteFunc(s.tools, func(t tool) bool { return !only(o.tools, t.name) })
		}
		if len(s.tools) > 0 {
			chosen = append(chosen, s)
		}
	}
	if len(chosen) == 0 || o.only != "" && len(chosen) < len(strings.Split(o.only, ",")) {
		return nil, fmt.Errorf("-only %q -tools %q: not all of these are scenarios that these tools have", o.only, o.tools)
	}
	return chosen, nil
}

// begin starts the servers and builds mxmove.
func (b *bench) begin(ctx context.Context, h *host, chosen []scenario) error {
	if b.binary == "" {
		b.binary = filepath.Join(b.work, "mxmove-binary")
		cmd := exec.CommandContext(ctx, "go", "build", "-o", b.binary, "github.com/mxmove/mxmove/cmd/mxmove")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("building mxmove: %w\n%s", err, out)
		}
	}
	var users, poor []string
	for _, s := range chosen {
		users = append(users, s.population.users()...)
		if s.kind == bare {
			poor = append(poor, s.population.users()...)
		}
	}
	base, err := roomiest()
	if err != nil {
		return err
	}
	if b.from, err = startSite(h, base, "maildir", ".", users); err != nil {
		return err
	}
	if b.to, err = startSite(h, base, "sdbox", "/", users); err != nil || poor == nil {
		return err
	}
	b.old, err = startSite(h, base, "sdbox", "/", poor,
		"imap_capability = IMAP4rev1 SASL-IR ID ENABLE IDLE NAMESPACE UIDPLUS UNSELECT CONDSTORE ESEARCH CHILDREN LIST-EXTENDED LIST-STATUS SPECIAL-USE")
	return err
}

// roomiest gives where the servers keep their mail: in memory, if there is room.
func roomiest() (string, error) {
	const needed = 6 << 30
	var fs syscall.Statfs_t
	if syscall.Statfs("/dev/shm", &fs) == nil && fs.Bavail*uint64(fs.Bsize) >= needed {
		return "/dev/shm", nil
	}
	if err := syscall.Statfs("/tmp", &fs); err != nil || fs.Bavail*uint64(fs.Bsize) < needed {
		return "", errors.Join(err, errors.New("neither /dev/shm nor /tmp has room for 6 GB of mail"))
	}
	return "/tmp", nil
}

func (o options) tell(s summary, out io.Writer) error {
	table := s.markdown()
	if _, err := io.WriteString(out, "\n"+table); err != nil {
		return err
	}
	if o.json != "" {
		content, err := json.MarshalIndent(s.data(), "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(o.json, append(content, '\n'), 0o644); err != nil {
			return err
		}
	}
	if o.readme == "" {
		return nil
	}
	return rewrite(o.readme, table)
}
