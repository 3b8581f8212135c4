package deepgram

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"nacre/internal/call"
	"nacre/internal/provider"
	"nacre/internal/provider/providertest"
	"nacre/internal/voice"
)

const short, long = 200 * time.Millisecond, time.Minute

// line is the server's end of a connection.
type line struct {
	t    *testing.T
	conn *websocket.Conn
	ctx  context.Context
}

// say sends messages.
func (l line) say(messages ...string) {
	for _, m := range messages {
		if err := l.conn.Write(l.ctx, websocket.MessageText, []byte(m)); err != nil {
			l.t.Errorf("server: %v", err)
		}
	}
}

// text returns the next text, passing over audio, "" at the end.
func (l line) text() string {
	for {
		kind, data, err := l.conn.Read(l.ctx)
		if err != nil {
			return ""
		}
		if kind == websocket.MessageText {
			return string(data)
		}
	}
}

// frames reads audio of so many bytes.
func (l line) frames(size int) {
	for size > 0 {
		kind, data, err := l.conn.Read(l.ctx)
		if err != nil || kind != websocket.MessageBinary {
			l.t.Errorf("server: %v of %d bytes, %v", kind, len(data), err)
			return
		}
		size -= len(data)
	}
}

// serve runs a script at the server's end; done is closed after it.
func serve(t *testing.T, script func(l line)) (s *providertest.Server, done chan struct{}) {
	t.Helper()
	done = make(chan struct{})
	s = providertest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Errorf("server: %v", err)
			return
		}
		defer conn.CloseNow()
		defer close(done)
		script(line{t, conn, t.Context()})
	})
	return s, done
}

func listen(t *testing.T, s *providertest.Server, config Config, between time.Duration) voice.Ear {
	t.Helper()
	config.Endpoint = s.Endpoint(t, "", long, between)
	r := New(config)
	r.last = short
	ear, err := r.Listen(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ear.Close)
	return ear
}

func next(t *testing.T, ear voice.Ear) voice.Heard {
	t.Helper()
	select {
	case h, ok := <-ear.Results():
		if !ok {
			t.Fatal("the ear has ended")
		}
		return h
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was heard")
	}
	return voice.Heard{}
}

func results(start, end float64, flags, text string) string {
	return fmt.Sprintf(`{"type":"Results","start":%g,"duration":%g,%s"channel":{"alternatives":[{"transcript":%q,"words":[{"word":"w","punctuated_word":"W.","start":%g,"end":%g}]}]}}`,
		start, end-start, flags, text, start, end)
}

const isFinal, speechFinal, fromFinalize = `"is_final":true,`, `"is_final":true,"speech_final":true,`, `"is_final":true,"from_finalize":true,`

func TestNova(t *testing.T) {
	t.Parallel()
	sent := make(chan float64, 1)
	s, done := serve(t, func(l line) {
		l.frames(2 * call.FrameSamples)
		l.say(`{"type":"SpeechStarted"}`, results(1, 1.5, "", "my number"), results(1, 2, isFinal, "my number is"), results(2, 2.5, speechFinal, "five"), results(2.5, 3, "", "five"))
		if got := l.text(); got != sayFinalize {
			t.Errorf("%s", got)
		}
		l.say(results(2.5, 3, fromFinalize, "five five"), `{"type":"UtteranceEnd","channel":[0,1],"last_word_end":3}`, `{"type":"Metadata"}`)
		// What our detector does not hear is an utterance all the same.
		l.say(results(5, 5.5, "", "yes"), results(5, 5.5, speechFinal, "yes"), results(7, 7.5, isFinal, "no"), `{"type":"UtteranceEnd"}`)
		if got := l.text(); got != sayClose {
			t.Errorf("%s", got)
		}
	})
	ear := listen(t, s, Config{Query: map[string]string{"keyterm": "nacre", "endpointing": "200"}, Heard: func(_ context.Context, seconds float64) { sent <- seconds }}, long)
	ear.Write(&call.Frame{})
	ear.Write(&call.Frame{})
	ear.Speech(true)
	w := voice.Word{Text: "W."}
	word := func(from, to int) voice.Word {
		w.From, w.To = time.Duration(from)*time.Millisecond, time.Duration(to)*time.Millisecond
		return w
	}
	for _, want := range []voice.Heard{
		{Text: "my number", Words: []voice.Word{word(1000, 1500)}},
		{Text: "my number is", Words: []voice.Word{word(1000, 2000)}},
		{Text: "my number is five", Words: []voice.Word{word(1000, 2000), word(2000, 2500)}}, // they are still speaking
		{Text: "my number is five five", Words: []voice.Word{word(1000, 2000), word(2000, 2500), word(2500, 3000)}},
		{Text: "my number is five five five", Words: []voice.Word{word(1000, 2000), word(2000, 2500), word(2500, 3000)}, Final: true},
		{Text: "yes", Words: []voice.Word{word(5000, 5500)}},
		{Text: "yes", Words: []voice.Word{word(5000, 5500)}, Final: true},
		{Text: "no", Words: []voice.Word{word(7000, 7500)}},
		{Text: "no", Words: []voice.Word{word(7000, 7500)}, Final: true},
	} {
		if want.Text == "my number is five five five" {
			ear.Speech(false)
		}
		want.From, want.To = want.Words[0].From, want.Words[len(want.Words)-1].To
		if diff := cmp.Diff(want, next(t, ear)); diff != "" {
			t.Errorf("%s", diff)
		}
	}
	ear.Close()
	<-done
	if _, open := <-ear.Results(); open {
		t.Error("it goes on after Close")
	}
	if seconds := <-sent; seconds != 0.04 {
		t.Errorf("%g seconds", seconds)
	}
	request := s.Requests()[0]
	query, err := url.ParseQuery(request.Query)
	if err != nil || request.Path != "/v1/listen" || request.Header.Get("Authorization") != "Token "+providertest.Secret {
		t.Errorf("%+v", request)
	}
	for name, want := range map[string]string{"model": "nova-3", "encoding": "mulaw", "sample_rate": "8000", "interim_results": "true", "language": "en", "keyterm": "nacre", "endpointing": "200"} {
		if query.Get(name) != want {
			t.Errorf("%s is %q", name, query.Get(name))
		}
	}
}

// Nothing is written while the call is on hold: the connection is kept.
func TestKeepAlive(t *testing.T) {
	t.Parallel()
	s, done := serve(t, func(l line) {
		for range 2 {
			if got := l.text(); got != sayKeepAlive {
				t.Errorf("%s", got)
			}
		}
	})
	r := New(Config{Endpoint: s.Endpoint(t, "", long, long)})
	r.idle = short
	ear, err := r.Listen(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	<-done
	ear.Close()
}

func TestFlux(t *testing.T) {
	t.Parallel()
	info := func(event, text string, end float64) string {
		return fmt.Sprintf(`{"type":"TurnInfo","event":%q,"turn_index":0,"audio_window_start":0.5,"audio_window_end":%g,"transcript":%q,"words":[{"word":"w","confidence":0.9}]}`, event, end, text)
	}
	s, _ := serve(t, func(l line) {
		l.frames(fluxFrames * call.FrameSamples)
		l.say(`{"type":"Connected"}`, info("Update", "", 0.6), info("StartOfTurn", "Call", 0.8), info("Update", "Call", 1), info("Update", "Call me", 1.2),
			info("EagerEndOfTurn", "Call me", 1.4), info("TurnResumed", "Call me tomorrow", 2), info("EndOfTurn", "Call me tomorrow.", 2.5), info("StartOfTurn", "At", 3))
		l.text()
	})
	ear := listen(t, s, Config{Model: "flux-general-en"}, long)
	for range fluxFrames {
		ear.Write(&call.Frame{})
	}
	ear.Speech(true)
	ear.Speech(false) // it judges by itself
	for _, want := range []voice.Heard{
		{Text: "Call", To: 800 * time.Millisecond}, {Text: "Call me", To: 1200 * time.Millisecond}, {Text: "Call me tomorrow", To: 2 * time.Second},
		{Text: "Call me tomorrow.", To: 2500 * time.Millisecond, Final: true, EndOfTurn: true}, {Text: "At", To: 3 * time.Second},
	} {
		want.From = 500 * time.Millisecond
		if diff := cmp.Diff(want, next(t, ear)); diff != "" {
			t.Errorf("%s", diff)
		}
	}
	if request := s.Requests()[0]; request.Path != "/v2/listen" || strings.Contains(request.Query, "language") {
		t.Errorf("%+v", request)
	}
}

func TestLastWordsThatDoNotCome(t *testing.T) {
	t.Parallel()
	s, _ := serve(t, func(l line) {
		l.say(results(1, 2, "", "well yes"))
		l.text()
		l.text()
		l.text()
	})
	ear := listen(t, s, Config{}, long)
	ear.Speech(true)
	next(t, ear)
	ear.Speech(false)
	if h := next(t, ear); h.Text != "well yes" || !h.Final || h.Err != nil {
		t.Errorf("%+v", h)
	}
	ear.Speech(true)
	ear.Speech(false)
	if h := next(t, ear); h.Text != "" || !h.Final {
		t.Errorf("sound without words: %+v", h)
	}
}

func TestConnectionsThatFail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script func(l line)
		kind   provider.Kind
	}{
		"cut":            {func(line) {}, provider.Broken},
		"closed":         {func(l line) { _ = l.conn.Close(websocket.StatusInternalError, "secret") }, provider.Broken},
		"garbage":        {func(l line) { l.say("\x00garbage"); l.text() }, provider.Broken},
		"another shape":  {func(l line) { l.say(`{"type":"Results","channel":"none"}`); l.text() }, provider.Broken},
		"a huge message": {func(l line) { l.say(strings.Repeat("x", 2<<20)); l.text() }, provider.Broken},
		"an error":       {func(l line) { l.say(`{"type":"Error","code":"NET-0001","description":"secret"}`); l.text() }, provider.Unavailable},
		"silence":        {func(l line) { l.text() }, provider.Late},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := serve(t, func(l line) {
				l.frames(call.FrameSamples)
				l.say(results(1, 2, isFinal, "my number"))
				l.frames(call.FrameSamples)
				c.script(l)
			})
			between := long
			if c.kind == provider.Late {
				between = short
			}
			ear := listen(t, s, Config{}, between)
			ear.Write(&call.Frame{})
			next(t, ear)
			ear.Speech(true)
			ear.Write(&call.Frame{})
			h := next(t, ear)
			if provider.KindOf(h.Err) != c.kind || !h.Final || h.Text != "my number" || strings.Contains(h.Err.Error(), "secret") {
				t.Errorf("%+v", h)
			}
			if _, open := <-ear.Results(); open {
				t.Error("it goes on")
			}
			ear.Write(&call.Frame{})
			ear.Speech(false)
			ear.Close()
		})
	}
}

func TestServerThatTakesNothing(t *testing.T) {
	t.Parallel()
	s, _ := serve(t, func(l line) { <-l.ctx.Done() })
	ear := listen(t, s, Config{}, long)
	for range 100_000 { // until the connection takes no more, nor the queue
		ear.Write(&call.Frame{})
	}
	if h := next(t, ear); provider.KindOf(h.Err) != provider.Late {
		t.Errorf("%+v", h)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		kind    provider.Kind
	}{
		"refused key": {providertest.Status(401, `{"err_code":"INVALID_AUTH"}`), provider.Unauthorized},
		"too many":    {providertest.Status(429, "", "Retry-After", "2"), provider.Limited},
		"hangs":       {providertest.Hang, provider.Late},
		"a page":      {providertest.Status(200, "<html>"), provider.Broken},
		"a redirect":  {providertest.Status(302, "", "Location", "https://example.com"), provider.Rejected},
		"hangs up":    {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, provider.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := long
			if c.kind == provider.Late {
				first = short
			}
			s := providertest.Serve(t, c.handler)
			_, err := New(Config{Endpoint: s.Endpoint(t, "", first, long)}).Listen(t.Context(), "de")
			if provider.KindOf(err) != c.kind || strings.Contains(err.Error(), "secret") {
				t.Errorf("%v, want %s", err, c.kind)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := providertest.Serve(t, providertest.Hang)
	if _, err := New(Config{Endpoint: s.Endpoint(t, "", long, long)}).Listen(ctx, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// The service is told the language of the call, whatever the operator's default is; a model that does not know it is not asked, and
// does not rest for it.
func TestLanguageOfTheCall(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		config Config
		call   string
		want   string // of the query; "" = refused
	}{
		{Config{}, "", "language=en"},
		{Config{}, "es-MX", "language=es"},
		{Config{}, "he-IL", "language=he"},
		{Config{Language: "de"}, "", "language=de"},
		{Config{Language: "de"}, "es", "language=es"},
		{Config{Language: "en-GB"}, "en-US", "language=en-GB"},
		{Config{Query: map[string]string{"language": "multi"}}, "", "language=multi"},
		{Config{Query: map[string]string{"language": "multi"}}, "fr-FR", "language=fr"},
		{Config{Model: "flux-general-multi"}, "fr-CA", "language_hint=fr"},
		{Config{Model: "flux-general-multi", Language: "es"}, "", "language_hint=es"},
		{Config{Model: "flux-general-en"}, "en-GB", "model=flux-general-en"},
		{Config{Model: "flux-general-en"}, "", "model=flux-general-en"},
		{Config{Model: "flux-general-en"}, "es", ""},
	} {
		s, done := serve(t, func(l line) { l.text() })
		c.config.Endpoint = s.Endpoint(t, "", long, long)
		r := New(c.config)
		ready := r.Ready(c.call)
		ear, err := r.Listen(t.Context(), c.call)
		if c.want == "" {
			if !errors.Is(err, voice.ErrLanguage) || !errors.Is(ready, voice.ErrLanguage) || provider.KindOf(err) != provider.Rejected || len(s.Requests()) != 0 {
				t.Errorf("%+v, %q: %v, ready %v after %d requests", c.config, c.call, err, ready, len(s.Requests()))
			}
			continue
		}
		if err != nil || ready != nil {
			t.Fatal(err, ready)
		}
		ear.Close()
		<-done
		if query := s.Requests()[0].Query; !slices.Contains(strings.Split(query, "&"), c.want) || strings.Count(query, "language") > 1 {
			t.Errorf("%+v, %q: told %s, want %s", c.config.Model, c.call, query, c.want)
		}
	}
}
