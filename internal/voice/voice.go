// Package voice implements call.Agent: it processes the audio of one leg in frames of 20 ms, detects speech, beeps and keys
// in it, passes them to the turn.Machine, plays what that decides, and records the call. It does not know SIP and RTP
// (call.Leg carries the frames), leads and campaigns (call.Script has all that is needed), and speech synthesis (Speaker).
package voice

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"nacre/internal/call"
	"nacre/internal/hearing"
	"nacre/internal/id"
	"nacre/internal/turn"
)

// Config configures an Agent.
type Config struct {
	Speaker Speaker
	Missing error // why Speaker is nil
	// Recognizer hears words; nil = people answer by keys.
	Recognizer Recognizer
	// Brains returns the brains of one conversation, in the order in which they are asked. nil, or none: it goes by the rules of
	// a turn.Form, which also replaces brains that fail.
	Brains     func(script call.Script) []turn.Brain
	Recordings string // folder of the recordings; "" = none are made
	Log        *slog.Logger
	// SpeechModel tells speech from other sounds; nil = whatever is loud enough is speech.
	SpeechModel *hearing.SpeechModel
	// ByFrames: the line is driven by no clock. Time passes by its frames alone, and no limit goes by the clock.
	ByFrames bool
	// Listeners may hear the calls; nil: nobody may.
	Listeners *Listeners
	// Said is called with what the agent says in a call, when that begins; it must not block. Default none.
	Said func(callID id.ID, words string)
}

// Agent holds answered calls. It is safe for concurrent use.
type Agent struct {
	config Config
	log    *slog.Logger
	timing turn.Timing
}

var _ call.Agent = (*Agent)(nil)

// New returns an Agent.
func New(config Config) *Agent {
	log := config.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Agent{config: config, log: log, timing: turn.Defaults()}
}

var errNoSpeaker = errors.New("the agent has no voice")

// Ready returns an error if the agent cannot speak (call.Agent).
func (a *Agent) Ready() error {
	if a.config.Speaker != nil {
		return nil
	}
	return errors.Join(errNoSpeaker, a.config.Missing)
}

// unprepared is how many phrases may fail before the rest is not tried: a voice that is away.
const unprepared = 2

// Prepare synthesises everything that a call by this script may need, the most urgent first, for the Speaker's cache. It
// returns when that is done or ctx ends; a failure shows again in Hold.
func (a *Agent) Prepare(ctx context.Context, script call.Script) {
	if a.config.Speaker == nil {
		return
	}
	failed := 0
	for _, text := range a.Vocabulary(script) {
		if ctx.Err() != nil || failed > unprepared {
			return
		}
		if _, err := a.config.Speaker.Speak(ctx, script.VoiceID, text); err != nil && ctx.Err() == nil {
			failed++
			a.log.Warn("phrase could not be prepared", "call", script.Call, "error", err)
		}
	}
}

// Vocabulary returns what a call by this script is known to say, in the order of likely use.
func (a *Agent) Vocabulary(script call.Script) []string {
	form, _ := a.form(script, a.log)
	return vocabulary(form, script, a.config.Brains != nil)
}

// form returns the form of one conversation, and whether words can be recognised now; people answer by keys until they are.
func (a *Agent) form(script call.Script, log *slog.Logger) (form *turn.Form, listens bool) {
	form = turn.NewForm(script)
	if a.config.Recognizer == nil {
		return form, false
	}
	if err := a.config.Recognizer.Ready(script.Language); err != nil {
		log.Warn("words are not understood yet in this call", "error", err)
		return form, false
	}
	form.Listen()
	return form, true
}

// Hold conducts the conversation on the leg until the call is over on the wire (call.Agent). ByFrames it was answered when the
// script says. A call whose time limit is
// reached while it is on hold ends a little later.
func (a *Agent) Hold(ctx context.Context, leg call.Leg, script call.Script, desk call.Desk) (call.Talk, call.Ending) {
	if err := a.Ready(); err != nil {
		leg.HangUp()
		return call.Talk{Answerer: call.UnknownAnswerer, Broke: err.Error()}, call.PartyHungUp
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if script.Timeout > 0 && !a.config.ByFrames {
		guard := time.AfterFunc(script.Timeout+a.timing.OptOutLimit+2*time.Second, cancel)
		defer guard.Stop()
	}
	if !a.config.ByFrames {
		script.Answered = time.Now()
	}
	s := a.session(ctx, leg, script, desk)
	var end func()
	s.overheard, end = a.config.Listeners.begin(script.Call)
	defer end()
	ending := leg.Serve(ctx, s)
	return s.finish(), ending
}
