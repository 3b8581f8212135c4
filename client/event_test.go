package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func sent(cursor string) string {
	return "id: " + cursor + "\nevent: lead\ndata: {\"cursor\":\"" + cursor + "\",\"kind\":\"lead\"}\n\n"
}

// followed walks a stream until it has yielded some messages, or ends, and writes down what it yielded.
func followed(ctx context.Context, c *Client, after string, most int) (got []string, err error) {
	for m, err := range c.Follow(ctx, after) {
		switch {
		case err != nil:
			return got, err
		case m.Event != nil:
			got = append(got, m.Event.Cursor)
		case m.Presence != nil:
			got = append(got, fmt.Sprintf("%d on air", len(m.Presence.Calls)))
		case m.Spoken != nil:
			got = append(got, m.Spoken.Text)
		}
		if len(got) == most {
			break
		}
	}
	return got, nil
}

// TestFollowGoesOn: behind breaks, of the connection and of an event, it goes on from the last cursor; a kind that is not known
// and comments are passed over.
func TestFollowGoesOn(t *testing.T) {
	t.Parallel()
	c, s, pauses := scripted(t,
		exchange{status: 200, body: `{"cursor":"5","hasMore":false,"results":[]}`},
		exchange{status: 200, body: ": hello\n\nevent: presence\ndata: {\"isWhole\":true,\"calls\":[{\"id\":\"a\"}]}\n\nevent: tomorrow\ndata: {}\n\n" + sent("6") + "id: 7\nevent: lead\ndata: {\"cursor\":"},
		exchange{broken: true},
		exchange{status: 503, header: http.Header{"Retry-After": {"7"}}, body: `{"status":503}`},
		exchange{status: 200, body: sent("7") + "event: line\ndata: {\"text\":\"Hello.\"}\n\n"})
	got, err := followed(t.Context(), c, FromEnd, 4)
	if err != nil || fmt.Sprint(got) != "[1 on air 6 7 Hello.]" {
		t.Fatal(got, err)
	}
	var asked []string
	for _, r := range s.asked {
		asked = append(asked, r.URL.RequestURI())
	}
	if want := "[/below/v2/Events?after=end /below/v2/Events/Stream?after=5 /below/v2/Events/Stream?after=6 /below/v2/Events/Stream?after=6 /below/v2/Events/Stream?after=6]"; fmt.Sprint(asked) != want {
		t.Errorf("asked %v", asked)
	}
	if fmt.Sprint(*pauses) != "[500ms 1s 7s]" {
		t.Errorf("pauses %v", *pauses)
	}
}

// TestFollowFromTheOldest: what is kept is read page by page first.
func TestFollowFromTheOldest(t *testing.T) {
	t.Parallel()
	c, s, _ := scripted(t,
		exchange{status: 200, body: `{"cursor":"1","hasMore":true,"results":[{"cursor":"1"}]}`},
		exchange{status: 200, body: `{"cursor":"2","hasMore":false,"results":[{"cursor":"2"}]}`},
		exchange{status: 200, body: sent("3")})
	got, err := followed(t.Context(), c, FromOldest, 3)
	if err != nil || fmt.Sprint(got) != "[1 2 3]" || s.asked[0].URL.RawQuery != "" || s.asked[2].URL.RawQuery != "after=2" {
		t.Error(got, err, s.asked)
	}
}

func TestFollowEnds(t *testing.T) {
	t.Parallel()
	c, _, _ := scripted(t, exchange{status: 401, body: `{"status":401}`})
	var answer *Error
	if _, err := followed(t.Context(), c, "1", 1); !errors.As(err, &answer) || answer.Status != 401 {
		t.Error("a key that is refused:", err)
	}
	c, s, _ := scripted(t, exchange{status: 200, body: sent("2")})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, err := range c.Follow(ctx, "1") {
		if err != nil {
			t.Error("the end of ctx is no error:", err)
		}
		cancel()
	}
	if len(s.asked) != 1 {
		t.Errorf("%d requests", len(s.asked))
	}
}

// silence is an answer on which nothing comes, until its request ends.
type silence struct{ ended <-chan struct{} }

func (s silence) Read([]byte) (int, error) { <-s.ended; return 0, context.Canceled }
func (silence) Close() error               { return nil }

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// TestFollowLeavesASilentStream: a connection that died without a word is given up, since comments come every 15 seconds.
func TestFollowLeavesASilentStream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s, _ := scripted(t, exchange{status: 200, body: sent("2")})
		c.wait = sleep
		began := time.Now()
		connections := 0
		c.HTTP.Transport = transport(func(r *http.Request) (*http.Response, error) {
			if connections++; connections == 1 {
				return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.ReadCloser(silence{r.Context().Done()}), Request: r}, nil
			}
			return s.RoundTrip(r)
		})
		got, err := followed(t.Context(), c, "1", 1)
		if err != nil || fmt.Sprint(got) != "[2]" || connections != 2 || time.Since(began) != streamIdle+500*time.Millisecond {
			t.Error(got, err, connections, time.Since(began))
		}
	})
}

// TestChangeIsNotRepeated: a change of many leads that broke off is not sent again, and what was told of it is returned.
func TestChangeIsNotRepeated(t *testing.T) {
	t.Parallel()
	const begun, part = `{"changeId":"c","total":3,"onCall":1}` + "\n", `{"leads":2,"changed":1,"left":1}` + "\n"
	for _, end := range []string{"", `{"error":{"status":503,"detail":"the disk is full"}}` + "\n"} {
		c, s, _ := scripted(t, exchange{status: 200, body: begun + part + end})
		told := 0
		changed, err := c.ChangeLeads(t.Context(), somePearl, LeadsChange{Action: Delete, LeadSelection: LeadSelection{All: true}}, func(LeadsChanged) { told++ })
		if err == nil || changed != (LeadsChanged{ChangeID: "c", Total: 3, OnCall: 1, Changed: 1, Left: 1}) || told != 1 || len(s.asked) != 1 {
			t.Errorf("%+v, %v after %d requests", changed, err, len(s.asked))
		}
		if s.bodies[0] != `{"all":true,"action":"delete"}` {
			t.Error(s.bodies[0])
		}
	}
}
