package mailstore

import "github.com/mxmove/mxmove/planner"

// can names the kinds of step that this provider carries out.
func can() []string {
	return []string{planner.ArchiveMailbox{}.Kind(), planner.CopyMailbox{}.Kind(), planner.DropMailbox{}.Kind(), planner.HoldDirectory{}.Kind(), planner.RemovePlaced{}.Kind(), planner.TryAppend{}.Kind()}
}
