// Package chat is a client of OpenAI-compatible chat endpoints (POST /chat/completions, streamed): OpenAI itself, vLLM,
// Ollama, llama.cpp and many others. It knows no prompts and no tools, and says nothing of what went through it.
package chat

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"mime"
	"strings"

	"nacre/internal/brain"
	"nacre/internal/provider"
)

// Config configures a Client.
type Config struct {
	Endpoint   provider.Endpoint // its address up to /chat, as https://api.openai.com/v1
	Model      string
	MaxTokens  int            // of an answer; 0 = 400
	Parameters map[string]any // more members of the request, as the server knows them; they replace ours
}

const defaultMaxTokens = 400

// Client implements brain.Model.
type Client struct {
	config Config
	client *provider.Client
}

// New returns a Client.
func New(config Config) *Client {
	if config.MaxTokens == 0 {
		config.MaxTokens = defaultMaxTokens
	}
	return &Client{config: config, client: provider.NewClient(config.Endpoint)}
}

// Bounds of an answer: beyond them it is broken.
const (
	lineLimit      = 1 << 20
	textLimit      = 64 << 10
	callLimit      = 16
	argumentsLimit = 64 << 10
)

var _ brain.Model = (*Client)(nil)

// Stream asks for the answer to messages (brain.Model).
func (c *Client) Stream(ctx context.Context, messages []brain.Message, tools []brain.Tool, said func(text string)) (brain.Answer, error) {
	body, err := c.client.PostJSON(ctx, "/chat/completions", c.header(), c.request(messages, tools))
	if err != nil {
		return brain.Answer{}, err
	}
	defer body.Close()
	if kind, _, _ := mime.ParseMediaType(body.Header.Get("Content-Type")); kind != "text/event-stream" {
		return brain.Answer{}, body.Broken("the answer is no stream of events")
	}
	answer, err := read(body, said)
	if err != nil {
		return answer, err
	}
	body.Release()
	return answer, nil
}

func (c *Client) header() map[string][]string {
	header := map[string][]string{"Accept": {"text/event-stream"}}
	c.config.Endpoint.Key.Header(header, "Authorization", "Bearer ")
	return header
}

func (c *Client) request(messages []brain.Message, tools []brain.Tool) map[string]any {
	request := map[string]any{
		"model": c.config.Model, "messages": wireMessages(messages), "stream": true,
		"stream_options": map[string]any{"include_usage": true},
	}
	if len(tools) > 0 {
		request["tools"] = wireTools(tools)
	}
	if c.config.Parameters["max_completion_tokens"] == nil { // newer models refuse the older name
		request["max_tokens"] = c.config.MaxTokens
	}
	maps.Copy(request, c.config.Parameters)
	return request
}

// chunk is an event of the stream.
type chunk struct {
	Choices []struct {
		Delta struct {
			Content   string `json:"content"`
			ToolCalls []struct {
				Index    int    `json:"index"`
				ID       string `json:"id"`
				Function struct {
					Name      string `json:"name"`
					Arguments string `json:"arguments"`
				} `json:"function"`
			} `json:"tool_calls"`
		} `json:"delta"`
		FinishReason string `json:"finish_reason"`
	} `json:"choices"`
	Usage *struct {
		PromptTokens     int `json:"prompt_tokens"`
		CompletionTokens int `json:"completion_tokens"`
		Details          struct {
			CachedTokens int `json:"cached_tokens"`
		} `json:"prompt_tokens_details"`
	} `json:"usage"`
	Error json.RawMessage `json:"error"`
}

// read reads the stream of events (WHATWG HTML, 9.2) up to its end. Every event is one line of data.
func read(body *provider.Answer, said func(string)) (brain.Answer, error) {
	r := reader{said: said}
	lines := bufio.NewScanner(body)
	lines.Buffer(make([]byte, 0, 8<<10), lineLimit)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data:")
		if !ok {
			continue // the name of an event, a comment, the end of an event
		}
		if data = strings.TrimSpace(data); data == "[DONE]" {
			return r.end(body)
		}
		var c chunk
		if json.Unmarshal([]byte(data), &c) != nil {
			return r.answer, body.Broken("an event is no JSON")
		}
		if len(c.Error) > 0 && string(c.Error) != "null" {
			return r.answer, body.ErrorCode([]byte(data))
		}
		counts, err := r.take(c)
		if err != "" {
			return r.answer, body.Broken(err)
		}
		if counts {
			body.Progress()
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return r.answer, body.Broken("a line is too long")
	case err != nil:
		return r.answer, err
	case !r.finished:
		return r.answer, body.Broken("the stream ended before the answer")
	}
	return r.end(body)
}

// reader puts an answer together.
type reader struct {
	answer   brain.Answer
	said     func(string)
	at       map[int]int // place in answer.Calls of the call with an index
	finished bool
	thinking bool   // within <think>…</think>
	held     string // text that may be the beginning of a tag
	begun    bool   // something else than a thought was said
}

// take takes an event. counts: it brings the answer further.
func (r *reader) take(c chunk) (counts bool, broken string) {
	if c.Usage != nil {
		r.answer.Usage = brain.Usage{Prompt: c.Usage.PromptTokens, Cached: c.Usage.Details.CachedTokens, Completion: c.Usage.CompletionTokens}
	}
	if len(c.Choices) == 0 {
		return false, ""
	}
	choice := c.Choices[0]
	if text := choice.Delta.Content; text != "" {
		r.say(text)
		counts = r.begun // a thought brings nobody an answer: who only thinks is late, and the next model is asked
		if len(r.answer.Text) > textLimit {
			return false, "the answer is too long"
		}
	}
	for _, delta := range choice.Delta.ToolCalls {
		counts = true
		place, known := r.at[delta.Index]
		if known && delta.ID != "" && r.answer.Calls[place].ID != "" && delta.ID != r.answer.Calls[place].ID {
			known = false // servers that send each call whole, and count none
		}
		if !known {
			if len(r.answer.Calls) == callLimit {
				return false, "too many calls of tools"
			}
			if r.at == nil {
				r.at = map[int]int{}
			}
			place = len(r.answer.Calls)
			r.at[delta.Index] = place
			r.answer.Calls = append(r.answer.Calls, brain.Call{})
		}
		call := &r.answer.Calls[place]
		if delta.ID != "" {
			call.ID = delta.ID
		}
		call.Name += delta.Function.Name
		call.Arguments += delta.Function.Arguments
		if len(call.Arguments)+len(call.Name) > argumentsLimit {
			return false, "the arguments of a tool are too long"
		}
	}
	if choice.FinishReason != "" {
		r.finished = true
		r.answer.Cut = choice.FinishReason == "length" || choice.FinishReason == "content_filter"
	}
	return counts, ""
}

const thinkOpen, thinkClose = "<think>", "</think>"

// say passes text on, but for a thought at its beginning, which some models write into it.
func (r *reader) say(text string) {
	if r.begun {
		r.pass(text)
		return
	}
	r.held += text
	if r.thinking {
		_, after, closed := strings.Cut(r.held, thinkClose)
		if !closed {
			r.held = r.held[max(0, len(r.held)-len(thinkClose)):]
			return
		}
		r.thinking, r.held = false, after
	}
	r.held = strings.TrimLeft(r.held, " \t\r\n")
	switch {
	case strings.HasPrefix(r.held, thinkOpen):
		rest := r.held[len(thinkOpen):]
		r.thinking, r.held = true, ""
		if rest != "" {
			r.say(rest)
		}
	case strings.HasPrefix(thinkOpen, r.held): // also where nothing is held
	default:
		r.begun = true
		r.pass(r.held)
		r.held = ""
	}
}

func (r *reader) pass(text string) {
	r.answer.Text += text
	r.said(text)
}

// end is the end of an answer.
func (r *reader) end(body *provider.Answer) (brain.Answer, error) {
	if !r.thinking && !r.begun && r.held != "" {
		r.pass(r.held)
	}
	if strings.TrimSpace(r.answer.Text) == "" && len(r.answer.Calls) == 0 {
		return r.answer, body.Broken("an empty answer")
	}
	return r.answer, nil
}

type wireMessage struct {
	Role       brain.Role `json:"role"`
	Content    string     `json:"content"`
	ToolCalls  []wireCall `json:"tool_calls,omitempty"`
	ToolCallID string     `json:"tool_call_id,omitempty"`
}

type wireCall struct {
	ID       string       `json:"id"`
	Type     string       `json:"type"`
	Function wireFunction `json:"function"`
}

type wireFunction struct {
	Name        string          `json:"name"`
	Arguments   *string         `json:"arguments,omitempty"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters,omitempty"`
}

type wireTool struct {
	Type     string       `json:"type"`
	Function wireFunction `json:"function"`
}

func wireMessages(messages []brain.Message) []wireMessage {
	out := make([]wireMessage, len(messages))
	for n, m := range messages {
		out[n] = wireMessage{Role: m.Role, Content: m.Content, ToolCallID: m.Call}
		for _, c := range m.Calls {
			arguments := c.Arguments
			if !json.Valid([]byte(arguments)) {
				arguments = "{}" // servers refuse a history with anything else
			}
			out[n].ToolCalls = append(out[n].ToolCalls, wireCall{ID: c.ID, Type: "function", Function: wireFunction{Name: c.Name, Arguments: &arguments}})
		}
	}
	return out
}

func wireTools(tools []brain.Tool) []wireTool {
	out := make([]wireTool, len(tools))
	for n, t := range tools {
		out[n] = wireTool{Type: "function", Function: wireFunction{Name: t.Name, Description: t.Description, Parameters: t.Parameters}}
	}
	return out
}
