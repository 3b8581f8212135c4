// Package sandbox simulates a carrier and the people it reaches, so that everything can be tried without a trunk. The last
// two digits of a number decide who picks up; what they say, when they speak and which keys they press is a scenario
// (people.yaml). They do not recognise words, only that the agent has spoken and stopped. The package does not know SIP and
// RTP; nothing in it is random.
package sandbox

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"nacre/internal/call"
	"nacre/internal/scenario"
)

// Speaker synthesises speech: 8 kHz mono samples, which the carrier does not modify. It returns an error for an unknown
// voiceID.
type Speaker interface {
	Speak(ctx context.Context, voiceID, text string) ([]int16, error)
}

// Incoming is a call to the carrier: a new INVITE transaction, no retransmission or re-INVITE.
type Incoming interface {
	To() string   // the number called, with or without +
	From() string // the caller's
	// Ring sends a provisional response: 180, 183.
	Ring(code int) error
	// Reject ends the attempt with a final response.
	Reject(code int, reason string) error
	// Answer accepts the call. It returns an error if the caller has cancelled.
	Answer() (call.Leg, error)
	// Cancelled is closed when the caller has cancelled the call; it has its final response then.
	Cancelled() <-chan struct{}
}

// Options configure a Carrier. A zero field takes its default.
type Options struct {
	Ring    time.Duration // shortest ring time; default 1 s, below 0 none
	RingOut time.Duration // ring time of a call that is neither answered nor cancelled; default 60 s
	Silence time.Duration // silence after which an answered call ends; default 15 s
	Longest time.Duration // longest duration of a call; default 10 min
	Log     *slog.Logger  // default none
	// InWords: the agent understands words. People answer in their own, and a few press keys as well; without it all press
	// keys while they speak.
	InWords bool
	// Said is called with what a person says, and the keys pressed with it, when that begins; it must not block. Default none.
	Said func(number, words, keys string)
}

// Carrier takes calls to every number. It is safe for concurrent use.
type Carrier struct {
	speaker Speaker
	opts    Options
	log     *slog.Logger
	alive   context.Context
	die     context.CancelFunc

	mu     sync.Mutex
	closed bool
	counts map[string]int // new INVITE transactions by number
	calls  sync.WaitGroup
}

// New returns a Carrier whose people speak by speaker; nil = Murmur.
func New(speaker Speaker, opts Options) *Carrier {
	if speaker == nil {
		speaker = Murmur{}
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	standard := func(d *time.Duration, value time.Duration) {
		if *d == 0 {
			*d = value
		}
	}
	standard(&opts.Ring, time.Second)
	standard(&opts.RingOut, time.Minute)
	standard(&opts.Silence, 15*time.Second)
	standard(&opts.Longest, 10*time.Minute)
	c := &Carrier{speaker: speaker, opts: opts, log: opts.Log, counts: make(map[string]int)}
	c.alive, c.die = context.WithCancel(context.Background())
	return c
}

// Rehearse synthesises every line of every person once, for the cache of the Speaker. It returns when that is done or ctx
// ends.
func (c *Carrier) Rehearse(ctx context.Context) {
	for digits := range 100 {
		for attempt := 1; attempt <= 2; attempt++ {
			who := calleeOf(fmt.Sprintf("%02d", digits), attempt)
			for _, act := range slices.Concat(who.scenario.Turns, who.scenario.Then) {
				if ctx.Err() != nil {
					return
				}
				if !act.Speaks() {
					continue
				}
				if _, err := c.speaker.Speak(ctx, who.voice(act), act.Text()); err != nil {
					return // the speaker has no such voice: Murmur is used
				}
			}
		}
	}
}

// Report returns how many new INVITE transactions each number has got since New.
func (c *Carrier) Report() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.counts)
}

// Close ends all calls, ringing ones by 480, answered ones by BYE, and waits until they are over. Calls that come
// later are rejected with 503.
func (c *Carrier) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.die()
	c.calls.Wait()
}

// enter counts a call and returns which one it is to its number; open is false once the carrier is closed.
func (c *Carrier) enter(number string) (attempt int, open bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[number]++
	if c.closed {
		return 0, false
	}
	c.calls.Add(1)
	return c.counts[number], true
}

// Handle runs one call from the INVITE until it is over. It blocks.
func (c *Carrier) Handle(in Incoming) {
	number := "+" + strings.TrimPrefix(in.To(), "+")
	log := c.log.With(slog.Group("pii", "to", number, "from", in.From()))
	attempt, open := c.enter(number)
	if !open {
		c.reject(in, rejection{503, "Service Unavailable"}, log)
		return
	}
	defer c.calls.Done()
	who := calleeOf(number, attempt)
	log = log.With("callee", who.name)

	if who.rings {
		if err := in.Ring(180); err != nil {
			log.Warn("sandbox could not ring", "error", err)
			return
		}
	}
	prepared := make(chan PersonConfig, 1)
	if who.answers {
		go func() {
			var config PersonConfig // nothing where that panics: the person says nothing
			defer func() {
				if reason := recover(); reason != nil {
					log.Error("rehearsal of a sandbox person panicked", "panic", reason, "stack", string(debug.Stack()))
				}
				prepared <- config
			}()
			config = c.rehearse(who, log)
		}()
	}
	wait := c.opts.Ring + who.lingers
	switch {
	case who.ringsOut:
		wait = c.opts.RingOut
	case !who.rings || c.opts.Ring < 0:
		wait = 0
	}
	if !c.wait(in, wait, log) {
		return
	}
	switch {
	case who.ringsOut:
		c.reject(in, rejection{480, "Temporarily Unavailable"}, log)
	case who.rejects != nil:
		c.reject(in, *who.rejects, log)
	default:
		c.talk(in, number, who, prepared, log)
	}
}

// wait waits, and returns false if the call ends before.
func (c *Carrier) wait(in Incoming, d time.Duration, log *slog.Logger) bool {
	timer := time.NewTimer(max(d, 0))
	defer timer.Stop()
	select {
	case <-in.Cancelled():
		log.Debug("sandbox call cancelled")
		return false
	case <-c.alive.Done():
		c.reject(in, rejection{480, "Temporarily Unavailable"}, log)
		return false
	case <-timer.C:
		return true
	}
}

func (c *Carrier) talk(in Incoming, number string, who callee, prepared <-chan PersonConfig, log *slog.Logger) {
	var config PersonConfig
	select {
	case config = <-prepared:
	case <-in.Cancelled():
		log.Debug("sandbox call cancelled")
		return
	case <-c.alive.Done():
		c.reject(in, rejection{480, "Temporarily Unavailable"}, log)
		return
	}
	leg, err := in.Answer()
	if err != nil {
		log.Debug("sandbox call not answered", "error", err)
		return
	}
	config.InWords, config.Pause, config.Silence, config.Longest, config.SendKeys = c.opts.InWords, Pause(who.variant), c.opts.Silence, c.opts.Longest, leg.SendKeys
	if c.opts.InWords {
		config.Noise = who.scenario.NoiseLevel()
	}
	if c.opts.Said != nil {
		config.Said = func(words, keys string) { c.opts.Said(number, words, keys) }
	}
	ending := leg.Serve(c.alive, NewPerson(config))
	log.Debug("sandbox call over", "ending", ending.String())
}

func (c *Carrier) reject(in Incoming, r rejection, log *slog.Logger) {
	if err := in.Reject(r.code, r.reason); err != nil {
		log.Warn("sandbox could not reject", "code", r.code, "error", err)
		return
	}
	log.Debug("sandbox call rejected", "code", r.code)
}

// voice returns who speaks an act, as the embedded voice names them.
func (who callee) voice(act scenario.Act) string {
	if act.Voice != "" {
		return voiceOf(act.Voice)
	}
	return voiceOf(who.scenario.Voice.Of(0))
}

// rehearse synthesises every line of a callee before the call is answered, so that nothing has to wait during it.
func (c *Carrier) rehearse(who callee, log *slog.Logger) PersonConfig {
	stage := func(acts []scenario.Act) []Scene {
		return Stage(acts, func(act scenario.Act) []int16 {
			voice := who.voice(act)
			sound, err := c.speaker.Speak(c.alive, voice, act.Text())
			if err != nil {
				log.Warn("sandbox person murmurs for want of a voice", "voice", voice, "error", err)
				return murmur(voice, act.Text())
			}
			return sound
		})
	}
	return PersonConfig{Scenes: stage(who.scenario.Turns), Then: stage(who.scenario.Then)}
}

// Stage gives acts their sounds: those of speech are spoken by speak.
func Stage(acts []scenario.Act, speak func(scenario.Act) []int16) []Scene {
	scenes := make([]Scene, len(acts))
	for n, act := range acts {
		scenes[n].Act = act
		switch {
		case act.Do == scenario.DoBeep:
			scenes[n].Sound = beep(act.Tone(), act.For)
		case act.Speaks():
			scenes[n].Sound = speak(act)
		}
	}
	return scenes
}
