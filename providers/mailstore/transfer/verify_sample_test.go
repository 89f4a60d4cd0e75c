package transfer

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config/text"
)

// The bounds of tables (Clopper and Pearson, one-sided, 95 %).
func TestUpperBound(t *testing.T) {
	for _, c := range []struct {
		k, n int
		want float64
	}{
		{0, 1, 0.95}, {0, 10, 0.2589}, {0, 59, 0.0495}, {0, 300, 0.00994}, {0, 100000, 2.9957e-5},
		{1, 10, 0.3942}, {3, 20, 0.3437}, {5, 1000, 0.01048}, {10, 10, 1}, {0, 0, 1},
	} {
		if got := upperBound(c.k, c.n, 0.95); math.Abs(got-c.want) > 0.005*c.want {
			t.Errorf("%d of %d: %v, want %v", c.k, c.n, got, c.want)
		}
	}
	for n := 1; n < 400; n += 7 { // the exact form for none, and the rule of three
		got := upperBound(0, n, 0.95)
		if math.Abs(got-(1-math.Pow(0.05, 1/float64(n)))) > 1e-9 || got > 3/float64(n) {
			t.Errorf("none of %d: %v", n, got)
		}
	}
}

// In so many of 100 samples the truth is not above the bound.
func TestTheBoundHolds(t *testing.T) {
	const all, sick, n = 2000, 60, 150
	wrong := 0
	for seed := range uint64(400) {
		d := &draw{Sampling: Sampling{N: n, Seed: seed}}
		for uid := range uint32(all) {
			d.add(ticket{d.number("A", 7, uid), 0, uid})
		}
		k := 0
		for uid := range d.of(0) {
			if uid < sick {
				k++
			}
		}
		if upperBound(k, n, Confidence) < float64(sick)/all {
			wrong++
		}
	}
	if wrong > 400*8/100 {
		t.Errorf("wrong in %d of 400", wrong)
	}
}

func TestDrawIsUniformAndRepeatable(t *testing.T) {
	times := make([]int, 50)
	for seed := range uint64(2000) {
		d, e := &draw{Sampling: Sampling{5, seed}}, &draw{Sampling: Sampling{5, seed}}
		for uid := range uint32(50) {
			d.add(ticket{d.number("A", 1, uid), 0, uid})
			e.add(ticket{e.number("A", 1, 49-uid), 0, 49 - uid})
		}
		got := d.of(0)
		if len(got) != 5 || fmt.Sprint(got) != fmt.Sprint(e.of(0)) {
			t.Fatalf("seed %d: %v, in another order %v", seed, got, e.of(0))
		}
		for uid := range got {
			times[uid]++
		}
	}
	if low, high := slices.Min(times), slices.Max(times); low < 140 || high > 260 { // 200 each
		t.Errorf("drawn %d to %d times", low, high)
	}
}

// vMany is a mailbox of n messages in two folders.
func vMany(n uint32) (source, target []*vBox) {
	source, target = []*vBox{vFolder("A"), vFolder("B")}, []*vBox{vFolder("A"), vFolder("B")}
	for i := range n {
		m := vMessage(i+1, fmt.Sprint("m", i))
		source[i%2].mail, target[i%2].mail = append(source[i%2].mail, m), append(target[i%2].mail, m)
	}
	return source, target
}

func TestSampleReadsOnlyWhatWasDrawn(t *testing.T) {
	a, b := vMany(500)
	s, d := vBoxes(a...), vBoxes(b...)
	r := vRun(t, VerifyInput{Source: s, Target: d, Sample: &Sampling{N: 40, Seed: 7}})
	if s.given != 40 || d.given != 40 || s.wrote || d.wrote {
		t.Errorf("%d and %d bodies", s.given, d.given)
	}
	want := Sampled{Seed: 7, Population: 500, Read: 40, Confidence: 0.95, AtMost: upperBound(0, 40, 0.95)}
	if *r.Sample != want || r.Counts.Proven != 40 || r.Counts.Sampled != 460 || r.Counts.Source != 500 {
		t.Errorf("%+v %+v", *r.Sample, r.Counts)
	}
	if r.Result != "verify.result.sampled" || r.Failed() {
		t.Error(r.Result)
	}
	var words []string
	for _, m := range r.Summary() {
		words = append(words, text.Load(text.English).Text(m))
	}
	all := strings.Join(words, "\n")
	for _, want := range []string{"460 of 500 were NOT read", "40 of 500 messages", "--seed 7", "95 % confidence at most 7.22 % (37 messages)"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in %s", want, all)
		}
	}
	if strings.Contains(all, "all ") || strings.Contains(all, "omplete") {
		t.Error(all)
	}
}

// A mailbox that is no larger than the sample is verified whole.
func TestSampleOfASmallMailboxIsAll(t *testing.T) {
	a, b := vMany(40)
	r := vRun(t, VerifyInput{Source: vBoxes(a...), Target: vBoxes(b...), Sample: &Sampling{N: 40}})
	if r.Result != "verify.result.proven" || r.Sample != nil || r.Counts.Proven != 40 || r.Counts.Source != 40 {
		t.Errorf("%s %+v %+v", r.Result, r.Sample, r.Counts)
	}
	a[0].failed = &Refusal{Text: "no"}
	r = vRun(t, VerifyInput{Source: vBoxes(a...), Target: vBoxes(b...), Sample: &Sampling{N: 40}})
	if n := len(vListed(r)); r.Result != "verify.result.unread" || n != 1 {
		t.Errorf("%s %v", r.Result, vListed(r))
	}
}

// What is wrong with a drawn message is found, whatever it is; a message that
// stands in an unexpected place is looked for before it is called missing.
func TestSampleFindsWhatDiffers(t *testing.T) {
	a, b := vMany(300)
	d := &draw{Sampling: Sampling{N: 6, Seed: 3}}
	for i, f := range a {
		for _, m := range f.mail {
			d.add(ticket{d.number(f.Name, f.validity, m.uid), i, m.uid})
		}
	}
	var drawn []ticket
	drawn = append(drawn, d.drawn...)
	slices.SortFunc(drawn, func(x, y ticket) int { return int(x.uid) - int(y.uid) })
	at := func(n int) *vMail {
		box := b[drawn[n].folder]
		i := slices.IndexFunc(box.mail, func(m vMail) bool { return m.uid == drawn[n].uid })
		return &box.mail[i]
	}
	*at(0) = at(0).withBody("Subject: another\r\n\r\nx\r\n").withUID(9000)
	at(1).absent = true
	*at(2) = at(2).withDate(vDay.Add(900 * time.Hour)).withUID(9100) // still found, by its octets
	*at(3) = at(3).withUID(7000)
	s := vBoxes(a...)
	s.boxes[drawn[4].folder].mail[slices.IndexFunc(a[drawn[4].folder].mail, func(m vMail) bool { return m.uid == drawn[4].uid })].absent = true
	r := vRun(t, VerifyInput{Source: s, Target: vBoxes(b...), Sample: &Sampling{N: 6, Seed: 3}})
	if r.Sample.Read != 6 || r.Counts.Unread != 1 || r.Counts.Unexplained != 3 || r.Counts.Proven != 2 || r.Sample.Differ != 4 {
		t.Errorf("%+v %+v %v", *r.Sample, r.Counts, vListed(r))
	}
	if !r.Failed() || r.Counts.Sampled != 294 {
		t.Errorf("%s %+v", r.Result, r.Counts)
	}
}

// The record only says where to look: a false one proves nothing and hides
// nothing.
func TestSampleTrustsNoRecord(t *testing.T) {
	a, b := vMany(100)
	e := &vEvidence{fates: map[string]Fate{}}
	for i, f := range b {
		for j := range f.mail {
			m := &f.mail[j]
			m.date = vDay // no date helps
			e.fates[fmt.Sprintf("%s %d", a[i].Name, m.uid)] = Fate{UID: m.uid, UIDValidity: 7}
		}
	}
	for _, f := range a {
		for j := range f.mail {
			f.mail[j].date = vDay
		}
	}
	d := vBoxes(b...)
	in := VerifyInput{Source: vBoxes(a...), Target: d, Evidence: e, Sample: &Sampling{N: 10, Seed: 1}}
	if r := vRun(t, in); r.Counts.Proven != 10 || d.given != 10 {
		t.Errorf("%+v, %d bodies", r.Counts, d.given)
	}
	for k, f := range e.fates {
		f.UID = f.UID%99 + 1
		e.fates[k] = f
	}
	d = vBoxes(b...)
	in.Target = d
	if r := vRun(t, in); r.Counts.Proven != 10 || d.given <= 10 {
		t.Errorf("with a false record: %+v, %d bodies, %v", r.Counts, d.given, vListed(r))
	}
}
