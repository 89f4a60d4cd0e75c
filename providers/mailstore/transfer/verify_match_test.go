package transfer

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"pgregory.net/rapid"
)

// vMailbox makes messages, some of them with one content.
func vMailbox(contents int) *rapid.Generator[[]vMail] {
	return rapid.Custom(func(t *rapid.T) []vMail {
		var all []vMail
		for i := range rapid.IntRange(1, 12).Draw(t, "messages") {
			body := fmt.Sprint("b", i)
			if contents > 0 {
				body = fmt.Sprint("b", rapid.IntRange(1, contents).Draw(t, "content"))
			}
			flags := rapid.SampledFrom([][]imap.Flag{nil, {`\Seen`}, {`\Seen`, "$x"}}).Draw(t, "flags")
			all = append(all, vMessage(uint32(i+1), body, flags...))
		}
		return all
	})
}

// spoil does something to a message that must be found: it gives what the
// target then has in its place.
func spoil(how string, m vMail) []vMail {
	switch how {
	case "lost":
		return nil
	case "doubled":
		return []vMail{m, m}
	case "other octet":
		return []vMail{m.withBody(m.body[:len(m.body)-3] + "~\r\n")}
	case "cut off":
		return []vMail{m.withBody(m.body[:12])}
	case "octet of the header":
		return []vMail{m.withBody("X" + m.body)}
	case "flag":
		m.flags = append(slices.Clone(m.flags), `\Flagged`)
	case "date":
		m.date = m.date.Add(time.Second)
	}
	return []vMail{m}
}

var spoilings = []string{"", "", "lost", "doubled", "other octet", "cut off", "octet of the header", "flag", "date"}

func vSpoiled(t *rapid.T, source []vMail) (target []vMail, failing int) {
	for _, m := range source {
		how := rapid.SampledFrom(spoilings).Draw(t, "how")
		if how != "" {
			failing++
		}
		target = append(target, spoil(how, m)...)
	}
	if len(target) > 0 {
		target = rapid.Permutation(target).Draw(t, "order")
	}
	for i := range target {
		target[i].uid = uint32(i + 1)
	}
	return target, failing
}

// Each message that something happened to is found, and no other.
func TestVerifyFindsAnyAlteration(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		source := vMailbox(0).Draw(rt, "source")
		target, failing := vSpoiled(rt, source)
		r := vRun(t, VerifyInput{page: rapid.SampledFrom([]int{0, 1, 3}).Draw(rt, "page"), Source: vBoxes(vFolder("A", source...)), Target: vBoxes(vFolder("A", target...))})
		c := r.Counts
		if c.Unexplained+c.Doubled != failing || c.Explained+c.Behind+c.Unread != 0 {
			rt.Fatalf("%d are spoiled, counts %+v, listed %v", failing, c, vListed(r))
		}
		if r.Failed() != (failing > 0) {
			rt.Fatalf("%d are spoiled, result %s", failing, r.Result)
		}
	})
}

// Where messages have one content, one may stand for another, but none passes
// when anything is wrong, and all do when nothing is.
func TestVerifyOfDuplicates(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		source := vMailbox(2).Draw(rt, "source")
		target, failing := vSpoiled(rt, source)
		r := vRun(t, VerifyInput{page: rapid.SampledFrom([]int{0, 1, 3}).Draw(rt, "page"), Source: vBoxes(vFolder("A", source...)), Target: vBoxes(vFolder("A", target...))})
		if r.Failed() != (failing > 0) {
			rt.Fatalf("%d are spoiled, result %s, counts %+v", failing, r.Result, r.Counts)
		}
	})
}

// No evidence whatever makes a lost message or another content proven.
func TestEvidenceNeverProves(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		source := vMailbox(0).Draw(rt, "source")
		target, failing := vSpoiled(rt, source)
		ev := &vEvidence{fates: map[string]Fate{}, passed: map[string]Passed{}}
		for _, m := range source {
			if rapid.Bool().Draw(rt, "known") {
				ev.fates[fmt.Sprint("A ", m.uid)] = Fate{
					Refused: rapid.SampledFrom([]string{"", "[TOOBIG]"}).Draw(rt, "refused"),
					Missing: rapid.Bool().Draw(rt, "missing"), UIDValidity: 7, UID: rapid.Uint32Range(0, 15).Draw(rt, "uid"),
					Adopted: rapid.Bool().Draw(rt, "adopted"), Written: rapid.Bool().Draw(rt, "written"), Flags: m.flags,
				}
			}
		}
		if rapid.Bool().Draw(rt, "passed") {
			ev.passed["A"] = Passed{Began: vDay.Add(5 * time.Minute)}
		}
		r := vRun(t, VerifyInput{page: rapid.SampledFrom([]int{0, 1, 3}).Draw(rt, "page"), Source: vBoxes(vFolder("A", source...)), Target: vBoxes(vFolder("A", target...)), Evidence: ev})
		if c := r.Counts; c.Source-c.Proven+c.Doubled != failing {
			rt.Fatalf("%d are spoiled, counts %+v, listed %v", failing, c, vListed(r))
		}
	})
}

// A hundred thousand copies of one message take no hundred thousand times as
// long: a quadratic walk would take minutes.
func TestMatchOfVeryManyCopies(t *testing.T) {
	const n = 100_000
	set := &flagSet{}
	make := func(body string) []*message {
		all := make([]*message, n)
		for i := range all {
			all[i] = &message{print: fingerprintOf(body), date: int64(i), flags: set}
		}
		return all
	}
	began := time.Now()
	source, target := make("A: \xe9\r\n\r\n"), make("A: X\r\n\r\n")
	if pairs := match(source, target); len(pairs) != n || pairs[0].altered == nil {
		t.Errorf("%d pairs", len(pairs))
	}
	source, target = make("A: \xe9\r\n\r\n"), make("A: \xe8\r\n\r\n")
	if pairs := match(source, target); len(pairs) != 0 {
		t.Errorf("%d pairs of different mail", len(pairs))
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("took %v", took)
	}
}

// Of messages with one content, those of one date and flags go together.
func TestMatchPrefersTheLike(t *testing.T) {
	seen, none := &flagSet{key: `\seen`}, &flagSet{}
	of := func(date int64, flags *flagSet) *message {
		return &message{print: fingerprintOf("a"), date: date, flags: flags}
	}
	source := []*message{of(1, none), of(2, seen), of(2, none), of(3, none)}
	target := []*message{of(9, seen), of(2, none), of(3, seen), of(2, seen)}
	got := map[*message]*message{}
	for _, p := range match(source, target) {
		got[p.source] = p.target
	}
	for i, want := range []int{0, 3, 1, 2} {
		if got[source[i]] != target[want] {
			t.Errorf("source %d went with another than %d", i, want)
		}
	}
	if rest := unused(append(source, target...)); len(rest) != 0 {
		t.Errorf("%d are left", len(rest))
	}
}
