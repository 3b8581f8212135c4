package rehearsal

import (
	"context"
	"slices"
	"strings"
	"time"

	"nacre/internal/call"
	"nacre/internal/scenario"
	"nacre/internal/turn"
)

// The line. Silences and hesitations are those of people, delays those of recognisers and voices on this machine.
const (
	frame     = call.FrameTime
	onset     = 60 * time.Millisecond  // of sound, until the detector says that it is speech
	hangover  = 400 * time.Millisecond // of silence, until it says that the speech is over
	heardIn   = 60 * time.Millisecond  // what the recogniser takes
	pause     = 160 * time.Millisecond // of silence after which it is asked
	firstWord = 540 * time.Millisecond // of speech before it is asked first
	wordEvery = 500 * time.Millisecond // and again
	keyEvery  = 150 * time.Millisecond
	beepOnset = 160 * time.Millisecond

	ourTurn   = 700 * time.Millisecond // of quiet after the agent has spoken: it is the person's turn
	breath    = 600 * time.Millisecond // between two sentences of one person
	interrupt = time.Second            // into what the agent says, where it is interrupted
	longest   = 2 * time.Hour          // of a conversation without callTimeout
	optOutIn  = 100 * time.Millisecond // what writing an opt-out takes
	workIn    = 500 * time.Millisecond // what an action takes
)

// NoReply is how long the agent says nothing to what a person did until it is their turn again.
const NoReply = 3500 * time.Millisecond

// lettersASecond is how quickly people and voices speak.
const lettersASecond = 15

// speechOf is how long a text takes to be said.
func speechOf(text string) time.Duration {
	return max(300*time.Millisecond, time.Duration(len([]rune(text)))*time.Second/lettersASecond).Truncate(frame)
}

// playing is an utterance of the agent.
type playing struct {
	id    int
	parts []string
	more  bool
	at    time.Duration // into it
	begun bool
}

// uttered is a word that was said.
type uttered struct {
	text string
	end  time.Duration
}

// result of the recogniser, on its way.
type result struct {
	event turn.Event
	due   time.Duration
}

// until lets time pass until something is so, or the call is over.
func (c *Conversation) until(so func() bool) {
	for !c.over && !so() {
		if c.ctx.Err() != nil {
			c.leave(scenario.ByPerson)
			return
		}
		c.frame()
	}
}

// turn reports whether it is the person's turn.
func (c *Conversation) turn() bool {
	switch {
	case c.playing != nil || c.asked != 0 || len(c.works) > 0 || c.now < c.sayUntil || c.now < c.beepUntil:
		return false
	case c.spoke:
		return c.now-c.agentAt >= ourTurn
	default:
		return c.now-c.doneAt >= NoReply
	}
}

// acted notes that the person did something.
func (c *Conversation) acted() { c.spoke, c.doneAt = false, c.now }

// speak has the person say a text, up to its end.
func (c *Conversation) speak(text string) bool {
	if c.over {
		return false
	}
	length := speechOf(text)
	c.soundFrom, c.sayUntil = c.now, c.now+length
	words := strings.Fields(text)
	for n, word := range words {
		c.saying = append(c.saying, uttered{word, c.now + length*time.Duration(n+1)/time.Duration(len(words))})
	}
	c.acted()
	c.until(func() bool { return c.now >= c.sayUntil })
	c.doneAt = c.now
	if p := c.playing; p == nil || !p.begun {
		c.spoke = false
	}
	return true
}

// frame lets 20 ms pass.
func (c *Conversation) frame() {
	c.now += frame
	limit := c.config.Script.Timeout
	if limit == 0 {
		limit = longest
	}
	if c.now >= limit && !c.timeUp {
		c.timeUp = true
		c.step(turn.Event{Kind: turn.TimeUp})
	}
	if c.optOut != 0 && c.now >= c.optOut {
		c.optOut = 0
		c.step(turn.Event{Kind: turn.OptOutDone})
	}
	for len(c.works) > 0 && c.now >= c.works[0].due && !c.over {
		event := c.works[0].event
		c.works = c.works[1:]
		c.step(event)
	}
	if c.over {
		return
	}
	c.think()
	if !c.over {
		c.listen()
	}
	if !c.over {
		c.recognise()
	}
	if !c.over {
		c.play()
	}
}

// think brings what brains have to say. While one replies, virtual time passes no quicker than real time: their time limits are
// those of a call.
func (c *Conversation) think() {
	event, more := c.minds.Poll()
	if !more && c.asked != 0 {
		event, more = c.minds.Wait(frame)
	}
	for ; more && !c.over; event, more = c.minds.Poll() {
		if event.Ask == c.asked && (event.Kind == turn.ReplyEnd || event.Kind == turn.AskFailed) {
			c.asked = 0
		}
		c.step(event)
	}
}

func (c *Conversation) step(event turn.Event) {
	for _, action := range slices.Clone(c.machine.Step(c.now, event)) {
		c.do(action)
	}
}

func (c *Conversation) do(action turn.Action) {
	switch action.Do {
	case turn.Speak:
		c.playing = &playing{id: action.Utterance, parts: slices.Clone(action.Parts), more: action.More}
	case turn.SpeakMore:
		if p := c.playing; p != nil && p.id == action.Utterance {
			p.parts, p.more = append(p.parts, action.Parts...), action.More
			if p.begun {
				c.say(action.Parts)
			}
		}
	case turn.StopSpeaking:
		if c.playing != nil && c.playing.id == action.Utterance {
			c.finish()
		}
	case turn.Ask:
		c.asked = action.Ask
		c.minds.Ask(action)
	case turn.CancelAsk:
		if c.asked == action.Ask {
			c.asked = 0
		}
		c.minds.Cancel()
	case turn.ToolResult:
		c.minds.Answer(action)
	case turn.Work:
		c.work(action)
	case turn.PressKeys:
		c.pressed += action.Text
	case turn.OptOut:
		c.optOut = c.now + optOutIn
	case turn.HangUp:
		c.over, c.by = true, scenario.ByAgent
		if c.timeUp {
			c.by = scenario.ByTimeout
		}
		c.minds.Cancel()
	}
}

// work does an action of the script, as far as a rehearsal does.
func (c *Conversation) work(action turn.Action) {
	event := turn.Event{Kind: turn.Worked, Work: action.Work, Text: "done"}
	if c.config.Desk != nil {
		done, err := c.config.Desk.Act(context.Background(), c.config.Script.Actions[action.Number], action.Values)
		event.Text, event.Values = done.Text, done.Values
		if event.Failed = err != nil; event.Failed {
			event.Text = err.Error()
		}
	}
	c.works = append(c.works, result{event, c.now + workIn})
}

func (c *Conversation) say(parts []string) {
	if c.config.Said != nil && len(parts) > 0 {
		c.config.Said(strings.Join(parts, " "))
	}
}

// play is one frame of what the agent says.
func (c *Conversation) play() {
	p := c.playing
	if p == nil {
		return
	}
	if !p.begun {
		p.begun = true
		c.say(p.parts)
		c.step(turn.Event{Kind: turn.PlayoutStarted, Utterance: p.id})
		if c.playing != p {
			return
		}
	}
	c.agentAt, c.spoke = c.now, true
	before, _ := p.position()
	if before == len(p.parts) {
		if !p.more {
			c.finish()
		}
		return // what follows is not there yet
	}
	p.at += frame
	part, _ := p.position()
	if part > before {
		c.step(turn.Event{Kind: turn.PlayoutPart, Utterance: p.id, Part: part})
	}
	if c.playing == p && part == len(p.parts) && !p.more {
		c.finish()
	}
}

// finish ends what the agent says.
func (c *Conversation) finish() {
	part, fraction := c.playing.position()
	id := c.playing.id
	c.playing = nil
	c.step(turn.Event{Kind: turn.PlayoutFinished, Utterance: id, Part: part, Fraction: fraction})
}

// position is how much of an utterance was played.
func (p *playing) position() (part int, fraction float64) {
	at := p.at
	for _, text := range p.parts {
		length := speechOf(text)
		if at < length {
			return part, float64(at) / float64(length)
		}
		at -= length
		part++
	}
	return part, 0
}

func (p *playing) length() (sum time.Duration) {
	for _, text := range p.parts {
		sum += speechOf(text)
	}
	return sum
}

// listen is one frame of the detectors of speech and beeps.
func (c *Conversation) listen() {
	sound := c.now < c.sayUntil || c.now < c.beepUntil
	if sound {
		c.lastSound = c.now
	}
	switch {
	case sound && !c.detected && c.now-c.soundFrom >= onset:
		c.detected, c.from = true, c.soundFrom
		c.partialAt = c.now + firstWord
		c.step(turn.Event{Kind: turn.SpeechStarted})
	case c.detected && c.now-c.lastSound >= hangover:
		c.detected = false
		c.step(turn.Event{Kind: turn.SpeechEnded})
		c.hear(true, 0)
		c.saying = nil
	}
	if c.now < c.beepUntil && c.now-c.soundFrom >= beepOnset && !c.over {
		c.step(turn.Event{Kind: turn.Beep})
	}
	if !c.over {
		c.step(turn.Event{Kind: turn.Tick, Active: sound})
	}
}

// recognise is one frame of the recogniser.
func (c *Conversation) recognise() {
	quiet := c.now - c.lastSound
	switch {
	case !c.detected:
	case quiet == pause:
		c.hear(false, heardIn)
	case c.now >= c.partialAt && quiet < pause:
		c.hear(false, heardIn)
		c.partialAt = c.now + wordEvery
	}
	for len(c.results) > 0 && c.now >= c.results[0].due && !c.over {
		event := c.results[0].event
		c.results = c.results[1:]
		c.step(event)
	}
}

// hear has the recogniser tell what was said so far.
func (c *Conversation) hear(final bool, after time.Duration) {
	if c.config.Deaf || c.over || len(c.saying) == 0 {
		return
	}
	var words []string
	for _, word := range c.saying {
		if word.end <= c.now {
			words = append(words, word.text)
		}
	}
	c.results = append(c.results, result{
		turn.Event{Kind: turn.Heard, Final: final, Text: strings.Join(words, " "), From: c.from, To: c.lastSound}, c.now + after,
	})
}
