package app

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/config"
	"nacre/internal/engine"
	"nacre/internal/hours"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/provider/providertest"
	"nacre/internal/voice"
)

// hummer is an embedded voice whose speech has the length of its text.
type hummer struct{ plainVoice }

func (h *hummer) Speak(_ context.Context, _, text string) ([]int16, error) {
	samples := make([]int16, len(text)*call.SampleRate/20)
	for n := range samples {
		samples[n] = int16(6000 * math.Sin(float64(n)/4) * (1 + math.Sin(float64(n)/500)) / 2)
	}
	return samples, nil
}

func (h *hummer) Stream(ctx context.Context, voiceID, text string) iter.Seq2[[]int16, error] {
	return voice.Whole(func() ([]int16, error) { return h.Speak(ctx, voiceID, text) })
}

const failingServices = `models:
  - {name: hangs, kind: openai, address: "%[1]s/hangs", model: m, model-types: [1], first: 700ms, between: 700ms}
  - {name: dies, kind: openai, address: "%[1]s/dies", model: m, model-types: [2], first: 700ms, between: 700ms}
  - {name: drips, kind: openai, address: "%[1]s/drips", model: m, model-types: [3], first: 700ms, between: 700ms}
  - {name: lies, kind: openai, address: "%[1]s/lies", model: m, model-types: [4], first: 700ms, between: 700ms}
voices:
  - {name: late, kind: openai, address: "%[1]s/hangs", model: v, first: 700ms, between: 700ms, voices: [{id: v, name: Late, language: en-US}]}
  - {kind: local}
ears:
  - {name: yes, kind: openai, address: "%[1]s/ears", model: e}
`

// failing answers as the first part of the path says, and hears a yes in everything.
func failing(w http.ResponseWriter, r *http.Request) {
	const stream = "text/event-stream"
	how := strings.Split(r.URL.Path, "/")[1]
	switch how {
	case "dies":
		providertest.Cut(stream, "data: {\"choices\":[{\"delta\":{\"content\":\"I am afr\"}}]}\n\ndata: {\"cho")(w, r)
	case "drips":
		w.Header().Set("Content-Type", stream)
		for r.Context().Err() == nil { // a sign of life, and never a word
			_, _ = fmt.Fprint(w, ": still here\n\n")
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
	case "lies": // no JSON, and a tool that there is not
		providertest.Status(200, "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"x\",\"function\":{\"name\":\"delete_everything\",\"arguments\":\"{\"}}]}}]}\n\ndata: <html>not found</html>\n\n", "Content-Type", stream)(w, r)
	case "ears":
		providertest.Status(200, `{"text":"Yes, please."}`, "Content-Type", "application/json")(w, r)
	default:
		providertest.Hang(w, r)
	}
}

// Whatever the services of a call do, and where its recording has no place to be: the person is asked and answered by the rules,
// in one voice, the call ends with its outcome, and nothing of it is left.
func TestCallsEndWellWhateverFails(t *testing.T) {
	if testing.Short() {
		t.Skip("needs real time")
	}
	// Not parallel: real audio wants the clock.
	ctx := context.Background()
	service := providertest.Serve(t, failing)
	var log syncBuffer
	data := t.TempDir()
	settings := config.Serve{
		Database: config.Database{Data: data}, Listen: "127.0.0.1:0", SIPListen: "127.0.0.1:0", Grace: time.Second,
		Providers: providersFile(t, failingServices, service.URL),
	}
	settings.Speech.Folder = config.NoSpeech
	children := childrenOf(t)
	running, err := startWith(ctx, settings, newLog(&log, config.Log{LogLevel: "warn"}), parts{openVoice: func(string, *slog.Logger) (voice.Voices, error) { return &hummer{}, nil }})
	if err != nil {
		t.Fatal(err)
	}
	defer running.Close()
	// As on a full disk: nothing can be written where recordings go.
	if err := os.RemoveAll(running.recordings); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(running.recordings, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	e := running.engine
	owner, err := e.CreateAccount(ctx, "test")
	if err != nil {
		t.Fatal(err)
	}
	actor := engine.Actor{Account: owner.ID, By: "test"}
	leads := map[string][2]id.ID{} // Pearl and lead by what fails
	for modelType, how := range []string{1: "hangs", 2: "dies", 3: "drips", 4: "lies"} {
		if how != "" {
			leads[how] = failingLead(t, e, actor, modelType)
		}
	}
	for how, of := range leads {
		if _, err := e.SetActive(ctx, actor, of[0], true, false); err != nil {
			t.Fatal(how, err)
		}
	}
	for how, of := range leads {
		for deadline := time.Now().Add(3 * time.Minute); ; {
			l, err := e.Store.ReadLead(ctx, owner.ID, of[0], of[1])
			if err != nil {
				t.Fatal(err)
			}
			if l.Status.Final() {
				if l.Status != lead.Success {
					t.Errorf("%s: the lead ended at %d", how, l.Status)
				}
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: the call did not end: %d\n%s", how, l.Status, log.String())
			}
			<-time.After(50 * time.Millisecond)
		}
		_, last, err := e.Store.LeadCalls(ctx, of[1])
		if err != nil || last == nil {
			t.Fatal(how, err)
		}
		said := ""
		for _, line := range last.Transcript {
			said += fmt.Sprintf("%d %s\n", line.Role, line.Content)
		}
		if !strings.Contains(said, "Do you agree?") || !strings.Contains(said, "Goodbye") || last.Outcome != call.Success {
			t.Errorf("%s: %s of\n%s", how, last.Outcome, said)
		}
	}
	for _, name := range []string{"hangs", "dies", "drips", "lies", "late"} {
		if !strings.Contains(log.String(), "provider="+name) {
			t.Errorf("the log does not tell that %s failed", name)
		}
	}
	running.Close()
	service.Close()
	nothingLeft(t, data, children)
}

// failingLead makes a campaign of one question, of a person who agrees.
func failingLead(t *testing.T, e *engine.Engine, actor engine.Actor, modelType int) [2]id.ID {
	t.Helper()
	numbers, err := e.Store.Numbers(t.Context(), actor.Account)
	if err != nil || len(numbers) != 1 {
		t.Fatalf("numbers: %v %v", numbers, err)
	}
	outbound := campaign.DefaultOutbound()
	outbound.PhoneNumberID, outbound.TotalAgents = numbers[0].ID, 1
	for day := range 7 {
		outbound.CallingHours = append(outbound.CallingHours, hours.Window{Day: day, Start: "00:00", End: "24:00"})
	}
	pearlID, err := e.CreatePearl(t.Context(), actor, campaign.Pearl{
		Type: campaign.OutboundPearl, Name: fmt.Sprint("fails ", modelType), Outbound: &outbound,
		Definition: campaign.Definition{TimeZone: "UTC", CompanyDescription: "x", OpeningSentence: "Hello.", SuccessDescription: "agrees", ModelType: modelType},
		Variables:  []campaign.Variable{{ID: "agrees", Name: "agreement", Group: campaign.InCall, Type: "boolean", Description: "Do you agree?"}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	leadID, err := e.AddLead(t.Context(), actor, pearlID, engine.NewLead{Phone: fmt.Sprintf("+141555501%02d", modelType)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return [2]id.ID{pearlID, leadID}
}

// childrenOf returns the processes that this one has started.
func childrenOf(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	lists, _ := filepath.Glob("/proc/self/task/*/children")
	for _, list := range lists {
		raw, err := os.ReadFile(list)
		if err == nil {
			for _, pid := range strings.Fields(string(raw)) {
				found[pid] = true
			}
		}
	}
	return found
}

// nothingLeft waits until no goroutine is at calls any more, and looks for processes and unfinished files.
func nothingLeft(t *testing.T, data string, before map[string]bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		var all strings.Builder
		if err := pprof.Lookup("goroutine").WriteTo(&all, 1); err != nil {
			t.Fatal(err)
		}
		left := ""
		for of := range strings.SplitSeq(all.String(), "\n\n") {
			for _, room := range []string{"voice", "minds", "brain", "provider", "speech", "telephony", "media.(*Session)", "dialer", "sandbox", "webhook"} {
				if strings.Contains(of, "nacre/internal/"+room) {
					left = of
				}
			}
		}
		if left == "" {
			break
		}
		if time.Now().After(deadline) {
			t.Errorf("a goroutine is left:\n%s", left)
			break
		}
		<-time.After(50 * time.Millisecond)
	}
	for pid := range childrenOf(t) {
		if !before[pid] {
			t.Errorf("process %s is left", pid)
		}
	}
	err := filepath.WalkDir(data, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".part") {
			t.Errorf("%s is left", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
