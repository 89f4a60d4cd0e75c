package render

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/mxmove/mxmove/planner"
)

// The plot's place in its drawing, in units of it.
const (
	plotLeft, plotTop     = 86, 16
	plotWidth, plotHeight = 860, 200
	plotParts             = 172 // of the time
)

// plot is what was carried over time. Where no run was alive there is no line.
type plot struct {
	Lines  []string // points of polylines
	Gaps   []plotBand
	X, Y   []plotTick
	Bottom int
	Words  string
}

type plotBand struct{ X, Width string }

type plotTick struct {
	At, Label string
}

// plot draws the passes' octets a second; nil: there was none. What is known
// of a pass is its length and what it carried, so its speed is drawn even.
func (a *auditPage) plot() *plot {
	if len(a.Runs) == 0 || len(a.Passes) == 0 {
		return nil
	}
	from, to := a.Runs[0].From, a.Runs[0].To
	for _, r := range a.Runs {
		from, to = earlier(from, r.From), later(to, r.To)
	}
	if !to.After(from) {
		return nil
	}
	g := grid{from: from, step: to.Sub(from).Seconds() / plotParts}
	for _, r := range a.Runs {
		g.spread(&g.alive, r, max(r.To.Sub(r.From).Seconds(), 1))
	}
	for _, p := range a.Passes {
		g.spread(&g.bytes, p.AuditSpan, float64(p.Bytes))
	}
	top := g.top()
	return &plot{Lines: g.lines(top), Gaps: g.gaps(), X: a.timeTicks(from, to), Y: speedTicks(top), Bottom: plotTop + plotHeight,
		Words: a.t("render.audit.plot", "top", planner.Bytes(int64(top)))}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// grid cuts the time into parts of step seconds.
type grid struct {
	from         time.Time
	step         float64
	alive, bytes [plotParts]float64 // seconds of runs, octets
}

// spread lays an amount evenly over a span.
func (g *grid) spread(into *[plotParts]float64, over AuditSpan, amount float64) {
	begin := max(over.From.Sub(g.from).Seconds()/g.step, 0)
	end := min(over.To.Sub(g.from).Seconds()/g.step, plotParts)
	if end <= begin { // shorter than the clock tells
		into[min(int(begin), plotParts-1)] += amount
		return
	}
	for i := int(begin); i < plotParts && float64(i) < end; i++ {
		share := min(end, float64(i+1)) - max(begin, float64(i))
		into[i] += amount * share / (end - begin)
	}
}

// rate of a part, over the time that a run was alive in it.
func (g *grid) rate(i int) (octets float64, alive bool) {
	if g.alive[i] <= 0 {
		return 0, false
	}
	return g.bytes[i] / min(g.alive[i], g.step), true
}

// top is a round number above all rates.
func (g *grid) top() float64 {
	most := 1.0
	for i := range plotParts {
		r, _ := g.rate(i)
		most = max(most, r)
	}
	unit := math.Pow(1024, math.Floor(math.Log(most)/math.Log(1024)))
	for _, n := range []float64{1, 2, 5, 10, 20, 50, 100, 200, 500} {
		if n*unit >= most {
			return n * unit
		}
	}
	return 1024 * unit
}

func coordinate(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

func xOf(part float64) float64 { return plotLeft + part*plotWidth/plotParts }

// lines are steps, broken where no run was alive.
func (g *grid) lines(top float64) []string {
	var lines, points []string
	for i := range plotParts + 1 {
		octets, alive := 0.0, false
		if i < plotParts {
			octets, alive = g.rate(i)
		}
		if !alive {
			if points != nil {
				lines, points = append(lines, strings.Join(points, " ")), nil
			}
			continue
		}
		y := coordinate(plotTop + plotHeight*(1-octets/top))
		points = append(points, coordinate(xOf(float64(i)))+","+y, coordinate(xOf(float64(i+1)))+","+y)
	}
	return lines
}

func (g *grid) gaps() []plotBand {
	var bands []plotBand
	first := -1
	for i := range plotParts + 1 {
		dead := i < plotParts && g.alive[i] <= 0
		if dead && first < 0 {
			first = i
		}
		if !dead && first >= 0 {
			bands = append(bands, plotBand{coordinate(xOf(float64(first))), coordinate(float64(i-first) * plotWidth / plotParts)})
			first = -1
		}
	}
	return bands
}

func (a *auditPage) timeTicks(from, to time.Time) []plotTick {
	form := "01-02 15:04"
	if to.Sub(from) < 10*time.Minute {
		form = "15:04:05"
	}
	const n = 5
	var ticks []plotTick
	for i := range n + 1 {
		at := from.Add(to.Sub(from) * time.Duration(i) / n).In(a.opt.Now.Location())
		ticks = append(ticks, plotTick{coordinate(plotLeft + plotWidth*float64(i)/n), at.Format(form)})
	}
	return ticks
}

func speedTicks(top float64) []plotTick {
	var ticks []plotTick
	for _, part := range []float64{0, 0.5, 1} {
		ticks = append(ticks, plotTick{coordinate(plotTop + plotHeight*(1-part)), planner.Bytes(int64(top*part)) + "/s"})
	}
	return ticks
}
