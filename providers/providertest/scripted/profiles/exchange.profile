# Microsoft 365 and Exchange: base64 in the greeting, capabilities grow, long
# lines and large messages refused in odd words, ten errors end the connection.
greeting * OK The Microsoft Exchange IMAP4 service is ready. [TQBXAEgAUABSADIAMQBDAEEAMAAwADYAMAAuAG4AYQBtAHAAcgBkADIAMQA]
before IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+
after IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CLIENTACCESSRULES CLIENTNETWORKPRESENCELOCATION BACKENDAUTHENTICATE CHILDREN IDLE NAMESPACE LITERAL+
login OK LOGIN completed.
refuse NO LOGIN failed.
unknown BAD Command Error. 12
errors 10 * BYE Connection closed
namespace (("" "/")) NIL NIL
folder (\HasNoChildren) Drafts
folder (\HasNoChildren) Sent Items
folder (\HasNoChildren) Deleted Items
folder (\HasNoChildren) Junk Email
reserved Files NO Folder name is reserved
missing NO Mailbox doesn't exist: Nowhere
no-mailbox NO [TRYCREATE] The requested item could not be found.
permanent \Seen \Answered \Flagged \Deleted \Draft $MDNSent
limit 36700160 NO Maximum size of appendable message has been exceeded
long-line 10000 BAD Command Argument Error. 11
