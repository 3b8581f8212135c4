package voice

import (
	"log/slog"
	"time"

	"nacre/internal/call"
	"nacre/internal/hearing"
	"nacre/internal/turn"
)

// quietest is the level in dBFS below which nothing counts as sound, margin the dB by which sound must exceed the noise.
const (
	quietest = -48
	margin   = 10
)

// Senses turn the audio of one call into events of its turn.Machine: sound, speech, words, beeps, tones of the network. They are
// used by one goroutine.
type Senses struct {
	vad     *hearing.VAD
	beep    *hearing.Beep
	network *hearing.Network
	hearer  *hearer // nil = no recogniser
}

// NewSenses returns senses with an ear that is open already; nil = no words are heard. model nil: speech is told by its level.
func NewSenses(ear Ear, model *hearing.SpeechModel, log *slog.Logger) *Senses {
	if ear == nil {
		return sensesOf(nil, model)
	}
	h := &hearer{log: log, opened: make(chan Ear, 1)}
	h.opened <- ear
	return sensesOf(h, model)
}

func sensesOf(h *hearer, model *hearing.SpeechModel) *Senses {
	return &Senses{
		vad:  hearing.NewVAD(hearing.VADConfig{Quietest: quietest, Margin: margin, Model: model}),
		beep: hearing.NewBeep(), network: hearing.NewNetwork(), hearer: h,
	}
}

// Hear takes the frame that ends at now, and passes on what it brings; the last event is its turn.Tick.
func (s *Senses) Hear(heard *call.Frame, now time.Duration, step func(turn.Event)) {
	change := s.vad.Push(heard)
	s.hearer.write(heard, change, s.vad.Speaking(), now)
	switch change {
	case hearing.Started:
		step(turn.Event{Kind: turn.SpeechStarted})
	case hearing.Ended:
		step(turn.Event{Kind: turn.SpeechEnded})
	}
	for event, more := s.hearer.poll(); more; event, more = s.hearer.poll() {
		step(event)
	}
	if s.beep.Push(heard) || s.beep.On() {
		step(turn.Event{Kind: turn.Beep, Tone: s.beep.Tone()})
	}
	if tones, number := s.network.Push(heard); tones {
		step(turn.Event{Kind: turn.NetworkTones, NotInService: number})
	}
	sound := s.vad.Level() > max(quietest, s.vad.Floor()+margin)
	step(turn.Event{Kind: turn.Tick, Active: sound})
}

// Close closes the ear.
func (s *Senses) Close() { s.hearer.close() }
