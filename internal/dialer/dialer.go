// Package dialer decides when calls begin and watches them until they are final: it wakes on changes and due instants,
// claims, paces per trunk, has calls begun, dialled and held, and stops those that are no longer wanted. It refuses to know
// how a call is placed (call.Dialer), how it is held (call.Agent) and what its ending means for the lead (engine).
package dialer

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/id"
)

// Engine is what the dialer has done with leads and calls. Implemented by engine.Engine.
type Engine interface {
	Claim(ctx context.Context, accountID, pearlID id.ID, limit int) (works []engine.Work, more bool, err error)
	Begin(ctx context.Context, w engine.Work, trace string) (*engine.Begun, error)
	Release(ctx context.Context, w engine.Work, wait time.Duration) error
	Answer(ctx context.Context, begun call.Call) (holds bool, err error)
	OptOut(ctx context.Context, begun call.Call) error
	MayTransfer(ctx context.Context, begun call.Call, number string) error
	Over(ctx context.Context, begun call.Call, ending engine.Ending) error
	Finish(ctx context.Context, begun call.Call, ending engine.Ending) error
	ToStop(ctx context.Context) ([]call.Call, error)
	CancelForShutdown(ctx context.Context, current call.Call) error
	ExpireRequests(ctx context.Context, accountID id.ID) (next time.Time, err error)
	Settle(ctx context.Context, known func(leadOrRequest id.ID) bool) (settled int, err error)
	LookAgain(ctx context.Context, pearl campaign.Pearl) (time.Time, error)
	TrunkMet(ctx context.Context, accountID, trunkID id.ID, state account.TrunkState, detail string) error
}

// Queries are the dialer's reads. Implemented by store.
type Queries interface {
	Accounts(ctx context.Context) ([]account.Account, error)
	RunningPearls(ctx context.Context) ([]campaign.Pearl, error)
	Trunks(ctx context.Context, accountID id.ID) ([]account.Trunk, error) // of all accounts: accountID is zero
	ReadTrunk(ctx context.Context, accountID, trunkID id.ID) (account.Trunk, error)
}

// Preparer is an agent that can render its phrases before they are needed: those of a campaign once it runs, and those that
// name the person before the call.
type Preparer interface {
	Prepare(ctx context.Context, script call.Script)
}

// Judge makes what Finish commits out of a conversation.
type Judge func(script call.Script, talk call.Talk, transcriptOptions int) engine.Ending

// Config is what a dialer is made of.
type Config struct {
	Engine  Engine
	Queries Queries
	Dial    call.Dialer
	Prober  call.Prober
	Active  func([]call.Trunk) // is told which trunks are active: those that register are kept registered
	Agent   call.Agent
	// Act does an action of a call to a number with the variables known so far (call.Desk); nil = none is done.
	Act func(ctx context.Context, action call.Action, to string, values map[string]any) (call.Done, error)
	// Said is told what is said in a call (call.Desk); nil = nobody is told.
	Said func(begun *engine.Begun, by call.Role, words string)
	// PrepareFor is how long a Preparer may delay the INVITE of a call; 0 = it renders while the telephone rings.
	PrepareFor time.Duration
	Judge      Judge
	Sandbox    func() call.Trunk // where numbers without a trunk are dialled
	Now        func() time.Time
	Log        *slog.Logger
	Observe    Observer
}

// Observer counts what happens. Implemented by app for /metrics.
type Observer interface {
	CallBegun()
	CallEnded(outcome call.Outcome, duration time.Duration, stats call.LegStats)
	TurnTook(latency time.Duration)
}

// batchLimit bounds one claim, so that a large campaign does not hold the writer for long.
const batchLimit = 50

// lookAtLeast is the longest time between two looks at running campaigns: a safety net, not the mechanism.
const lookAtLeast = 30 * time.Second

// beginAgain is how long a claim rests whose call could not be begun for a fault of ours, so that it is not tried without end.
const beginAgain = 5 * time.Second

// burstWait is how long the dialer waits after a wake, so that a burst of changes is one look.
const burstWait = 10 * time.Millisecond

// Dialer is the loop. Use: New, engine.Listen(d, …), Start, Stop.
type Dialer struct {
	Config
	wakes chan struct{}
	stop  chan struct{} // closed by Stop: begin nothing more

	mu          sync.Mutex
	air         map[id.ID]*inAir
	queues      map[id.ID]*trunkQueue
	underWay    map[id.ID]int   // claims and calls under way, by lead or request
	trunkOwners map[id.ID]id.ID // accounts of the trunks that were listed last, by trunk
	// begins counts Begins under way, whose calls are not in air yet; early are stops that came meanwhile, by call.
	begins int
	early  map[id.ID]stoppedBy
	works  sync.WaitGroup // of underWay
	loops  sync.WaitGroup

	calls        context.Context // ends when the grace is over
	endCalls     context.CancelCauseFunc
	loopCtx      context.Context
	endLoops     context.CancelFunc
	stopOnce     sync.Once
	trunkChanges chan struct{} // wakes the probes
	ended        chan struct{} // a call is final
	warmer       warmer
	onSandbox    sync.Map // Pearls of which the log says already that they run on the sandbox carrier
}

// track notes that a claim is under way, up to the end of its call.
func (d *Dialer) track(w engine.Work) {
	d.works.Add(1)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.underWay[cmp.Or(w.Lead, w.Request)]++
}

// untrack undoes track.
func (d *Dialer) untrack(leadOrRequest id.ID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.underWay[leadOrRequest]--; d.underWay[leadOrRequest] == 0 {
		delete(d.underWay, leadOrRequest)
	}
	d.works.Done()
}

// inAir is a call between its record and its end.
type inAir struct {
	call   call.Call
	cancel context.CancelCauseFunc
	talks  bool // answered, and held by the agent
}

// stoppedBy is why the context of a call ended: who wanted it, as engine.Actor.By or one of the words below.
type stoppedBy string

func (by stoppedBy) Error() string { return "stopped by " + string(by) }

const (
	byGrace     stoppedBy = "shutdown" // the grace of a stop is over
	byHeartbeat stoppedBy = "operator" // found in the database; who it was is in the history
)

// New makes a dialer.
func New(config Config) *Dialer {
	d := &Dialer{
		Config: config, wakes: make(chan struct{}, 1), stop: make(chan struct{}), trunkChanges: make(chan struct{}, 1), ended: make(chan struct{}, 1),
		air: map[id.ID]*inAir{}, early: map[id.ID]stoppedBy{}, queues: map[id.ID]*trunkQueue{}, underWay: map[id.ID]int{},
	}
	d.calls, d.endCalls = context.WithCancelCause(context.Background())
	d.loopCtx, d.endLoops = context.WithCancel(context.Background())
	return d
}

// Committed implements engine.Listener.
func (d *Dialer) Committed(s engine.Signals) {
	for _, c := range s.Stopped {
		d.Stopped(c.ID, c.By)
	}
	if s.Callable {
		d.Wake()
	}
	if s.Trunks {
		wake(d.trunkChanges)
	}
}

// Wake makes the dialer look at once. Never blocks.
func (d *Dialer) Wake() { wake(d.wakes) }

// wake wakes who waits for a channel of capacity 1.
func wake(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Stopped cancels or hangs up a call in the air at once; the heartbeat would find it a second later. by is who wants it.
// A call whose record is committed but which its Begin has not handed over yet is remembered, so that no INVITE leaves
// after the stop was answered.
func (d *Dialer) Stopped(callID id.ID, by string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if current, ok := d.air[callID]; ok {
		current.cancel(stoppedBy(by))
	} else if d.begins > 0 {
		d.early[callID] = stoppedBy(by)
	}
}

// beginStarted notes that a call may be about to be recorded, until beginSucceeded or beginFailed.
func (d *Dialer) beginStarted() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.begins++
}

// beginFailed ends beginStarted where no call came of it.
func (d *Dialer) beginFailed() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.beginOver()
}

// beginSucceeded ends beginStarted and returns the context of the call, which has ended where a stop was faster.
func (d *Dialer) beginSucceeded(begun call.Call) context.Context {
	ctx, cancel := context.WithCancelCause(d.calls)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.air[begun.ID] = &inAir{call: begun, cancel: cancel}
	if by, stopped := d.early[begun.ID]; stopped {
		cancel(by)
	}
	d.beginOver()
	return ctx
}

// beginOver counts a Begin as over; without one under way no stop is early. d.mu is held.
func (d *Dialer) beginOver() {
	if d.begins--; d.begins == 0 {
		clear(d.early)
	}
}

// Start begins to call.
func (d *Dialer) Start() {
	d.loops.Go(d.look)
	d.loops.Go(d.heartbeat)
	d.loops.Go(d.probeTrunks)
}

// Cease is the first half of Stop: it begins nothing more, gives claims back and cancels ringing calls.
func (d *Dialer) Cease(ctx context.Context) {
	d.stopOnce.Do(func() {
		close(d.stop)
		d.endLoops()
		d.mu.Lock()
		var cancels sync.WaitGroup // together, so that the last one is not late
		for _, current := range d.air {
			c, talks := current.call, current.talks
			cancels.Go(func() {
				err := d.cancelForShutdown(ctx, c)
				if err == nil {
					return
				}
				d.Log.Error("cancel ringing call at shutdown", "call", c.ID, "error", err)
				if !talks {
					d.Stopped(c.ID, string(byGrace)) // also where the database does not take it: nobody's telephone rings for a process that ends
				}
			})
		}
		d.mu.Unlock()
		cancels.Wait()
		d.loops.Wait()
	})
}

// cancelWait is how long a cancel at shutdown waits for the database before it goes out on the wire alone.
const cancelWait = 2 * time.Second

func (d *Dialer) cancelForShutdown(ctx context.Context, c call.Call) error {
	done := make(chan error, 1)
	go func() { done <- d.Engine.CancelForShutdown(ctx, c) }()
	timer := time.NewTimer(cancelWait)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return fmt.Errorf("the database has not answered for %s", cancelWait)
	}
}

// Stop ceases, lets conversations go on for the grace, then ends them, and returns when every conversation is final or ctx
// has ended (contract 9.6). A carrier that does not answer our CANCEL is waited for no longer than the grace (9.7); the next
// start settles such a call as lost: it may ring still.
func (d *Dialer) Stop(ctx context.Context, grace time.Duration) {
	d.Cease(ctx)
	done := make(chan struct{})
	go func() { d.works.Wait(); close(done) }()
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-done:
		return
	case <-timer.C:
	case <-ctx.Done():
	}
	d.endCalls(byGrace)
	for d.talking() && ctx.Err() == nil {
		select {
		case <-d.ended:
		case <-ctx.Done():
		}
	}
	select {
	case <-done:
	default:
		d.Log.Warn("stopped with calls that are not final; the next start settles them")
	}
}

// talking reports whether any conversation is not final yet.
func (d *Dialer) talking() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, current := range d.air {
		if current.talks {
			return true
		}
	}
	return false
}

func (d *Dialer) stopping() bool {
	select {
	case <-d.stop:
		return true
	default:
		return false
	}
}

// look is the main loop: a round over the running campaigns whenever something may be callable.
func (d *Dialer) look() {
	var settled time.Time
	for {
		if now := time.Now(); now.Sub(settled) >= lookAtLeast {
			settled = now
			d.settle(d.loopCtx)
		}
		next := d.round(d.loopCtx)
		timer := time.NewTimer(next)
		select {
		case <-d.loopCtx.Done():
			timer.Stop()
			return
		case <-timer.C:
		case <-d.wakes:
			timer.Stop()
			select {
			case <-time.After(burstWait):
			case <-d.loopCtx.Done():
				return
			}
		}
	}
}

// round claims what may be called now and returns how long to wait for the next round.
func (d *Dialer) round(ctx context.Context) time.Duration {
	pearls, err := d.Queries.RunningPearls(ctx)
	if err != nil {
		if ctx.Err() == nil {
			d.Log.Error("list running campaigns", "error", err)
		}
		return time.Second
	}
	d.warm(pearls)
	wait := lookAtLeast
	until := func(at time.Time) {
		if left := at.Sub(d.Now()); !at.IsZero() && left > 0 {
			wait = min(wait, left+time.Millisecond)
		}
	}
	for _, pearl := range pearls {
		if err := d.claimAll(ctx, pearl); err != nil && ctx.Err() == nil {
			// One campaign's trouble must not stop the others.
			d.Log.Error("claim leads", "pearl", pearl.ID, "error", err)
			wait = min(wait, time.Second)
			continue
		}
		at, err := d.Engine.LookAgain(ctx, pearl)
		if err != nil {
			if ctx.Err() == nil {
				d.Log.Error("plan the next look", "pearl", pearl.ID, "error", err)
			}
			continue
		}
		until(at)
		// Due now and still not claimed: agents, trunk or budget are used up; the end of a call wakes us, lookAtLeast is the net.
	}
	accounts, err := d.Queries.Accounts(ctx)
	if err != nil && ctx.Err() == nil {
		d.Log.Error("list accounts", "error", err)
	}
	for _, owner := range accounts {
		next, err := d.Engine.ExpireRequests(ctx, owner.ID)
		if err != nil && ctx.Err() == nil {
			d.Log.Error("expire call requests", "account", owner.ID, "error", err)
		}
		if !next.IsZero() && !next.After(d.Now()) {
			wait = burstWait // more have expired than were ended in one go
		}
		until(next)
	}
	return max(wait, burstWait)
}

// settle gives back what the database says that we hold and we know nothing of. The loop that claims calls it, so that no
// claim is on its way.
func (d *Dialer) settle(ctx context.Context) {
	settled, err := d.Engine.Settle(ctx, func(leadOrRequest id.ID) bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.underWay[leadOrRequest] > 0
	})
	if err != nil && ctx.Err() == nil {
		d.Log.Error("settle what nobody holds", "error", err)
	}
	if settled > 0 {
		d.Log.Warn("gave back claims and calls that the database did not confirm", "count", settled)
	}
}

// claimRounds is how many batches of one campaign are claimed in a row: one whose leads are all put off, because their number
// is busy, never comes to an end by itself.
const claimRounds = 100

func (d *Dialer) claimAll(ctx context.Context, pearl campaign.Pearl) error {
	for batches := 0; !d.stopping(); batches++ {
		if batches == claimRounds {
			d.Wake() // the others have their turn first
			return nil
		}
		works, more, err := d.Engine.Claim(ctx, pearl.Account, pearl.ID, batchLimit)
		if err != nil {
			return err
		}
		for _, w := range works {
			d.track(w)
			d.trunkQueue(w.Trunk).push(w)
		}
		if !more { // a full batch may hold nothing to dial: leads that end at 220, 30 or 150 on the way
			return nil
		}
	}
	return nil
}

// heartbeat asks every second, while calls are in the air, which of them are no longer wanted.
func (d *Dialer) heartbeat() {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-d.loopCtx.Done():
			return
		case <-ticker.C:
		}
		d.mu.Lock()
		busy := len(d.air) > 0
		d.mu.Unlock()
		if !busy {
			continue
		}
		stop, err := d.Engine.ToStop(d.loopCtx)
		if err != nil {
			if d.loopCtx.Err() == nil {
				d.Log.Error("ask for calls to stop", "error", err)
			}
			continue
		}
		for _, c := range stop {
			d.Stopped(c.ID, string(byHeartbeat))
		}
	}
}

// newTrace makes a W3C trace id for a call (16 random bytes in hex).
func newTrace() string {
	var raw [16]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return ""
	}
	return hex.EncodeToString(raw[:])
}
