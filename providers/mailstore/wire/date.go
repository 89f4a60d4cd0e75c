package wire

import (
	"bytes"
	"strconv"
	"time"
)

// zones keeps one location an offset, so that a date costs no allocation.
type zones map[int]*time.Location

// parse reads an INTERNALDATE (RFC 3501, 9: date-time). What is no real date
// and time with a zone is the zero Time.
func (z zones) parse(b []byte) time.Time {
	s := dateScan{b: bytes.TrimSpace(b), ok: true}
	day := s.number(1, 2)
	s.eat('-')
	month := s.month()
	s.eat('-')
	year := s.number(4, 4)
	s.eat(' ')
	hour := s.number(1, 2)
	s.eat(':')
	minute := s.number(2, 2)
	s.eat(':')
	second := s.number(2, 2)
	offset := s.zone()
	if !s.ok || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60 {
		return time.Time{}
	}
	t := time.Date(year, time.Month(month), day, hour, minute, min(second, 59), 0, z.of(offset))
	if t.Day() != day { // 31 February
		return time.Time{}
	}
	return t
}

const maxZones = 200 // there are some 40 in use; a server may write any

func (z zones) of(offset int) *time.Location {
	if offset == 0 {
		return time.UTC
	}
	loc := z[offset]
	if loc == nil {
		sign, abs := "+", offset
		if offset < 0 {
			sign, abs = "-", -offset
		}
		loc = time.FixedZone(sign+strconv.Itoa(10000 + abs/3600*100 + abs%3600/60)[1:], offset)
		if len(z) < maxZones {
			z[offset] = loc
		}
	}
	return loc
}

// dateScan takes a date apart; ok says that all was as expected so far.
type dateScan struct {
	b  []byte
	ok bool
}

func (s *dateScan) number(least, most int) (n int) {
	i := 0
	for i < len(s.b) && i < most && s.b[i] >= '0' && s.b[i] <= '9' {
		n = n*10 + int(s.b[i]-'0')
		i++
	}
	s.ok = s.ok && i >= least
	s.b = s.b[i:]
	return n
}

func (s *dateScan) eat(ch byte) {
	if s.ok = s.ok && len(s.b) > 0 && s.b[0] == ch; s.ok {
		s.b = s.b[1:]
	}
	for ch == ' ' && len(s.b) > 0 && s.b[0] == ' ' {
		s.b = s.b[1:]
	}
}

func (s *dateScan) month() int {
	const names = "janfebmaraprmayjunjulaugsepoctnovdec"
	if s.ok = s.ok && len(s.b) >= 3; !s.ok {
		return 0
	}
	for i := 0; i < len(names); i += 3 {
		if s.b[0]|0x20 == names[i] && s.b[1]|0x20 == names[i+1] && s.b[2]|0x20 == names[i+2] {
			s.b = s.b[3:]
			return i/3 + 1
		}
	}
	s.ok = false
	return 0
}

// zone gives seconds east of Greenwich.
func (s *dateScan) zone() int {
	s.eat(' ')
	if !s.ok || len(s.b) == 0 {
		s.ok = false
		return 0
	}
	sign := s.b[0]
	s.b = s.b[1:]
	hours, minutes := s.number(2, 2), s.number(2, 2)
	s.ok = s.ok && (sign == '+' || sign == '-') && len(s.b) == 0 && hours < 24 && minutes < 60
	if sign == '-' {
		return -(hours*3600 + minutes*60)
	}
	return hours*3600 + minutes*60
}
