# Courier: all below INBOX., no LITERAL+ and ID, NO where others say BAD, the
# body before all else, no UIDNEXT, messages tidied up and cut after 299 parts.
greeting * OK [CAPABILITY IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE ACL ACL2=UNION STARTTLS ENABLE UTF8=ACCEPT] Courier-IMAP ready. Copyright 1998-2019 Double Precision, Inc.  See COPYING for distribution information.
before IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE ACL ACL2=UNION STARTTLS ENABLE UTF8=ACCEPT
login OK LOGIN Ok.
refuse NO Login failed.
unknown NO Error in IMAP command received by server.
errors 10 * BYE [ALERT] Fatal error: TOO MANY CONSECUTIVE PROTOCOL VIOLATIONS:
separator .
namespace (("INBOX." ".")) NIL (("#shared." ".")("shared." "."))
prefix INBOX.
folder (\HasNoChildren) INBOX.Sent
folder (\HasNoChildren) INBOX.Trash
missing NO Mailbox does not exist, or must be subscribed to.
no-mailbox NO [TRYCREATE] Must create mailbox before append
permanent \Answered \Flagged \Deleted \Seen \Draft \*
uidnext none
body-first
tidy
parts 299
