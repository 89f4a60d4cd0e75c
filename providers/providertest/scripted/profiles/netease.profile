# NetEase 163, 126, yeah.net and qiye.163 (Coremail): ID before SELECT, an
# initial response fails, brackets in the greeting that are no code.
greeting * OK Coremail System IMap Server Ready(163com[726cd87d00ff])
before IMAP4rev1 XLIST SPECIAL-USE ID LITERAL+ STARTTLS XAPPLEPUSHSERVICE UIDPLUS X-CM-EXT-1 SASL-IR AUTH=PLAIN
after IMAP4rev1 XLIST SPECIAL-USE ID LITERAL+ STARTTLS XAPPLEPUSHSERVICE UIDPLUS X-CM-EXT-1
login OK LOGIN completed
refuse NO LOGIN Login error or password error
needs-id NO SELECT Unsafe Login. Please contact kefu@188.com for help
broken-ir BAD Parse command error
unknown BAD Parse command error
folder (\Drafts) &g0l6P3ux-
folder (\Sent) &XfJT0ZAB-
folder (\Trash) &XfJSIJZk-
folder (\Junk) &V4NXPpCuTvY-
folder () &dcVr0mWHTvZZOQ-
permanent \Answered \Flagged \Deleted \Draft \Seen \*
