# Dovecot as the healthy other side.
greeting * OK [CAPABILITY IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ AUTH=PLAIN AUTH=LOGIN] Dovecot ready.
before IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ AUTH=PLAIN AUTH=LOGIN
after IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT THREAD=REFERENCES MULTIAPPEND UNSELECT CHILDREN NAMESPACE UIDPLUS LIST-EXTENDED I18NLEVEL=1 CONDSTORE ESEARCH ESORT SEARCHRES WITHIN LIST-STATUS BINARY MOVE SPECIAL-USE CREATE-SPECIAL-USE LITERAL+
tells code
login OK Logged in
refuse NO [AUTHENTICATIONFAILED] Authentication failed.
connections 10 NO [UNAVAILABLE] Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)
unknown BAD Error in IMAP command: Unknown command.
errors 20 * BYE Too many invalid IMAP commands.
namespace (("" "/")) NIL NIL
folder (\HasNoChildren \Drafts) Drafts
folder (\HasNoChildren \Sent) Sent
folder (\HasNoChildren \Trash) Trash
folder (\HasNoChildren \Junk) Junk
missing NO [NONEXISTENT] Mailbox doesn't exist: Nowhere (0.001 + 0.000 secs).
no-mailbox NO [TRYCREATE] Mailbox doesn't exist: Nowhere (0.001 + 0.000 secs).
permanent \Answered \Flagged \Deleted \Seen \Draft \*
