package mailstore

import (
	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// can names the kinds of step that this provider carries out.
func can() []string {
	return []string{planner.CopyMailbox{}.Kind(), planner.HoldDirectory{}.Kind(), planner.TryAppend{}.Kind()}
}

// cannot tells what the spec asks of the copy that this provider does not do.
// Not doing it in silence would be doing something else than was written, so
// each holds the run.
func (s *Store) cannot() []config.Finding {
	var found []config.Finding
	say := func(at config.Pos, setting, value string) {
		found = append(found, config.Finding{Msg: text.M("setting.cannot", "setting", setting, "value", value),
			Severity: config.Blocks, At: at})
	}
	if h := s.o.Spec.History; h != nil {
		if h.Refused == "repair" {
			say(h.At, "history.refused", h.Refused)
		}
	}
	return found
}
