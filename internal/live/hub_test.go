package live_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"nacre/internal/call"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/live"
)

const (
	ours   = id.ID("aaaaaaaaaaaaaaaaaaaaaaaa")
	theirs = id.ID("bbbbbbbbbbbbbbbbbbbbbbbb")
	pearl  = id.ID("cccccccccccccccccccccccc")
)

// feed is a feed of accounts in memory. It implements engine.FeedQueries.
type feed struct {
	mu    sync.Mutex
	all   map[id.ID][]engine.FeedEntry
	calls []call.Call
	reads int
}

func (f *feed) Feed(_ context.Context, accountID id.ID, after int64, limit int) ([]engine.FeedEntry, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reads++
	behind := f.all[accountID][after:]
	return behind[:min(limit, len(behind))], len(behind) > limit, nil
}

func (f *feed) FeedEnd(_ context.Context, accountID id.ID) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return int64(len(f.all[accountID])), nil
}

func (f *feed) LiveCalls(context.Context, id.ID) ([]call.Call, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls, nil
}

// world is a hub over a feed.
type world struct {
	*live.Hub
	feed *feed
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{feed: &feed{all: map[id.ID][]engine.FeedEntry{}}}
	w.Hub = live.New(live.Config{Queries: w.feed, Log: slog.New(slog.DiscardHandler), Texts: live.Texts{
		Entry:    func(e engine.FeedEntry) []byte { return fmt.Appendf(nil, "%d ", e.Place) },
		Presence: func(calls []call.Call, whole bool) []byte { return fmt.Appendf(nil, "calls%d/%t ", len(calls), whole) },
		Changed:  func(c engine.Changed) []byte { return []byte(c.What + " ") },
		Line:     func(l live.Line) []byte { return fmt.Appendf(nil, "%s:%s ", l.Call, l.Text) },
	}})
	t.Cleanup(w.Close)
	return w
}

// announce commits entries of an account, and tells the hub of them.
func (w *world) announce(accountID id.ID, count int) {
	w.feed.mu.Lock()
	for range count {
		w.feed.all[accountID] = append(w.feed.all[accountID], engine.FeedEntry{Place: int64(len(w.feed.all[accountID]) + 1), Account: accountID})
	}
	w.feed.mu.Unlock()
	w.Committed(engine.Signals{Announced: []id.ID{accountID}})
}

// stream is one that is followed in a goroutine of its own.
type stream struct {
	mu    sync.Mutex
	text  string
	fails error         // of write
	stuck chan struct{} // write waits for it; nil = never
	beats int
	ended chan error
	leave context.CancelFunc
}

func (w *world) watch(t *testing.T, accountID id.ID, after int64, change func(*stream)) *stream {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s := &stream{ended: make(chan error, 1), leave: cancel}
	t.Cleanup(cancel)
	if change != nil {
		change(s)
	}
	go func() { s.ended <- w.Watch(ctx, accountID, after, s.write, s.beat) }()
	return s
}

func (s *stream) write(text []byte) error {
	if s.stuck != nil {
		<-s.stuck
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text += string(text)
	return s.fails
}

func (s *stream) beat() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.beats++
	return s.fails
}

// got is what was written so far.
func (s *stream) got() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.TrimSpace(s.text)
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// settle lets everything happen that happens by itself within a time.
func settle(within time.Duration) {
	time.Sleep(within) // in the bubble of a test
	synctest.Wait()
}

func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.announce(ours, 3)
		w.feed.calls = []call.Call{{ID: "x"}, {ID: "y"}}
		fromNow, fromOne := w.watch(t, ours, live.Now, nil), w.watch(t, ours, 1, nil)
		settle(time.Millisecond)
		same(t, "from now", fromNow.got(), "calls2/true")
		same(t, "from 1", fromOne.got(), "2 3 calls2/true")
		foreign := w.watch(t, theirs, live.Now, nil)
		w.announce(ours, 2)
		w.Committed(engine.Signals{
			Calls:   []call.Call{{ID: "x", Account: ours}, {ID: "x", Account: ours}, {ID: "z", Account: ours}},
			Changed: []engine.Changed{{Account: ours, Pearl: pearl, What: engine.ChangedLeads}, {Account: ours, Pearl: pearl, What: engine.ChangedLeads}},
		})
		w.Said(ours, live.Line{Call: "x", Text: "hello"})
		w.Said(ours, live.Line{Call: "x", Text: "yes"})
		settle(time.Second)
		same(t, "from now", fromNow.got(), "calls2/true 4 5 calls2/false leads x:hello x:yes")
		same(t, "from 1", fromOne.got(), "2 3 calls2/true 4 5 calls2/false leads x:hello x:yes")
		same(t, "of another account", foreign.got(), "calls2/true")
		later := w.watch(t, ours, 4, nil)
		settle(time.Millisecond)
		w.announce(ours, 1)
		settle(time.Second)
		same(t, "of one that came back", later.got(), "5 calls2/true x:hello x:yes 6")
	})
}

// TestLines: who comes while a call goes on is told what was said before, each line once, also one that is on its way.
func TestLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.feed.calls = []call.Call{{ID: "x"}, {ID: "y"}}
		w.Said(ours, live.Line{Call: "x", Text: "hello"}) // nobody watches
		first := w.watch(t, ours, live.Now, nil)
		settle(time.Second)
		same(t, "first", first.got(), "calls2/true x:hello")
		w.Said(ours, live.Line{Call: "y", Text: "one"})
		second := w.watch(t, ours, live.Now, nil)
		settle(time.Second)
		same(t, "first", first.got(), "calls2/true x:hello y:one")
		same(t, "second", second.got(), "calls2/true x:hello y:one")
		w.Committed(engine.Signals{Calls: []call.Call{{ID: "x", Account: ours, Ended: time.Now()}}})
		w.Said(ours, live.Line{Call: "y", Text: "two"})
		settle(time.Second)
		same(t, "second", second.got(), "calls2/true x:hello y:one calls1/false y:two")
		third := w.watch(t, ours, live.Now, nil)
		settle(time.Second)
		same(t, "after the end of a call", third.got(), "calls2/true y:one y:two")
	})
}

// TestManyBegin: streams that begin while the feed grows get everything behind their place, once.
func TestManyBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var streams []*stream
		for n := range 100 {
			w.announce(ours, 1+n%3)
			streams = append(streams, w.watch(t, ours, int64(n), nil))
			time.Sleep(time.Duration(n%7) * 31 * time.Millisecond)
		}
		settle(time.Second)
		end := len(w.feed.all[ours])
		for n, s := range streams {
			var want []string
			for place := n + 1; place <= end; place++ {
				want = append(want, fmt.Sprint(place))
			}
			same(t, fmt.Sprintf("stream %d", n), strings.TrimSpace(strings.Replace(s.got()+" ", "calls0/true ", "", 1)), strings.Join(want, " "))
		}
		w.feed.reads = 0
		w.announce(ours, 1)
		settle(100 * time.Millisecond)
		if w.feed.reads != 1 {
			t.Errorf("one change for 100 streams is read %d times", w.feed.reads)
		}
	})
}

// TestSlowReader: one that does not read is cut off, with nobody waiting for it, and goes on later without a gap.
func TestSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		quick := w.watch(t, ours, live.Now, nil)
		settle(time.Millisecond)
		slow := w.watch(t, ours, live.Now, func(s *stream) { s.stuck = make(chan struct{}) })
		for range 50 {
			w.announce(ours, 100)
			settle(time.Second)
		}
		if got := strings.Count(quick.got(), " "); got != 5000 {
			t.Errorf("the quick one has %d of 5000", got)
		}
		close(slow.stuck)
		if err := <-slow.ended; !errors.Is(err, live.ErrSlow) {
			t.Errorf("the slow one ends with %v", err)
		}
		again := w.watch(t, ours, 17, nil)
		settle(time.Second)
		if got := strings.Fields(again.got()); len(got) != 4984 || got[0] != "18" || got[4982] != "5000" {
			t.Errorf("one that comes back gets %d, from %s on", len(got), got[0])
		}
	})
}

// TestEnds: a stream ends with its client, with what beat says, and with the hub.
func TestEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		gone, refused, stopped := w.watch(t, ours, live.Now, nil), w.watch(t, ours, live.Now, nil), w.watch(t, ours, live.Now, nil)
		settle(time.Millisecond)
		gone.leave()
		if err := <-gone.ended; !errors.Is(err, context.Canceled) {
			t.Errorf("of a client that went: %v", err)
		}
		refused.mu.Lock()
		refused.fails = errors.New("the session has ended")
		refused.mu.Unlock()
		settle(15 * time.Second)
		if err := <-refused.ended; err != refused.fails {
			t.Errorf("of a session that ended: %v", err)
		}
		same(t, "beats of the other", stopped.beats, 1)
		// Also where there is always something to tell.
		for range 40 {
			w.announce(ours, 1)
			settle(500 * time.Millisecond)
		}
		same(t, "beats of one that is busy", stopped.beats, 2)
		w.Close()
		if err := <-stopped.ended; !errors.Is(err, context.Canceled) {
			t.Errorf("of a hub that closed: %v", err)
		}
		if err := <-w.watch(t, ours, live.Now, nil).ended; !errors.Is(err, context.Canceled) {
			t.Errorf("after the hub closed: %v", err)
		}
	})
}
