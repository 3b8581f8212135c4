package dialer_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/dialer"
	"nacre/internal/engine"
	"nacre/internal/hours"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/store"
)

// Tests run in a bubble of testing/synctest: its clock moves only while everybody waits, so waits cost nothing and are exact.

// carrier is a telephone network without sockets: how a call goes is up to the number that is called.
type carrier struct {
	mu      sync.Mutex
	invites []invite
	plans   map[string]plan // by number; others are busy at once
	live    int
	most    int // live at once
	peers   map[string]call.ProbeResult
	probes  int
}

type invite struct {
	call.Invite
	at    time.Time
	ended time.Time
	by    string // "carrier", "cancel"
}

// plan is how one number behaves.
type plan struct {
	rings    time.Duration
	failure  *call.Failure // nil: answers
	crosses  bool          // answers although it is being cancelled
	deaf     bool          // never answers a CANCEL: the transaction is given up after 32 s
	talks    time.Duration // the person hangs up then
	optsOut  bool
	callback time.Duration
	fails    bool          // the goal is not reached
	panics   string        // where our own code does: "dial", "talk"
	disk     time.Duration // how long the recording takes to be on disk; 0 = there is none
	after    time.Duration // how long the agent is busy after the call is over
}

func (c *carrier) Dial(ctx context.Context, i call.Invite) (call.Leg, *call.Failure) {
	if ctx.Err() != nil { // as telephony does: no INVITE leaves
		return nil, &call.Failure{Cause: call.CauseCancelled}
	}
	c.mu.Lock()
	n := len(c.invites)
	c.invites = append(c.invites, invite{Invite: i, at: time.Now()})
	p, known := c.plans[i.To]
	c.live++
	c.most = max(c.most, c.live)
	c.mu.Unlock()
	if !known {
		p.failure = &call.Failure{Cause: call.CauseBusy, Code: 486, Reason: "Busy Here"}
	}
	over := func(by string, failure *call.Failure) (call.Leg, *call.Failure) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.live--
		c.invites[n].ended, c.invites[n].by = time.Now(), by
		return nil, failure
	}
	if p.panics == "dial" {
		panic("the dialler is broken")
	}
	ringing := time.NewTimer(p.rings)
	defer ringing.Stop()
	select {
	case <-ctx.Done():
		if p.deaf {
			time.Sleep(32 * time.Second)
		}
		if !p.crosses {
			return over("cancel", &call.Failure{Cause: call.CauseCancelled})
		}
		<-ringing.C
	case <-ringing.C:
	}
	if p.failure != nil {
		return over("carrier", p.failure)
	}
	return &leg{carrier: c, n: n, plan: p}, nil
}

func (c *carrier) all() []invite {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]invite(nil), c.invites...)
}

func (c *carrier) set(number string, p plan) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.plans[number] = p
}

func (c *carrier) Options(_ context.Context, trunk call.Trunk) call.ProbeResult {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.probes++
	return c.peers[trunk.Host]
}

// probed is how many OPTIONS were sent.
func (c *carrier) probed() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.probes
}

func (c *carrier) Register(context.Context, call.Trunk) call.ProbeResult {
	return call.ProbeResult{OK: true}
}

// leg is an answered call; the agent of these tests needs no audio.
type leg struct {
	carrier *carrier
	n       int
	plan    plan
	once    sync.Once
}

func (l *leg) end(by string) {
	l.once.Do(func() {
		l.carrier.mu.Lock()
		defer l.carrier.mu.Unlock()
		l.carrier.live--
		l.carrier.invites[l.n].ended, l.carrier.invites[l.n].by = time.Now(), by
	})
}

func (l *leg) Serve(context.Context, call.Party) call.Ending {
	panic("the agent of these tests holds no audio")
}
func (l *leg) Transfer(context.Context, string) error { return nil }
func (l *leg) SendKeys(string)                        {}
func (l *leg) HangUp()                                { l.end("hang up") }
func (l *leg) Stats() call.LegStats {
	l.carrier.mu.Lock()
	defer l.carrier.mu.Unlock()
	return call.LegStats{Ended: l.carrier.invites[l.n].ended}
}

// agent talks as long as the person does.
type agent struct {
	mu      sync.Mutex
	talks   int
	prepare func(ctx context.Context, script call.Script) // nil: nothing is to be done
}

// Prepare has ten characters spoken, which are paid for.
func (a *agent) Prepare(ctx context.Context, script call.Script) {
	call.MeterOf(ctx).Add(call.Charge{Kind: call.ChargeVoice, Provider: "p", Characters: 10, Cost: 1})
	if a.prepare != nil {
		a.prepare(ctx, script)
	}
}

func (a *agent) Hold(ctx context.Context, l call.Leg, _ call.Script, desk call.Desk) (call.Talk, call.Ending) {
	call.MeterOf(ctx).Add(call.Charge{Kind: call.ChargeModel, Provider: "q", OutputTokens: 5, Cost: 2})
	a.mu.Lock()
	a.talks++
	a.mu.Unlock()
	held := l.(*leg)
	if held.plan.panics == "talk" {
		panic("the agent is broken")
	}
	talk := call.Talk{Answerer: call.Human, OptOut: held.plan.optsOut, Success: !held.plan.fails}
	if held.plan.callback > 0 {
		talk.Callback = &call.Callback{After: held.plan.callback}
	}
	if talk.OptOut {
		if err := desk.OptOut(ctx); err != nil {
			talk.Broke = err.Error()
		}
	}
	if held.plan.disk > 0 {
		talk.Recording = &call.Recording{Saved: func() (string, int64) { time.Sleep(held.plan.disk); return "saved.wav", 1000 }}
	}
	timer := time.NewTimer(held.plan.talks)
	defer timer.Stop()
	select {
	case <-timer.C:
		held.end("person")
		time.Sleep(held.plan.after)
		return talk, call.PeerHungUp
	case <-ctx.Done():
		held.end("context")
		return talk, call.ContextEnded
	}
}

func (a *agent) Ready() error { return nil }

// observer counts.
type observer struct {
	mu       sync.Mutex
	begun    int
	outcomes map[call.Outcome]int
}

func (o *observer) CallBegun() { o.mu.Lock(); o.begun++; o.mu.Unlock() }
func (o *observer) CallEnded(outcome call.Outcome, _ time.Duration, _ call.LegStats) {
	o.mu.Lock()
	o.outcomes[outcome]++
	o.mu.Unlock()
}
func (o *observer) TurnTook(time.Duration) {}

// logged keeps what the dialer logs.
type logged struct {
	mu      sync.Mutex
	records []slog.Record
}

func (*logged) Enabled(context.Context, slog.Level) bool { return true }
func (l *logged) WithAttrs([]slog.Attr) slog.Handler     { return l }
func (l *logged) WithGroup(string) slog.Handler          { return l }
func (l *logged) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.records = append(l.records, r)
	return nil
}

// of answers an attribute of every record with a message, in order.
func (l *logged) of(message, key string) (values []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.records {
		if r.Message != message {
			continue
		}
		r.Attrs(func(a slog.Attr) bool {
			if a.Key == key {
				values = append(values, a.Value.String())
			}
			return a.Key != key
		})
	}
	return values
}

type renderer struct{}

func (renderer) LeadBody(l lead.Lead, _ campaign.Pearl, _ []id.ID, _ time.Time) ([]byte, error) {
	return json.Marshal(l.Status)
}

func (renderer) CallBody(c call.Call, _ campaign.Pearl, _ *lead.Lead, _ time.Time) ([]byte, error) {
	return json.Marshal(c.Status)
}

// world is a dialer over an engine and a database, with a carrier and an agent that only pretend.
type world struct {
	t        *testing.T
	ctx      context.Context
	store    *store.Store
	e        *engine.Engine
	d        *dialer.Dialer
	carrier  *carrier
	agent    *agent
	observer *observer
	log      *logged
	kept     []call.Trunk
	account  id.ID
	actor    engine.Actor
	number   id.ID
	pearl    id.ID
}

// faulty stands between dialer and engine; a test makes some of its methods fail.
type faulty struct {
	*engine.Engine
	claim   func(pearlID id.ID) error
	claimed func() error // after the commit: its answer is lost
	begin   func() error
	began   func() error // after the commit
	release func() error
	answer  func() error
	finish  func() error
	cancel  func() error // at shutdown
}

func (f *faulty) Claim(ctx context.Context, accountID, pearlID id.ID, limit int) ([]engine.Work, bool, error) {
	if f.claim != nil {
		if err := f.claim(pearlID); err != nil {
			return nil, false, err
		}
	}
	works, more, err := f.Engine.Claim(ctx, accountID, pearlID, limit)
	if f.claimed != nil && len(works) > 0 {
		if err := f.claimed(); err != nil {
			return nil, false, err
		}
	}
	return works, more, err
}

func (f *faulty) CancelForShutdown(ctx context.Context, current call.Call) error {
	if f.cancel != nil {
		if err := f.cancel(); err != nil {
			return err
		}
	}
	return f.Engine.CancelForShutdown(ctx, current)
}

func (f *faulty) Release(ctx context.Context, w engine.Work, wait time.Duration) error {
	if f.release != nil {
		if err := f.release(); err != nil {
			return err
		}
	}
	return f.Engine.Release(ctx, w, wait)
}

func (f *faulty) Begin(ctx context.Context, w engine.Work, trace string) (*engine.Begun, error) {
	if f.begin != nil {
		if err := f.begin(); err != nil {
			return nil, err
		}
	}
	begun, err := f.Engine.Begin(ctx, w, trace)
	if f.began != nil && begun != nil {
		if err := f.began(); err != nil {
			return nil, err
		}
	}
	return begun, err
}

func (f *faulty) Answer(ctx context.Context, begun call.Call) (bool, error) {
	if f.answer != nil {
		if err := f.answer(); err != nil {
			return false, err
		}
	}
	return f.Engine.Answer(ctx, begun)
}

func (f *faulty) Finish(ctx context.Context, begun call.Call, ending engine.Ending) error {
	if f.finish != nil {
		if err := f.finish(); err != nil {
			return err
		}
	}
	return f.Engine.Finish(ctx, begun, ending)
}

// listener passes on what the engine tells; one that is deaf is told of no call to stop.
type listener struct {
	d    *dialer.Dialer
	deaf bool
}

func (l listener) Committed(s engine.Signals) {
	if l.deaf {
		s.Stopped = nil
	}
	l.d.Committed(s)
}

// inBubble runs a test of a world in a bubble. faults may be nil; deaf: the engine's signals do not reach the dialer.
func inBubble(t *testing.T, faults *faulty, deaf bool, test func(t *testing.T, w *world)) {
	t.Helper()
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, err := store.OpenSQLite(filepath.Join(folder, store.FileName), store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := s.Close(); err != nil {
				t.Errorf("close the database: %v", err)
			}
		}()
		w := newWorld(t, s, faults, deaf)
		defer func() {
			w.stop(0)
			synctest.Wait()
		}()
		test(t, w)
	})
}

func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

func newWorld(t *testing.T, s *store.Store, faults *faulty, deaf bool) *world {
	t.Helper()
	ids, err := id.NewSource(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		t: t, ctx: context.Background(), store: s, agent: &agent{}, observer: &observer{outcomes: map[call.Outcome]int{}}, log: &logged{},
		carrier: &carrier{plans: map[string]plan{}, peers: map[string]call.ProbeResult{}},
	}
	w.e = engine.New(engine.Config{
		Store: s, Renderer: renderer{}, IDs: ids, Now: time.Now, Log: slog.New(slog.DiscardHandler), Node: "node",
	})
	if faults == nil {
		faults = &faulty{}
	}
	faults.Engine = w.e
	w.d = dialer.New(dialer.Config{
		Engine: faults, Queries: s, Dial: w.carrier, Prober: w.carrier, Active: func(trunks []call.Trunk) { w.kept = trunks }, Agent: w.agent,
		Judge: func(_ call.Script, talk call.Talk, _ int) engine.Ending {
			outcome := call.Success
			if talk.Callback != nil || !talk.Success {
				outcome = call.NotSuccess
			}
			return engine.Ending{Outcome: outcome, OptOut: talk.OptOut, Callback: talk.Callback}
		},
		Sandbox: func() call.Trunk { return call.Trunk{Host: "sandbox.example"} }, Now: now, Log: slog.New(w.log), Observe: w.observer,
	})
	w.e.Listen(listener{w.d, deaf})
	owner, err := w.e.CreateAccount(w.ctx, "Example")
	if err != nil {
		t.Fatal(err)
	}
	w.account, w.actor = owner.ID, engine.Actor{Account: owner.ID, By: "key:test"}
	numbers, err := s.Numbers(w.ctx, w.account)
	if err != nil {
		t.Fatal(err)
	}
	w.number = numbers[0].ID
	w.pearl = w.addPearl(nil)
	return w
}

// addPearl makes a running campaign with 10 agents, open at all hours.
func (w *world) addPearl(change func(*campaign.OutboundSettings)) id.ID {
	w.t.Helper()
	outbound := campaign.DefaultOutbound()
	outbound.PhoneNumberID, outbound.TotalAgents = w.number, 10
	for day := range 7 {
		outbound.CallingHours = append(outbound.CallingHours, hours.Window{Day: day, Start: "00:00", End: "24:00"})
	}
	if change != nil {
		change(&outbound)
	}
	pearlID, err := w.e.CreatePearl(w.ctx, w.actor, campaign.Pearl{
		Type: campaign.OutboundPearl, Name: "Example", Outbound: &outbound, Definition: campaign.Definition{TimeZone: "UTC"},
		Webhooks: campaign.Webhooks{CallURL: "https://crm.example/calls", LeadURL: "https://crm.example/leads", Version: 2},
	}, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	w.setActive(pearlID, true)
	return pearlID
}

func (w *world) setActive(pearlID id.ID, active bool) {
	w.t.Helper()
	if _, err := w.e.SetActive(w.ctx, w.actor, pearlID, active, false); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) settings(change func(*campaign.OutboundSettings)) {
	w.t.Helper()
	_, _, err := w.e.UpdatePearl(w.ctx, w.actor, w.pearl, engine.AuditPearlSettings, "", func(p *campaign.Pearl) error {
		change(p.Outbound)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// addTrunk puts a new number on a trunk whose peer answers.
func (w *world) addTrunk(host string, callsPerSecond float64) (numberID id.ID) {
	w.t.Helper()
	w.carrier.mu.Lock()
	w.carrier.peers[host] = call.ProbeResult{OK: true}
	w.carrier.mu.Unlock()
	trunkID, err := w.e.CreateTrunk(w.ctx, w.actor, account.Trunk{
		Trunk: call.Trunk{Host: host, Transport: "udp", MaxCalls: 100, CallsPerSecond: callsPerSecond}, Name: host, Active: true,
	}, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	numberID, err = w.e.CreateNumber(w.ctx, w.actor, account.Number{Number: "+12025550150", Direction: account.Outbound, Trunk: trunkID}, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return numberID
}

func number(n int) string { return fmt.Sprintf("+1%03d55501%02d", 201+n/100, n%100) }

func (w *world) add(to string) id.ID { w.t.Helper(); return w.addTo(w.pearl, to) }

func (w *world) addTo(pearlID id.ID, to string) id.ID {
	w.t.Helper()
	leadID, err := w.e.AddLead(w.ctx, w.actor, pearlID, engine.NewLead{Phone: to}, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return leadID
}

func (w *world) update(leadID id.ID, input engine.LeadUpdate) {
	w.t.Helper()
	if _, err := w.e.UpdateLead(w.ctx, w.actor, w.pearl, leadID, input); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) lead(leadID id.ID) lead.Lead {
	w.t.Helper()
	l, err := w.store.ReadLead(w.ctx, w.account, w.pearl, leadID)
	if err != nil {
		w.t.Fatal(err)
	}
	return l
}

func (w *world) call(callID id.ID) call.Call {
	w.t.Helper()
	c, err := w.store.ReadCall(w.ctx, w.account, callID)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// after lets d pass, and what happens then come to rest.
func (w *world) after(d time.Duration) {
	time.Sleep(d) // of the bubble: it takes no time
	synctest.Wait()
}

func (w *world) stop(grace time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	w.d.Stop(ctx, grace)
}

func ptr[T any](v T) *T { return &v }

func same(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

// rules are the campaign's, as they are.
func (w *world) rules() lead.Rules {
	w.t.Helper()
	pearl, err := w.store.ReadPearl(w.ctx, w.account, w.pearl)
	if err != nil {
		w.t.Fatal(err)
	}
	return pearl.Outbound.Rules()
}
