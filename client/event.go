package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Event is one change that was announced: what its webhook carries, whether a URL is set or not (contract 12.3).
type Event struct {
	Cursor    string          `json:"cursor"`
	ID        string          `json:"id"`   // the webhook-id of its delivery
	Kind      string          `json:"kind"` // lead, call or analysis
	CreatedAt time.Time       `json:"createdAt"`
	PearlID   string          `json:"pearlId"`
	LeadID    *string         `json:"leadId"` // nil of made calls
	CallID    *string         `json:"callId"` // nil of leads
	Status    int             `json:"status"` // of the lead, or of the call
	Body      json.RawMessage `json:"body"`
}

// EventPage is a page of events.
type EventPage struct {
	Cursor  string  `json:"cursor"` // where to go on
	HasMore bool    `json:"hasMore"`
	Results []Event `json:"results"`
}

// FromOldest and FromEnd are cursors to begin at: the oldest event that is kept, and what comes from now on.
const (
	FromOldest = ""
	FromEnd    = "end"
)

// Events returns one page of what has happened behind a cursor, in the order in which it was committed; limit is at most 1,000,
// 0 is 100. With FromEnd it is empty, and its Cursor that of the end. Ask again with the Cursor of each page: nothing is left out
// and nothing comes twice.
func (c *Client) Events(ctx context.Context, after string, limit int) (EventPage, error) {
	query := url.Values{}
	if after != FromOldest {
		query.Set("after", after)
	}
	if limit > 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	var page EventPage
	_, err := c.do(ctx, request{method: http.MethodGet, path: v2("Events"), query: query}, &page)
	return page, err
}

// Message is one message of the stream of events: one member is set.
type Message struct {
	Event    *Event    // what a webhook carries
	Presence *Presence // calls in the air
	Changed  *Changed  // read again what is shown of it
	Spoken   *Spoken   // what is said in a call
}

// Presence tells of calls in the air: of all of them, or of those that changed.
type Presence struct {
	IsWhole bool        `json:"isWhole"` // all of them; so it is after each connection
	Calls   []CallOnAir `json:"calls"`
}

// CallOnAir is a call in the air, or one that was until now.
type CallOnAir struct {
	ID         string     `json:"id"`
	PearlID    string     `json:"pearlId"`
	LeadID     *string    `json:"leadId"`
	To         string     `json:"to"`
	State      string     `json:"state"` // ringing, talking, over
	StartTime  time.Time  `json:"startTime"`
	AnsweredAt *time.Time `json:"answeredAt"`
}

// Changed says that something of a Pearl is other than it was.
type Changed struct {
	PearlID string `json:"pearlId"`
	What    string `json:"what"` // pearl, leads, deliveries
}

// Spoken is what is said in a call in the air.
type Spoken struct {
	CallID string    `json:"callId"`
	By     string    `json:"by"` // agent, person
	Text   string    `json:"text"`
	At     time.Time `json:"at"`
}

const (
	// streamIdle is when a stream on which nothing comes, not even a comment, is broken: comments come every 15 seconds (contract 12.3).
	streamIdle = 45 * time.Second
	// longestPause bounds the wait before a stream is asked for again.
	longestPause = 30 * time.Second
)

// Follow yields what happens behind a cursor, FromOldest, FromEnd, or that of an event, as it happens. Where the connection breaks or the
// server restarts it asks again behind the last event: of events nothing is left out and nothing comes twice. It ends without an error
// when ctx does, and with one where asking again is of no use: the key is refused, or the cursor is of another feed.
func (c *Client) Follow(ctx context.Context, after string) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		f := &following{client: c, after: after, yield: yield}
		err := f.begin(ctx)
		for err == nil {
			err = f.connect(ctx)
		}
		if !errors.Is(err, errLeft) && ctx.Err() == nil {
			yield(Message{}, err)
		}
	}
}

// errLeft ends a stream that its reader has left.
var errLeft = errors.New("the reader has left")

// following is one walk of a stream.
type following struct {
	client *Client
	after  string // cursor of the last event
	yield  func(Message, error) bool
	broken int // connections in a row on which nothing came
}

// begin finds the cursor to go on from: a stream can begin now, but after a break it would not be known when that was.
func (f *following) begin(ctx context.Context) error {
	if f.after != FromOldest && f.after != FromEnd {
		return nil
	}
	for more := true; more; {
		page, err := f.client.Events(ctx, f.after, 0)
		if err != nil {
			return err
		}
		for _, event := range page.Results {
			if !f.yield(Message{Event: &event}, nil) {
				return errLeft
			}
		}
		f.after, more = page.Cursor, page.HasMore
	}
	return nil
}

// connect reads one connection to its end; an error is one after which no other is of use.
func (f *following) connect(ctx context.Context) error {
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	idle := time.AfterFunc(streamIdle, cancel)
	defer idle.Stop()
	r := request{method: http.MethodGet, path: v2("Events", "Stream"), query: url.Values{"after": {f.after}}}
	r.lines = func(body io.Reader) error { return f.read(body, func() { idle.Reset(streamIdle) }) }
	_, err := f.client.once(within, r, nil, nil)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	f.broken++
	pause := min(500*time.Millisecond<<min(f.broken-1, 10), longestPause)
	var refused *failed
	var broken *url.Error
	switch {
	case errors.As(err, &refused) && (refused.passes() || refused.answer.Status >= 500):
		if refused.retryAfter >= 0 {
			pause = min(refused.retryAfter, longestWait)
		}
	case err != nil && !errors.As(err, &broken):
		return err
	}
	return f.client.wait(ctx, pause)
}

// read reads server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) and calls came with every line.
func (f *following) read(body io.Reader, came func()) error {
	lines := bufio.NewReader(body)
	kind, data := "", ""
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return nil // what is not whole is sent again
		}
		came()
		line = strings.TrimRight(line, "\r\n")
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case name == "event":
			kind = value
		case name == "data":
			data += value
		case line == "" && data != "":
			if err := f.tell(kind, data); err != nil {
				return err
			}
			kind, data = "", ""
		}
	}
}

// tell yields one message; a kind that is not known here is passed over.
func (f *following) tell(kind, data string) error {
	var m Message
	var into any
	switch kind {
	case "lead", "call", "analysis":
		m.Event = new(Event)
		into = m.Event
	case "presence":
		m.Presence = new(Presence)
		into = m.Presence
	case "changed":
		m.Changed = new(Changed)
		into = m.Changed
	case "line":
		m.Spoken = new(Spoken)
		into = m.Spoken
	default:
		return nil
	}
	if err := decode([]byte(data), into); err != nil {
		return fmt.Errorf("read an event of the kind %s: %w", kind, err)
	}
	f.broken = 0
	if !f.yield(m, nil) {
		return errLeft
	}
	if m.Event != nil {
		f.after = m.Event.Cursor
	}
	return nil
}
