package wire

import (
	"errors"
	"testing"
)

func TestExpunge(t *testing.T) {
	c := talk(t, "IMAP4rev1 UIDPLUS", `
		C: w1 UID EXPUNGE 3:5,9
		S: * 3 EXPUNGE
		S: w1 OK done
		C: w2 UID EXPUNGE 7
		S: w2 NO [CANNOT] read-only`)
	if err := c.Expunge(bg, []uint32{9, 3, 5, 4, 3}); err != nil {
		t.Fatal(err)
	}
	var no *Refused
	if err := c.Expunge(bg, []uint32{7}); !errors.As(err, &no) || no.Code != "CANNOT" {
		t.Error(err)
	}
	if err := c.Expunge(bg, nil); err != nil {
		t.Error(err)
	}
}

// Plain EXPUNGE would remove what others have marked: it is never sent.
func TestExpungeWithoutUIDPlus(t *testing.T) {
	c := talk(t, "IMAP4rev1", "")
	var no *Refused
	if err := c.Expunge(bg, []uint32{1}); !errors.As(err, &no) || c.Removes() {
		t.Error(err)
	}
}
