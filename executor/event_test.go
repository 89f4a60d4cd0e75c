package executor

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

var update = flag.Bool("update", false, "write the golden files anew")

// everyEvent has each type of event, and each text that one type can have.
func everyEvent() []Event {
	holder := Holder{ID: "1", Who: "li.si@pc", Host: "pc", PID: 8812, Command: "apply", Since: epoch, Heartbeat: epoch}
	id, other := planner.IDOf(planner.CopyMailbox{Address: alice}), planner.IDOf(planner.CopyMailbox{Address: bob})
	why := config.Finding{Msg: text.M("apply.credential.source", "address", alice), Severity: config.Blocks, Subject: alice}
	tally := planner.Tally{Copied: 41, Bytes: 1 << 20, Adopted: 2, Flags: 3, Refused: 1}
	events := []Event{
		LockTaken{Holder: holder, Plan: "7c1e-44b8", Tool: "0.1.0", Mirror: "/mnt/nas/acme"},
		ClockBack{Now: epoch, Last: epoch.Add(24 * time.Hour), Line: 7},
		ApprovalUsed{Name: "wang.wu@acme.test", Key: "SHA256:abc", Plan: "7c1e-44b8", At: epoch},
		LockTakenOver{From: holder},
		JournalCut{Bytes: 17},
		SpecChanged{Added: []string{alice}, Changed: []string{bob}},
		SpecChanged{Settings: true},
		Observed{At: epoch, Mailboxes: 312},
		PlanCompared{Plan: "7c1e-44b8", Approved: 34, Done: 12, Todo: 22, Finals: []FinalNow{{Step: id, Bounds: []planner.Bound{{Name: "messages", Measured: 18244, AtMost: 20000}}}}},
		LeftOut{Step: id, Because: id},
		LeftOut{Step: id, Because: other},
		LeftOut{Step: id, Because: id, Undone: true},
		LeftOut{Step: id, Because: other, Undone: true},
		StepHeld{Step: id, Reason: why},
		StepStarted{Step: id, N: 14, Of: 34, Place: 15, Held: []DirectoryHeld{{Corp: "wwB", Members: 300, Hash: "77ab0123"}}},
		StepProgress{Step: id, Progress: planner.Progress{Folder: "INBOX", Done: 9, Total: 12, Bytes: 10, BytesAll: 20}},
		StepNoted{Step: id, Note: why},
		StepWaits{Step: id, Fault: fault(planner.Throttled, "server.throttled"), Try: 2, Until: epoch.Add(time.Minute)},
		StepDone{Step: id, Tally: tally, Took: 63 * time.Second},
		StepDone{Step: planner.IDOf(planner.Compare{What: "members", Corp: "wwB"}), Took: time.Minute},
		StepFailed{Step: id, Tally: tally, Fault: fault(planner.Full, "target.full")},
		StepStopped{Step: id, Tally: tally},
		StepStopped{Step: id, Unknown: true},
		StepSeen{Step: id},
		StepPending{Step: id, Fault: fault(planner.Throttled, "server.throttled"), Until: epoch.Add(time.Minute)},
		Resting{Until: epoch.Add(time.Minute), Reason: ReasonWaitingWindow},
		FinalAhead{Step: id, Seen: epoch},
		FinalAhead{Step: id, Seen: epoch, Bounds: []planner.Bound{{Name: "mailboxes", Measured: 3, AtMost: 4}}, Kept: planner.Radius{Messages: 12}},
		ActAsked{Step: id},
		ActAsked{Step: id, Undo: &planner.Undo{Of: id, In: planner.Retire, Op: planner.SetEnabled{Corp: "wwB", Account: "li.si"}}},
		ActStarted{Step: id, Who: "li.si@pc"},
		ActFinished{Step: id, Who: "li.si@pc", Evidence: "done.png", Until: epoch.Add(time.Hour)},
		ActFinished{Step: id, Who: "li.si@pc", Evidence: "done.png", Unannounced: true, Because: "pressed by others"},
		ActNever{Step: id, Who: "li.si@pc", Evidence: "the console says so"},
		ActVoided{Step: id, Who: "li.si@pc"},
		Stopping{Running: 3},
		RunRefused{Reasons: []config.Finding{why}, Standing: &Standing{Gates: []string{"window"}, At: epoch, Before: 14, Window: GateFacts{Opens: epoch, Closes: epoch.Add(10 * time.Hour), Left: time.Hour, Needs: time.Minute, Latest: epoch}}},
		GateChecked{Gate: "approvals", Open: true, GateFacts: GateFacts{Have: 2, Want: 2, Names: []string{"li.si@acme.test", "wang.wu@acme.test"}}},
	}
	for _, gate := range []string{"plan", "findings", "window", "same", "acknowledgements", "rules", "approvals", "guards", "directory", "hold", "lineage", "mirror", "clock", "start"} {
		events = append(events, GateChecked{Gate: gate, Open: true}, GateChecked{Gate: gate, Reasons: []config.Finding{why}})
	}
	for _, r := range []Reason{ReasonDone, ReasonRefused, ReasonFailed, ReasonWaitingWindow, ReasonWaitingPerson, ReasonWaitingTail, ReasonStopped, ReasonError} {
		events = append(events, Finished{Reason: r, Done: 1, Tally: tally, Report: "reports/x.json"})
	}
	return append(events, Finished{Reason: ReasonFailed, Past: true})
}

// The JSON lines are an interface: what others read does not change unseen.
func TestJSONLinesGolden(t *testing.T) {
	var b bytes.Buffer
	write := JSONLines(&b)
	for _, e := range everyEvent() {
		write(epoch.In(time.FixedZone("", 8*3600)), e)
	}
	path := filepath.Join("testdata", "events.jsonl")
	if *update {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(b.String(), "\n")); diff != "" {
		t.Errorf("(-want +got), -update writes it anew:\n%s", diff)
	}
	for _, line := range bytes.Split(bytes.TrimSpace(b.Bytes()), []byte("\n")) {
		var head struct{ Event, Code string }
		if err := json.Unmarshal(line, &head); err != nil || head.Event == "" || head.Code == "" {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// Every event has a text in both languages with all its values filled in.
func TestEveryEventHasATextAndAnExample(t *testing.T) {
	types := map[string]bool{}
	for _, e := range everyEvent() {
		types[reflect.TypeOf(e).Name()] = true
		for _, lang := range []text.Lang{text.English, text.Chinese} {
			c := text.Load(lang)
			if s := c.Text(e.Msg()); !c.Has(e.Msg().Code) || strings.Contains(s, "{") {
				t.Errorf("%s in %s: %q", e.Msg().Code, lang, s)
			}
		}
	}
	source, err := os.ReadFile("eventmsg.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`func \((\w+)\) name\(\)`).FindAllStringSubmatch(string(source), -1) {
		if !types[m[1]] {
			t.Errorf("%s is not among the examples", m[1])
		}
	}
}

// Whatever is refused, held, failed or left has all its texts.
func TestEveryRefusalHasItsTexts(t *testing.T) {
	var msgs []text.Msg
	codes := regexp.MustCompile(`"((?:state|lock|journal|apply|step|gate|act|approval|attest|mirror|recover)\.[a-z.-]+[a-z])"`)
	sources, _ := filepath.Glob("*.go")
	for _, name := range sources {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range codes.FindAllStringSubmatch(string(b), -1) {
			if !strings.HasSuffix(name, "_test.go") && !strings.Contains(m[1], ".json") {
				msgs = append(msgs, text.M(m[1]))
			}
		}
	}
	if len(msgs) < 10 {
		t.Fatalf("found only %v", msgs)
	}
	msgs = append(msgs, text.M("apply.credential.source"), text.M("apply.credential.target"))
	held := Held{Holder: Holder{Who: "a@b", Since: epoch}}
	for _, c := range []Condition{HolderAlive, HolderRemote, HolderStale, HolderDead, HolderUnknown, HolderStarting} {
		held.Condition = c
		msgs = append(msgs, (&Held{Condition: c}).Unwrap().(*Refused).Reasons[0].Msg)
		if s := text.Load(text.Chinese).Text(held.Msg()); strings.Contains(s, "{") {
			t.Errorf("%s: %q", c, s)
		}
	}
	for _, lang := range []text.Lang{text.English, text.Chinese} {
		c := text.Load(lang)
		for _, m := range msgs {
			for _, part := range []string{".what", ".why", ".do"} {
				if !c.Has(m.Code + part) {
					t.Errorf("%s: no %s%s", lang, m.Code, part)
				}
			}
		}
		for _, r := range []Reason{ReasonFailed, ReasonWaitingWindow, ReasonWaitingPerson, ReasonWaitingTail, ReasonStopped, "closed"} {
			inc := &Incomplete{Reason: r}
			if r == "closed" {
				inc = &Incomplete{Reason: ReasonWaitingPerson, Reasons: []config.Finding{{}}}
			}
			m := inc.Msg()
			if s := c.Text(m); !c.Has(m.Code) || strings.Contains(s, "{") {
				t.Errorf("%s: %q", m.Code, s)
			}
		}
	}
}

func TestExitCodes(t *testing.T) {
	for want, err := range map[int]error{
		ExitDone: nil, ExitError: os.ErrClosed, ExitRefused: &Held{Condition: HolderAlive}, ExitIncomplete: &Incomplete{Reason: ReasonStopped},
	} {
		if got := ExitCode(err); got != want {
			t.Errorf("%v: %d, want %d", err, got, want)
		}
	}
	if got := refuse("a.b", "x", "1").Error() + (&Incomplete{Reason: ReasonFailed}).Error(); got != "refused: a.b x=1incomplete: failed" {
		t.Error(got)
	}
}
