# Zimbra: flags that it does not know make APPEND fail without a reason.
greeting * OK mail.acme.test Zimbra IMAP4rev1 server ready
before IMAP4rev1 ACL BINARY CATENATE CHILDREN CONDSTORE ENABLE ESEARCH ESORT I18NLEVEL=1 ID IDLE LIST-EXTENDED LIST-STATUS LITERAL+ MULTIAPPEND NAMESPACE QRESYNC QUOTA RIGHTS=ektx SASL-IR SEARCHRES SORT THREAD=ORDEREDSUBJECT UIDPLUS UNSELECT WITHIN XLIST AUTH=PLAIN
tells code
login OK LOGIN completed
refuse NO LOGIN failed
namespace (("" "/")) (("/home/" "/")) NIL
folder (\HasNoChildren) Drafts
folder (\HasNoChildren) Sent
folder (\HasNoChildren) Trash
folder (\HasNoChildren) Junk
flags \Answered \Deleted \Draft \Flagged \Seen $Forwarded $MDNSent Forwarded $Junk $NotJunk Junk NotJunk
permanent \Answered \Deleted \Draft \Flagged \Seen $Forwarded $MDNSent Forwarded $Junk $NotJunk Junk NotJunk \*
keywords NO APPEND failed
missing NO SELECT failed
no-mailbox NO [TRYCREATE] APPEND failed: no such mailbox
