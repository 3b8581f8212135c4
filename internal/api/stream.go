package api

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"nacre/internal/api/route"
	"nacre/internal/fault"
	"nacre/internal/id"
)

// sendStream answers with server-sent events, one after another as they come, or with audio. They are not compressed: each is to
// arrive at once.
func (x *exchange) sendStream(answer route.Answer) {
	leave, err := x.streams.enter(x.asker, x.Streams, x.StreamsOfAsker)
	if err != nil {
		x.fail(err)
		return
	}
	defer leave()
	header := x.w.Header()
	x.allowOrigin(header)
	header.Set("Content-Type", answer.Type)
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Accel-Buffering", "no") // proxies that gather answers would keep the events to themselves
	x.status, x.took = answer.Status, time.Since(x.begun)
	x.w.WriteHeader(answer.Status)
	if x.r.Method == http.MethodHead {
		return
	}
	control := http.NewResponseController(x.w)
	write := func(text []byte) error {
		if _, err := x.w.Write(text); err != nil {
			return fmt.Errorf("send events: %w", err)
		}
		return control.Flush()
	}
	beat := func() error {
		if err := x.mayGoOn(); err != nil {
			return err
		}
		if answer.Type != eventStream {
			return nil
		}
		return write([]byte(": still here\n\n"))
	}
	if err := answer.Stream(x.r.Context(), write, beat); err != nil && x.r.Context().Err() == nil {
		x.Log.Debug("stream ended", "route", x.name, "traceId", x.parent, "reason", err)
	}
}

// eventStream is the type of server-sent events, the one in which a comment is nothing.
const eventStream = "text/event-stream"

// errOther ends a stream whose session has become somebody else's.
var errOther = errors.New("somebody else asks")

// mayGoOn asks again who asks, and whether they may: keys are deleted and sessions end while a stream is open.
func (x *exchange) mayGoOn() error {
	before := x.asker
	x.now = x.Now()
	if err := x.authorize(); err != nil {
		return err
	}
	if x.asker.Account != before.Account || x.asker.ID() != before.ID() {
		return errOther
	}
	return x.asker.May(x.route)
}

// streams counts those that are open, by account and by key or person. The zero value is ready.
type streams struct {
	mu   sync.Mutex
	open map[id.ID]int
}

// enter takes a place, which leave gives back once. Limits of 0 are none.
func (s *streams) enter(asker route.Asker, ofAccount, ofAsker int) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[id.ID]int{}
	}
	for _, limit := range []struct {
		of   id.ID
		most int
		who  string
	}{{asker.Account, ofAccount, "account"}, {asker.ID(), ofAsker, "key or person"}} {
		if limit.most > 0 && s.open[limit.of] >= limit.most {
			return nil, &fault.Error{Kind: fault.TooMany, Detail: fmt.Sprintf("The %s has %d streams open already. Close one.", limit.who, limit.most), RetryAfter: 10 * time.Second}
		}
	}
	all := []id.ID{asker.Account, asker.ID()}
	for _, of := range all {
		s.open[of]++
	}
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, of := range all {
			if s.open[of]--; s.open[of] == 0 {
				delete(s.open, of)
			}
		}
	}), nil
}
