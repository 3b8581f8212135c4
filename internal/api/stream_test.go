package api_test

import (
	"bufio"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"nacre/internal/api"
	v2 "nacre/internal/api/v2"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/live"
)

// streaming is a world behind a real connection, whose streams are asked often whether they may go on.
type streaming struct {
	*world
	url string
}

func newStreaming(t *testing.T, change func(*api.Config)) *streaming {
	t.Helper()
	var hub *live.Hub
	w := newWorld(t, func(c *api.Config) {
		hub = live.New(live.Config{Queries: c.Queries, Texts: v2.StreamTexts, Log: slog.New(slog.DiscardHandler), Beat: 5 * time.Millisecond})
		c.Engine.Listen(hub)
		c.Watcher = hub
		if change != nil {
			change(c)
		}
	})
	server := httptest.NewServer(w.handler)
	t.Cleanup(server.Close)
	t.Cleanup(hub.Close) // before: a server waits for its requests
	return &streaming{world: w, url: server.URL}
}

// opened is a stream that a client reads.
type opened struct {
	t      *testing.T
	answer *http.Response
	lines  *bufio.Scanner
}

func (s *streaming) open(t *testing.T, client *http.Client, target string, headers ...string) *opened {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(headers); n += 2 {
		request.Header.Set(headers[n], s.filled(headers[n+1]))
	}
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 4<<20)
	return &opened{t, answer, lines}
}

// next is the next event, in the form "id event data"; "" at the end of the stream.
func (o *opened) next() string {
	o.t.Helper()
	var event []string
	for o.lines.Scan() {
		switch line := o.lines.Text(); {
		case line == "" && len(event) > 0:
			return strings.Join(event, " ")
		case line == "", strings.HasPrefix(line, ":"):
		default:
			_, value, _ := strings.Cut(line, ": ")
			event = append(event, value)
		}
	}
	return ""
}

// ends reads to the end of the stream, which must come.
func (o *opened) ends() {
	for o.next() != "" {
	}
}

func (s *streaming) stop(t *testing.T, actor engine.Actor, pearl, lead string) {
	t.Helper()
	status := 130
	if _, err := s.engine.UpdateLead(t.Context(), actor, id.ID(s.names[pearl]), id.ID(s.names[lead]), engine.LeadUpdate{Status: &status}); err != nil {
		t.Fatal(err)
	}
}

// TestStream: what happens arrives while the answer is open, also at a client that takes gzip, and to its account alone; who comes
// back goes on where they were.
func TestStream(t *testing.T) {
	t.Parallel()
	s := newStreaming(t, nil)
	ours := s.open(t, http.DefaultClient, "/v2/Events/Stream", "Authorization", "Bearer {readKey}", "Accept-Encoding", "gzip")
	theirs := s.open(t, http.DefaultClient, "/v2/Events/Stream", "Authorization", "Bearer {otherKey}")
	if got := ours.answer.Header; got.Get("Content-Type") != "text/event-stream" || got.Get("Content-Encoding") != "" || got.Get("X-Accel-Buffering") != "no" {
		t.Errorf("headers: %v", got)
	}
	if got := ours.next(); !strings.HasPrefix(got, `presence {"isWhole":true,"calls":[{"id":"`+s.names["liveCall"]+`"`) || !strings.Contains(got, `"state":"ringing"`) {
		t.Errorf("first comes %s", got)
	}
	if got := theirs.next(); got != `presence {"isWhole":true,"calls":[]}` {
		t.Errorf("first comes %s to another account", got)
	}
	s.stop(t, s.actor, "talk", "talkLead")
	if got := ours.next(); !strings.HasPrefix(got, `1 lead {"cursor":"1",`) || !strings.Contains(got, `"status":130,`) {
		t.Errorf("after a stop comes %s", got)
	}
	other, _, _ := strings.Cut(s.names["otherKey"], ":")
	s.stop(t, engine.Actor{Account: id.ID(other)}, "foreign", "otherLead")
	if got := theirs.next(); !strings.Contains(got, s.names["otherLead"]) || !strings.HasPrefix(got, "1 lead ") {
		t.Errorf("to another account comes %s", got)
	}
	again := s.open(t, http.DefaultClient, "/v2/Events/Stream", "Authorization", "Bearer {readKey}", "Last-Event-ID", "0")
	if got := again.next(); !strings.HasPrefix(got, "1 lead ") {
		t.Errorf("to one that comes back comes %s", got)
	}
	_ = again.next() // presence
	if err := s.engine.ArchivePearl(t.Context(), s.actor, id.ID(s.names["inbound"]), true); err != nil {
		t.Fatal(err)
	}
	if got := again.next(); got != fmt.Sprintf(`changed {"pearlId":"%s","what":"pearl"}`, s.names["inbound"]) {
		t.Errorf("after a change of a Pearl comes %s", got)
	}
}

// TestStreamEnds: a stream ends when the key is deleted, or the person signs out.
func TestStreamEnds(t *testing.T) {
	t.Parallel()
	s := newStreaming(t, nil)
	byKey := s.open(t, http.DefaultClient, "/v2/Events/Stream", "Authorization", "Bearer {leadsKey}")
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	bob := &http.Client{Jar: jar}
	for _, route := range []string{"Join", "SignOut"} {
		answer, err := bob.Post(s.url+"/v2/"+route, "application/json", strings.NewReader(s.filled(`{"code":"{bobCode}","password":"correct horse battery"}`)))
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: %v, %v", route, answer, err)
		}
		if route == "SignOut" {
			break
		}
		byPerson := s.open(t, bob, "/v2/Events/Stream")
		if got := byPerson.next(); !strings.HasPrefix(got, "presence ") {
			t.Fatalf("first comes %s to a person", got)
		}
		defer byPerson.ends() // after SignOut
	}
	if got := byKey.next(); !strings.HasPrefix(got, "presence ") {
		t.Fatalf("first comes %s to a key", got)
	}
	keys, err := s.store.Keys(t.Context(), s.actor.Account)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		if key.Name == "test leads" {
			if err := s.engine.DeleteKey(t.Context(), s.actor, key.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	byKey.ends()
}

// TestStreamsHaveALimit: of a key, and of an account; a place is free again when its stream ends.
func TestStreamsHaveALimit(t *testing.T) {
	t.Parallel()
	s := newStreaming(t, func(c *api.Config) { c.Streams, c.StreamsOfAsker = 3, 2 })
	open := func(key string) *opened {
		return s.open(t, http.DefaultClient, "/v2/Events/Stream", "Authorization", "Bearer {"+key+"}")
	}
	first := open("key")
	open("key")
	if got := open("key").answer; got.StatusCode != http.StatusTooManyRequests || got.Header.Get("Retry-After") == "" {
		t.Errorf("a third of a key: %d %v", got.StatusCode, got.Header)
	}
	open("readKey")
	if got := open("leadsKey").answer; got.StatusCode != http.StatusTooManyRequests {
		t.Errorf("a fourth of an account: %d", got.StatusCode)
	}
	if got := open("otherKey").answer; got.StatusCode != http.StatusOK {
		t.Errorf("of another account: %d", got.StatusCode)
	}
	_ = first.answer.Body.Close()
	for open("key").answer.StatusCode != http.StatusOK { // the server sees it when it writes
		if t.Context().Err() != nil {
			t.Fatal("the place is not free again")
		}
	}
}
