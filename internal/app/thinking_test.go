package app

import (
	"log/slog"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nacre/internal/call"
	"nacre/internal/config"
	"nacre/internal/provider/providertest"
	"nacre/internal/turn"
	"nacre/internal/voice"
)

// listener is a turn.Turn that keeps what is said and done.
type listener struct {
	said []string
	used []turn.Tool
}

func (l *listener) Say(part string) error { l.said = append(l.said, part); return nil }
func (l *listener) Cite(string) error     { return nil }
func (l *listener) Use(tool turn.Tool) (string, bool, error) {
	l.used = append(l.used, tool)
	return "noted", false, nil
}

func chatAnswer(text string) http.HandlerFunc {
	return providertest.Status(200, `data: {"choices":[{"delta":{"content":"`+text+`","tool_calls":[{"index":0,"id":"c1","function":{"name":"end_call","arguments":"{}"}}]},"finish_reason":"stop"}]}

data: {"choices":[],"usage":{"prompt_tokens":1000,"completion_tokens":100,"prompt_tokens_details":{"cached_tokens":400}}}

data: [DONE]

`, "Content-Type", "text/event-stream")
}

const twoModels = `models:
  - {name: first, kind: openai, address: "%s/v1", model: m1, key-file: $KEY, price: {million-input-tokens: 1, million-cached-tokens: 0.5, million-output-tokens: 10}}
  - {name: second, kind: openai, address: "%s/v1", model: m2, model-types: [7]}
`

// The model that the Pearl chose answers, what it takes is counted by its price, and another stands in where it fails.
func TestModelsOfTheFile(t *testing.T) {
	t.Parallel()
	first := providertest.Serve(t, chatAnswer("I am the first. Goodbye."))
	second := providertest.Serve(t, chatAnswer("I am the second."), providertest.Status(503, ""))
	services, err := readProviders(config.Serve{Providers: providersFile(t, twoModels, first.URL, second.URL)})
	if err != nil {
		t.Fatal(err)
	}
	thinks, err := openModels(services.Models, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ask := func(modelType int) (said []string, charges []call.Charge) {
		t.Helper()
		meter, l := &call.Meter{}, &listener{}
		brains := thinks.brains(call.Script{Opening: "Hello.", Answered: time.Now(), Brief: call.Brief{ModelType: modelType}})
		if len(brains) != 1 {
			t.Fatalf("%d brains", len(brains))
		}
		reply, err := brains[0].Answer(call.WithMeter(t.Context(), meter), turn.Input{Kind: turn.InputWords, Words: "Hello?"}, l)
		if err != nil || !reply.End {
			t.Errorf("%+v, %v", reply, err)
		}
		return l.said, meter.Charges()
	}
	said, charges := ask(0)
	want := []call.Charge{{Kind: call.ChargeModel, Provider: "first", Model: "m1", InputTokens: 1000, CachedTokens: 400, OutputTokens: 100, Cost: 0.0018}}
	if diff := cmp.Diff(want, charges); diff != "" || !slices.Equal(said, []string{"I am the first.", "Goodbye."}) {
		t.Errorf("%q, %s", said, diff)
	}
	if said, charges = ask(7); !slices.Equal(said, []string{"I am the second."}) || charges[0].Provider != "second" || charges[0].Cost != 0 {
		t.Errorf("%q, %+v", said, charges)
	}
	if said, charges = ask(7); !slices.Equal(said, []string{"I am the first.", "Goodbye."}) || charges[0].Provider != "first" {
		t.Errorf("%q, %+v", said, charges)
	}
	if request := first.Requests()[0]; request.Header.Get("Authorization") != "Bearer "+providertest.Secret || request.Path != "/v1/chat/completions" {
		t.Errorf("%+v", request)
	}
	if none, err := openModels(nil, nil); none != nil || err != nil {
		t.Errorf("%v, %v", none, err)
	}
}

func TestEarsOfTheFile(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	open := func(text string, local voice.Recognizer) voice.Recognizer {
		t.Helper()
		services, err := readProviders(config.Serve{Providers: providersFile(t, "%s", text)})
		if err != nil {
			t.Fatal(err)
		}
		ears, err := openEars(services.Ears, local, log)
		if err != nil {
			t.Fatal(err)
		}
		return ears
	}
	if ears := open("ears: [{kind: local}]", nil); ears != nil {
		t.Errorf("%v: nothing hears", ears)
	}
	if ears := open("", nil); ears != nil {
		t.Errorf("%v: nothing hears", ears)
	}
	ears := open("ears: [{kind: deepgram, key-file: $KEY}, {kind: openai, address: 'http://127.0.0.1:9/v1'}]", nil)
	if ears == nil || ears.Ready("") != nil {
		t.Errorf("%v", ears)
	}
}
