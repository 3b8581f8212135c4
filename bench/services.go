package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/coder/websocket"

	"nacre/internal/speech"
	"nacre/test/process"
)

// services are an ear, a voice and a model over HTTP that answer at once, so that what is measured is our own share: the
// protocols of Deepgram's Flux, and of OpenAI.
type services struct {
	listener net.Listener
	server   *http.Server

	mu    sync.Mutex
	ear   *websocket.Conn // of the latest call
	heard int             // bytes of its audio
	reply string          // of the model
	last  bool            // it ends the call
}

func openServices() (*services, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &services{listener: listener}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /v2/listen", s.listen)
	routes.HandleFunc("POST /v1/chat/completions", s.think)
	routes.HandleFunc("POST /v1/audio/speech", s.speak)
	s.server = &http.Server{Handler: routes, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.server.Serve(listener) }()
	return s, nil
}

func (s *services) close() { _ = s.server.Close() }

func (s *services) base() string { return "http://" + s.listener.Addr().String() }

// file is what --providers names.
func (s *services) file() string {
	return fmt.Sprintf(`ears: [{kind: deepgram, address: '%s', model: flux-bench, key-env: NACRE_BENCH_KEY}]
voices: [{kind: openai, address: '%[1]s/v1', model: bench, rate: 8000, voices: [{id: bench, name: Bench, language: en-US}]}]
models: [{kind: openai, address: '%[1]s/v1', model: bench}]
`, s.base())
}

func (s *services) listen(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer conn.CloseNow()
	s.mu.Lock()
	s.ear, s.heard = conn, 0
	s.mu.Unlock()
	for {
		kind, data, err := conn.Read(context.Background())
		if err != nil {
			return
		}
		if kind == websocket.MessageBinary {
			s.mu.Lock()
			s.heard += len(data)
			s.mu.Unlock()
		}
	}
}

// hears has the ear of the call hear words up to now: Update, or EndOfTurn.
func (s *services) hears(ctx context.Context, event, words string) error {
	s.mu.Lock()
	conn, now := s.ear, float64(s.heard)/8000
	s.mu.Unlock()
	if conn == nil {
		return errors.New("no call listens")
	}
	return conn.Write(ctx, websocket.MessageText, fmt.Appendf(nil, `{"type":"TurnInfo","event":%q,"transcript":%q,"audio_window_start":%.2f,"audio_window_end":%.2f}`, event, words, max(now-1, 0), now+1))
}

// replies sets what the model says next.
func (s *services) replies(text string, last bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reply, s.last = text, last
}

func (s *services) think(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	s.mu.Lock()
	text, last := s.reply, s.last
	s.mu.Unlock()
	tool := ""
	if last {
		tool = `,"tool_calls":[{"index":0,"id":"c1","function":{"name":"end_call","arguments":"{}"}}]`
	}
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprintf(w, "data: {\"choices\":[{\"delta\":{\"content\":%q%s},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n", text, tool)
}

// speak answers with noise of the length of the text, 16-bit samples at 8 kHz.
func (s *services) speak(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	samples := make([]int16, len(raw)*400)
	for n := range samples {
		samples[n] = int16(rand.IntN(6000) - 3000)
	}
	w.Header().Set("Content-Type", "audio/pcm")
	_, _ = w.Write(speech.Bytes(samples))
}

// share measures our own share of a reply, and barge-in, with services that take no time.
func (b *bench) share(ctx context.Context) (err error) {
	calls := 2
	if b.quick {
		calls = 1
	}
	if err := stepAside(); err != nil {
		return err
	}
	people, err := b.people(ctx)
	if err != nil {
		return err
	}
	s, err := openServices()
	if err != nil {
		return err
	}
	defer s.close()
	alone, err := s.alone(ctx)
	if err != nil {
		return err
	}
	told := &shares{}
	wire, err := openTelephones(ctx, func(ctx context.Context, l *leg) { told.note(s.talk(ctx, l, people, told)) })
	if err != nil {
		return err
	}
	defer wire.close()
	f, err := openFolder(ctx, filepath.Join(b.dir, "share"))
	if err != nil {
		return err
	}
	defer f.store.Close()
	key, trunk, err := f.trunkTo(ctx, wire.port())
	if err != nil {
		return err
	}
	providers := filepath.Join(b.dir, "providers.yaml")
	if err := os.WriteFile(providers, []byte(s.file()), 0o600); err != nil {
		return err
	}
	ours, _ := cores()
	server, err := start(ctx, ours, filepath.Join(b.dir, "share.log"), []string{"GOMAXPROCS=2", "NACRE_BENCH_KEY=none"}, b.nacre, "serve", "--data", f.dir, "--listen", "127.0.0.1:0",
		"--sip-listen", "127.0.0.1:0", "--allow-networks", "127.0.0.0/8", "--log-level", "warn", "--speech", "none", "--providers", providers)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	if err := server.settle(ctx); err != nil {
		return err
	}
	pearl, err := f.questionnaire(ctx, "share", trunk, 1, 0, calls)
	if err != nil {
		return err
	}
	c := client{process.Client{Base: server.address, Key: key}}
	if err := c.Do(ctx, "PUT", "/v2/Pearl/"+string(pearl)+"/Active", map[string]any{"isActive": true}, nil); err != nil {
		return err
	}
	if err := until(ctx, 10*time.Minute, "wait for the talks to end", func() (bool, error) { return told.ended() >= calls, told.failed() }); err != nil {
		written, _ := os.ReadFile(server.errs.Name())
		return fmt.Errorf("%w\n%s", err, written)
	}
	told.mu.Lock()
	defer told.mu.Unlock()
	b.add(result{
		name: "our share of a reply, services at once", figure: spread(told.replies), raw: "their answers alone " + milliseconds(alone),
		goal: "p50 ≤ 40 ms, p95 ≤ 80 ms", missed: percentile(told.replies, 50) > 40*time.Millisecond || percentile(told.replies, 95) > 80*time.Millisecond,
	})
	b.add(result{
		name: "barge-in: words → silence", figure: spread(told.stops), goal: "p95 ≤ 60 ms", missed: percentile(told.stops, 95) > 60*time.Millisecond,
	})
	return nil
}

// alone is the median time in which a plain client has the services' answers, one after the other.
func (s *services) alone(ctx context.Context) (time.Duration, error) {
	s.replies("Thank you, that is number 0.", false)
	var took []time.Duration
	for range 50 {
		began := time.Now()
		for _, path := range []string{"/v1/chat/completions", "/v1/audio/speech"} {
			request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base()+path, bytes.NewReader([]byte(`{"input":"Thank you, that is number 0."}`)))
			if err != nil {
				return 0, err
			}
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				return 0, err
			}
			_, err = io.Copy(io.Discard, answer.Body)
			if err = errors.Join(err, answer.Body.Close()); err != nil {
				return 0, err
			}
		}
		took = append(took, time.Since(began))
	}
	return median(took), nil
}

// shares are what was measured.
type shares struct {
	mu             sync.Mutex
	replies, stops []time.Duration
	calls          int
	err            error
}

func (t *shares) note(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls++
	t.err = errors.Join(t.err, err)
}

func (t *shares) ended() int    { t.mu.Lock(); defer t.mu.Unlock(); return t.calls }
func (t *shares) failed() error { t.mu.Lock(); defer t.mu.Unlock(); return t.err }

func (t *shares) add(list *[]time.Duration, d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*list = append(*list, d)
}

// exchanges of one call: every other reply is long, and interrupted.
const exchanges = 12

// talk holds one call: each turn's words come when its sound is over for the server, too, so that only the reply is timed.
func (s *services) talk(ctx context.Context, l *leg, p *people, told *shares) error {
	if err := pause(ctx, 400*time.Millisecond); err != nil {
		return err
	}
	ended, err := l.say(ctx, p.hello)
	if err != nil {
		return err
	}
	if _, err := l.hear(ctx, ended, patience); err != nil { // the opening, which nobody is asked for
		return err
	}
	for n := range exchanges {
		if err := l.quiet(ctx, 900*time.Millisecond); err != nil {
			return err
		}
		text, long := fmt.Sprintf("Thank you, that is number %d.", n), n%2 == 1
		if long {
			text = fmt.Sprintf("This is a long story, number %d, of which nobody has ever heard the end, since all of them have interrupted it after a second or two.", n)
		}
		s.replies(text, n == exchanges-1)
		if _, err := l.say(ctx, p.answers[0]); err != nil {
			return err
		}
		if err := pause(ctx, 600*time.Millisecond); err != nil {
			return err
		}
		at := time.Now()
		if err := s.hears(ctx, "EndOfTurn", "Yes, please."); err != nil {
			return err
		}
		came, err := l.hear(ctx, at, patience)
		if err != nil {
			return fmt.Errorf("reply %d: %w", n, err)
		}
		if n > 1 { // connections are made, and code is read, once
			told.add(&told.replies, came.Sub(at))
		}
		if !long || n == exchanges-1 {
			continue
		}
		if err := s.interrupt(ctx, l, p, told); err != nil {
			return fmt.Errorf("interrupt %d: %w", n, err)
		}
	}
	<-ctx.Done() // it hangs up
	return nil
}

// interrupt speaks over the agent; the words come in the midst of it.
func (s *services) interrupt(ctx context.Context, l *leg, p *people, told *shares) error {
	if err := pause(ctx, time.Second); err != nil {
		return err
	}
	spoken := make(chan error, 1)
	go func() {
		_, err := l.say(ctx, bytes.Repeat(p.answers[1], 2))
		spoken <- err
	}()
	if err := pause(ctx, 500*time.Millisecond); err != nil {
		return err
	}
	s.replies("Of course, go on.", false)
	at := time.Now()
	if err := s.hears(ctx, "Update", "Wait, I have a question"); err != nil {
		return err
	}
	if err := <-spoken; err != nil {
		return err
	}
	told.add(&told.stops, max(l.runEnd(at, 400*time.Millisecond).Sub(at), 0))
	if err := pause(ctx, 600*time.Millisecond); err != nil {
		return err
	}
	at = time.Now()
	if err := s.hears(ctx, "EndOfTurn", "Wait, I have a question for you."); err != nil {
		return err
	}
	_, err := l.hear(ctx, at, patience)
	return err
}
