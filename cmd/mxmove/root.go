package main

import (
	"bufio"
	"context"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
	"github.com/mxmove/mxmove/providers/zone"
)

// env is everything outside of the program that commands use.
type env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Terminal       func() bool // a person is there to be asked
	Screen         func() int  // cells of a line of Stdout's terminal; 0: it is none
	Now            func() time.Time
	Getenv         func(string) string
	Environ        func() []string
	Self           executor.Self // without Command and Beats
	Tick           func(time.Duration) (ticks <-chan time.Time, stop func())
	Sleep          func(context.Context, time.Duration) error
	Stop           <-chan struct{} // closed by the first interrupt
	Version        string
	OpenWorld      func(opening) (world, error)
	DNS            *zone.Observer // nil: of the Internet
}

// cli is one call of the program.
type cli struct {
	*env
	cat   *text.Catalogue
	dir   string        // of the spec
	lang  string        // --lang
	typed *bufio.Reader // Stdin, once something was asked
}

// run is the program: it carries out a command line, tells errors on Stderr
// and gives the exit code.
func run(ctx context.Context, e *env, args []string) int {
	c := &cli{env: e}
	c.speak(wanted(args, e.Getenv))
	root := newRoot(c)
	root.SetArgs(args)
	root.SetIn(e.Stdin)
	root.SetOut(e.Stdout)
	root.SetErr(e.Stderr)
	err := root.ExecuteContext(ctx)
	c.tell(err)
	return exitCode(err)
}

func newRoot(c *cli) *cobra.Command {
	root := &cobra.Command{
		Use: "mxmove COMMAND", DisableFlagsInUseLine: true, Short: c.cat.T("cmd.root.short"), Long: c.cat.T("cmd.root.long"),
		SilenceErrors: true, SilenceUsage: true, SuggestionsMinimumDistance: 2,
		Args: noSuchCommand, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	flags := root.PersistentFlags()
	flags.StringVar(&c.dir, "dir", ".", c.cat.T("cmd.flag.dir"))
	flags.StringVar(&c.lang, "lang", "", c.cat.T("cmd.flag.lang"))
	flags.BoolP("help", "h", false, c.cat.T("cmd.flag.help"))
	root.SetUsageTemplate(usageTemplate(c.cat))
	root.SetFlagErrorFunc(noSuchFlag)
	root.AddCommand(
		newInitCommand(c), newValidateCommand(c), newFmtCommand(c), newExplainCommand(c), newRosterCommand(c), newCheckCommand(c), newDNSCommand(c),
		newObserveCommand(c), newPlanCommand(c), newShowCommand(c), newApproveCommand(c), newApprovalsCommand(c), newApplyCommand(c), newRollbackCommand(c),
		newAttestCommand(c), newStatusCommand(c), newVerifyCommand(c), newArchiveCommand(c),
		newRetryCommand(c), newReportCommand(c), newTraceCommand(c), newLedgerCommand(c),
		newUnlockCommand(c), newRecoverCommand(c), newDemoCommand(c), newVersionCommand(c), newCompletionCommand(c),
	)
	root.SetHelpCommand(newHelpCommand(c))
	return root
}

// wanted gives the language before flags are parsed, since help is in it too:
// --lang, else the environment's (POSIX: LC_ALL, LC_MESSAGES, LANG).
func wanted(args []string, getenv func(string) string) text.Lang {
	for i, a := range args {
		if v, ok := strings.CutPrefix(a, "--lang="); ok {
			return languageOf(v)
		}
		if a == "--lang" && i+1 < len(args) {
			return languageOf(args[i+1])
		}
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := getenv(name); v != "" {
			return languageOf(v)
		}
	}
	return text.English
}

func languageOf(tag string) text.Lang {
	if strings.HasPrefix(strings.ToLower(tag), "zh") {
		return text.Chinese
	}
	return text.English
}

// spoken refuses a --lang that there is no catalogue for.
func (c *cli) spoken() error {
	tag := strings.ToLower(c.lang)
	if tag == "" || strings.HasPrefix(tag, "en") || strings.HasPrefix(tag, "zh") {
		return nil
	}
	return &planner.Fault{Msg: text.M("cmd.language", "lang", c.lang), Class: planner.Internal}
}

func (c *cli) speak(l text.Lang) { c.cat = text.Load(l) }

// adopt takes the spec's language, unless --lang asked for another.
func (c *cli) adopt(language string) {
	if c.lang == "" && language != "" {
		c.speak(languageOf(language))
	}
}

// say writes a catalogue entry as a line on Stdout.
func (c *cli) say(code string, pairs ...string) error {
	_, err := io.WriteString(c.Stdout, c.cat.T(code, pairs...)+"\n")
	return err
}

// wrapped says a sentence, broken where the screen ends.
func (c *cli) wrapped(w io.Writer, code string, pairs ...string) error {
	_, err := io.WriteString(w, strings.Join(render.Wrap(c.cat.T(code, pairs...), c.options().Width), "\n")+"\n")
	return err
}

// options say how to render for Stdout.
func (c *cli) options() render.Options {
	o := render.Options{Width: c.Screen(), Now: c.Now(), Color: c.color()}
	if o.Width == 0 {
		o.Width = 100
	}
	return o
}

// color obeys NO_COLOR (no-color.org).
func (c *cli) color() bool {
	return c.Screen() > 0 && c.Getenv("NO_COLOR") == "" && c.Getenv("TERM") != "dumb"
}

// beside names a file in the spec's directory.
func (c *cli) beside(name string) string { return filepath.Join(c.dir, name) }
