package main

import (
	"github.com/spf13/pflag"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
)

// shape is how a plan is written.
type shape struct {
	format string // text, markdown, html or json
	json   bool   // --json: the same as --format json
	full   bool
	limit  int    // characters of markdown; 0: its own bound
	since  string // file of an earlier plan
}

func (s *shape) flags(c *cli, f *pflag.FlagSet) {
	f.StringVar(&s.format, "format", "text", c.cat.T("cmd.plan.flag.format"))
	f.IntVar(&s.limit, "limit", 0, c.cat.T("cmd.plan.flag.limit"))
	f.StringVar(&s.since, "since", "", c.cat.T("cmd.plan.flag.since"))
	f.BoolVar(&s.json, "json", false, c.cat.T("cmd.flag.json"))
	f.BoolVar(&s.full, "full", false, c.cat.T("cmd.plan.flag.full"))
}

// data reports whether Stdout is for a program, so that nothing else may stand there.
func (s shape) data() bool { return s.json || s.format != "text" }

// write writes a plan in the shape that was asked for.
func (c *cli) write(plan *planner.Plan, s shape, opt render.Options) error {
	if s.json {
		s.format = "json"
	}
	opt.Full, opt.Limit = s.full, s.limit
	opt.Approvals = c.countApprovals(plan)
	if s.since != "" {
		earlier, err := readPlan(s.since)
		if err != nil {
			return err
		}
		opt.Earlier = earlier
	}
	switch s.format {
	case "text":
		return render.Plan(c.Stdout, c.cat, plan, opt)
	case "markdown":
		return render.Markdown(c.Stdout, c.cat, plan, opt)
	case "html":
		return render.HTML(c.Stdout, c.cat, plan, opt)
	case "json":
		b, err := planner.Encode(plan)
		if err == nil {
			_, err = c.Stdout.Write(b)
		}
		return err
	}
	return &planner.Fault{Msg: text.M("cmd.format", "format", s.format), Class: planner.Internal}
}

// writePlan keeps the plan to its owner: it names people.
func writePlan(name string, plan *planner.Plan) error {
	b, err := planner.Encode(plan)
	if err != nil {
		return err
	}
	return writeOwn(name, b)
}
