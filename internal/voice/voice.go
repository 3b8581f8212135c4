// Package voice decides how an answered call is held: it runs the audio of one leg, 20 ms after 20 ms, hears speech,
// beeps and keys in it, has the turn machine decide, and speaks what it is told. It records the call. It refuses to
// know SIP and RTP (call.Leg carries the frames), who calls whom and why (call.Script says it all), and how text becomes
// speech (Speaker).
package voice

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"nacre/internal/call"
	"nacre/internal/id"
	"nacre/internal/turn"
)

// Speaker makes text into speech: 8 kHz mono samples without silence at either end, which nobody may change. VoiceID ""
// is its default voice. Text with nothing to say answers no samples. It is expected to keep what it has spoken, for the
// same sentences come again in every call, and is safe for concurrent use.
type Speaker interface {
	Speak(ctx context.Context, voiceID, text string) ([]int16, error)
}

// Config is what an agent is made of.
type Config struct {
	Speaker    Speaker
	Missing    error  // why there is no Speaker, where there is none
	Recordings string // folder of the recordings; "" = none are made
	Log        *slog.Logger
	// Said is told what the agent says in a call, as it begins; it must not block. Default nobody.
	Said func(callID id.ID, words string)
}

// Agent holds answered calls with the form brain. Safe for concurrent use; every call is a session of its own.
type Agent struct {
	config  Config
	log     *slog.Logger
	phrases turn.Phrases
	timing  turn.Timing
}

var _ call.Agent = (*Agent)(nil)

// New makes an agent.
func New(config Config) *Agent {
	log := config.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Agent{config: config, log: log, phrases: turn.English(), timing: turn.Defaults()}
}

var errNoSpeaker = errors.New("the agent has no voice")

// Ready is nil when the agent can speak.
func (a *Agent) Ready() error {
	if a.config.Speaker != nil {
		return nil
	}
	return errors.Join(errNoSpeaker, a.config.Missing)
}

// Prepare has everything spoken that a call by this script may need, the most urgent first, so that it is at hand when
// the call is answered. It returns when that is done or ctx ends; failures show again when the call is held.
func (a *Agent) Prepare(ctx context.Context, script call.Script) {
	if a.config.Speaker == nil {
		return
	}
	texts := turn.NewForm(script, a.phrases).Vocabulary()
	if script.VoiceMail != "" {
		texts = append(texts, script.VoiceMail)
	}
	for _, text := range texts {
		if ctx.Err() != nil {
			return
		}
		if _, err := a.config.Speaker.Speak(ctx, script.VoiceID, text); err != nil && ctx.Err() == nil {
			a.log.Warn("phrase could not be prepared", "call", script.Call, "error", err)
		}
	}
}

// Hold speaks with whoever is on the leg until the call is over on the wire. A call whose time limit is reached while
// it is on hold is ended a little later than one in conversation.
func (a *Agent) Hold(ctx context.Context, leg call.Leg, script call.Script, desk call.Desk) (call.Talk, call.Ending) {
	if err := a.Ready(); err != nil {
		leg.HangUp()
		return call.Talk{Answerer: call.UnknownAnswerer, Broke: err.Error()}, call.PartyHungUp
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if script.Timeout > 0 {
		guard := time.AfterFunc(script.Timeout+a.timing.OptOutLimit+2*time.Second, cancel)
		defer guard.Stop()
	}
	s := a.session(ctx, script, desk)
	ending := leg.Serve(ctx, s)
	return s.finish(), ending
}
