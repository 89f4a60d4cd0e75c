# Gmail: capabilities come untagged before the OK, labels shown as folders,
# MODSEQs, LITERAL- only, names with blanks at odd places refused.
greeting * OK Gimap ready for requests from 192.0.2.1 i9if7359725qay.199
before IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 XYZZY SASL-IR AUTH=XOAUTH2 AUTH=PLAIN AUTH=PLAIN-CLIENTTOKEN AUTH=OAUTHBEARER
after IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 UIDPLUS COMPRESS=DEFLATE ENABLE MOVE CONDSTORE ESEARCH UTF8=ACCEPT LIST-EXTENDED LIST-STATUS LITERAL- SPECIAL-USE APPENDLIMIT=35651584
tells untagged
login OK LOGIN-NAME authenticated (Success)
refuse NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)
connections 15 NO [ALERT] Too many simultaneous connections. (Failure)
namespace (("" "/")) NIL NIL
folder (\HasChildren \NonExistent) [Gmail]
folder (\All \HasNoChildren) [Gmail]/All Mail
folder (\Drafts \HasNoChildren) [Gmail]/Drafts
folder (\HasNoChildren \Important) [Gmail]/Important
folder (\HasNoChildren \Sent) [Gmail]/Sent Mail
folder (\HasNoChildren \Junk) [Gmail]/Spam
folder (\Flagged \HasNoChildren) [Gmail]/Starred
folder (\HasNoChildren \Trash) [Gmail]/Trash
flags \Answered \Flagged \Draft \Deleted \Seen $NotPhishing OIB-Seen-[Google Mail]/Alle Nachrichten
permanent \Answered \Flagged \Draft \Deleted \Seen $NotPhishing \*
missing NO [NONEXISTENT] Unknown Mailbox: [Gmail] (now in authenticated state) (Failure)
no-name ^ NO [CANNOT] Invalid folder name (Failure)
no-name ␣␣ NO [CANNOT] Folder contains excess whitespace (Failure)
limit 26214400 BAD [TOOBIG] Message too large. https://support.google.com/mail/answer/6584
