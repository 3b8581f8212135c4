package v2

import (
	"context"
	"fmt"

	"nacre/internal/api/route"
	"nacre/internal/api/wire"
	"nacre/internal/call"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/live"
)

const streamText = "Server-sent events. `lead`, `call` and `analysis` are what GET /v2/Events answers, with their cursor as their id; " +
	"`presence` tells of calls in the air, the first one of all of them; `changed` says what is to be read again, `line` what is said in a call. " +
	"It begins after Last-Event-ID, else after the query's cursor, else now, and ends when the key or the session does, and for a client that reads too slowly to keep up."

const streamExample = `event: changed
data: {"pearlId":"6650a1f2c3d4e5f60718293a","what":"leads"}

`

// stream answers with what happens from now on, or from where the client was.
func (h eventHandlers) stream(r *route.Request, _ route.None) (route.Stream, error) {
	place := live.Now
	text := r.LastEventID()
	if text == "" {
		text, _ = r.Asked("after")
	}
	if text != "" {
		end, err := h.Queries.FeedEnd(r.Context(), r.Actor.Account)
		if err != nil {
			return nil, fmt.Errorf("read end of feed: %w", err)
		}
		if place, err = placeOf(text, end); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context, write func([]byte) error, beat func() error) error {
		return h.Watcher.Watch(ctx, r.Actor.Account, place, write, beat)
	}, nil
}

// StreamTexts are events as a stream has them (contract 12.3).
var StreamTexts = live.Texts{Entry: entryText, Presence: presenceText, Changed: changedText, Line: lineText}

func entryText(e engine.FeedEntry) []byte {
	return serverSent(string(e.Kind), cursor(e.Place), eventOf(e))
}

// presence is calls in the air.
type presence struct {
	IsWhole bool          `json:"isWhole"`
	Calls   []presentCall `json:"calls"`
}

type presentCall struct {
	ID         id.ID      `json:"id"`
	PearlID    id.ID      `json:"pearlId"`
	LeadID     *string    `json:"leadId"`
	To         string     `json:"to"`
	State      string     `json:"state"`
	StartTime  wire.Time  `json:"startTime"`
	AnsweredAt *wire.Time `json:"answeredAt"`
}

func presenceText(calls []call.Call, whole bool) []byte {
	told := presence{IsWhole: whole, Calls: make([]presentCall, len(calls))}
	for n, c := range calls {
		state := "ringing"
		switch {
		case !c.Ended.IsZero():
			state = "over"
		case !c.Answered.IsZero():
			state = "talking"
		}
		told.Calls[n] = presentCall{
			ID: c.ID, PearlID: c.Pearl, LeadID: wire.Text(string(c.Lead)), To: c.To, State: state, StartTime: wire.Time(c.Start), AnsweredAt: wire.At(c.Answered),
		}
	}
	return serverSent("presence", "", told)
}

func changedText(c engine.Changed) []byte {
	return serverSent("changed", "", struct {
		PearlID id.ID  `json:"pearlId"`
		What    string `json:"what"`
	}{c.Pearl, c.What})
}

func lineText(l live.Line) []byte {
	by := "person"
	if l.By == call.Pearl {
		by = "agent"
	}
	return serverSent("line", "", struct {
		CallID id.ID     `json:"callId"`
		By     string    `json:"by"`
		Text   string    `json:"text"`
		At     wire.Time `json:"at"`
	}{l.Call, by, l.Text, wire.Time(l.At)})
}

// serverSent is an event as it is written (https://html.spec.whatwg.org/multipage/server-sent-events.html). Its data is one line:
// JSON has its line ends escaped, those between its members are taken out.
func serverSent(kind, eventID string, data any) []byte {
	_, text, err := route.Encode(data)
	if err != nil { // a body that is no JSON, which nothing has stored
		text = []byte("null")
	}
	out := make([]byte, 0, len(text)+64)
	if eventID != "" {
		out = append(append(append(out, "id: "...), eventID...), '\n')
	}
	out = append(append(append(out, "event: "...), kind...), '\n')
	return append(append(append(out, "data: "...), text...), "\n\n"...)
}
