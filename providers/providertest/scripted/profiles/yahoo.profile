# Yahoo and AOL: INBOX is "Inbox", messages must end in a line end, listings
# are cut, short command lines only.
greeting * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=XOAUTH2 AUTH=OAUTHBEARER ID MOVE NAMESPACE XYMHIGHESTMODSEQ UIDPLUS LITERAL+ CHILDREN X-MSG-EXT OBJECTID] IMAP4rev1 Hello
before IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=XOAUTH2 AUTH=OAUTHBEARER ID MOVE NAMESPACE XYMHIGHESTMODSEQ UIDPLUS LITERAL+ CHILDREN X-MSG-EXT OBJECTID
after IMAP4rev1 ID MOVE NAMESPACE XYMHIGHESTMODSEQ UIDPLUS LITERAL+ CHILDREN X-MSG-EXT UNSELECT OBJECTID
login OK LOGIN completed
refuse NO [AUTHENTICATIONFAILED] LOGIN Invalid credentials
inbox Inbox
namespace (("" "/")) NIL NIL
folder (\Archive \HasNoChildren) Archive
folder (\Junk \HasNoChildren) Bulk
folder (\Drafts \HasNoChildren) Draft
folder (\Sent \HasNoChildren) Sent
folder (\Trash \HasNoChildren) Trash
flags \Answered \Deleted \Draft \Flagged \Seen $Forwarded $Junk $NotJunk
permanent \Answered \Deleted \Draft \Flagged \Seen $Forwarded $Junk $NotJunk
final-newline BAD [CLIENTBUG] Additional arguments found after last expected argument
command-line 1000 BAD [CLIENTBUG] Command line too long
cut 20
