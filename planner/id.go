package planner

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/mxmove/mxmove/config"
)

// EndpointOf is the mailbox that login opens at a server; with an empty login
// it is the server itself.
func EndpointOf(at config.IMAP, login string) Endpoint {
	u := url.URL{Scheme: "imap", Host: net.JoinHostPort(at.Host, strconv.Itoa(at.Port))}
	if login != "" {
		u.User = url.User(login)
	}
	return Endpoint(u.String())
}

// IDOf names a step by what it does: KIND SUBJECT @HASH, the hash being the
// first 8 hexadecimal digits of SHA-256 over kind, subject and identity.
func IDOf(op Op) StepID {
	kind, subject := op.Kind(), op.Subject()
	sum := sumOf(append([]string{kind, subject}, op.Identity()...))
	var hash [8]byte
	hex.Encode(hash[:], sum[:4])
	return StepID(kind + " " + subject + " @" + string(hash[:]))
}

// Subject is the middle of the ID: whom or what the step is about.
func (id StepID) Subject() string {
	_, rest, _ := strings.Cut(string(id), " ")
	if i := strings.LastIndex(rest, " @"); i >= 0 {
		return rest[:i]
	}
	return rest
}

// Hash is the end of the ID: 8 hexadecimal digits.
func (id StepID) Hash() string { return string(id[strings.LastIndexByte(string(id), '@')+1:]) }

// Kind is the first word of the ID.
func (id StepID) Kind() string {
	kind, _, _ := strings.Cut(string(id), " ")
	return kind
}

// hashOf hashes each part with its length before it, so that no two lists of
// parts give the same octets.
func hashOf(parts ...string) string {
	sum := sumOf(parts)
	return hex.EncodeToString(sum[:])
}

func sumOf(parts []string) [sha256.Size]byte {
	size := 0
	for _, p := range parts {
		size += 8 + len(p)
	}
	all := make([]byte, 0, 256) // most need no more, and stay off the heap
	if size > cap(all) {
		all = make([]byte, 0, size)
	}
	for _, p := range parts {
		all = append(binary.BigEndian.AppendUint64(all, uint64(len(p))), p...)
	}
	return sha256.Sum256(all)
}
