package sandbox_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/hearing"
	"nacre/internal/sandbox"
)

// talker is the caller's end of a line.
type talker interface {
	exchange(heard, say *call.Frame) bool
	key(rune)
}

// incoming is a call to one number by an agent, without sockets and in virtual time.
type incoming struct {
	to        string
	caller    talker
	agent     *agent // the caller, where it is the plain one
	cancelled chan struct{}

	mu        sync.Mutex
	rings     []int
	code      int
	reason    string
	answered  bool
	answerErr error
	over      chan struct{} // closed when a final response was sent
	line      *line
}

func newIncoming(to string, a *agent) *incoming {
	return &incoming{to: to, caller: a, agent: a, cancelled: make(chan struct{}), over: make(chan struct{})}
}

func (in *incoming) To() string                 { return in.to }
func (in *incoming) From() string               { return "+14155550100" }
func (in *incoming) Cancelled() <-chan struct{} { return in.cancelled }

func (in *incoming) Ring(code int) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.rings = append(in.rings, code)
	return nil
}

func (in *incoming) Reject(code int, reason string) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.code != 0 || in.answered {
		return fmt.Errorf("second final response %d", code)
	}
	in.code, in.reason = code, reason
	close(in.over)
	return nil
}

func (in *incoming) Answer() (call.Leg, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.answerErr != nil {
		return nil, in.answerErr
	}
	in.answered = true
	in.line = &line{agent: in.caller}
	return in.line, nil
}

// line joins a person and an agent frame by frame.
type line struct {
	agent talker
	keys  []rune // to be sent, one in 8 frames
	clock int
	// Stretches of the person's sound, in seconds, and the keys with their times.
	person  []stretch
	pressed []press
	ending  call.Ending
	beeps   int
	length  time.Duration
}

type stretch struct{ from, to float64 }

type press struct {
	at  float64
	key rune
}

func (l *line) Transfer(context.Context, string) error { return nil }
func (l *line) SendKeys(keys string)                   { l.keys = append(l.keys, []rune(keys)...) }
func (l *line) HangUp()                                {}
func (l *line) Stats() call.LegStats                   { return call.LegStats{} }

func (l *line) Serve(ctx context.Context, party call.Party) call.Ending {
	var fromAgent, fromPerson call.Frame
	ear, beep := hearing.NewVAD(hearing.VADConfig{}), hearing.NewBeep()
	for ; ; l.clock++ {
		if ctx.Err() != nil {
			return l.over(call.ContextEnded)
		}
		agentStays := l.agent.exchange(&fromPerson, &fromAgent)
		if !agentStays {
			return l.over(call.PeerHungUp)
		}
		if !party.Exchange(&fromAgent, &fromPerson) {
			return l.over(call.PartyHungUp)
		}
		switch ear.Push(&fromPerson) {
		case hearing.Started:
			l.person = append(l.person, stretch{ear.Start().Seconds(), 1e9})
		case hearing.Ended:
			l.person[len(l.person)-1].to = ear.End().Seconds()
		}
		if beep.Push(&fromPerson) {
			l.beeps++
		}
		if len(l.keys) > 0 && l.clock%8 == 0 {
			l.pressed = append(l.pressed, press{l.seconds(), l.keys[0]})
			l.agent.key(l.keys[0])
			l.keys = l.keys[1:]
		}
	}
}

func (l *line) over(e call.Ending) call.Ending {
	l.ending, l.length = e, time.Duration(l.clock)*call.FrameTime
	return e
}

func (l *line) seconds() float64 { return float64(l.clock) * call.FrameTime.Seconds() }

func (l *line) keysPressed() string {
	var out strings.Builder
	for _, p := range l.pressed {
		out.WriteRune(p.key)
	}
	return out.String()
}

// agent is the other end as the product's form behaves: it says its opening, waits, repeats after words or silence,
// goes on after a key, says goodbye. It stops speaking when somebody speaks for 0.4 s while it does.
type agent struct {
	speaker   sandbox.Speaker
	questions []string // the opening is the first
	mute      bool

	ear      *hearing.VAD
	frames   int
	said     int // questions answered
	saying   []int16
	speaks   bool
	ending   bool
	gotKey   bool
	repeats  int
	quiet    int // frames of silence of both
	words    int // frames of the other's speech since we spoke
	stretchs []stretch
	stopped  int // times it was interrupted
	answers  []string
}

func newAgent(questions ...string) *agent {
	return &agent{speaker: sandbox.Murmur{}, questions: questions, ear: hearing.NewVAD(hearing.VADConfig{})}
}

func (a *agent) speak(text string) {
	samples, err := a.speaker.Speak(context.Background(), "kal", text)
	if err != nil {
		panic(err)
	}
	a.saying, a.speaks, a.quiet, a.words = samples, true, 0, 0
	a.stretchs = append(a.stretchs, stretch{a.now(), 1e9})
}

func (a *agent) now() float64 { return float64(a.frames) * call.FrameTime.Seconds() }

func (a *agent) stop() {
	a.speaks, a.saying = false, nil
	a.stretchs[len(a.stretchs)-1].to = a.now()
}

func (a *agent) key(key rune) {
	if a.ending {
		return
	}
	if n := len(a.answers); n > 0 && n > a.said {
		a.answers[n-1] += string(key)
	} else {
		a.answers = append(a.answers, string(key))
	}
	a.gotKey = true
	if a.speaks {
		a.stop()
	}
	a.quiet = 0
}

func (a *agent) exchange(heard, say *call.Frame) bool {
	a.frames++
	*say = call.Frame{}
	a.ear.Push(heard)
	if a.mute {
		return true
	}
	if a.ear.Speaking() {
		a.quiet = 0
		a.words++
	} else {
		a.quiet++
	}
	if a.speaks {
		if a.ear.Speaking() && a.ear.Heard()-a.ear.Start() > 400*time.Millisecond && a.words > 20 {
			a.stopped++
			a.stop()
			return true
		}
		n := copy(say[:], a.saying)
		if a.saying = a.saying[n:]; len(a.saying) == 0 {
			a.stop()
			a.quiet, a.words = 0, 0
		}
		return true
	}
	const second = 50
	switch {
	case a.ending:
		return a.quiet < second/4
	case len(a.stretchs) == 0: // wait for a hello, and for the end of a greeting
		if a.ear.End() > 0 && a.quiet > second/5 && a.ear.End() < 2500*time.Millisecond || a.quiet > 3*second {
			a.speak(a.questions[0])
		}
	case a.gotKey:
		if a.quiet < second { // the closing key, the hours
			return true
		}
		a.gotKey = false
		if a.said++; a.said < len(a.questions) {
			a.speak(a.questions[a.said])
			return true
		}
		a.ending = true
		a.speak("Thank you. Goodbye.")
	case a.words > 0 && a.quiet > second*6/5:
		a.speak("I only understand keys. " + a.questions[a.said])
	case a.quiet > 5*second:
		if a.repeats++; a.repeats > 2 {
			a.ending = true
			a.speak("Goodbye.")
			return true
		}
		a.speak(a.questions[a.said])
	}
	return true
}

// dial has the carrier handle a call to the number at once, and answers what became of it.
func dial(t *testing.T, c *sandbox.Carrier, to string, a *agent) *incoming {
	t.Helper()
	in := newIncoming(to, a)
	c.Handle(in)
	return in
}
