package turn

import (
	"slices"
	"strings"

	"nacre/internal/call"
	"nacre/internal/understanding"
)

// The form goes along the nodes of its script. In each it asks for what the node's words tell, says them, asks the node's
// questions, has its action done, and leaves it by the only way on, or by the one that fits what was said or came of the action. A
// script without nodes is two: the opening with all questions, and the end.

// Bounds of a walk: a graph may lead in a circle.
const (
	mostVisits = 3 // of one node; whoever comes there once more is led to the end
	mostSteps  = 1000
)

// nodeStage is how far the form is with a node.
type nodeStage int

const (
	stageNeeds nodeStage = iota // what its words tell is asked for
	stageSay
	stageAsk
	stageAct
	stageLeave
)

// standing is where a walk stops.
type standing int

const (
	standsAsking standing = iota // a question is open
	standsActing                 // the node's action is to be done
	standsAtEnd
)

// nodesOf are the nodes of a script.
func nodesOf(script call.Script) []call.Node {
	if len(script.Nodes) > 0 {
		return script.Nodes
	}
	opening := call.Node{Say: script.Opening}
	for n := range script.Questions {
		opening.Asks = append(opening.Asks, n)
	}
	return []call.Node{opening, {Say: script.Closing, Ends: true}}
}

// decider is what decides success.
type decider int

const (
	decidesNothing  decider = iota
	decidesQuestion         // the first boolean one
	decidesChoice           // the first yes or no that the way hangs on
	decidesOpening          // the opening sentence is asked as yes or no
)

func (f *Form) decidedBy() decider {
	switch {
	case slices.ContainsFunc(f.script.Questions, func(q call.Question) bool { return q.Type == call.Boolean }):
		return decidesQuestion
	case !f.script.SuccessDefined:
		return decidesNothing
	}
	for n := range f.nodes {
		if c := f.choices(n); c != nil && c.YesNo() {
			return decidesChoice
		}
	}
	return decidesOpening
}

// choice is between ways on.
type choice struct {
	understanding.Choices
	names []string
}

// choices are the ways on from a node where what is said decides between them, else nil.
func (f *Form) choices(node int) *choice {
	n := f.nodes[node]
	if n.Action > 0 || n.Ends || len(n.Ways) < 2 {
		return nil
	}
	var names []string
	for _, w := range n.Ways {
		names = append(names, w.Name)
	}
	return &choice{f.tables.Choices(names), names}
}

// walk goes on from where the form is, and returns what is said next, after some words.
func (f *Form) walk(before ...string) Reply {
	switch f.advance() {
	case standsAsking:
		return f.ask(f.leading(before)...)
	case standsActing:
		f.acting = true
		reply := f.reply(Reply{Parts: slices.Concat(f.leading(before), f.once, f.untold)})
		reply.Tools = []Tool{{Kind: ToolAct, Number: f.nodes[f.node].Action - 1}}
		return reply
	default:
		return f.end(before...)
	}
}

// leading leaves the thanks for an answer out where a node has words of its own.
func (f *Form) leading(before []string) []string {
	if len(f.untold) == 0 && (f.acting || f.at < len(f.questions) && f.questions[f.at].ID != "") {
		return before
	}
	return slices.DeleteFunc(before, func(text string) bool { return text == f.says.Thanks })
}

// acted goes on with what came of the node's action.
func (f *Form) acted(in Input) Reply {
	for _, v := range in.Values {
		f.given[v.ID] = v.Value
	}
	f.result = call.ActionDone
	if in.Failed {
		f.result = call.ActionFailed
	}
	if f.acting && f.nodes[f.node].Action == in.Action+1 {
		f.stage = stageLeave
	}
	f.acting = false
	if f.at < len(f.questions) {
		return f.ask()
	}
	return f.walk()
}

// end says the last words.
func (f *Form) end(before ...string) Reply {
	if !f.opened { // nothing was asked: they may have something to say to the opening
		return f.ask(before...)
	}
	parts := append(f.leading(before), f.untold...)
	return f.reply(Reply{Parts: append(parts, f.farewell()), End: true})
}

// farewell is the last sentence.
func (f *Form) farewell() string {
	switch {
	case f.closing() != "":
		return f.closing()
	case f.declined:
		return f.says.Declined
	default:
		return f.says.Goodbye
	}
}

// closing are the script's own last words, "" = it has none.
func (f *Form) closing() string {
	return f.fill(f.nodes[f.last()].Say)
}

// advance goes on until something is asked or done, or the end is reached.
func (f *Form) advance() standing {
	for range mostSteps {
		n := f.nodes[f.node]
		asks := false
		switch f.stage {
		case stageNeeds:
			if asks = !(n.Ends && f.refused) && f.put(n.Needs); !asks {
				f.stage = stageSay
			}
		case stageSay:
			if n.Ends {
				return standsAtEnd
			}
			f.stage = stageAsk
			asks = f.say(n)
		case stageAsk:
			if asks = f.put(n.Asks); !asks {
				f.stage = stageAct
			}
		case stageAct:
			if n.Action > 0 {
				return standsActing
			}
			f.stage = stageLeave
		case stageLeave:
			if to, found := f.way(n); found {
				f.enter(to)
			} else {
				f.choose("")
				asks = true
			}
		}
		if asks {
			return standsAsking
		}
	}
	return standsAtEnd
}

// enter goes to a node; whoever was there too often is led to the end.
func (f *Form) enter(node int) {
	if f.visits[node]++; f.visits[node] > mostVisits {
		node = f.last()
	}
	f.node, f.stage, f.answered = node, stageNeeds, nil
}

// put asks the first of some questions that has no answer yet.
func (f *Form) put(numbers []int) bool {
	for _, n := range numbers {
		q := f.script.Questions[n]
		if f.asked[n] || f.knows(q.ID) {
			continue
		}
		f.push(question{Question: q, number: n, decides: n == f.deciding})
		return true
	}
	return false
}

// knows reports whether a variable has been collected, or brought, although nobody was asked here.
func (f *Form) knows(id string) bool {
	_, ok := f.given[id]
	return ok
}

// push makes a question the open one.
func (f *Form) push(q question) {
	q.node, q.stage = f.node, f.stage
	about := q.Question
	if q.choice != nil || q.ID == "" {
		about.Ask = lastSentence(q.Ask)
	}
	q.wants = f.tables.Question(about)
	f.questions = append(f.questions[:f.at:f.at], q)
}

// back returns to a question that was answered, as if nothing had come of it.
func (f *Form) back(at int) {
	q := f.questions[at]
	f.at, f.questions = at, f.questions[:at+1]
	f.node, f.stage, f.answered, f.acting = q.node, q.stage, nil, false
	f.known, f.doubted, f.untold = 0, 0, nil
}

// say has the words of a node said. They are a question of their own where the way on hangs on them, or where they ask something;
// the first question of the node is asked by them if they do.
func (f *Form) say(n call.Node) (asks bool) {
	text := f.fill(n.Say)
	opening := f.node == 0
	if opening {
		text = n.Say // filled in already
	}
	inquires := inquiring(text)
	toAsk := slices.ContainsFunc(n.Asks, func(number int) bool { return !f.asked[number] && !f.knows(f.script.Questions[number].ID) })
	switch {
	case opening && f.decider == decidesOpening:
		f.push(question{Question: call.Question{Ask: text, Type: call.Boolean}, number: -1, opening: true, decides: true})
		return true
	case text == "", len(n.Asks) > 0 && inquires && !toAsk: // it was answered before
		return false
	case len(n.Asks) > 0 || n.Action > 0 || !inquires && len(n.Ways) < 2:
		f.tell(text, opening)
		if toAsk && inquires {
			f.lead = text
		}
		return false
	case len(n.Ways) > 1:
		f.choose(text)
	default:
		f.push(question{Question: call.Question{Ask: text}, number: -1})
	}
	f.questions[f.at].opening = opening
	return true
}

// tell has a text said before the next question, until it was heard to its end.
func (f *Form) tell(text string, opening bool) {
	if opening {
		f.once = append([]string{text}, f.once...)
	} else {
		f.untold = append(f.untold, text)
	}
}

// choiceAt is the question which way to go on from a node; ask is how it is put, "" = by the names of the ways.
func (f *Form) choiceAt(node int, ask string) question {
	q := question{Question: call.Question{Ask: ask, Type: call.Int}, number: -1, choice: f.choices(node)}
	if rest := q.choice.Rest(); rest >= 0 {
		q.choice.names[rest] = f.says.Else
	}
	if q.choice.YesNo() {
		q.Type = call.Boolean
	}
	if q.Ask == "" {
		q.Ask = fill(f.says.WhichWay, "ways", listed(f.says.Or, q.choice.names))
	}
	return q
}

// choose puts the question which way to go on.
func (f *Form) choose(ask string) {
	q := f.choiceAt(f.node, ask)
	q.decides = q.choice.YesNo() && f.decider == decidesChoice && !f.decided
	f.decided = f.decided || q.decides
	f.push(q)
}

// listed are things in words: one, two, or three.
func listed(or string, all []string) string {
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	last := len(all) - 1
	return strings.Join(all[:last], ", ") + ", " + or + " " + all[last]
}

// chosen is the number of a way, as the answer to a choice that is no matter of yes and no.
type chosen int

// reply to a question, as far as the way on may hang on it.
type answered struct {
	value  any
	words  string // that gave it; "" = keys
	choice bool
}

// way returns the node that follows; found is false where they are to be asked which way to go on.
func (f *Form) way(n call.Node) (to int, found bool) {
	switch {
	case n.Action > 0:
		at := slices.IndexFunc(n.Ways, func(w call.Way) bool { return w.After == f.result })
		if at < 0 {
			return f.last(), true
		}
		return n.Ways[at].To, true
	case len(n.Ways) == 0:
		return f.last(), true
	case len(n.Ways) == 1:
		return n.Ways[0].To, true
	}
	c, a := f.choices(f.node), f.answered
	if a == nil { // it was answered before
		if a = f.verdict(n); a == nil {
			return 0, false
		}
	}
	at := -1
	switch value := a.value.(type) {
	case chosen:
		at = int(value)
	case bool:
		at = c.Of(value)
	case nil:
		if at = c.Of(false); a.choice {
			at = c.Undecided()
		}
	default:
		if picked, confidence := c.Pick(call.Spoken(value), f.script.Answered); confidence == understanding.Sure {
			at = picked
		} else if picked, confidence = c.Pick(a.words, f.script.Answered); confidence == understanding.Sure {
			at = picked
		} else if c.YesNo() {
			at = c.Of(true) // they gave what they were asked for
		}
	}
	if at < 0 {
		return 0, false
	}
	return n.Ways[at].To, true
}

// verdict is the answer to a yes or no of a node that was given earlier.
func (f *Form) verdict(n call.Node) *answered {
	for _, number := range slices.Backward(slices.Concat(n.Needs, n.Asks)) {
		if value, ok := f.given[f.script.Questions[number].ID].(bool); ok {
			return &answered{value: value}
		}
	}
	return nil
}

// last is the number of the node that ends the talk.
func (f *Form) last() int {
	return slices.IndexFunc(f.nodes, func(n call.Node) bool { return n.Ends })
}

// fill fills in the variables of a text with what is known now.
func (f *Form) fill(text string) string {
	return call.FillSpoken(text, func(id string) (string, bool) {
		value, ok := f.given[id]
		if !ok {
			value, ok = f.script.Known[id]
		}
		return call.Spoken(value), ok
	})
}

// inquiring reports whether a text ends in a question.
func inquiring(text string) bool {
	text = strings.TrimSpace(text)
	return strings.HasSuffix(text, "?") || strings.HasSuffix(text, "？") || strings.HasSuffix(text, "؟")
}

// sayKnown returns what is said in a node, if it is known before it is said.
func (f *Form) sayKnown(n call.Node) (text string, known bool) {
	for _, id := range call.Variables(n.Say) {
		if _, ok := f.script.Known[id]; !ok {
			return "", false
		}
	}
	return f.fill(n.Say), n.Say != ""
}

// lastSentence is the end of a text, from its last sentence on.
func lastSentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	end := strings.LastIndexAny(text[:len(text)-1], ".!?")
	return strings.TrimSpace(text[end+1:])
}

// place finds the node at which a conversation stands that brains have conducted: the one whose words the agent has said last, or
// whose action was done since.
func (f *Form) place(talk Progress) {
	f.stage = stageAsk
	if f.decider == decidesOpening || len(f.nodes[0].Asks) == 0 && f.choices(0) != nil {
		f.stage = stageSay
	}
	at := -1.0
	for _, line := range talk.Transcript {
		if line.Role != call.Pearl {
			continue
		}
		best := f.nodeOf(line.Content)
		if best > 0 {
			f.node, f.stage, at = best, stageAsk, line.Start
			if n := f.nodes[best]; n.Ends || len(n.Asks) == 0 && f.choices(best) != nil {
				f.stage = stageNeeds
			}
		}
	}
	for _, done := range talk.Done {
		n := slices.IndexFunc(f.nodes, func(n call.Node) bool { return n.Action == done.Number+1 })
		if n > 0 && done.At.Seconds() >= at {
			f.node, f.stage, f.result = n, stageLeave, call.ActionDone
			if done.Failed {
				f.result = call.ActionFailed
			}
		}
	}
	if talk.Doing >= 0 {
		if n := slices.IndexFunc(f.nodes, func(n call.Node) bool { return n.Action == talk.Doing+1 }); n > 0 {
			f.node, f.stage = n, stageAct
		}
		f.acting = true
	}
	f.visits[f.node] = max(f.visits[f.node], 1)
}

// leastSaid is the part of a node's words from which on they count as said.
const leastSaid = 0.6

// nodeOf returns the node whose words a line of the agent's has, and 0 where they are the opening's, or nobody's. Values of variables
// do not count, since any node may name the same person: of two that fit equally, it is the one of which more was said.
func (f *Form) nodeOf(said string) (best int) {
	heard := wordsOf(said)
	most, matched := leastSaid, 0
	fits := func(node int, part float64, words int) {
		if part > most || part == most && words >= matched {
			best, most, matched = node, part, words
		}
	}
	opening := wordsOf(f.nodes[0].Say)
	words := among(opening, heard)
	fits(0, partOf(words, opening), words)
	words = among(heard, opening) // one that was cut off has few of the opening's words, and no others
	fits(0, partOf(words, heard), words)
	for n, node := range f.nodes[1:] {
		texts := []string{call.Fill(node.Say, func(string) (string, bool) { return "", true })}
		for _, number := range slices.Concat(node.Needs, node.Asks) {
			texts = append(texts, f.script.Questions[number].Ask)
		}
		for _, text := range texts {
			all := wordsOf(text)
			words := among(all, heard)
			fits(n+1, partOf(words, all), words)
		}
	}
	return best
}

// among counts the words that are among others.
func among(words, others []string) (n int) {
	for _, word := range words {
		if slices.Contains(others, word) {
			n++
		}
	}
	return n
}

func partOf(n int, all []string) float64 { return float64(n) / float64(max(1, len(all))) }
