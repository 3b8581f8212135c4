package deepgram

import (
	"context"
	"sync"
	"time"

	"github.com/coder/websocket"

	"nacre/internal/call"
	"nacre/internal/media"
	"nacre/internal/provider"
	"nacre/internal/voice"
)

const (
	queued       = 10 * 50         // frames that may wait to be sent: 10 s
	fluxFrames   = 4               // sent at once to Flux, which wants pieces of 80 ms
	idleLimit    = 4 * time.Second // without audio, on hold; after 10 s the server ends the connection
	sendLimit    = 5 * time.Second
	goodbyeLimit = time.Second
	// finalLimit is how long the last words of an utterance are waited for after it ended; then what is there is final.
	finalLimit = 1200 * time.Millisecond
)

// The messages that we send as text.
const (
	sayKeepAlive = `{"type":"KeepAlive"}`
	sayFinalize  = `{"type":"Finalize"}`
	sayClose     = `{"type":"CloseStream"}`
)

// message is what is sent: a frame, or text.
type message struct {
	frame [call.FrameSamples]byte
	text  string
}

// ear implements voice.Ear over one connection.
type ear struct {
	r       *Recognizer
	conn    *websocket.Conn
	ctx     context.Context // of the call; its end ends the ear in order
	cancel  context.CancelCauseFunc
	queue   chan message
	results chan voice.Heard

	mu       sync.Mutex
	talk     utterance
	waiting  *time.Timer // for a sign of life while somebody speaks
	deciding *time.Timer // for the last words of an utterance
	ended    bool
}

func newEar(ctx context.Context, conn *websocket.Conn, r *Recognizer) *ear {
	ctx, cancel := context.WithCancelCause(ctx)
	e := &ear{r: r, conn: conn, ctx: ctx, cancel: cancel, queue: make(chan message, queued), results: make(chan voice.Heard, 64)}
	var sent sync.WaitGroup
	sent.Go(e.send)
	go func() {
		err := e.receive()
		e.cancel(err)
		sent.Wait()
		_ = conn.CloseNow()
		e.end(context.Cause(e.ctx))
	}()
	return e
}

// Results returns the channel of what is heard (voice.Ear).
func (e *ear) Results() <-chan voice.Heard { return e.results }

// Close ends the ear (voice.Ear).
func (e *ear) Close() { e.cancel(context.Canceled) }

// Write sends a frame (voice.Ear). An ear that is ten seconds behind ends.
func (e *ear) Write(frame *call.Frame) {
	var m message
	media.EncodeULaw(m.frame[:], frame[:])
	e.put(m)
}

func (e *ear) put(m message) {
	select {
	case e.queue <- m:
	default:
		e.cancel(&provider.Error{Provider: e.r.client.Name(), Kind: provider.Late, Detail: "audio is not taken"})
	}
}

// Speech asks for the last words of an utterance when it ends (voice.Ear).
func (e *ear) Speech(started bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended || e.talk.speaking == started {
		return
	}
	if started {
		stop(e.deciding)
		if e.talk.asked { // they go on before the last words came
			e.bring(e.talk.final())
		}
		e.talk.begin()
		e.waiting = time.AfterFunc(e.r.client.Endpoint().Between, func() {
			e.cancel(&provider.Error{Provider: e.r.client.Name(), Kind: provider.Late, Detail: "nothing came while somebody spoke"})
		})
		return
	}
	stop(e.waiting)
	e.talk.speaking = false
	if e.r.flux() {
		return // it judges by itself
	}
	e.talk.asked = true
	e.put(message{text: sayFinalize})
	e.deciding = time.AfterFunc(e.r.last, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.talk.asked {
			e.bring(e.talk.final())
		}
	})
}

func stop(timer *time.Timer) {
	if timer != nil {
		timer.Stop()
	}
}

// send sends what is queued until the ear ends, and then says goodbye.
func (e *ear) send() {
	var audio []byte
	frames, untold := 0, 0
	tell := func() {
		if e.r.config.Heard != nil && untold > 0 {
			e.r.config.Heard(e.ctx, (time.Duration(untold) * call.FrameTime).Seconds())
		}
		untold = 0
	}
	defer tell()
	idle := time.NewTimer(e.r.idle)
	defer idle.Stop()
	for {
		kind, data := websocket.MessageBinary, []byte(nil)
		select {
		case <-e.ctx.Done():
			_ = e.write(websocket.MessageText, []byte(sayClose), goodbyeLimit)
			_ = e.conn.CloseNow()
			return
		case m := <-e.queue:
			if m.text != "" {
				kind, data = websocket.MessageText, []byte(m.text)
				break
			}
			if untold++; untold == int(time.Second/call.FrameTime) {
				tell()
			}
			audio = append(audio, m.frame[:]...)
			if frames++; e.r.flux() && frames < fluxFrames {
				continue
			}
			data, audio, frames = audio, nil, 0
		case <-idle.C: // on hold
			kind, data = websocket.MessageText, []byte(sayKeepAlive)
		}
		idle.Reset(e.r.idle)
		if e.r.flux() && kind == websocket.MessageText {
			continue // it knows neither of them
		}
		if err := e.write(kind, data, sendLimit); err != nil {
			e.cancel(e.failure("the connection was lost"))
			return
		}
	}
}

// write uses a context of its own: one that ends in the middle of a message ends the connection.
func (e *ear) write(kind websocket.MessageType, data []byte, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(e.ctx), limit)
	defer cancel()
	return e.conn.Write(ctx, kind, data)
}

// receive takes what comes until the connection ends.
func (e *ear) receive() error {
	for {
		_, raw, err := e.conn.Read(context.WithoutCancel(e.ctx))
		if err != nil {
			return e.failure("the connection was lost")
		}
		if err := e.take(raw); err != nil {
			return err
		}
	}
}

func (e *ear) failure(why string) error {
	return &provider.Error{Provider: e.r.client.Name(), Kind: provider.Broken, Detail: why}
}

// take takes a message. Any is a sign of life.
func (e *ear) take(raw []byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	stop(e.waiting)
	h, ok, err := e.talk.take(e.r.client.Name(), raw)
	if err != nil {
		return err
	}
	if ok {
		e.bring(h)
	}
	return nil
}

// bring passes a result on. e.mu is held. Partial results are lost where nobody takes them.
func (e *ear) bring(h voice.Heard) {
	room := cap(e.results) / 2
	if h.Final {
		stop(e.deciding)
		room = cap(e.results)
	}
	if !e.ended && len(e.results) < room {
		e.results <- h
	}
}

// end closes the results. What was being said is lost where the connection was.
func (e *ear) end(cause error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	stop(e.waiting)
	stop(e.deciding)
	if provider.KindOf(cause) != "" {
		h := e.talk.final()
		h.Err = cause
		e.bring(h)
	}
	e.ended = true
	close(e.results)
}
