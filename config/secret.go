package config

// Secret is a reference to a secret: env:NAME, file:PATH, var:NAME,
// cell:FILE#ADDRESS#COLUMN, sealed:NAME or exec: and the command as a JSON list. It never holds the value, so it can be stored,
// printed and compared; only [Secrets.Reveal] yields the octets.
type Secret struct{ ref string }

// SecretRef makes a Secret from its reference.
func SecretRef(ref string) Secret { return Secret{ref} }

// String gives the reference.
func (s Secret) String() string { return s.ref }

// IsZero reports whether no secret was given.
func (s Secret) IsZero() bool { return s.ref == "" }

// MarshalText gives the reference.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.ref), nil }

// UnmarshalText takes a reference.
func (s *Secret) UnmarshalText(b []byte) error { s.ref = string(b); return nil }
