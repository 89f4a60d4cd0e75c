package render

import (
	"strings"

	"github.com/mxmove/mxmove/planner"
)

// proof says what will show that a person's act was done, and how long a word
// of it holds.
func (v *planView) proof(p *planner.Proof) string {
	words := v.t("render.proof", "by", v.t("proof."+p.By))
	if p.Valid > 0 {
		words += v.t("render.semicolon") + v.t("render.proof.valid", "span", Duration(v.cat, p.Valid))
	}
	return words
}

// peoplesActs lists, where all is asked for, each act of people with what will
// prove it; many of one kind that are proven alike share a line.
func (v *planView) peoplesActs() {
	if !v.opt.Full {
		return
	}
	var list []kindView
	at := map[string]int{}
	for i, s := range v.plan.Steps {
		if s.Proof == nil {
			continue
		}
		key := s.Op.Kind() + " " + v.proof(s.Proof)
		if s.Op.Kind() == (planner.Task{}).Kind() {
			key = string(s.ID)
		}
		j, ok := at[key]
		if !ok {
			j = len(list)
			at[key] = j
			list = append(list, kindView{Kind: s.Op.Kind(), Label: v.kind(s.Op.Kind()), Undo: v.proof(s.Proof)})
		}
		list[j].add(i+1, clean(s.Op.Subject()))
	}
	if len(list) == 0 {
		return
	}
	v.section("render.acts", plain, v.t("render.acts.head"))
	for _, k := range list {
		v.hang(" "+v.places(k.numbers), 12, plain, strings.Join([]string{v.words(k, len(k.Subjects) < sharedFrom), k.Undo}, v.t("render.semicolon")))
	}
}
