package understanding

import "slices"

// verdict is what a phrase says about a yes or no.
type verdict struct {
	span
	yes    bool
	unsure bool
	plain  bool // "yes" or "no" themselves
	whole  bool // counts as a clause of its own only
	mild   bool // assent that is no yes of its own: "that's fine", "go ahead"
}

// narration is how many words of something else make a turn a story, in which "I could not find it" is no answer.
const narration = 12

// yesNo reads a yes or no. The sections are, by what they need around them:
//
//	yes, no              where a clause begins; the person may go on ("yes I have two of them")
//	yes whole, no whole  a clause of their own: "right", "it is"
//	yes unsure, …        the same, in doubt: "I guess so"
//	mild                 assent: a yes of its own, and after a no a polite one
//	double negative      assent in doubt that begins as a no does: "I don't mind", "I can't complain"
//	hedge                beside a yes that is not "yes" itself, doubt: "I think we have"
func (l *Language) yesNo(q Question, words []word) (yes bool, confidence Confidence) {
	var found []verdict
	open, hedged := 0, false
	for _, clause := range clauses(words, comma) {
		verdicts, loose, doubt := l.verdicts(clause)
		found = append(found, verdicts...)
		open += loose
		hedged = hedged || doubt
	}
	if len(found) == 0 {
		return false, NotUnderstood
	}
	first, last := found[0], found[len(found)-1]
	agree := true
	confidence = Sure
	for _, v := range found {
		if v.yes != first.yes {
			agree = false
		}
		if v.unsure {
			confidence = Unsure
		}
	}
	if open > narration && !first.plain { // whoever tells a story says "I could not" in passing
		return false, NotUnderstood
	}
	if hedged && first.yes && !slices.ContainsFunc(found, func(v verdict) bool { return v.plain }) {
		confidence = Unsure
	}
	if first.yes && l.has(words, "but") || open > narration || open > 5 && !first.plain {
		confidence = Unsure
	}
	switch {
	case agree && first.mild && q.Negative: // "do you mind?" – "go ahead"
		return !first.yes, Unsure
	case agree:
		return first.yes, confidence
	case first.plain && !first.yes && allMild(found[1:]): // "no, that's fine"
		if (q.Negative || q.Offer) && confidence == Sure {
			return false, Sure
		}
		return false, Unsure
	case first.plain && first.yes && len(found) == 2 && !last.plain: // "yes, I don't mind"
		return true, Unsure
	default:
		return last.yes, Unsure
	}
}

func allMild(verdicts []verdict) bool {
	for _, v := range verdicts {
		if !v.mild && v.yes {
			return false
		}
	}
	return true
}

// verdicts returns the yes and no of one clause, how many of its words say something else, and whether a hedge is beside them.
func (l *Language) verdicts(clause []word) (found []verdict, loose int, hedged bool) {
	fillers := l.find(clause, "filler")
	filler := func(i int) int {
		for _, f := range fillers {
			if f.from == i {
				return f.to
			}
		}
		return i
	}
	atStart := true
	for i := 0; i < len(clause); {
		v, ok := l.verdictAt(clause, i, atStart)
		if ok {
			if n := len(found); n == 0 || !v.whole || found[n-1].yes || found[n-1].plain { // "that is not right"
				found = append(found, v)
			}
			i = v.to
			continue
		}
		hedged = hedged || l.phrases["hedge"].at(clause, i) > i
		if next := filler(i); next > i {
			i = next
			continue
		}
		loose++
		atStart = false
		i++
	}
	return found, loose, hedged
}

// verdictAt returns the longest yes or no at word i. What needs a clause of its own must end it, fillers apart.
func (l *Language) verdictAt(clause []word, i int, atStart bool) (verdict, bool) {
	best := verdict{span: span{i, i}}
	for _, s := range []struct {
		section string
		whole   bool
		verdict verdict
	}{
		{"double negative", false, verdict{yes: true, mild: true, unsure: true}}, // before the no that is as long
		{"yes", false, verdict{yes: true}}, {"no", false, verdict{}},
		{"plain yes", false, verdict{yes: true, plain: true}}, {"plain no", false, verdict{plain: true}},
		{"yes whole", true, verdict{yes: true}}, {"no whole", true, verdict{}},
		{"mild", true, verdict{yes: true, mild: true}},
		{"yes unsure", true, verdict{yes: true, unsure: true}}, {"no unsure", true, verdict{unsure: true}},
		{"neither", false, verdict{}},
	} {
		p := l.phrases[s.section]
		if p == nil {
			continue
		}
		end := p.at(clause, i)
		if end < best.to || end == best.to && s.section != "neither" || end <= i || !atStart {
			continue
		}
		if s.whole && !l.endsClause(clause, end) {
			continue
		}
		best = s.verdict
		best.span, best.whole = span{i, end}, s.whole
		if s.section == "neither" { // at least as long as what it holds: "no idea", "yes or no"
			best = verdict{span: span{i, i}}
			return best, false
		}
	}
	return best, best.to > i
}

// endsClause reports whether nothing but fillers, or another yes or no, follows word i.
func (l *Language) endsClause(clause []word, i int) bool {
	rest := clause[i:]
	if len(rest) == 0 {
		return true
	}
	return l.uncovered(rest, l.find(rest, "may follow")) == 0
}
