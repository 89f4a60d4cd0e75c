package main

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/providers/mailstore/mend"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
)

// Every kind of exception has its name, and a remedy, in both languages.
func TestEveryExceptionHasItsTexts(t *testing.T) {
	passes := []transfer.DeviationKind{transfer.DevRefused, transfer.DevRetry, transfer.DevMissing, transfer.DevSkipped, transfer.DevRepaired, transfer.DevWrapped, transfer.DevKeywords, transfer.DevDate, transfer.DevKept, "folder"}
	classes := []transfer.Class{transfer.Explained, transfer.Behind, transfer.Unread, transfer.Unexplained, "altered"}
	for _, lang := range []text.Lang{text.English, text.Chinese} {
		cat := text.Load(lang)
		var codes []string
		for _, k := range passes {
			codes = append(codes, "report."+string(k), "report."+string(k)+".what", "report."+string(k)+".do")
		}
		for k := transfer.KeptAdopted; k <= transfer.KeptRefused; k++ {
			codes = append(codes, k.Code())
		}
		for _, k := range classes {
			codes = append(codes, "report."+string(k), "report."+string(k)+".do")
		}
		for _, name := range (mend.All() | mend.Wrapped).Names() {
			codes = append(codes, "report.fix."+name, "verify.mended."+name)
		}
		for _, code := range codes {
			if !cat.Has(code) {
				t.Errorf("%s: no %s", lang, code)
			}
		}
	}
}

func TestExceptionsAsCSV(t *testing.T) {
	c := &cli{env: call{}.env(nil, nil)}
	c.speak("en")
	at := time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC)
	x := &exceptions{Kinds: map[string]int{}}
	x.add(c.deviation("a@x.test", transfer.Deviation{Folder: "=cmd|'/C calc'!A1", UID: 7, Kind: transfer.DevRefused, N: 1,
		Problem: transfer.Problem{Code: "TOOBIG", Text: "no, \"big\"\r\nline"}}))
	x.add(c.deviation("a@x.test", transfer.Deviation{Folder: "王芳", Kind: transfer.DevSkipped, N: 12}))
	if e := c.deviation("a@x.test", transfer.Deviation{Kind: transfer.DevKept, N: 1, Problem: transfer.Problem{Text: transfer.KeptTouched.Code()}}); !strings.HasSuffix(e.Reason, ": its flags were changed at the target") {
		t.Errorf("%+v", e)
	}
	row, ok := c.difference("a@x.test", at, transfer.Exception{Folder: []string{"A", "B"}, Target: true, UID: 3, Class: transfer.Explained,
		Codes: []text.Msg{text.M("verify.altered.nul"), text.M("verify.refused", "reason", "x")}})
	if x.add(row); !ok || row.Kind != "altered" {
		t.Errorf("%+v", row)
	}
	if _, ok := c.difference("a", at, transfer.Exception{Codes: []text.Msg{text.M("verify.late")}}); ok {
		t.Error("told twice")
	}
	b, err := x.csv(c)
	if err != nil || !bytes.HasPrefix(b, []byte("\xef\xbb\xbf")) || bytes.Count(b, []byte("\r\n")) < 4 {
		t.Fatalf("%q, %v", b, err)
	}
	rows, err := csv.NewReader(bytes.NewReader(b[3:])).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatal(rows, err)
	}
	if rows[1][1] != "'=cmd|'/C calc'!A1" || !strings.Contains(rows[1][5], `TOOBIG no, "big"`) || rows[1][8] != "" {
		t.Errorf("%q", rows[1])
	}
	if rows[2][2] != "" || rows[2][4] != "12" || x.Kinds["skipped"] != 12 {
		t.Errorf("%q", rows[2])
	}
	if rows[3][1] != "target: A/B" || rows[3][8] != "2026-11-22T01:02:03Z" {
		t.Errorf("%q", rows[3])
	}
}
