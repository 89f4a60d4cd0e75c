package render

import (
	"strconv"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// Count writes a number with thousands separators: 18,204.
func Count(n int) string {
	s := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Duration writes a span in its two biggest units: 2 d 3 h, 1 h 40 m, 40 s;
// what is shorter than a second is said to be so.
func Duration(cat *text.Catalogue, d time.Duration) string {
	if d = max(d, 0); d > 0 && d < time.Second {
		return cat.T("render.instant")
	}
	units := []struct {
		code string
		size time.Duration
	}{{"render.day", 24 * time.Hour}, {"render.hour", time.Hour}, {"render.minute", time.Minute}, {"render.second", time.Second}}
	for i, u := range units {
		n := d / u.size
		if n == 0 && i < len(units)-1 {
			continue
		}
		s := cat.T(u.code, "n", Count(int(n)))
		if i+1 < len(units) && u.size < 24*time.Hour*10 {
			if rest := (d - n*u.size) / units[i+1].size; rest > 0 {
				s += " " + cat.T(units[i+1].code, "n", strconv.Itoa(int(rest)))
			}
		}
		return s
	}
	return ""
}

// moment writes a time in the location of the options' clock.
func (p *page) moment(at time.Time) string {
	at = at.In(p.opt.Now.Location())
	return p.t("render.moment", "weekday", p.t("render.weekday."+strconv.Itoa(int(at.Weekday()))),
		"date", at.Format(time.DateOnly), "time", at.Format("15:04"), "zone", at.Format("-0700"))
}

func (p *page) ago(at time.Time) string {
	return p.t("render.ago", "age", Duration(p.cat, p.opt.Now.Sub(at)))
}

// progressBar draws done of all in width cells, brackets included. It is full
// only when everything is done.
func progressBar(done, all int64, width int) string {
	inner := width - 2
	n := 0
	if all > 0 {
		n = int(float64(inner) * min(float64(done)/float64(all), 1))
	}
	if done < all {
		n = min(n, inner-1)
	}
	return "[" + strings.Repeat("#", n) + strings.Repeat(".", inner-n) + "]"
}

// percent rounds down, so that 100 means all.
func percent(done, all int64) string {
	if all <= 0 {
		return "-"
	}
	n := int(100 * min(float64(done)/float64(all), 1))
	if done < all {
		n = min(n, 99)
	}
	return strconv.Itoa(n) + " %"
}

// size of mail; "-" where it is not known.
func size(n int64, messages int) string {
	if n == 0 && messages > 0 {
		return "-"
	}
	return planner.Bytes(n)
}

func pairs(args text.Args) []string {
	var out []string
	for _, k := range sortedKeys(args) {
		out = append(out, k, args[k])
	}
	return out
}
