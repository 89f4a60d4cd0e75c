package transfer

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDeviations(t *testing.T) {
	dir := t.TempDir()
	l, _ := mustOpen(t, dir)
	f := fillLedger(t, l, 3) // bits 0, 1, 2: as it is, adopted, keywords
	err := l.placed(f, 9, 99, "", bitKeywords|bitDate, [32]byte{})
	if err == nil {
		err = l.put(problemRecord{folder: f.id, uid: 12, Problem: Problem{Missing: true}},
			problemRecord{folder: f.id, uid: 10, Problem: Problem{Missing: true, File: "again.eml"}})
	}
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	r, err := ReadLedger(dir, testKey)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range r.Deviations() {
		got = append(got, fmt.Sprint(d.Folder, d.UID, " ", d.Kind, d.N, " ", d.Code, d.Text, d.File))
	}
	want := []string{"INBOX0 skipped2 ", "INBOX2 refused1 TOOBIGbigx.eml", "INBOX5 keywords1 ", "INBOX9 date1 ", "INBOX9 keywords1 ",
		"INBOX10 retry1 again.eml", "INBOX12 missing1 "}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
