// Package rehearsal conducts conversations of a Pearl without audio and a telephone: the rules, brains and turn-taking are
// those of calls, the time is virtual, and what is said passes as text. It knows no files, no database and no terminal.
package rehearsal

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"nacre/internal/brain"
	"nacre/internal/call"
	"nacre/internal/minds"
	"nacre/internal/scenario"
	"nacre/internal/turn"
)

// Config configures Begin.
type Config struct {
	Script call.Script // with Zone and Answered: when it is in the conversation
	// Brains are those of the conversation in the order in which they are asked; without any it goes by the rules of turn.Form,
	// which also replaces brains that fail (voice.Config.Brains).
	Brains func(call.Script) []turn.Brain
	// Desk does the actions of the script; nil = they are done, and bring nothing.
	Desk  call.Desk
	Model brain.Model // plays personas; nil = there is none
	Deaf  bool        // words are not understood: people answer by keys
	// Said is told what the agent says when it begins to say it. nil = nobody is told.
	Said func(words string)
	Log  *slog.Logger // nil = none
}

// Conversation is one call, from its answer on. Its methods are what the person does; each waits for the person's turn first,
// and returns false where the call was over before. It is used by one goroutine.
type Conversation struct {
	config  Config
	machine *turn.Machine
	minds   *minds.Minds
	ctx     context.Context
	end     context.CancelFunc
	now     time.Duration
	over    bool
	by      scenario.By
	timeUp  bool
	pressed string        // keys that the agent has pressed
	works   []result      // of actions, on their way
	optOut  time.Duration // when the opt-out is written; 0 = none is being
	asked   int           // the ask that a brain replies to; 0 = none

	// What the agent says.
	playing *playing
	agentAt time.Duration // its last sound
	spoke   bool          // it has spoken since the person did something
	doneAt  time.Duration // the person did something last

	// What the person says.
	saying    []uttered
	soundFrom time.Duration
	sayUntil  time.Duration
	beepUntil time.Duration
	detected  bool
	lastSound time.Duration
	partialAt time.Duration
	from      time.Duration // start of the speech that is recognised
	results   []result
}

// Begin answers a call; ctx ends it. The Conversation must be closed.
func Begin(ctx context.Context, config Config) *Conversation {
	log := config.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	script := config.Script
	form := turn.NewForm(script)
	if !config.Deaf {
		form.Listen()
	}
	var brains []turn.Brain
	if config.Brains != nil {
		brains = config.Brains(script)
	}
	c := &Conversation{
		config: config,
		machine: turn.New(turn.Config{
			Rules: form, Voicemail: script.VoiceMail, MenuKeys: script.MenuKeys, Timing: turn.Defaults(),
			Brains: len(brains), Opening: []string{script.Opening}, Questions: script.Questions, Actions: script.Actions, Language: script.Language,
		}),
	}
	c.ctx, c.end = context.WithCancel(ctx)
	c.minds = minds.New(c.ctx, brains, nil, log)
	if !config.Deaf {
		c.step(turn.Event{Kind: turn.Ears, Active: true})
	}
	return c
}

// Over reports whether the call has ended.
func (c *Conversation) Over() bool { return c.over }

// Listen waits until it is the person's turn.
func (c *Conversation) Listen() bool {
	c.until(func() bool { return c.turn() })
	return !c.over
}

// Hello says something right after the answer, before the agent begins.
func (c *Conversation) Hello(text string) bool {
	c.Wait(400 * time.Millisecond)
	return c.speak(text)
}

// And says something after a breath, whoever speaks.
func (c *Conversation) And(text string) bool { return c.Wait(breath) && c.speak(text) }

// Say says something.
func (c *Conversation) Say(text string) bool { return c.Listen() && c.speak(text) }

// Interrupt says something while the agent speaks.
func (c *Conversation) Interrupt(text string) bool {
	c.until(func() bool {
		p := c.playing
		return p != nil && p.begun && p.at >= min(interrupt, p.length()/2) || c.turn()
	})
	return !c.over && c.speak(text)
}

// Keys presses keys: 0–9 * #.
func (c *Conversation) Keys(keys string) bool {
	if !c.Listen() {
		return false
	}
	for _, key := range keys {
		if c.over {
			return false
		}
		c.step(turn.Event{Kind: turn.KeyPressed, Key: key})
		c.acted()
		c.Wait(keyEvery)
	}
	return true
}

// Pressed waits until the agent has pressed keys.
func (c *Conversation) Pressed(keys string) bool {
	c.until(func() bool { return strings.Contains(c.pressed, keys) })
	c.pressed = ""
	c.acted()
	return !c.over
}

// Silence says nothing until the agent speaks again, or hangs up.
func (c *Conversation) Silence() bool {
	if !c.Listen() {
		return false
	}
	c.acted()
	c.until(func() bool { return c.spoke })
	return true
}

// Wait lets time pass, whoever speaks.
func (c *Conversation) Wait(d time.Duration) bool {
	if c.over {
		return false
	}
	end := c.now + d
	c.until(func() bool { return c.now >= end })
	return true
}

// Beep is an answering machine's tone, right after what it said.
func (c *Conversation) Beep(d time.Duration) bool {
	if c.over {
		return false
	}
	c.soundFrom, c.beepUntil = c.now, c.now+d
	c.Wait(d)
	c.acted()
	return true
}

// Leave ends the call at once.
func (c *Conversation) Leave() bool {
	if c.over {
		return false
	}
	c.leave(scenario.ByPerson)
	return true
}

// HangUp ends the call.
func (c *Conversation) HangUp() bool {
	if !c.Listen() {
		return false
	}
	c.leave(scenario.ByPerson)
	return true
}

// End waits until the agent ends the call; the person does nothing more.
func (c *Conversation) End() { c.until(func() bool { return false }) }

// Close ends a call that is not over, at once, and what brains think of it.
func (c *Conversation) Close() {
	if !c.over {
		c.leave(scenario.ByPerson)
	}
	c.end()
}

// leave ends the call from the person's side.
func (c *Conversation) leave(by scenario.By) {
	if c.playing != nil {
		c.finish()
	}
	if c.over { // by the agent, in the same moment
		return
	}
	c.step(turn.Event{Kind: turn.PeerHungUp})
	c.over, c.by = true, by
	c.minds.Cancel()
}

// Result is what came of a conversation; of one that is not over, what would come of it were it over now.
func (c *Conversation) Result() Result {
	return ResultOf(c.config.Script, c.machine.Talk(), c.by, c.now)
}
