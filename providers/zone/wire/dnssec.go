package wire

import (
	"errors"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// The ways in which a signed set fails.
var (
	ErrUnsigned = errors.New("no signature")
	ErrExpired  = errors.New("the signature is out of date")
	ErrForged   = errors.New("no signature that the zone's keys confirm")
)

// Verify checks the signatures of one set by the zone's keys (RFC 4035 section
// 5.3) and gives the moment until which one that holds is valid.
func Verify(set, sigs, keys []Record, at time.Time) (until time.Time, err error) {
	err = ErrUnsigned
	if len(set) == 0 {
		return until, err
	}
	for _, s := range sigs {
		sig, ok := s.rr.(*dns.RRSIG)
		if !ok || dns.TypeToString[sig.TypeCovered] != set[0].Type || s.Name != set[0].Name {
			continue
		}
		switch e := confirmed(sig, set, keys); {
		case e != nil:
			err = e
		case !sig.ValidityPeriod(at):
			err = ErrExpired
		default:
			if t := time.Unix(int64(sig.Expiration), 0); t.After(until) {
				until = t
			}
		}
	}
	if !until.IsZero() {
		return until, nil
	}
	return until, err
}

func confirmed(sig *dns.RRSIG, set, keys []Record) error {
	for _, k := range keys {
		if key, ok := k.rr.(*dns.DNSKEY); ok && key.KeyTag() == sig.KeyTag && sig.Verify(key, raw(set)) == nil {
			return nil
		}
	}
	return ErrForged
}

// Anchored reports whether one of the parent's DS records names one of the
// zone's keys (RFC 4035 section 5.2).
func Anchored(ds, keys []Record) bool {
	for _, d := range ds {
		parent, ok := d.rr.(*dns.DS)
		for _, k := range keys {
			key, isKey := k.rr.(*dns.DNSKEY)
			if !ok || !isKey || key.KeyTag() != parent.KeyTag {
				continue
			}
			if made := key.ToDS(parent.DigestType); made != nil && strings.EqualFold(made.Digest, parent.Digest) {
				return true
			}
		}
	}
	return false
}

// Covers names the type that a signature is for.
func Covers(r Record) string {
	if sig, ok := r.rr.(*dns.RRSIG); ok {
		return dns.TypeToString[sig.TypeCovered]
	}
	return ""
}
