package sandbox

import (
	"strings"
	"time"

	"nacre/internal/call"
	"nacre/internal/hearing"
	"nacre/internal/scenario"
)

const (
	// reflex is how long after the start of a line its keys are pressed.
	reflex = 300 * time.Millisecond
	// utterance is the least speech that counts as the agent having spoken; less may be the end of an earlier sentence.
	utterance = 300 * time.Millisecond
	// helloAfter is the moment between the answer and a hello, breath that between two sentences of one person.
	helloAfter = 400 * time.Millisecond
	breath     = 600 * time.Millisecond
	// interruptAfter is how far into the agent's words they are interrupted; where it falls silent before, after missed.
	interruptAfter = 1500 * time.Millisecond
	missed         = 2 * time.Second
)

// Pause returns how long a person of a variant waits after the agent before speaking: 0.6 to 0.8 s. The agent pauses less
// between two sentences.
func Pause(variant int) time.Duration {
	return 600*time.Millisecond + time.Duration(variant%3)*100*time.Millisecond
}

// Scene is an act of a person with its sound; without any it is silent.
type Scene struct {
	scenario.Act
	Sound []int16
}

// PersonConfig configures a Person. A zero duration is no limit.
type PersonConfig struct {
	Scenes []Scene
	Then   []Scene // after Scenes, the last one again and again
	// Improvise returns what the person does next, in place of Scenes and Then; it is asked when it is their turn, and may take
	// its time where that of the line stands still. false: nothing more.
	Improvise func() (Scene, bool)
	InWords   bool // the agent understands words: keys are pressed only on the keypad
	Noise     int  // behind the person (scenario.Sound)
	Pause     time.Duration
	NoReply   time.Duration // the agent says nothing to what was done: after that it is the person's turn again
	Silence   time.Duration // of both sides, after which the call ends
	Longest   time.Duration
	SendKeys  func(string)
	Said      func(words, keys string) // is told what they say when it begins; nil = nobody is told
}

// Person plays the callee's end of a call (call.Party): by ear it knows when the agent has spoken, and stopped, but not what
// it says. Its time is stream time, so that a call can run faster than real time.
type Person struct {
	config PersonConfig
	noise  noise
	random uint32 // state of the noise, which is the same in every call

	ear       *hearing.VAD
	next      int // scene to come
	scene     Scene
	ready     bool // scene is the one to come
	playing   bool // and is being played
	at        int  // its next sample
	keysSent  bool
	pressed   string        // keys of the agent since the last scene
	lineEnd   time.Duration // when our last line ended, or the call began
	heard     bool          // the agent has spoken since then
	lastSound time.Duration // of either side
}

// NewPerson returns a Person.
func NewPerson(config PersonConfig) *Person {
	if config.SendKeys == nil {
		config.SendKeys = func(string) {}
	}
	return &Person{config: config, noise: noise(config.Noise), ear: hearing.NewVAD(hearing.VADConfig{})}
}

// Done returns how many of the Scenes have begun.
func (p *Person) Done() int {
	if p.playing {
		return min(p.next+1, len(p.config.Scenes))
	}
	return min(p.next, len(p.config.Scenes))
}

// Exchange processes 20 ms of received audio and fills 20 ms to send (call.Party).
func (p *Person) Exchange(heard, say *call.Frame) bool {
	p.listen(heard)
	*say = call.Frame{}
	if !p.playing && p.cued() {
		if p.scene.Do == scenario.DoHangUp || p.scene.Do == scenario.DoLeave {
			p.playing = true // done
			return false
		}
		p.begin()
	}
	if p.playing {
		p.play(say)
	}
	p.random = p.noise.add(say, p.random)
	now := p.ear.Heard()
	return (p.config.Silence == 0 || now-p.lastSound < p.config.Silence) && (p.config.Longest == 0 || now < p.config.Longest)
}

// Key takes a key of the agent (call.Party).
func (p *Person) Key(key rune) { p.pressed += string(key) }

// Held does nothing (call.Party).
func (p *Person) Held(bool) {}

func (p *Person) listen(frame *call.Frame) {
	p.ear.Push(frame)
	now := p.ear.Heard()
	if p.playing || p.ear.Speaking() {
		p.lastSound = now
	}
	if !p.playing && p.ear.End()-max(p.ear.Start(), p.lineEnd) >= utterance {
		p.heard = true
	}
}

// coming has the scene to come in p.scene; false if there is none.
func (p *Person) coming() bool {
	if p.ready {
		return true
	}
	c := p.config
	switch n := p.next - len(c.Scenes); {
	case c.Improvise != nil:
		if !p.myTurn(c.Pause) {
			return false
		}
		p.scene, p.ready = c.Improvise()
		return p.ready
	case n < 0:
		p.scene, p.ready = c.Scenes[p.next], true
	case len(c.Then) > 0:
		p.scene, p.ready = c.Then[min(n, len(c.Then)-1)], true
	}
	return p.ready
}

// myTurn reports whether the agent has spoken and been quiet for a while, or has nothing to say.
func (p *Person) myTurn(pause time.Duration) bool {
	now := p.ear.Heard()
	quiet := now - p.ear.End()
	switch {
	case p.ear.Speaking():
		return false
	case p.heard:
		return quiet >= pause
	default:
		return p.config.NoReply > 0 && now-p.lineEnd >= p.config.NoReply && quiet >= p.config.NoReply
	}
}

// cued reports whether the next scene starts now.
func (p *Person) cued() bool {
	if !p.coming() {
		return false
	}
	now := p.ear.Heard()
	since := now - p.lineEnd
	switch p.scene.Do {
	case scenario.DoHello:
		return since >= helloAfter
	case scenario.DoAnd:
		return since >= breath
	case scenario.DoWait:
		return since >= p.scene.For
	case scenario.DoBeep, scenario.DoLeave:
		return true
	case scenario.DoPressed:
		return strings.Contains(p.pressed, p.scene.Text())
	case scenario.DoInterrupt:
		return p.heard && p.ear.Speaking() && now-p.ear.Start() >= interruptAfter || p.myTurn(missed)
	default:
		return p.myTurn(p.config.Pause)
	}
}

// keys are those that the scene to come presses.
func (p *Person) keys() string {
	switch {
	case p.scene.Do == scenario.DoKeys:
		return p.scene.Text()
	case p.config.InWords && !p.scene.Keypad:
		return ""
	default:
		return p.scene.Keys
	}
}

func (p *Person) begin() {
	p.playing, p.at, p.keysSent = true, 0, false
	if p.config.Said == nil {
		return
	}
	words := ""
	if p.scene.Speaks() {
		words = p.scene.Text()
	}
	if keys := p.keys(); words+keys != "" {
		p.config.Said(words, keys)
	}
}

func (p *Person) play(say *call.Frame) {
	s := p.scene
	p.at += copy(say[:], s.Sound[min(p.at, len(s.Sound)):])
	done := p.at >= len(s.Sound)
	if keys := p.keys(); !p.keysSent && keys != "" && (done || p.at >= int(reflex/time.Millisecond)*call.SampleRate/1000) {
		p.config.SendKeys(keys)
		p.keysSent = true
	}
	if !done {
		return
	}
	p.pressed = ""
	p.playing, p.ready, p.heard, p.lineEnd = false, false, false, p.ear.Heard()
	p.next++
}
