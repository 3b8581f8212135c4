package client

import (
	"context"
	"io"
	"net/http"
	"time"
)

// TryPerson is who is called in a trial (contract 12.5); the zero value is somebody in the campaign's zone, now.
type TryPerson struct {
	CallData   map[string]any `json:"callData,omitempty"`
	TimeZoneID string         `json:"timeZoneId,omitempty"`
	At         string         `json:"at,omitempty"`       // local time of the answer: 2026-11-26T10:15
	KeysOnly   bool           `json:"keysOnly,omitempty"` // the agent understands no words
	ByEar      bool           `json:"byEar,omitempty"`    // in sound and in real time, by TrySay and TryAudio
}

// What a person does in a trial.
const (
	Say       = "say"
	Interrupt = "interrupt" // speaks into the agent's words
	Keys      = "keys"
	Silence   = "silence" // waits until the agent speaks again
	LeaveTalk = "hangUp"
)

// Talk is how far a trial is.
type Talk struct {
	ID            string  `json:"id"`
	IsOver        bool    `json:"isOver"`
	Transcript    []Line  `json:"transcript"`
	CollectedInfo []Value `json:"collectedInfo"`
	Actions       []struct {
		Name string `json:"name"`
		Kind string `json:"kind"` // request, sms, email, transfer
	} `json:"actions"` // that a call would have done
	Outcome *TalkOutcome `json:"outcome"` // nil until it is over
}

// TalkOutcome is what came of a trial, as a call's.
type TalkOutcome struct {
	Outcome      string     `json:"outcome"`
	IsSuccessful bool       `json:"isSuccessful"`
	EndedBy      string     `json:"endedBy"` // agent, person, timeout
	Summary      string     `json:"summary"`
	Tags         []string   `json:"tags"`
	CallBackAt   *time.Time `json:"callBackAt"`
	IsOptOut     bool       `json:"isOptOut"`
	Transferred  bool       `json:"isCallTransferred"`
	Answerer     string     `json:"answerer"`
	Error        *string    `json:"error"` // why the agent broke
	Seconds      float64    `json:"seconds"`
}

// Try begins a talk with a campaign's agent, as it is in force or as its draft is; nothing is dialled, stored or sent.
func (c *Client) Try(ctx context.Context, pearlID string, draft bool, person TryPerson) (*Talk, error) {
	return c.talk(ctx, request{method: http.MethodPost, path: v2("Pearl", pearlID, "Try"), query: flag("draft", draft), body: person})
}

// TryOn goes on with a talk: do is Say, Interrupt, Keys, Silence or LeaveTalk, text the words or the keys. It returns when it is the
// person's turn again.
func (c *Client) TryOn(ctx context.Context, pearlID, talkID, do, text string) (*Talk, error) {
	body := struct {
		Do   string `json:"do"`
		Text string `json:"text,omitempty"`
	}{do, text}
	return c.talk(ctx, request{method: http.MethodPost, path: v2("Pearl", pearlID, "Try", talkID), body: body})
}

// TrySay has the person of a talk by ear say something, which follows what was said before: samples of 16 bits, little-endian, mono,
// 8 kHz. It returns how far the talk is.
func (c *Client) TrySay(ctx context.Context, pearlID, talkID string, sound []byte) (*Talk, error) {
	body := struct {
		Sound []byte `json:"sound"`
	}{sound}
	return c.talk(ctx, request{method: http.MethodPost, path: v2("Pearl", pearlID, "Try", talkID, "Audio"), body: body})
}

// TryAudio writes a talk by ear as it is heard, from now to its end or that of ctx, as Audio writes a call.
func (c *Client) TryAudio(ctx context.Context, pearlID, talkID string, to io.Writer) error {
	return c.audio(ctx, v2("Pearl", pearlID, "Try", talkID, "Audio"), to)
}

func (c *Client) talk(ctx context.Context, r request) (*Talk, error) {
	talk := new(Talk)
	if _, err := c.do(ctx, r, talk); err != nil {
		return nil, err
	}
	return talk, nil
}

// ActionTested is what came of a request that was made to try it.
type ActionTested struct {
	Status    *int    `json:"status"` // of HTTP; nil where no answer came
	LatencyMS int     `json:"latencyMs"`
	Body      *string `json:"body"` // the first 1,024 bytes of the answer
	Outputs   []struct {
		Key        string `json:"key"`
		VariableID string `json:"variableId"`
		Value      any    `json:"value"` // nil: the answer has none of the variable's type
	} `json:"outputs"` // of outputBody, what each would bring
	Error *string `json:"error"` // why a call would go on without it; nil: it would not
}

// TestAction makes one request of a Pearl, as it is in force or as its draft is, and sends it. member names it as errors do:
// Pearl.ApiSettings[0], Pearl.Nodes[2], Pearl.Notifications[1]; values are the variables that it takes.
func (c *Client) TestAction(ctx context.Context, pearlID string, draft bool, member string, values map[string]any) (ActionTested, error) {
	var tested ActionTested
	body := struct {
		Member string         `json:"member"`
		Values map[string]any `json:"values,omitempty"`
	}{member, values}
	_, err := c.do(ctx, request{method: http.MethodPost, path: v2("Pearl", pearlID, "Actions", "Test"), query: flag("draft", draft), body: body}, &tested)
	return tested, err
}

// Rehearsed is what came of one scenario.
type Rehearsed struct {
	Name          string       `json:"name"`
	HasPassed     bool         `json:"hasPassed"`
	Faults        []string     `json:"faults"`
	Transcript    []Line       `json:"transcript"`
	CollectedInfo []Value      `json:"collectedInfo"`
	Outcome       *TalkOutcome `json:"outcome"`
}

// Rehearse plays scenarios, a file of nacre rehearse, with a campaign as it is in force or as its draft is, and calls told after each
// with what came of it and the number of all.
func (c *Client) Rehearse(ctx context.Context, pearlID string, draft bool, scenarios string, told func(one Rehearsed, total int)) error {
	r := request{method: http.MethodPost, path: v2("Pearl", pearlID, "Rehearse"), query: flag("draft", draft), body: map[string]string{"scenarios": scenarios}}
	r.lines = func(body io.Reader) error {
		total := 0
		return readLines(body, func(text []byte) error {
			var line struct {
				Total *int `json:"total"`
				Rehearsed
			}
			if err := readLine(text, &line); err != nil {
				return err
			}
			if line.Total != nil {
				total = *line.Total
				return nil
			}
			told(line.Rehearsed, total)
			return nil
		})
	}
	_, err := c.do(ctx, r, nil)
	return err
}
