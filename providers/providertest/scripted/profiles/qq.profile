# Tencent QQ Mail and Exmail: no UIDPLUS, LITERAL+, special uses; people's
# folders lie below one that holds no mail.
greeting * OK [CAPABILITY IMAP4 IMAP4rev1 ID AUTH=PLAIN AUTH=LOGIN AUTH=XOAUTH2 NAMESPACE] QQMail XMIMAP4Server ready
before IMAP4 IMAP4rev1 ID AUTH=PLAIN AUTH=LOGIN AUTH=XOAUTH2 NAMESPACE
login OK Success login ok
refuse NO Login fail. Account is abnormal, service is not open, password is incorrect, login frequency limited, or system is busy.
namespace (("" "/")) NIL NIL
folder (\HasNoChildren) Sent Messages
folder (\HasNoChildren) Drafts
folder (\HasNoChildren) Deleted Messages
folder (\HasNoChildren) Junk
folder (\NoSelect \HasChildren) &UXZO1mWHTvZZOQ-
below &UXZO1mWHTvZZOQ-/
permanent \Answered \Flagged \Deleted \Draft \Seen
