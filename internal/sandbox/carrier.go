// Package sandbox is a carrier made of simulated people, so that everything can be tried without a trunk. It decides
// who picks up a number (the last two digits say so), what they say, when they speak and which keys they press. People
// hear by ear alone: they know no words, only that the agent has spoken and stopped. The package refuses to know SIP,
// RTP and what the agent makes of it all; nothing in it is random.
package sandbox

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"time"

	"nacre/internal/call"
)

// Speaker makes speech of text: 8 kHz mono samples, which are not changed. VoiceID names one of its voices; a speaker
// that does not have it answers an error.
type Speaker interface {
	Speak(ctx context.Context, voiceID, text string) ([]int16, error)
}

// Incoming is a new INVITE transaction: no retransmission and no re-INVITE.
type Incoming interface {
	To() string   // the number called, with or without +
	From() string // the caller's
	// Ring sends a provisional response: 180, 183.
	Ring(code int) error
	// Reject ends the attempt with a final response.
	Reject(code int, reason string) error
	// Answer accepts the call. It fails where the caller has cancelled it.
	Answer() (call.Leg, error)
	// Cancelled is closed when the caller has cancelled the call; it is then over, and answered already.
	Cancelled() <-chan struct{}
}

// Options tune the carrier. A zero field takes its default.
type Options struct {
	Ring    time.Duration // how long it rings until somebody moves, at least; default 1 s, below 0 not at all
	RingOut time.Duration // how long a call rings that nobody takes or cancels; default 60 s
	Silence time.Duration // of the line that ends an answered call; default 15 s
	Longest time.Duration // that anybody stays on the line; default 10 min
	Log     *slog.Logger  // default none
	// Said is told what a person says, and the keys pressed with it, as they begin; it must not block. Default nobody.
	Said func(number, words, keys string)
}

// Carrier takes calls on behalf of all numbers there are. Safe for concurrent use.
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

// New makes a carrier whose people speak through speaker; nil makes them murmur (see Murmur).
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

// Rehearse has every line of everybody spoken once, so that a speaker that keeps what it has spoken answers at once when
// the telephones ring. It returns when that is done or ctx ends.
func (c *Carrier) Rehearse(ctx context.Context) {
	for digits := range 100 {
		for attempt := 1; attempt <= 2; attempt++ {
			for _, s := range calleeOf(fmt.Sprintf("%02d", digits), attempt).steps {
				if ctx.Err() != nil {
					return
				}
				if s.say == "" {
					continue
				}
				if _, err := c.speaker.Speak(ctx, s.voice, s.say); err != nil {
					return // a speaker without the voice: people murmur
				}
			}
		}
	}
}

// Report answers how many new INVITE transactions each number got since the carrier was made.
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

// enter counts a call and answers which one it is to its number; open is false once the carrier is closed.
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

// Handle runs one call from the INVITE until it is over.
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
	prepared := make(chan []scene, 1)
	if who.rejects == nil && !who.ringsOut {
		go func() { prepared <- c.rehearse(who, log) }()
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

// wait answers false when the call is over before the time has passed.
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

func (c *Carrier) talk(in Incoming, number string, who callee, prepared <-chan []scene, log *slog.Logger) {
	var scenes []scene
	select {
	case scenes = <-prepared:
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
	callee := newPerson(scenes, leg.SendKeys, c.opts)
	callee.number = number
	ending := leg.Serve(c.alive, callee)
	log.Debug("sandbox call over", "ending", ending.String())
}

func (c *Carrier) reject(in Incoming, r rejection, log *slog.Logger) {
	if err := in.Reject(r.code, r.reason); err != nil {
		log.Warn("sandbox could not reject", "code", r.code, "error", err)
		return
	}
	log.Debug("sandbox call rejected", "code", r.code)
}

// rehearse turns every line of a callee into sound before the call is answered: on the line nothing may wait.
func (c *Carrier) rehearse(who callee, log *slog.Logger) []scene {
	scenes := make([]scene, len(who.steps))
	for i, s := range who.steps {
		scenes[i] = scene{step: s}
		switch {
		case s.beep > 0:
			scenes[i].sound = beep(s.beep)
		case s.say != "":
			sound, err := c.speaker.Speak(c.alive, s.voice, s.say)
			if err != nil {
				log.Warn("sandbox person murmurs for want of a voice", "voice", s.voice, "error", err)
				sound = murmur(s.voice, s.say)
			}
			scenes[i].sound = sound
		}
	}
	return scenes
}
