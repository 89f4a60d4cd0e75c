package render

import (
	"strings"

	"github.com/mxmove/mxmove/config/text"
)

// phase says where a migration is.
func (p *page) phase(s Stand) string {
	if s.Phase == "" {
		return ""
	}
	words := p.t("render.status.phase", "phase", p.t("render.phase."+s.Phase))
	if s.Pass > 0 {
		words += p.t("render.status.pass", "n", Count(s.Pass))
	}
	if !s.Until.IsZero() {
		words += p.t("render.status.until", "at", p.moment(s.Until))
	}
	return words
}

// press says that there is no way back, and since when.
func (p *page) press(s Stand) {
	if s.Press == nil {
		return
	}
	kind := s.Press.Step.Kind()
	code := "render.status.press." + kind
	if !p.cat.Has(code) {
		code = "render.status.press"
	}
	pairs := []string{"kind", kind, "subject", s.Press.Step.Subject(), "at", p.moment(s.Press.Since), "ago", p.ago(s.Press.Since)}
	if s.Press.Ended.IsZero() {
		p.para(0, red, p.t(code, pairs...))
		return
	}
	p.para(0, plain, p.t(code+".ended", append(pairs, "ended", p.moment(s.Press.Ended))...))
}

// steps is a bar of the steps, where the vendor carries the mail.
func (p *page) steps(v StatusView) {
	done, all := int64(v.Stand.Done), int64(v.Stand.All)
	if all == 0 {
		return
	}
	p.flow(progressBar(done, all, p.width*3/10)+" "+percent(done, all), p.t("render.status.steps", "done", Count(v.Stand.Done), "all", Count(v.Stand.All)))
}

// ahead says for whom the migration waits, and what comes next.
func (p *page) ahead(v StatusView) {
	waits, next := p.t("render.status.waits"), p.t("render.status.next")
	column := max(cells(waits), cells(next), cells(p.t("render.way-back"))) + 3
	label := waits
	if at := v.Stand.Until; !at.IsZero() {
		p.hang(label, column, plain, p.t("render.status.waits-window", "at", p.moment(at), "span", Duration(p.cat, at.Sub(p.opt.Now))))
		label = ""
	}
	for _, w := range v.Stand.Waits {
		p.hang(label, column, plain, p.waits(w))
		label = ""
	}
	if words := p.next(v); words != "" {
		p.hang(next, column, plain, words)
	}
	p.hang(p.t("render.way-back"), column, plain, p.wayBack(v.WayBack))
}

func (p *page) waits(w Waiting) string {
	words := p.what(w.Words)
	if w.More > 0 {
		words += p.t("render.status.waits-more", "n", Count(w.More))
	}
	if code := w.Words.Code + ".do"; p.cat.Has(code) {
		words += p.t("render.semicolon") + p.cat.Text(text.Msg{Code: code, Args: w.Words.Args})
	}
	return strings.ReplaceAll(words, "\n", " ")
}

// next says what comes next, when and by whom; "": a run is at work on it.
func (p *page) next(v StatusView) string {
	n := v.Stand.Next
	words := ""
	switch {
	case n.Kind == "attest":
		return p.t("render.status.next.attest", "hash", n.Step.Hash())
	case v.Apply != nil:
		return ""
	case n.Kind == "window":
		words = p.t("render.status.next.window", "from", p.moment(n.At), "until", p.moment(n.By))
	case n.Kind == "apply" && v.Cutover:
		words = p.t("render.status.next.apply-plan")
	default:
		words = p.t("render.status.next." + n.Kind)
	}
	if n.Who != "" {
		words += p.t("render.status.next.who", "who", n.Who, "kind", n.Step.Kind())
	}
	return words
}
