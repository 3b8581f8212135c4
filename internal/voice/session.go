package voice

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"nacre/internal/call"
	"nacre/internal/id"
	"nacre/internal/minds"
	"nacre/internal/turn"
)

// session is the agent's end of one call (call.Party). Its time is stream time: an Exchange is 20 ms, whenever it comes.
// Speech synthesis, opt-out and recording run in other goroutines and are polled once a frame.
type session struct {
	script    call.Script
	desk      call.Desk
	leg       call.Leg
	log       *slog.Logger
	ctx       context.Context
	machine   *turn.Machine
	minds     *minds.Minds
	book      *book
	record    *recorder       // nil = none
	overheard *overheard      // nil: nobody may listen
	works     chan turn.Event // actions that are over
	working   int             // actions that are not
	optOuts   chan bool       // receives when the opt-out is done; true = failed
	limit     time.Duration
	said      func(callID id.ID, words string) // Config.Said; nil = none
	saying    []string

	now      time.Duration // since the answer
	heldAt   time.Time
	form     *turn.Form
	deaf     Recognizer // that is not ready; nil = there is none, or it listens
	senses   *Senses
	playback playback
	events   []turn.Event
	stepping bool
	timeUp   bool
	hungUp   bool
	thinks   int  // the ask that a brain replies to; 0 = none
	writes   bool // the opt-out is being written
}

var _ call.Party = (*session)(nil)

// session returns the session of one call; ctx bounds the call.
func (a *Agent) session(ctx context.Context, leg call.Leg, script call.Script, desk call.Desk) *session {
	log := a.log.With("call", script.Call, "trace", script.Trace)
	form, listens := a.form(script, log)
	var brains []turn.Brain
	if a.config.Brains != nil {
		brains = a.config.Brains(script)
	}
	s := &session{
		script: script, desk: desk, leg: leg, log: log, ctx: ctx,
		machine: turn.New(turn.Config{
			Rules: form, Voicemail: script.VoiceMail, MenuKeys: script.MenuKeys, Timing: a.timing,
			Brains: len(brains), Opening: []string{script.Opening}, Questions: script.Questions, Actions: script.Actions, Language: script.Language,
		}),
		book:    &book{ctx: ctx, speaker: a.config.Speaker, log: log, phrases: make(map[string]*phrase)},
		optOuts: make(chan bool, 1), works: make(chan turn.Event, 64),
		limit: a.timing.OptOutLimit, form: form,
		said:   a.config.Said,
		events: make([]turn.Event, 0, 8),
	}
	s.minds = minds.New(ctx, brains, func(part string) { s.book.get(part) }, log)
	if a.config.Recordings != "" && script.Call != "" {
		s.record = record(a.config.Recordings, script.Call, script.Recording, log)
	}
	var h *hearer
	if listens {
		h = openEar(ctx, a.config.Recognizer, script.Language, log)
	} else {
		s.deaf = a.config.Recognizer
	}
	s.senses = sensesOf(h, a.config.SpeechModel)
	texts := vocabulary(form, script, len(brains) > 0)
	if s.book.voice = Cast(a.config.Speaker, script.VoiceID, texts, len(brains) > 0); s.book.voice != script.VoiceID {
		log.Info("the voice of the script could not be had in time: another one speaks this call", "voice", script.VoiceID, "instead", s.book.voice)
	}
	go s.book.fetch(texts)
	return s
}

// vocabulary returns what a call by this script is known to say, in the order of likely use.
func vocabulary(form *turn.Form, script call.Script, thinks bool) []string {
	texts := form.Vocabulary()
	if thinks { // the form's questions are asked only if every brain fails
		texts = append([]string{script.Opening}, form.Notices()...)
	}
	if script.VoiceMail != "" {
		texts = append(texts, script.VoiceMail)
	}
	return texts
}

// Exchange processes 20 ms of received audio and fills 20 ms to send (call.Party).
func (s *session) Exchange(heard, say *call.Frame) bool {
	s.now += call.FrameTime
	select {
	case failed := <-s.optOuts:
		s.writes = false
		s.step(turn.Event{Kind: turn.OptOutDone, Failed: failed})
	default:
	}
	s.takeWorks()
	for event, more := s.minds.Poll(); more; event, more = s.minds.Poll() {
		if event.Ask == s.thinks && (event.Kind == turn.ReplyEnd || event.Kind == turn.AskFailed) {
			s.thinks = 0
		}
		s.step(event)
	}
	if s.script.Timeout > 0 && s.now >= s.script.Timeout && !s.timeUp {
		s.timeUp = true
		s.step(turn.Event{Kind: turn.TimeUp})
	}
	s.listen()
	s.senses.hearer.want(s.machine.WantsPartial())
	s.senses.Hear(heard, s.now, s.step)
	s.speak(say)
	if s.record != nil {
		s.record.add(say, heard)
	}
	s.overheard.tell(say, heard)
	return !s.hungUp
}

// earsAgain is how often a call whose words are not understood looks whether they can be now.
const earsAgain = time.Second

// listen has a call that began without ears be heard as soon as there are some.
func (s *session) listen() {
	if s.deaf == nil || s.now%earsAgain != 0 || s.deaf.Ready(s.script.Language) != nil {
		return
	}
	s.log.Info("words are understood from now on in this call")
	s.form.Listen()
	s.senses.hearer = openEar(s.ctx, s.deaf, s.script.Language, s.log)
	s.deaf = nil
	go s.book.fetch(s.form.Vocabulary())
}

// Talk is what came of the call so far; it is asked for between frames, by whoever passes them.
func (s *session) Talk() call.Talk { return s.machine.Talk() }

// Key handles a key of the other side (call.Party).
func (s *session) Key(key rune) { s.step(turn.Event{Kind: turn.KeyPressed, Key: key}) }

// Held advances stream time by the time on hold, so that times in transcript and recording count from the answer
// (call.Party).
func (s *session) Held(on bool) {
	if on == !s.heldAt.IsZero() {
		return
	}
	if on {
		s.heldAt = time.Now()
		s.step(turn.Event{Kind: turn.Held})
		return
	}
	away := time.Since(s.heldAt).Truncate(call.FrameTime)
	s.heldAt = time.Time{}
	s.now += away
	if s.record != nil {
		s.record.skip(int(away / call.FrameTime))
	}
	s.step(turn.Event{Kind: turn.Resumed})
}

func (s *session) speak(say *call.Frame) {
	p := &s.playback
	if p.fadeLen > 0 {
		p.drain(say)
		return
	}
	if p.utterance == 0 || !p.begun && !s.begin() {
		*say = call.Frame{}
		return
	}
	before := p.part
	ended, err := p.fill(say)
	if err == nil && time.Duration(p.waits)*call.FrameTime > speechDeadline {
		err = errLate
	}
	if p.part > before {
		s.step(turn.Event{Kind: turn.PlayoutPart, Utterance: p.utterance, Part: p.part})
	}
	switch {
	case p.utterance == 0:
	case err != nil:
		s.fail(err.Error())
	case ended:
		s.endPlayout()
	}
}

// begin reports whether the utterance starts with this frame.
func (s *session) begin() bool {
	p := &s.playback
	ready, err := p.ready()
	switch {
	case err != nil:
		s.fail(err.Error())
		return false
	case !ready:
		if s.now-p.asked > speechDeadline {
			s.fail(errLate.Error())
		}
		return false
	}
	p.begun = true
	s.says(s.saying)
	s.step(turn.Event{Kind: turn.PlayoutStarted, Utterance: p.utterance})
	return p.utterance != 0
}

// says tells whoever listens what begins to be heard.
func (s *session) says(parts []string) {
	words := strings.Join(parts, " ")
	s.desk.Said(call.Pearl, words)
	if s.said != nil {
		s.said(s.script.Call, words)
	}
}

func (s *session) fail(why string) {
	s.log.Error("speak", "error", why)
	part, fraction := s.playback.position()
	utterance := s.playback.utterance
	s.playback.stop()
	s.step(turn.Event{Kind: turn.SpeakFailed, Utterance: utterance, Part: part, Fraction: fraction, Text: why})
}

func (s *session) endPlayout() {
	part, fraction := s.playback.position()
	utterance := s.playback.utterance
	s.playback.stop()
	s.step(turn.Event{Kind: turn.PlayoutFinished, Utterance: utterance, Part: part, Fraction: fraction})
}

// step passes an event to the machine, and then those that its actions cause.
func (s *session) step(event turn.Event) {
	s.events = append(s.events, event)
	if event.Kind == turn.Heard && event.Final && event.Text != "" {
		s.desk.Said(call.Client, event.Text)
	}
	if s.stepping {
		return
	}
	s.stepping = true
	for i := 0; i < len(s.events); i++ {
		for _, action := range s.machine.Step(s.now, s.events[i]) {
			s.do(action)
		}
	}
	s.events = s.events[:0]
	s.stepping = false
}

func (s *session) do(action turn.Action) {
	switch action.Do {
	case turn.Speak:
		s.saying = action.Parts
		s.playback.start(action.Utterance, s.phrasesOf(action.Parts), action.More, s.now)
	case turn.SpeakMore:
		if s.playback.utterance == action.Utterance {
			s.more(action)
		}
	case turn.Ask:
		s.thinks = action.Ask
		s.minds.Ask(action)
	case turn.CancelAsk:
		if s.thinks == action.Ask {
			s.thinks = 0
		}
		s.minds.Cancel()
	case turn.ToolResult:
		s.minds.Answer(action)
	case turn.StopSpeaking:
		if s.playback.utterance == action.Utterance {
			s.endPlayout()
		}
	case turn.Work:
		s.working++
		go s.work(action)
	case turn.PressKeys:
		s.leg.SendKeys(action.Text)
	case turn.OptOut:
		s.writes = true
		go s.optOut()
	case turn.HangUp:
		s.hungUp = true
	}
}

func (s *session) phrasesOf(texts []string) []*phrase {
	phrases := make([]*phrase, len(texts))
	for i, text := range texts {
		phrases[i] = s.book.get(text)
	}
	return phrases
}

func (s *session) more(action turn.Action) {
	s.playback.add(s.phrasesOf(action.Parts), action.More)
	switch {
	case !s.playback.begun:
		s.saying = append(s.saying[:len(s.saying):len(s.saying)], action.Parts...)
	case len(action.Parts) > 0:
		s.says(action.Parts)
	}
}

// optOut retries until the opt-out is written, at most Timing.OptOutLimit, and continues after the call: whoever opts out
// and hangs up must not be called again. The end of the call writes it once more.
func (s *session) optOut() {
	defer survive(func(err error) {
		s.log.Error("opt out", "error", err)
		s.optOuts <- true
	})
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), s.limit)
	defer cancel()
	for wait := 200 * time.Millisecond; ; wait *= 2 {
		err := s.desk.OptOut(ctx)
		if err == nil {
			s.optOuts <- false
			return
		}
		s.log.Error("opt out", "error", err)
		select {
		case <-ctx.Done():
			s.optOuts <- true
			return
		case <-time.After(wait):
		}
	}
}

// finish closes the conversation after the call is over, and returns its result.
func (s *session) finish() call.Talk {
	if !s.heldAt.IsZero() {
		s.Held(false)
	}
	if s.playback.utterance != 0 {
		s.endPlayout()
	}
	s.lastWorks()
	s.step(turn.Event{Kind: turn.PeerHungUp})
	s.minds.Cancel()
	s.senses.hearer.lastWords(s.step, s.machine.HeardAll)
	s.senses.Close()
	talk := s.machine.Talk()
	if s.record != nil {
		s.record.end()
		talk.Recording = &call.Recording{Saved: s.record.saved}
	}
	return talk
}
