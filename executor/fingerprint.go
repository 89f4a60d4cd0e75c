package executor

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"os"
	"time"
)

// ahead is how far an approver's clock may be ahead of this machine's.
const ahead = time.Hour

// fingerprint gives the key of a signature's file, as ssh-keygen writes it;
// "": it cannot be read. The form is OpenSSH's PROTOCOL.sshsig: MAGIC,
// version, then the public key as a string.
func fingerprint(sig string) string {
	b, err := os.ReadFile(sig)
	if err != nil {
		return ""
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return ""
	}
	rest, ok := bytes.CutPrefix(block.Bytes, []byte("SSHSIG\x00\x00\x00\x01"))
	if !ok || len(rest) < 4 {
		return ""
	}
	n := binary.BigEndian.Uint32(rest)
	if rest = rest[4:]; uint64(n) > uint64(len(rest)) {
		return ""
	}
	sum := sha256.Sum256(rest[:n])
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// tellApprovals puts on record, once a run, by whose word the gates open.
func (a *apply) tellApprovals(all []Approval) error {
	for _, p := range all {
		if !p.Counts() || a.told["approval "+p.Name] != "" {
			continue
		}
		a.told["approval "+p.Name] = p.Key + "."
		if err := a.emit(ApprovalUsed{Name: p.Name, Key: p.Key, Plan: p.Plan, At: a.here(p.At)}); err != nil {
			return err
		}
	}
	return nil
}
