// Package wire speaks IMAP (RFC 3501 and the extensions named at each method)
// as servers really speak it: it reads leniently, streams bodies in bounded
// memory, sends many commands in one flight, and never writes to a server what
// another server said without checking it.
//
// A connection:
//
//	c, err := wire.Dial(ctx, wire.Options{Addr: "imap.example.org:993", Mode: wire.Implicit})
//	if err != nil { … } // *CertificateError, *Refused, *Gone, ErrClearText, ErrInjected
//	defer c.Close()
//	err = c.SignIn(ctx, wire.Credentials{User: u, Secret: pw}, wire.ID{Name: "mxmove"})
//	listing, err := c.List(ctx)
//	box, err := c.Examine(ctx, listing.Mailboxes[0].Name)
//
// Reading. Scan lists, Fetch gives bodies. The Message that a callback gets,
// its Flags and its Body are used again for the next one: copy what is kept.
//
//	missing, err := c.Fetch(ctx, uids, func(m *wire.Message) error {
//		_, err := io.Copy(dst, m.Body) // an error here says that the literal's length was false
//		return err
//	})
//
// Read does the same for many mailboxes in one flight, each examined in turn.
//
// Writing. Append calls next in the caller's goroutine and done in another
// one, in the order of next; both may be under way at the same time. With
// Options.BatchMessages, messages share commands that are refused as a whole.
//
// Names of mailboxes are the octets that LIST gave. DecodeName and SplitName
// make text of them, EncodeName makes a name of text for Create.
//
// Errors. *Refused is the server's NO, BAD or BYE: after NO the connection is
// good. Every other error closes the connection, and so does BYE, BAD to an
// APPEND, a cancelled context and an error that a callback returns: Closed
// tells. No error holds a command's arguments.
//
// A Conn is used by one goroutine at a time; only Close and Closed may be
// called from any.
package wire
