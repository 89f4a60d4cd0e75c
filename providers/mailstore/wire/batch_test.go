package wire

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"
)

const batchCaps = plusCaps + " MULTIAPPEND"

var inBatches = Options{BatchMessages: 3, BatchBytes: 10}

func TestAppendBatches(t *testing.T) {
	dated := msg("two", imap.FlagSeen, imap.FlagDraft)
	dated.Date = time.Date(2024, 2, 1, 10, 20, 30, 0, time.FixedZone("", -12600))
	// all is sent before the first answer: three messages, then so many octets, then the rest
	c := talkTo(t, inBatches, batchCaps, `
		C: w1 APPEND "box" () {1+}
		C: a (\Seen \Draft) "01-Feb-2024 10:20:30 -0330" {3+}
		C: two () {1+}
		C: c
		C: w2 APPEND "box" () {6+}
		C: dddddd () {4+}
		C: eeee
		C: w3 APPEND "box" () {11+}
		C: fffffffffff
		C: w4 APPEND "box" () {1+}
		C: g
		S: * 1 EXISTS
		S: w1 OK [APPENDUID 7 4,6:7] done
		S: w2 OK [APPENDUID 7 9:8] done
		S: w4 OK [APPENDUID 7 11] done
		S: w3 OK [APPENDUID 7 10] done
		C: w5 NOOP
		S: w5 OK`)
	out, err := appendAll(c, msg("a"), dated, msg("c"), msg("dddddd"), msg("eeee"), msg("fffffffffff"), msg("g"))
	if err != nil {
		t.Fatal(err)
	}
	var want []Appended
	for i, uid := range []uint32{4, 6, 7, 8, 9, 10, 11} {
		want = append(want, Appended{Index: i, UIDValidity: 7, UID: uid})
	}
	if diff := cmp.Diff(want, out); diff != "" {
		t.Error(diff)
	}
	if err := c.Noop(context.Background()); err != nil {
		t.Error(err)
	}
}

// TestAppendBatchOff: batches are asked for, and only where they are offered.
func TestAppendBatchOff(t *testing.T) {
	script := "C: w1 APPEND \"box\" () {1+}\nC: a\nC: w2 APPEND \"box\" () {1+}\nC: b\nS: w1 OK\nS: w2 OK"
	for caps, o := range map[string]Options{plusCaps: inBatches, batchCaps: {}} {
		if out, err := appendAll(talkTo(t, o, caps, script), msg("a"), msg("b")); err != nil || len(out) != 2 {
			t.Error(caps, out, err)
		}
	}
}

// TestAppendBatchParts: what must not share a command does not.
func TestAppendBatchParts(t *testing.T) {
	c := talkTo(t, inBatches, batchCaps, `
		C: w1 APPEND "box" () {1+}
		C: a
		C: w2 APPEND "box" (new) {1}
		S: w1 OK
		S: + 
		C: b
		C: w3 APPEND "box" () {1+}
		C: c
		C: w4 APPEND "box" () {1+}
		C: d
		C: w5 APPEND "box" () {1+}
		C: e () {1+}
		C: f
		C: w6 APPEND "box" () {0+}
		C: 
		C: w7 APPEND "box" () {1+}
		C: g
		C: w8 APPEND "box" () {1}
		S: w2 OK
		S: w3 OK
		S: w4 OK
		S: w5 OK
		S: w6 NO [CANNOT] empty
		S: w7 OK
		S: + 
		C: h
		S: w8 OK`)
	alone, sync := msg("d"), msg("h")
	alone.Alone, sync.Sync = true, true
	out, err := appendAll(c, msg("a"), msg("b", "new"), msg("c"), alone, msg("e"), msg("f"), msg(""), msg("g"), sync)
	if err != nil || len(out) != 9 {
		t.Fatalf("%v %v", out, err)
	}
	refusedAs(t, out[6].Err, "NO", "CANNOT")
}

// TestAppendBatchMinus: LITERAL- has small ones in batches, others ask.
func TestAppendBatchMinus(t *testing.T) {
	big := strings.Repeat("x", 4097)
	c := talkTo(t, Options{BatchMessages: 9}, "IMAP4rev1 LITERAL- MULTIAPPEND", `
		C: w1 APPEND "box" () {1+}
		C: a () {1+}
		C: b
		C: w2 APPEND "box" () {4097}
		S: w1 OK
		S: +
		C: `+big+`
		S: w2 OK`)
	if out, err := appendAll(c, msg("a"), msg("b"), msg(big)); err != nil || len(out) != 3 {
		t.Errorf("%v %v", out, err)
	}
}

// TestAppendBatchRefused: nobody knows which one was meant, unless it is the
// only one; the next batch goes on.
func TestAppendBatchRefused(t *testing.T) {
	c := talkTo(t, inBatches, batchCaps, `
		C: w1 APPEND "box" () {1+}
		C: a () {1+}
		C: b () {1+}
		C: c
		C: w2 APPEND "box" () {1+}
		C: d () {1+}
		C: e
		C: w3 APPEND "box" () {1+}
		C: f
		S: w1 NO [OVERQUOTA] full
		S: w2 OK [APPENDUID 7 1:2]
		S: w3 NO [OVERQUOTA] full`)
	alone := msg("f")
	alone.Alone = true
	out, err := appendAll(c, msg("a"), msg("b"), msg("c", `\Bad`), msg("c"), msg("d"), msg("e"), alone)
	if err != nil || len(out) != 7 || c.Closed() {
		t.Fatalf("%v %v", out, err)
	}
	for _, i := range []int{0, 1, 3} {
		var all *BatchRefused
		if !errors.As(out[i].Err, &all) || all.Messages != 3 || all.Refused.Code != "OVERQUOTA" {
			t.Errorf("message %d: %v", i, out[i])
		}
	}
	var invalid *Invalid
	if !errors.As(out[2].Err, &invalid) || out[4].UID != 1 || out[5].UID != 2 {
		t.Errorf("%v", out)
	}
	refusedAs(t, out[6].Err, "NO", "OVERQUOTA")
}

// TestAppendBatchRefusedEarly: NO while the batch is being sent ends it there.
func TestAppendBatchRefusedEarly(t *testing.T) {
	c := talkTo(t, Options{BatchMessages: 9}, batchCaps, `
		C: w1 APPEND "box" () {70000+}
		S: w1 NO [OVERQUOTA] full
		C: `+strings.Repeat("x", 70000)+`
		C: w2 APPEND "box" () {1+}
		C: b
		S: w2 OK [APPENDUID 7 2]`)
	var out []Appended
	told := make(chan struct{})
	n := 0
	err := c.Append(context.Background(), "box", func() (*Outgoing, error) {
		switch n++; n {
		case 1:
			return msg(strings.Repeat("x", 70000)), nil
		case 2:
			<-told
			return msg("b"), nil
		}
		return nil, io.EOF
	}, func(a Appended) error {
		if out = append(out, a); len(out) == 1 {
			close(told)
		}
		return nil
	})
	if err != nil || len(out) != 2 || out[1].UID != 2 {
		t.Fatalf("%v %v", out, err)
	}
	refusedAs(t, out[0].Err, "NO", "OVERQUOTA")
}

// TestAppendBatchBad: all of the batch are told, and the connection is gone.
func TestAppendBatchBad(t *testing.T) {
	c := talkTo(t, inBatches, batchCaps, "C: w1 APPEND \"box\" () {1+}\nC: a () {1+}\nC: b\nS: w1 BAD no\nE")
	out, err := appendAll(c, msg("a"), msg("b"))
	refusedAs(t, err, "BAD", "")
	if len(out) != 2 || !c.Closed() {
		t.Fatalf("%v", out)
	}
	for _, a := range out {
		var all *BatchRefused
		if !errors.As(a.Err, &all) || all.Refused.Status != "BAD" {
			t.Errorf("%v", a)
		}
	}
}

// TestAppendBatchIdle: a source that has nothing for now lets the batch go.
func TestAppendBatchIdle(t *testing.T) {
	c := talkTo(t, Options{BatchMessages: 9, Timeout: 60 * time.Millisecond}, batchCaps, `
		C: w1 APPEND "box" () {1+}
		C: a () {1+}
		C: b
		S: w1 OK
		C: w2 APPEND "box" () {1+}
		C: c () {1+}
		C: d
		S: w2 OK`)
	answered := make(chan int, 9)
	n := 0
	err := c.Append(context.Background(), "box", func() (*Outgoing, error) {
		switch n++; n {
		case 3:
			return nil, nil
		case 4:
			if <-answered+<-answered != 1 {
				return nil, errors.New("others were answered")
			}
			time.Sleep(150 * time.Millisecond) // the source takes its time: nobody owes an answer
		case 5:
			time.Sleep(150 * time.Millisecond) // the same with an open batch
		case 6:
			return nil, io.EOF
		}
		return msg(string(rune("ab-cd"[n-1]))), nil
	}, func(a Appended) error { answered <- a.Index; return a.Err })
	if err != nil || len(answered) != 2 {
		t.Errorf("%v, %d answers", err, len(answered))
	}
}

// TestAppendBatchWindow: a batch that fills the window does not wait for itself.
func TestAppendBatchWindow(t *testing.T) {
	for _, o := range []Options{{WindowMessages: 2, BatchMessages: 9}, {WindowBytes: 2, BatchMessages: 9}} {
		c := talkTo(t, o, batchCaps, `
			C: w1 APPEND "box" () {1+}
			C: a () {1+}
			C: b
			S: w1 OK
			C: w2 APPEND "box" () {1+}
			C: c () {1+}
			C: d
			S: w2 OK`)
		if out, err := appendAll(c, msg("a"), msg("b"), msg("c"), msg("d")); err != nil || len(out) != 4 {
			t.Errorf("%+v: %v %v", o, out, err)
		}
	}
}

// TestAppendBatchSourceFails: a body that breaks off takes its batch with it;
// an error between messages does not.
func TestAppendBatchSourceFails(t *testing.T) {
	stop := errors.New("stop")
	c := talkTo(t, inBatches, batchCaps, "C: w1 APPEND \"box\" () {1+}\nC: a () {1+}\nC: b\nS: w1 OK [APPENDUID 7 1:2]")
	left, answered := []*Outgoing{msg("a"), msg("b")}, 0
	err := c.Append(context.Background(), "box", func() (*Outgoing, error) {
		if len(left) == 0 {
			return nil, stop
		}
		m := left[0]
		left = left[1:]
		return m, nil
	}, func(a Appended) error { answered++; return a.Err })
	if err != stop || answered != 2 {
		t.Errorf("between messages: %v, %d answered", err, answered)
	}
	c = talkTo(t, inBatches, batchCaps, "Z")
	out, err := appendAll(c, msg("a"), &Outgoing{Size: 3, Body: strings.NewReader("ab")})
	var body *BodyError
	if !errors.As(err, &body) || body.Index != 1 || len(out) != 0 || !c.Closed() {
		t.Errorf("within one: %v %v", out, err)
	}
}

// TestAppendBatchDies: the server goes away at each step; nobody hangs, and
// nothing is told that was not answered.
func TestAppendBatchDies(t *testing.T) {
	steps := []string{"C: w1 APPEND \"box\" () {1+}", "C: a () {1+}", "C: b", "S: w1 OK", "C: w2 APPEND \"box\" () {1+}", "C: c"}
	for n := range steps {
		c := talkTo(t, Options{BatchMessages: 2}, batchCaps, strings.Join(steps[:n], "\n"))
		out, err := appendAll(c, msg("a"), msg("b"), msg("c"))
		var gone *Gone
		if !errors.As(err, &gone) || !c.Closed() || len(out) != map[bool]int{false: 0, true: 2}[n > 3] {
			t.Errorf("after %d steps: %v %v", n, out, err)
		}
	}
}
