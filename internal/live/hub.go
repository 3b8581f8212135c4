// Package live decides what a page that shows an account is told while it is open: the feed as it grows, calls in the air, and
// what else has changed. It reads the feed once for all who watch, and keeps the last of it: who reads too slowly to keep up is
// cut off, and goes on later from the feed itself. It refuses to know HTTP, and who may watch.
package live

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"nacre/internal/call"
	"nacre/internal/engine"
	"nacre/internal/id"
)

// Config is what a hub is made of.
type Config struct {
	Queries engine.FeedQueries
	Texts   Texts
	Log     *slog.Logger
	Beat    time.Duration // how often a stream is asked whether it is to go on; 0 = 15 s
}

// Texts render messages as they are written to every stream: once for all who watch.
type Texts struct {
	Entry    func(engine.FeedEntry) []byte
	Presence func(calls []call.Call, whole bool) []byte
	Changed  func(engine.Changed) []byte
	Line     func(Line) []byte
}

// Line is what was said in a call that is in the air.
type Line struct {
	Call id.ID
	By   call.Role // call.Pearl or call.Client
	Text string
	At   time.Time
}

const (
	together  = 200 * time.Millisecond // what comes within it is read and written together
	lookEvery = time.Second            // also without a signal: a lost one costs no more
	pageSize  = 500
	// What is kept for all who watch an account.
	maxKept      = 4096 // messages
	maxKeptBytes = 8 << 20
	// What is kept of what is said.
	maxLines  = 400  // of a call
	maxSpoken = 4096 // calls
)

// Hub tells all who watch. It implements engine.Listener. Safe for concurrent use.
type Hub struct {
	Config
	ctx  context.Context
	stop context.CancelFunc

	mu      sync.Mutex
	watched map[id.ID]*watched
	spoken  map[id.ID][]numbered // what was said so far, by calls in the air
	said    int64                // lines, of all calls
	running sync.WaitGroup
}

// New makes a hub.
func New(config Config) *Hub {
	if config.Beat == 0 {
		config.Beat = 15 * time.Second
	}
	ctx, stop := context.WithCancel(context.Background())
	return &Hub{Config: config, ctx: ctx, stop: stop, watched: map[id.ID]*watched{}, spoken: map[id.ID][]numbered{}}
}

// Close ends all streams. None begins after it.
func (h *Hub) Close() {
	h.mu.Lock()
	h.stop()
	h.mu.Unlock()
	h.running.Wait()
}

// Committed implements engine.Listener.
func (h *Hub) Committed(s engine.Signals) {
	if len(s.Announced) == 0 && len(s.Calls) == 0 && len(s.Changed) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range s.Calls {
		if !c.Ended.IsZero() {
			delete(h.spoken, c.ID)
		}
	}
	if len(h.watched) == 0 {
		return
	}
	for _, accountID := range s.Announced {
		if w := h.watched[accountID]; w != nil {
			w.wake()
		}
	}
	for _, c := range s.Calls {
		if w := h.watched[c.Account]; w != nil {
			w.note(func() { w.noteCall(c) })
		}
	}
	for _, c := range s.Changed {
		if w := h.watched[c.Account]; w != nil {
			w.note(func() { w.changed[c] = true })
		}
	}
}

// Said tells those who watch the account of a call what was said in it, and keeps it for those who come while the call goes on. It
// does not block.
func (h *Hub) Said(accountID id.ID, line Line) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.said++
	one := numbered{h.said, accountID, line}
	h.remember(one)
	if w := h.watched[accountID]; w != nil {
		w.note(func() { w.lines = append(w.lines, one) })
	}
}

// numbered is a line with its number among all.
type numbered struct {
	number  int64
	account id.ID
	Line
}

// remember keeps a line until its call is over. Of one whose end was never told it is kept until there are too many.
func (h *Hub) remember(line numbered) {
	lines := append(h.spoken[line.Call], line)
	h.spoken[line.Call] = lines[max(0, len(lines)-maxLines):]
	if len(h.spoken) <= maxSpoken {
		return
	}
	oldest := line
	for _, lines := range h.spoken {
		if last := lines[len(lines)-1]; last.number < oldest.number {
			oldest = last
		}
	}
	delete(h.spoken, oldest.Call)
}

// spokenIn returns what was said so far in calls of an account, in its order, and the number of the last line of all.
func (h *Hub) spokenIn(accountID id.ID, calls []call.Call) (lines []numbered, last int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range calls {
		if said := h.spoken[c.ID]; len(said) > 0 && said[0].account == accountID {
			lines = append(lines, said...)
		}
	}
	slices.SortFunc(lines, func(a, b numbered) int { return cmp.Compare(a.number, b.number) })
	return lines, h.said
}

// watched is an account that somebody watches.
type watched struct {
	account id.ID
	woken   chan struct{}

	streams int // guarded by the hub

	mu      sync.Mutex
	calls   []call.Call // to be told, each as it is now
	changed map[engine.Changed]bool
	lines   []numbered
	kept    []message
	first   int64 // number of kept[0]
	bytes   int
	read    int64         // place in the feed of the entry that was kept last
	grown   chan struct{} // closed when kept grows
}

// message is what is told; place is that of an entry of the feed, line the number of a line, 0 of anything else.
type message struct {
	place, line int64
	text        []byte
}

func (w *watched) wake() {
	select {
	case w.woken <- struct{}{}:
	default:
	}
}

func (w *watched) note(change func()) {
	w.mu.Lock()
	change()
	w.mu.Unlock()
	w.wake()
}

func (w *watched) noteCall(c call.Call) {
	for n := range w.calls {
		if w.calls[n].ID == c.ID {
			w.calls[n] = c
			return
		}
	}
	w.calls = append(w.calls, c)
}

// enter is for a stream that begins: it returns the account's, which is begun where nobody watched it. leave is for its end.
func (h *Hub) enter(ctx context.Context, accountID id.ID) (w *watched, leave func(), err error) {
	end, err := h.Queries.FeedEnd(ctx, accountID) // before: what comes meanwhile is read by who watches already, or below
	if err != nil {
		return nil, nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ctx.Err() != nil {
		return nil, nil, h.ctx.Err()
	}
	w = h.watched[accountID]
	if w == nil {
		w = &watched{account: accountID, woken: make(chan struct{}, 1), changed: map[engine.Changed]bool{}, read: end, grown: make(chan struct{})}
		h.watched[accountID] = w
		h.running.Go(func() { h.follow(h.ctx, w) })
	}
	w.streams++
	return w, sync.OnceFunc(func() { h.leave(w) }), nil
}

// leave ends the account's where the last stream leaves.
func (h *Hub) leave(w *watched) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if w.streams--; w.streams == 0 {
		delete(h.watched, w.account)
		w.wake()
	}
}

// unwatched reports whether the last stream has left.
func (h *Hub) unwatched(w *watched) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return w.streams == 0
}

// follow reads the feed as it grows, until nobody watches.
func (h *Hub) follow(ctx context.Context, w *watched) {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.woken:
		case <-look.C:
		}
		if h.unwatched(w) {
			return
		}
		if err := h.gather(ctx, w); err != nil && ctx.Err() == nil {
			h.Log.Warn("cannot read the feed for those who watch", "account", w.account, "error", err)
		}
		select { // what comes meanwhile is told together
		case <-ctx.Done():
			return
		case <-time.After(together):
		}
	}
}

// gather keeps what is new: entries of the feed before what was told after them.
func (h *Hub) gather(ctx context.Context, w *watched) error {
	w.mu.Lock()
	calls, changed, lines, after := w.calls, w.changed, w.lines, w.read
	w.calls, w.changed, w.lines = nil, map[engine.Changed]bool{}, nil
	w.mu.Unlock()
	defer func() { w.keep(h.notes(calls, changed, lines)) }()
	for more := true; more; {
		var entries []engine.FeedEntry
		var err error
		if entries, more, err = h.Queries.Feed(ctx, w.account, after, pageSize); err != nil {
			return err
		}
		messages := make([]message, len(entries))
		for n, e := range entries {
			messages[n] = message{place: e.Place, text: h.Texts.Entry(e)}
			after = e.Place
		}
		w.keep(messages)
	}
	return nil
}

// notes are messages of what is not in the feed.
func (h *Hub) notes(calls []call.Call, changed map[engine.Changed]bool, lines []numbered) (messages []message) {
	if len(calls) > 0 {
		messages = append(messages, message{text: h.Texts.Presence(calls, false)})
	}
	for c := range maps.Keys(changed) {
		messages = append(messages, message{text: h.Texts.Changed(c)})
	}
	for _, line := range lines {
		messages = append(messages, message{line: line.number, text: h.Texts.Line(line.Line)})
	}
	return messages
}

// keep adds messages, and forgets the oldest where there are too many.
func (w *watched) keep(messages []message) {
	if len(messages) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range messages {
		w.bytes += len(m.text)
		w.read = max(w.read, m.place)
	}
	w.kept = append(w.kept, messages...)
	drop := 0
	for drop < len(w.kept)-1 && (len(w.kept)-drop > maxKept || w.bytes > maxKeptBytes) {
		w.bytes -= len(w.kept[drop].text)
		drop++
	}
	if drop > 0 {
		w.kept = append([]message(nil), w.kept[drop:]...)
		w.first += int64(drop)
	}
	close(w.grown)
	w.grown = make(chan struct{})
}

// from returns what is kept from a number on; lost reports that some of it was forgotten already. grown is closed when there is more.
func (w *watched) from(number int64) (messages []message, grown <-chan struct{}, lost bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if number < w.first {
		return nil, nil, true
	}
	return slices.Clip(w.kept[number-w.first:]), w.grown, false // nobody changes what is kept
}

// next is where a stream that begins now reads on: the number of the next message, and the place of the entry that was kept last.
func (w *watched) next() (number, place int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.first + int64(len(w.kept)), w.read
}
