package voice_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"nacre/internal/call"
	"nacre/internal/insight"
	"nacre/internal/sandbox"
	"nacre/internal/speech"
	"nacre/internal/speech/speechtest"
	"nacre/internal/voice"
	"nacre/internal/voice/flite"
	"nacre/internal/voice/utterance"
)

// outside has utterances recognised outside the bubbles, whose time stands still meanwhile: the models are another process.
type outside struct {
	wanted chan utterance.Utterance
	heard  chan string
}

func newOutside(t *testing.T, client *speech.Client) *outside {
	o := &outside{wanted: make(chan utterance.Utterance), heard: make(chan string)}
	t.Cleanup(func() { close(o.wanted) })
	go func() {
		for u := range o.wanted {
			heard, err := client.Hear(context.Background(), u.Samples, u.Language, speech.Final)
			if err != nil {
				t.Error(err)
			}
			o.heard <- heard.Text
		}
	}()
	return o
}

func (o *outside) recognize(_ context.Context, u utterance.Utterance) (string, error) {
	o.wanted <- u
	return <-o.heard, nil
}

// With ears the people of the sandbox end as they do without: what they say with their keys, and beside them, misleads
// nobody.
func TestSandboxTableByEar(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("needs the embedded voice and the models")
	}
	embedded, err := flite.Open("", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { embedded.Close() })
	client := speechtest.Open(t, speech.Hearing)
	speaker, ears := newOneAtATime(t, embedded), newOutside(t, client)
	for digits, want := range map[int]struct {
		outcome  call.Outcome
		callback bool
		optOut   bool
	}{
		3: {outcome: call.Success}, 32: {outcome: call.Voicemail}, 37: {outcome: call.NotSuccess}, 52: {outcome: call.NotSuccess, callback: true},
		57: {outcome: call.NotSuccess, optOut: true}, 67: {outcome: call.NotSuccess}, 72: {outcome: call.NotSuccess}, 74: {outcome: call.Success}, 82: {outcome: call.Success},
		87: {outcome: call.Success}, 95: {outcome: call.Success},
	} {
		t.Run(fmt.Sprintf("%02d", digits), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &pair{number: fmt.Sprintf("+141555501%02d", digits), person: make(chan call.Party, 1), over: make(chan struct{})}
				carrier := sandbox.New(speaker, sandbox.Options{Ring: -1})
				go carrier.Handle(p)
				script := call.Script{
					Call: "64f0c0ffee64f0c0ffee6400", SuccessDefined: true, Timeout: 10 * time.Minute,
					Opening:   "Hello, this is Anna of Example Corporation, about your garden.",
					Questions: []call.Question{{ID: "offer", Type: call.Boolean, Ask: "Would you like to receive our offer by mail?"}},
					VoiceMail: "This is Anna of Example Corporation. Please call us back.", MenuKeys: "1",
				}
				d := &optOuts{}
				recognizer := utterance.New(utterance.Config{Recognize: ears.recognize})
				talk, ending := voice.New(voice.Config{Speaker: speaker, Recognizer: recognizer}).Hold(t.Context(), p, script, d)
				carrier.Close()
				time.Sleep(20 * time.Second) // of the bubble: whatever outlives the call
				outcome := insight.OutcomeOf(script, talk)
				if outcome != want.outcome || (talk.Callback != nil) != want.callback || talk.OptOut != want.optOut || d.Load() > 0 != want.optOut {
					t.Errorf("%s by %s after %s, callback %v, opted out %v", outcome, ending, p.elapsed, talk.Callback, talk.OptOut)
				}
				for _, l := range talk.Transcript {
					t.Logf("%7.2f %7.2f  %d  %s", l.Start, l.End, l.Role, l.Content)
				}
			})
		})
	}
}
