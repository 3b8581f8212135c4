package app

import (
	"context"
	"encoding/gob"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/fault"
	"nacre/internal/speech"
	"nacre/internal/subprocess"
	"nacre/internal/voice"
	"nacre/internal/voice/utterance"
)

const neverAnswers = "nacre: ears of a test that never answer"

func init() {
	subprocess.Serve(neverAnswers, "nacre-speech", func(string) int {
		in, out := gob.NewDecoder(os.Stdin), gob.NewEncoder(os.Stdout)
		var setup speech.Setup
		if in.Decode(&setup) != nil || out.Encode(speech.Greeting{}) != nil {
			return 1
		}
		for {
			var order speech.Order
			if in.Decode(&order) != nil {
				return 0
			}
			if order.Cancel && out.Encode(speech.Answer{Number: order.Number, Err: "canceled"}) != nil {
				return 1
			}
		}
	})
}

// presser presses a key whenever the agent has been quiet for a second.
type presser struct{ pressed int }

func (*presser) Transfer(context.Context, string) error { return nil }
func (*presser) SendKeys(string)                        {}
func (*presser) HangUp()                                {}
func (*presser) Stats() call.LegStats                   { return call.LegStats{} }

func (p *presser) Serve(ctx context.Context, agent call.Party) call.Ending {
	var heard, said call.Frame
	quiet, spoken := 0, false
	tick := time.NewTicker(call.FrameTime / 5) // as fast as speech is made beside it
	defer tick.Stop()
	for ctx.Err() == nil {
		<-tick.C
		if !agent.Exchange(&said, &heard) {
			return call.PartyHungUp
		}
		if heard != (call.Frame{}) {
			quiet, spoken = 0, true
		} else if quiet++; spoken && quiet == 50 {
			p.pressed++
			spoken = false
			agent.Key('1')
		}
	}
	return call.ContextEnded
}

// Ears that cannot keep up say so in /readyz, metrics and log, and calls go by keys, those that have begun to listen too.
func TestEarsThatCannotKeepUp(t *testing.T) {
	t.Parallel()
	var log syncBuffer
	client := speech.Open(speech.Config{
		Folder: t.TempDir(), Task: speech.Hearing, Workers: 1, Command: func() (*exec.Cmd, error) { return subprocess.Command(neverAnswers, "") }, Log: slog.New(slog.DiscardHandler),
	})
	defer client.Close()
	if err := client.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	metrics := newMetrics()
	ears := localEars(client, slog.New(slog.NewTextHandler(&log, nil)), metrics, 0)
	if err := deaf(ears); err != nil {
		t.Fatal(err)
	}
	agent := voice.New(voice.Config{Speaker: newVoices(&hummer{}), Recognizer: ears, Log: slog.New(slog.DiscardHandler)})
	script := call.Script{
		Opening: "Hello.", SuccessDefined: true, Timeout: time.Minute, Questions: []call.Question{{ID: "offer", Name: "Offer", Type: call.Boolean, Ask: "Would you like an offer?"}},
	}
	byKeys := func(when string) {
		t.Helper()
		leg := &presser{}
		if talk, ending := agent.Hold(t.Context(), leg, script, &optOuts{}); ending != call.PartyHungUp || !talk.Success || talk.Broke != "" {
			t.Errorf("%s: %v after %d keys, %+v", when, ending, leg.pressed, talk)
		}
	}
	byKeys("before anybody has noticed")

	ear, err := ears.Listen(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer ear.Close()
	samples, _ := (&hummer{}).Speak(t.Context(), "", "Please never call me again.")
	say(ear, samples, func() {})
	if heard := final(t, ear); !errors.Is(heard.Err, utterance.ErrLate) {
		t.Errorf("heard %+v", heard)
	}
	var of *fault.Error
	if err := deaf(ears); !errors.As(err, &of) || of.Kind != fault.Unavailable || !strings.Contains(of.Detail, "cannot keep up") || !strings.Contains(of.Detail, "keys are") {
		t.Errorf("/readyz: %v", err)
	}
	answer := httptest.NewRecorder()
	metrics.handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if line := `nacre_utterances_total{ears="embedded",kind="final",result="late"} 1`; !strings.Contains(answer.Body.String(), line) {
		t.Errorf("no %q in the metrics", line)
	}
	if text := log.String(); strings.Count(text, "cannot keep up") != 1 {
		t.Errorf("the log: %s", text)
	}
	byKeys("while they are behind")
}
