package main

import (
	"bufio"
	"context"
	"io"
	"strings"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
)

// asker puts a run's questions to the person at the terminal; first tells what
// was not told yet.
func (c *cli) asker(first func()) func(context.Context, executor.Question) (executor.Answer, error) {
	if !c.Terminal() {
		return nil
	}
	return func(ctx context.Context, q executor.Question) (executor.Answer, error) {
		first()
		switch q.Kind {
		case executor.AskStart:
			words := c.cat.T("cmd.ask.start", "plan", q.Plan)
			if !q.Since.IsZero() {
				words = c.cat.T("cmd.ask.go-on", "plan", q.Plan, "at", q.Since.In(c.Now().Location()).Format(momentForm))
			}
			said, err := c.line(ctx, words)
			return executor.Answer{Yes: said == q.Plan}, err
		case executor.AskBack:
			said, err := c.line(ctx, c.cat.T("cmd.ask.back", "plan", q.Plan))
			return executor.Answer{Yes: said == q.Plan}, err
		case executor.AskStarted:
			word := "started " + q.Step.ID.Hash()
			said, err := c.line(ctx, c.instruction(q.Step)+c.cat.T("cmd.ask.started", "word", word))
			return executor.Answer{Yes: said == word}, err
		}
		code := "cmd.ask.done"
		words := c.instruction(q.Step)
		if q.Step.Op.Traits().Risk == planner.Final {
			code, words = "cmd.ask.finished", "" // it stands above
		}
		said, err := c.line(ctx, words+c.cat.T(code))
		if why, never := strings.CutPrefix(said, "never "); never {
			return executor.Answer{Never: true, Evidence: why}, err
		}
		return executor.Answer{Yes: said != "" && said != "never", Evidence: said}, err
	}
}

// instruction is what a person does, for whom and where.
func (c *cli) instruction(s planner.Step) string {
	m := executor.Instruction(s.Op)
	var b strings.Builder
	for _, part := range []string{"what", "why", "do"} {
		b.WriteString(c.cat.Text(text.Msg{Code: m.Code + "." + part, Args: m.Args}) + "\n")
	}
	return b.String()
}

// line asks and gives what is typed; nothing if an interrupt comes first.
func (c *cli) line(ctx context.Context, question string) (string, error) {
	lines := render.Wrap(question, c.options().Width)
	if _, err := io.WriteString(c.Stdout, "\n"+strings.Join(lines, "\n")+" "); err != nil {
		return "", err
	}
	if c.typed == nil {
		c.typed = bufio.NewReader(c.Stdin)
	}
	type read struct {
		line string
		err  error
	}
	got := make(chan read, 1)
	go func() {
		line, err := c.typed.ReadString('\n')
		got <- read{line, err}
	}()
	select {
	case r := <-got:
		if r.err == io.EOF {
			r.err = nil
		}
		return strings.TrimSpace(r.line), r.err
	case <-c.Stop:
	case <-ctx.Done():
	}
	return "", nil
}
