// Package scripted is an IMAP server for tests that behaves as badly as real
// ones do. A profile, a file of data, says what a service is like: its texts,
// names, capabilities and limits, literally. Faults, composable, say what goes
// wrong and when. Every command is counted, by connection and by login.
//
// It keeps the order of RFC 3501 strictly where a profile does not say
// otherwise: what was not offered is refused.
package scripted
