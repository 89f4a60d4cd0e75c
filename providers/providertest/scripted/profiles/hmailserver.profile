# hMailServer: no NAMESPACE and no UIDPLUS, names with dots, sizes from before
# headers were added, 5:3 misread.
greeting * OK IMAPrev1
before IMAP4 IMAP4rev1 CHILDREN IDLE QUOTA SORT ACL
login OK LOGIN completed
refuse NO Invalid user name or password.
unknown BAD Unknown or NULL command
separator .
folder (\HasNoChildren) Sent
folder (\HasNoChildren) Trash
permanent \Deleted \Seen \Draft \Answered \Flagged
size-less 29
ascending
