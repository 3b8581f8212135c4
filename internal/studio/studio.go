// Package studio has the agent and a caller talk with each other by ear on a line without a telephone: frames pass from one to
// the other as fast as they can be made, while what the agent hears and says is the same as in a call. Its time is that of the
// frames: it stands still while words are recognised and speech is made, and is the clock's while a model thinks.
package studio

import (
	"context"
	"fmt"
	"sync"
	"time"

	"nacre/internal/call"
	"nacre/internal/hearing"
	"nacre/internal/scenario"
	"nacre/internal/voice"
	"nacre/internal/voice/wav"
)

const (
	keyTime  = 160 * time.Millisecond // that a key takes, in place of the caller's sound
	longest  = 2 * time.Hour          // of a call without a time limit, in stream time
	mostWork = time.Minute            // that one frame is held back, by the clock
	look     = time.Millisecond       // how often it is looked whether a frame may pass
)

// Config configures Hold.
type Config struct {
	Agent  call.Agent // of package voice, with voice.Config.ByFrames
	Script call.Script
	// Caller returns the caller's end; press presses keys there.
	Caller func(press func(keys string)) call.Party
	Out    *wav.Writer // two channels: caller, agent; nil = nothing is written
	Desk   call.Desk   // has done what the agent wants done; nil = nobody does, and it does not fail
}

// Outcome is what came of a call.
type Outcome struct {
	Talk  call.Talk
	By    scenario.By   // who ended it
	After time.Duration // the answer
}

// Hold conducts a call to its end, or to that of ctx, whose error it returns then, or that of Out.
func Hold(ctx context.Context, config Config) (Outcome, error) {
	l := &line{out: config.Out}
	l.caller = config.Caller(l.press)
	if config.Script.Timeout == 0 {
		config.Script.Timeout = longest
	}
	if config.Desk == nil {
		config.Desk = desk{}
	}
	talk, ending := config.Agent.Hold(ctx, l, config.Script, config.Desk)
	o := Outcome{Talk: talk, By: scenario.ByAgent, After: l.now}
	switch {
	case ctx.Err() != nil:
		return o, ctx.Err()
	case l.err != nil:
		return o, fmt.Errorf("write the call: %w", l.err)
	case ending == call.PeerHungUp:
		o.By = scenario.ByPerson
	case l.now >= config.Script.Timeout:
		o.By = scenario.ByTimeout
	}
	return o, nil
}

// desk has nothing done: nobody is called here, or ever was.
type desk struct{}

func (desk) OptOut(context.Context) error { return nil }

func (desk) MayTransfer(context.Context, string) error { return nil }
func (desk) Said(call.Role, string)                    {}

func (desk) Act(context.Context, call.Action, []call.Value) (call.Done, error) {
	return call.Done{Text: "done"}, nil
}

// line is the agent's leg of the call (call.Leg).
type line struct {
	caller call.Party
	out    *wav.Writer
	err    error // of out
	now    time.Duration

	mu      sync.Mutex
	tones   hearing.Keys
	keys    []rune // the caller's, on their way
	nextKey time.Duration
}

var _ call.Leg = (*line)(nil)

// press has the caller press keys.
func (l *line) press(keys string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.keys = append(l.keys, []rune(keys)...)
}

// Transfer comes about at once (call.Leg).
func (l *line) Transfer(context.Context, string) error { return nil }

// SendKeys has the caller hear the agent's keys (call.Leg).
func (l *line) SendKeys(keys string) {
	for _, key := range keys {
		l.caller.Key(key)
	}
}

// HangUp and Stats are of calls on a wire (call.Leg).
func (l *line) HangUp()              {}
func (l *line) Stats() call.LegStats { return call.LegStats{} }

// Serve passes frames between both ends until one of them, or ctx, ends the call (call.Leg). Each is heard a frame after it was
// said.
func (l *line) Serve(ctx context.Context, agent call.Party) call.Ending {
	var said, heard call.Frame // by the agent, by the caller
	due := time.Now()
	for {
		l.hold(ctx, agent, &due)
		if ctx.Err() != nil {
			return call.ContextEnded
		}
		l.now += call.FrameTime
		if !l.caller.Exchange(&said, &heard) {
			return call.PeerHungUp
		}
		if key, pressed := l.key(&heard); pressed {
			agent.Key(key)
		}
		more := agent.Exchange(&heard, &said)
		if l.out != nil {
			if l.err = l.out.WriteStereo(&heard, &said); l.err != nil {
				return call.PartyHungUp
			}
		}
		if !more {
			return call.PartyHungUp
		}
	}
}

// key returns the key that is pressed in this frame, and mutes it where one is.
func (l *line) key(heard *call.Frame) (key rune, pressed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.keys) > 0 && l.now >= l.nextKey {
		key, pressed = l.keys[0], true
		l.keys, l.nextKey = l.keys[1:], l.now+keyTime
	}
	if l.now < l.nextKey {
		*heard = call.Frame{}
	}
	if tone, ok := l.tones.Push(heard); ok { // in a recording they are sounds
		return tone, true
	}
	return key, pressed
}

// hold waits as long as the agent's next frame has to. due is when it may pass where that is the clock's; what was late is
// caught up with.
func (l *line) hold(ctx context.Context, agent call.Party, due *time.Time) {
	paced, ok := agent.(voice.Paced)
	if !ok {
		return
	}
	for began := time.Now(); ctx.Err() == nil; {
		now := time.Now()
		switch wait := paced.Waits(); {
		case wait == voice.WaitsForNothing, now.Sub(began) >= mostWork:
			*due = now.Add(call.FrameTime)
			return
		case wait == voice.WaitsForClock && !now.Before(*due):
			*due = due.Add(call.FrameTime)
			return
		case wait == voice.WaitsForWork:
			*due = now.Add(call.FrameTime)
		}
		select {
		case <-ctx.Done():
		case <-time.After(look):
		}
	}
}
