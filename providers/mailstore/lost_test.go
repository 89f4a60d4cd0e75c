package mailstore_test

import (
	"fmt"
	"testing"

	"github.com/mxmove/mxmove/providers/providertest/scripted"
)

// A connection that is lost at any step costs no mail and doubles none.
func TestLostConnections(t *testing.T) {
	steps := map[string][]string{
		"source": {"LOGIN", "ID", "LIST", "EXAMINE", "UID FETCH", "LOGOUT"},
		"target": {"LOGIN", "ID", "LIST", "CREATE", "SELECT", "APPEND", "UID FETCH", "LOGOUT"},
	}
	for side, commands := range steps {
		for _, command := range commands {
			for act, how := range map[scripted.Act]string{scripted.Drop: "before", scripted.DropMid: "amid", scripted.DropAfter: "after"} {
				for _, after := range []int{0, 1, 3} {
					t.Run(fmt.Sprint(side, " ", command, " ", after, " ", how), func(t *testing.T) {
						s := newScene(t, profile(t, "dovecot"), profile(t, "dovecot"))
						server := s.source
						if side == "target" {
							server = s.target
						}
						server.Fail(scripted.Fault{Command: command, After: after, Act: act})
						carried(t, s, 250)
						if n := server.Count(alice, "LOGIN"); n > 12 {
							t.Errorf("%d sign-ins", n)
						}
					})
				}
			}
		}
	}
}

// A connection that is lost at any command whatever, in the order in which a
// pass gives them to either side, costs no mail and doubles none: where much is
// under way at once, and where the target tells no places.
func TestLostAtEveryCommand(t *testing.T) {
	acts := []scripted.Act{scripted.Drop, scripted.DropMid, scripted.DropAfter}
	given := map[string]map[string]int{"dovecot": {"source": 14, "target": 18}, "qq": {"source": 18, "target": 82}}
	for target, sides := range given {
		t.Run(target+" uninterrupted", func(t *testing.T) {
			s := newScene(t, profile(t, "dovecot"), profile(t, target))
			s.fill()
			s.mustCopy()
			if s.source.Commands() > sides["source"] || s.target.Commands() > sides["target"] {
				t.Errorf("%d and %d commands: more than are tried here, %v", s.source.Commands(), s.target.Commands(), sides)
			}
		})
		for side, most := range sides {
			for after := range most {
				for k, act := range acts {
					if target == "qq" && after%len(acts) != k { // message by message: many are alike
						continue
					}
					t.Run(fmt.Sprint(target, " ", side, " ", after, " ", k), func(t *testing.T) {
						s := newScene(t, profile(t, "dovecot"), profile(t, target))
						server := map[string]*scripted.Server{"source": s.source, "target": s.target}[side]
						server.Fail(scripted.Fault{After: after, Act: act})
						carried(t, s, 600)
					})
				}
			}
		}
	}
}
