package planner

import "strconv"

// Bytes writes a number of octets for people, in binary units with one
// decimal: 412 B, 18.3 MiB, 2.1 GiB.
func Bytes(n int64) string {
	if n < 1024 {
		return strconv.FormatInt(n, 10) + " B"
	}
	units := [...]string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	f, i := float64(n)/1024, 0
	for f >= 1023.95 && i < len(units)-1 { // would round to 1024.0
		f, i = f/1024, i+1
	}
	return strconv.FormatFloat(f, 'f', 1, 64) + " " + units[i]
}
