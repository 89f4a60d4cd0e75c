// Package imapd is an IMAP server in memory, on loopback: the demo's two
// services and the fixture of the command scripts. It keeps what it is given
// exactly (octets, flags as spelled, dates with their zone, folder names),
// counts what clients ask of it, and fails on request.
//
// It speaks IMAP4rev1 (RFC 3501) with LITERAL+ (RFC 7888), MULTIAPPEND (RFC
// 3502), UIDPLUS (RFC 4315), ID (RFC 2971), NAMESPACE (RFC 2342), UNSELECT
// (RFC 3691), SASL-IR (RFC 4959), SPECIAL-USE with CREATE (RFC 6154),
// LIST-EXTENDED's return options (RFC 5258), LIST-STATUS (RFC 5819),
// STATUS=SIZE (RFC 8438) and COMPRESS=DEFLATE (RFC 4978), as far as a mover of
// mail needs them: of SEARCH only LARGER, of EXPUNGE only UID EXPUNGE, and of
// messages only the whole.
package imapd
