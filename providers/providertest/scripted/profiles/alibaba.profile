# Alibaba Mail: no AUTH=PLAIN, no custom flags, the same small UIDVALIDITY for
# everybody, no LITERAL+, special folders by name.
greeting * OK AliYun IMAP Server Ready(10.177.0.43)
before IMAP4rev1 IDLE XLIST UIDPLUS ID SASL-IR AUTH=XOAUTH AUTH=XOAUTH2 AUTH=EXTERNAL
login OK LOGIN completed
refuse NO LOGIN failed.
unknown BAD invalid command or parameters
folder () &XfJSIJZkkK5O9g-
folder () &V4NXPpCuTvY-
folder () &XfJT0ZAB-
folder () &g0l6Pw-
permanent \Answered \Seen \Deleted \Draft \Flagged
uidvalidity 2
