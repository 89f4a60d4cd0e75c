package render

import (
	"strings"
	"time"
)

// Watch is what the directories show since they were frozen.
type Watch struct {
	Since   time.Time `json:"since"`
	Pressed time.Time `json:"pressed,omitzero"`  // the act that they are frozen for was begun
	Members int       `json:"members"`           // when they were frozen
	Seen    time.Time `json:"seen,omitzero"`     // the oldest look that is compared
	Changes []string  `json:"changes,omitempty"` // who came (+), went (-) or was edited (~)
	Unseen  []string  `json:"unseen,omitempty"`  // tenants that nobody saw since
}

// watch tells of a freeze that stands, or of an act that runs.
func (p *page) watch(w *Watch) {
	if w == nil {
		return
	}
	words := p.t("render.watch.held", "at", p.moment(w.Since))
	if !w.Pressed.IsZero() {
		words = p.t("render.watch.runs", "at", p.moment(w.Pressed))
	}
	s := plain
	switch {
	case len(w.Changes) > 0:
		s = red
		words += p.t("render.semicolon") + p.t("render.watch.changed", "n", Count(len(w.Changes)), "changes", p.few(w.Changes, "render.and-more"))
	case len(w.Unseen) == 0:
		words += p.t("render.semicolon") + p.t("render.watch.same", "n", Count(w.Members), "at", p.moment(w.Seen))
	}
	if len(w.Unseen) > 0 {
		words += p.t("render.semicolon") + p.t("render.watch.unseen", "corps", strings.Join(w.Unseen, p.t("render.comma")))
	}
	label := p.t("render.watch")
	p.hang(label, cells(label)+3, s, words)
}
