package config

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/zclconf/go-cty/cty"
)

var (
	durationForm = regexp.MustCompile(`^(?:(\d{1,5})d)?(?:(\d{1,6})h)?(?:(\d{1,7})m)?(?:(\d{1,8})s)?$`)
	sizeForm     = regexp.MustCompile(`^(\d{1,9}(?:\.\d{1,3})?) ?(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)$`)
	percentForm  = regexp.MustCompile(`^(\d{1,3}(?:\.\d{1,3})?) ?%$`)
	hoursForm    = regexp.MustCompile(`^(\d{2}):(\d{2})-(\d{2}):(\d{2})$`)
)

// parseDuration reads days, hours, minutes and seconds, in this order: 5d, 36h,
// 1d12h. A day has 24 hours.
func parseDuration(s string) (time.Duration, bool) {
	m := durationForm.FindStringSubmatch(s)
	if m == nil || s == "" {
		return 0, false
	}
	var d time.Duration
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second} {
		n, _ := strconv.Atoi("0" + m[i+1])
		d += time.Duration(n) * unit
	}
	return d, true
}

// parseMoment reads a time of RFC 3339, which has an offset.
func parseMoment(s string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, false
	}
	return t.Round(0), true
}

// units are octets; kB, MB … are powers of 1000, KiB, MiB … of 1024.
var units = map[string]float64{
	"B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
	"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
}

// parseSize reads octets: 20GB, 1.5 MiB. Zero is none.
func parseSize(s string) (int64, bool) {
	m := sizeForm.FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseFloat(m[1], 64)
	n *= units[m[2]]
	return int64(n), err == nil && n >= 1 && n < 1<<62
}

// parseRate reads octets a second: 40MB/s.
func parseRate(s string) (int64, bool) {
	size, ok := strings.CutSuffix(s, "/s")
	if !ok {
		return 0, false
	}
	return parseSize(size)
}

// setShare takes a percentage in quotes or a whole number.
func (l *loader) setShare(f *field, into *Share, v cty.Value, at Pos) {
	if v.Type() == cty.Number {
		n, exact := v.AsBigFloat().Int64()
		if exact != 0 || n < 0 || n > unbounded {
			l.say(Error, at, "value.range", "name", f.name, "min", "0", "max", strconv.Itoa(unbounded))
			return
		}
		*into = Share{Number: int(n)}
		return
	}
	s, ok := l.text(f.name, v, at)
	if !ok {
		return
	}
	if m := percentForm.FindStringSubmatch(s); m != nil {
		if p, err := strconv.ParseFloat(m[1], 64); err == nil && p <= 100 {
			*into = Share{Percent: p}
			return
		}
	}
	l.say(Error, at, "value.share", "name", f.name, "value", s)
}

// parseHours reads a part of the day: 08:00-20:00, also over midnight. 24:00
// is the day's end.
func parseHours(s string) (from, to string, ok bool) {
	m := hoursForm.FindStringSubmatch(s)
	if m == nil {
		return "", "", false
	}
	from, to = m[1]+":"+m[2], m[3]+":"+m[4]
	clock := func(h, min string, last bool) bool {
		return h < "24" && min < "60" || last && h == "24" && min == "00"
	}
	return from, to, clock(m[1], m[2], false) && clock(m[3], m[4], true) && from != to && (from != "00:00" || to != "00:00")
}
