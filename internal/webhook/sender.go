package webhook

import (
	"context"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"sync"
	"time"

	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
)

const (
	leaseTime      = 30 * time.Second // outlasts an exchange with its reads and writes
	batchSize      = 32
	defaultPlaces  = 256
	longestPause   = 30 * time.Second // another node may have added something without a hint
	overduePause   = time.Second      // something is due but leased or held back; what that waits for may wake us first
	settleTimeout  = 10 * time.Second
	releaseTimeout = 2 * time.Second
)

// Config is what a Sender is made of.
type Config struct {
	Outbox       Outbox
	Pearls       Pearls
	Renderer     engine.Renderer   // for samples
	IDs          *id.Source        // for samples
	Now          func() time.Time  //
	Jitter       func() float64    // uniform in [0, 1); called from many goroutines
	Log          *slog.Logger      //
	AllowPrivate bool              // receivers on loopback and private networks are allowed
	InFlight     int               // exchanges at once, over all receivers; 0 = 256
	Metrics      Metrics           // nil = none
	Resolver     *net.Resolver     // nil = the system's
	Transport    http.RoundTripper // nil = one that is guarded; takes the guard's place, for tests
}

// Sender takes due deliveries from the outbox and POSTs them. Several senders, on one node or many, share an outbox;
// its leases keep them apart.
type Sender struct {
	Config
	poster poster
	wake   chan struct{} // capacity 1: something may be due, or a place is free
	stop   chan struct{}
	halt   sync.Once

	ctx    context.Context // of exchanges: cancelled when a stop has no more patience
	cancel context.CancelFunc
	loop   sync.WaitGroup
	runs   sync.WaitGroup

	mu       sync.Mutex
	lanes    *lanes
	underWay map[id.ID]bool // deliveries from their claim until they are settled or given back
}

// New makes a sender; it does nothing before Start.
func New(config Config) *Sender {
	if config.InFlight <= 0 {
		config.InFlight = defaultPlaces
	}
	if config.Metrics == nil {
		config.Metrics = noMetrics{}
	}
	if config.Transport == nil {
		config.Transport = newTransport(config.AllowPrivate, config.Resolver)
	}
	s := &Sender{
		Config: config, wake: make(chan struct{}, 1), stop: make(chan struct{}), lanes: newLanes(config.InFlight), underWay: map[id.ID]bool{},
		poster: poster{transport: config.Transport, allowPrivate: config.AllowPrivate, now: config.Now},
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Start begins to send.
func (s *Sender) Start() { s.loop.Go(s.run) }

// Committed implements engine.Listener.
func (s *Sender) Committed(told engine.Signals) {
	if told.Deliveries {
		s.Notify()
	}
}

// Notify says that deliveries were added. It never blocks.
func (s *Sender) Notify() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Stop takes no more deliveries and waits for exchanges under way; when ctx ends first, they are given up and their
// deliveries given back, to be sent again under the same webhook-id. Returns ctx's error in that case.
func (s *Sender) Stop(ctx context.Context) error {
	s.halt.Do(func() { close(s.stop) })
	done := make(chan struct{})
	go func() {
		s.loop.Wait()
		s.runs.Wait()
		close(done)
	}()
	defer s.cancel()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		s.cancel()
		<-done
		return ctx.Err()
	}
}

// InFlight is how many exchanges are under way.
func (s *Sender) InFlight() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lanes.inFlight
}

func (s *Sender) run() {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	go func() { // a query under way ends with the stop
		select {
		case <-s.stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	for ctx.Err() == nil {
		asked := s.Now()
		taken, err := s.take(ctx, asked)
		if taken > 0 {
			continue
		}
		pause := overduePause
		if err == nil {
			pause, err = s.pause(ctx, asked)
		}
		if err != nil && ctx.Err() == nil {
			s.Log.Error("webhook outbox does not answer", "error", err)
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// take begins what is due, as far as there are places; taken counts what the outbox gave.
func (s *Sender) take(ctx context.Context, now time.Time) (taken int, err error) {
	s.mu.Lock()
	free, room := s.lanes.free(), s.lanes.room(now)
	// Those that end while the outbox is asked are left out as well: it may have looked at one before it was settled. Where
	// the clock has stepped forward, its lease is over but the exchange is not.
	room.UnderWay = maps.Clone(s.underWay)
	s.mu.Unlock()
	if free == 0 {
		return 0, nil
	}
	// A part of what is free at a time, since every exchange that begins leaves the accounts less room.
	batch, err := s.Outbox.NextDeliveries(ctx, now, leaseTime, min((free+accountShare)/(accountShare+1), batchSize), room)
	if err != nil {
		return 0, err
	}
	for _, d := range batch {
		key := laneKey{d.Pearl, d.Kind.Hook()}
		if !s.enter(key, d, now) {
			continue
		}
		s.runs.Go(func() { s.work(key, d) })
	}
	return len(batch), nil
}

// enter takes a place for the delivery. It refuses one whose receiver is stuck, which the end of the lease brings back.
func (s *Sender) enter(key laneKey, d engine.Delivery, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.lanes.enter(key, d.Account, now) {
		return false
	}
	s.underWay[d.ID] = true
	return true
}

// pause is how long nothing is to be done unless somebody wakes the loop. asked is when the outbox had nothing.
func (s *Sender) pause(ctx context.Context, asked time.Time) (time.Duration, error) {
	s.mu.Lock()
	full, free := s.lanes.anyFull(), s.lanes.free()
	s.mu.Unlock()
	if free == 0 {
		return longestPause, nil // an exchange that ends wakes us
	}
	at, err := s.Outbox.NextDeliveryTime(ctx)
	switch {
	case err != nil:
		return overduePause, err
	case at.IsZero():
		return longestPause, nil
	case !at.After(asked):
		return overduePause, nil
	}
	pause := min(max(at.Sub(s.Now()), 0), longestPause)
	if full {
		pause = min(pause, overduePause)
	}
	return pause, nil
}

func (s *Sender) work(key laneKey, d engine.Delivery) {
	s.deliver(s.Log.With("delivery", d.ID, "pearl", d.Pearl, "trace", d.Trace), key, d)
	s.mu.Lock()
	s.lanes.leave(key)
	delete(s.underWay, d.ID)
	s.mu.Unlock()
	s.Notify() // a place is free, and what was held back may go
}

// deliver tries once and records what came of it. After a fault of our own the delivery stays leased, and is tried again
// when the lease is over.
func (s *Sender) deliver(log *slog.Logger, key laneKey, d engine.Delivery) {
	pearl, err := s.Pearls.ReadPearl(s.ctx, d.Account, d.Pearl)
	hooks := pearl.Webhooks
	switch {
	case fault.Is(err, fault.NotFound), err == nil && urlOf(hooks, d.Kind) == "":
		s.settle(log, d, engine.DeliveryDropped, time.Time{}, engine.Try{})
		return
	case err != nil:
		if s.ctx.Err() == nil {
			log.Error("cannot read webhook settings", "error", err)
		}
		return
	case disabled(hooks, d.Kind):
		s.settle(log, d, engine.DeliveryDead, time.Time{}, engine.Try{})
		return
	}
	s.mu.Lock()
	s.lanes.byKey[key].paired = hooks.CallURL != "" && hooks.LeadURL != ""
	s.mu.Unlock()

	result := s.poster.exchange(s.ctx, hooks, d)
	if result.aborted {
		s.giveBack(log, d)
		return
	}
	s.mu.Lock()
	s.lanes.heard(key, s.Now(), result.try.Status != 0)
	s.mu.Unlock()
	s.Metrics.Tried(d.Kind, result.try.Status, time.Duration(result.try.LatencyMS)*time.Millisecond)
	state, nextTry := next(d.Tries, result, s.Now(), s.Jitter())
	if !s.settle(log, d, state, nextTry, result.try) {
		return
	}
	if state == engine.DeliveryDead {
		log.Warn("webhook is a dead letter", "status", result.try.Status, "tries", len(d.Tries)+1)
	}
	if result.gone {
		s.disable(log, d, hooks)
	}
}

// disable turns off the URL that answered 410.
func (s *Sender) disable(log *slog.Logger, d engine.Delivery, tried campaign.Webhooks) {
	disabled, err := s.Outbox.DisableURL(s.ctx, d.Account, d.Pearl, urlOf(tried, d.Kind))
	if len(disabled) > 0 {
		log.Warn("webhook URL disabled, its receiver answered 410", "kinds", disabled)
	}
	if err != nil && s.ctx.Err() == nil {
		log.Error("cannot disable webhook URL", "error", err)
	}
}

// settle records a state, also while the sender is being stopped, and insists: a delivered webhook that is not recorded
// goes out twice.
func (s *Sender) settle(log *slog.Logger, d engine.Delivery, state engine.DeliveryState, nextTry time.Time, try engine.Try) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), settleTimeout)
	defer cancel()
	for pause := 100 * time.Millisecond; ; pause *= 4 {
		err := s.Outbox.SettleDelivery(ctx, d.ID, state, nextTry, try)
		if err == nil {
			s.Metrics.Settled(d.Kind, state)
			return true
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			log.Error("cannot record webhook delivery", "state", state, "error", err)
			return false
		case <-timer.C:
		}
	}
}

// giveBack ends the lease of a delivery whose exchange was given up, so that the next process need not wait for it.
func (s *Sender) giveBack(log *slog.Logger, d engine.Delivery) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), releaseTimeout)
	defer cancel()
	if err := s.Outbox.SettleDelivery(ctx, d.ID, engine.DeliveryPending, s.Now().UTC().Truncate(time.Millisecond), engine.Try{}); err != nil {
		log.Warn("cannot give back webhook delivery", "error", err)
	}
}

type noMetrics struct{}

func (noMetrics) Tried(engine.DeliveryKind, int, time.Duration)     {}
func (noMetrics) Settled(engine.DeliveryKind, engine.DeliveryState) {}
