package chat_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nacre/internal/brain"
	"nacre/internal/brain/chat"
	"nacre/internal/provider"
	"nacre/internal/provider/providertest"
)

const stream, short, long = "text/event-stream; charset=utf-8", 150 * time.Millisecond, time.Minute

// events writes data lines.
func events(data ...string) string {
	return "data: " + strings.Join(data, "\n\ndata: ") + "\n\n"
}

func text(content string) string {
	raw, _ := json.Marshal(content)
	return `{"choices":[{"index":0,"delta":{"content":` + string(raw) + `}}]}`
}

func call(index int, id, name, arguments string) string {
	raw, _ := json.Marshal([]any{map[string]any{"index": index, "id": id, "function": map[string]string{"name": name, "arguments": arguments}}})
	return `{"choices":[{"delta":{"content":null,"tool_calls":` + string(raw) + `}}]}`
}

func finish(reason string) string {
	return `{"choices":[{"delta":{},"finish_reason":"` + reason + `"}]}`
}

const usage = `{"choices":[],"usage":{"prompt_tokens":120,"completion_tokens":9,"prompt_tokens_details":{"cached_tokens":100}}}`

func serve(body string) http.HandlerFunc {
	return providertest.Status(200, body, "Content-Type", stream)
}

func ask(t *testing.T, handler http.HandlerFunc, first, between time.Duration) (brain.Answer, string, error) {
	t.Helper()
	s := providertest.Serve(t, handler)
	said := ""
	answer, err := chat.New(chat.Config{Endpoint: s.Endpoint(t, "/v1", first, between), Model: "m"}).
		Stream(t.Context(), []brain.Message{{Role: brain.User, Content: "Hello?"}}, nil, func(piece string) { said += piece })
	return answer, said, err
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	counted := brain.Usage{Prompt: 120, Cached: 100, Completion: 9}
	for name, c := range map[string]struct {
		body string
		want brain.Answer
	}{
		"text": {events(`{"choices":[{"delta":{"role":"assistant","content":""}}]}`, text("Good "), text("morning."), finish("stop"), usage, "[DONE]"),
			brain.Answer{Text: "Good morning.", Usage: counted}},
		"comments, names, CRLF, no space": {": waiting\r\n\r\nevent: x\r\ndata:" + text("Yes.") + "\r\n\r\n: still\r\n\r\ndata:" + finish("stop") + "\r\n\r\n",
			brain.Answer{Text: "Yes."}},
		"without usage and DONE": {events(text("Yes."), finish("length")), brain.Answer{Text: "Yes.", Cut: true}},
		"a call in pieces beside text": {events(text("One moment."), call(0, "c1", "collect", ""), call(0, "", "", `{"id":"re`), call(0, "", "", `news"}`),
			call(1, "c2", "end_call", "{}"), finish("tool_calls"), usage, "[DONE]"),
			brain.Answer{Text: "One moment.", Usage: counted, Calls: []brain.Call{{ID: "c1", Name: "collect", Arguments: `{"id":"renews"}`}, {ID: "c2", Name: "end_call", Arguments: "{}"}}}},
		"calls that are not counted": {events(call(0, "c1", "a", "{}"), call(0, "c2", "b", "{}"), "[DONE]"),
			brain.Answer{Calls: []brain.Call{{ID: "c1", Name: "a", Arguments: "{}"}, {ID: "c2", Name: "b", Arguments: "{}"}}}},
		"a thought first": {events(text("\n<thi"), text("nk>They say hello</th"), text("ink>\n\nGood"), text(" morning <think>."), "[DONE]"),
			brain.Answer{Text: "Good morning <think>."}},
		"less than": {events(text("<th"), "[DONE]"), brain.Answer{Text: "<th"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer, said, err := ask(t, serve(c.body), long, long)
			if diff := cmp.Diff(c.want, answer); err != nil || diff != "" || said != c.want.Text {
				t.Errorf("%v, said %q, %s", err, said, diff)
			}
		})
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	beginning := events(text("Good "))
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		kind    provider.Kind
		said    string
	}{
		"refused key":           {providertest.Status(401, `{"error":{"code":"invalid_api_key"}}`), provider.Unauthorized, ""},
		"too many":              {providertest.Status(429, `{}`, "Retry-After", "3"), provider.Limited, ""},
		"never answers":         {providertest.Hang, provider.Late, ""},
		"begins and stalls":     {providertest.Stall(stream, beginning), provider.Late, "Good "},
		"cut":                   {providertest.Cut(stream, beginning), provider.Broken, "Good "},
		"cut in an event":       {providertest.Cut(stream, beginning+`data: {"choi`), provider.Broken, "Good "},
		"ends early":            {serve(beginning), provider.Broken, "Good "},
		"comments for ever":     {providertest.Drip(stream, "", ": keep-alive\n\n"), provider.Late, ""},
		"thinks aloud for ever": {providertest.Drip(stream, events(text("<think>")), events(text("hm"))), provider.Late, ""},
		"thinks for ever":       {providertest.Drip(stream, "", events(`{"choices":[{"delta":{"reasoning_content":"hm"}}]}`)), provider.Late, ""},
		"empty pieces":          {providertest.Drip(stream, beginning, events(text(""))), provider.Late, "Good "},
		"bytes of one event":    {providertest.Drip(stream, `data: {"choices":`, " "), provider.Late, ""},
		"garbage":               {serve("\x00\xff\xfe garbage"), provider.Broken, ""},
		"garbage in events":     {serve(events("{{{")), provider.Broken, ""},
		"garbage in shape":      {serve(events(`{"choices":"none"}`)), provider.Broken, ""},
		"no stream":             {providertest.Status(200, `{"choices":[{"message":{"content":"Hi"}}]}`, "Content-Type", "application/json"), provider.Broken, ""},
		"a page":                {providertest.Status(200, `<html>`, "Content-Type", "text/html"), provider.Broken, ""},
		"a huge line":           {serve("data: " + strings.Repeat("x", 3<<20)), provider.Broken, ""},
		"an endless answer":     {providertest.Drip(stream, "", strings.Repeat(events(text(strings.Repeat("a", 8000))), 4)), provider.Broken, "*"},
		"too many calls":        {serve(events(calls(40)...)), provider.Broken, ""},
		"huge arguments":        {serve(events(call(0, "c", "n", strings.Repeat("a", 70_000)))), provider.Broken, ""},
		"nothing":               {serve(events("[DONE]")), provider.Broken, ""},
		"nothing but thoughts":  {serve(events(text("<think>hm"), finish("stop"), "[DONE]")), provider.Broken, ""},
		"an error in between":   {serve(beginning + events(`{"error":{"code":"overloaded","message":"secret"}}`)), provider.Unavailable, "Good "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, between := long, long
			if c.kind == provider.Late {
				first, between = short, short
			}
			answer, said, err := ask(t, c.handler, first, between)
			if provider.KindOf(err) != c.kind || c.said != "*" && (said != c.said || answer.Text != said) {
				t.Errorf("%v, said %.50q, want %s", err, said, c.kind)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Error(err)
			}
		})
	}
}

func calls(n int) (list []string) {
	for i := range n {
		list = append(list, call(i, "", "n", ""))
	}
	return list
}

func TestCancel(t *testing.T) {
	t.Parallel()
	s := providertest.Serve(t, providertest.Stall(stream, events(text("Good "))))
	ctx, cancel := context.WithCancel(t.Context())
	_, err := chat.New(chat.Config{Endpoint: s.Endpoint(t, "/v1", long, long)}).Stream(ctx, nil, nil, func(string) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	s.Left(t)
}

func TestRequest(t *testing.T) {
	t.Parallel()
	s := providertest.Serve(t, serve(events(text("Yes."), "[DONE]")))
	client := chat.New(chat.Config{Endpoint: s.Endpoint(t, "/v1", long, long), Model: "small", Parameters: map[string]any{"temperature": 0.2, "stream_options": nil}})
	messages := []brain.Message{
		{Role: brain.System, Content: "Be brief."},
		{Role: brain.Assistant, Calls: []brain.Call{{ID: "c1", Name: "collect", Arguments: `{"id":1}`}, {ID: "c2", Name: "x", Arguments: "{"}}},
		{Role: brain.Result, Call: "c1", Content: "done"},
	}
	tools := []brain.Tool{{Name: "collect", Description: "Keeps it.", Parameters: json.RawMessage(`{"type":"object"}`)}}
	for range 2 {
		if _, err := client.Stream(t.Context(), messages, tools, func(string) {}); err != nil {
			t.Fatal(err)
		}
	}
	request := s.Requests()[0]
	want := `{"max_tokens":400,"messages":[{"role":"system","content":"Be brief."},` +
		`{"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function","function":{"name":"collect","arguments":"{\"id\":1}"}},{"id":"c2","type":"function","function":{"name":"x","arguments":"{}"}}]},` +
		`{"role":"tool","content":"done","tool_call_id":"c1"}],"model":"small","stream":true,"stream_options":null,"temperature":0.2,` +
		`"tools":[{"type":"function","function":{"name":"collect","description":"Keeps it.","parameters":{"type":"object"}}}]}`
	if request.Body != want || request.Path != "/v1/chat/completions" {
		t.Errorf("%s %s\nwant %s", request.Path, request.Body, want)
	}
	if request.Header.Get("Authorization") != "Bearer "+providertest.Secret || request.Header.Get("Idempotency-Key") != "" {
		t.Errorf("%v", request.Header)
	}
}
