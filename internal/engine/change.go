package engine

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/lead"
)

// change gathers what one use case does to one lead, so that the lead is stored once, together with its history and
// what announces it.
type change struct {
	e          *Engine
	tx         Tx
	pearl      campaign.Pearl
	before     lead.Lead
	lead       lead.Lead
	actor      Actor
	now        time.Time
	history    []History
	deliveries []Delivery
	feed       []FeedEntry
	signals    *Signals
	calls      func() ([]id.ID, error) // those to the lead, oldest first
	part       id.ID                   // the change of many leads that this is part of, zero: none
}

func (e *Engine) change(tx Tx, pearl campaign.Pearl, l lead.Lead, actor Actor, now time.Time, s *Signals) *change {
	return &change{
		e: e, tx: tx, pearl: pearl, before: l, lead: l, actor: actor, now: now, signals: s,
		calls: func() ([]id.ID, error) { return tx.LeadCallIDs(l.ID) },
	}
}

// step applies an event to the lead. Its effects on the call in the air are written at once, its delivery is queued
// for commit. A call that began in this change must be inserted before, so that callsId names it.
func (c *change) step(event lead.Event) (lead.Effects, error) {
	next, effects, err := lead.Step(c.lead, event, c.pearl.Outbound.Rules(), c.now)
	if err != nil {
		return effects, err
	}
	inAir := c.lead.Call
	c.lead = next
	if effects.Cancel != call.NotCancelled || effects.HangUp {
		if err := c.stopCall(inAir, effects.Cancel, effects.HangUp); err != nil {
			return effects, err
		}
	}
	if effects.Changed() {
		c.note("status", int(effects.From), int(effects.To), "")
		if err := c.leadDelivery(); err != nil {
			return effects, err
		}
	}
	return effects, nil
}

// stopCall writes the cancel or hang-up on the call's row. A cancel once decided is never withdrawn or replaced.
func (c *change) stopCall(callID id.ID, why call.Cancel, hangUp bool) error {
	current, err := c.tx.Call(c.lead.Account, callID)
	if err != nil {
		return fmt.Errorf("stop call: %w", err)
	}
	if why != call.NotCancelled && current.Ringing() && current.Cancel == call.NotCancelled {
		current.Cancel = why
	}
	current.HangUp = current.HangUp || hangUp
	c.signals.Stopped = append(c.signals.Stopped, StoppedCall{callID, c.actor.By})
	return c.tx.SaveCall(current)
}

func (c *change) note(kind string, from, to int, text string) {
	c.history = append(c.history, History{Lead: c.lead.ID, At: c.now, Kind: kind, From: from, To: to, Call: c.lead.Call, By: c.actor.By, Note: text})
}

func (c *change) leadDelivery() error {
	calls, err := c.calls()
	if err != nil {
		return fmt.Errorf("list calls of lead: %w", err)
	}
	body, err := c.e.Renderer.LeadBody(c.lead, c.pearl, calls, c.now)
	if err != nil {
		return fmt.Errorf("render lead webhook: %w", err)
	}
	c.announce(Delivery{Kind: LeadDelivery, Lead: c.lead.ID, Body: body}, int(c.lead.Status))
	return nil
}

// kindOf is the kind of a call's next delivery.
func kindOf(current call.Call) DeliveryKind {
	if current.Analysis.State == call.AnalysisDone {
		return AnalysisDelivery
	}
	return CallDelivery
}

// callDelivery announces the start (status InProgress), the end or the analysis of a call to this lead.
func (c *change) callDelivery(current call.Call) error {
	body, err := c.e.Renderer.CallBody(current, c.pearl, &c.lead, c.now)
	if err != nil {
		return fmt.Errorf("render call webhook: %w", err)
	}
	c.announce(Delivery{
		Kind: kindOf(current), Lead: c.lead.ID, Call: current.ID, Start: current.Status == call.InProgress, Body: body, Trace: current.Trace,
	}, int(current.Status))
	return nil
}

// announce queues an entry of the feed for commit, with its delivery where there is to be one.
func (c *change) announce(d Delivery, status int) {
	if url, _ := hook(c.pearl, d.Kind); url != "" {
		c.lead.Sequence++
		d.Sequence = c.lead.Sequence
	}
	entry, deliveries := c.e.announcement(d, status, c.pearl, c.actor, c.signals, c.now)
	c.feed, c.deliveries = append(c.feed, entry), append(c.deliveries, deliveries...)
}

// hook is where deliveries of a kind go ("": nowhere), and whether a 410 has disabled that.
func hook(pearl campaign.Pearl, kind DeliveryKind) (url string, disabled bool) {
	if kind.Hook() == LeadDelivery {
		return pearl.Webhooks.LeadURL, pearl.Webhooks.LeadDisabled
	}
	return pearl.Webhooks.CallURL, pearl.Webhooks.CallDisabled
}

// announcement is the entry of the feed for what is announced, and the delivery, where a URL is set: one to a URL that a 410
// disabled is born dead, to be replayed by a person. The body is kept once.
func (e *Engine) announcement(d Delivery, status int, pearl campaign.Pearl, actor Actor, s *Signals, now time.Time) (FeedEntry, []Delivery) {
	d.ID, d.Account, d.Pearl, d.Created = e.IDs.New(now), pearl.Account, pearl.ID, now
	if d.Trace == "" {
		d.Trace = actor.Trace
	}
	entry := FeedEntry{ID: d.ID, Account: d.Account, Pearl: d.Pearl, Kind: d.Kind, Lead: d.Lead, Call: d.Call, Status: status, Created: now, Body: d.Body}
	s.announced(d.Account)
	url, disabled := hook(pearl, d.Kind)
	if url == "" {
		return entry, nil
	}
	entry.Body = nil
	d.State = DeliveryDead
	if !disabled {
		d.State, d.NextTry = DeliveryPending, now
		s.Deliveries = true // a dead one waits for a person
	}
	return entry, []Delivery{d}
}

// commit stores the lead where anything differs, with everything that goes with it.
func (c *change) commit() error {
	if !reflect.DeepEqual(c.before, c.lead) {
		c.lead.Version = c.before.Version + 1
		if err := c.tx.SaveLead(c.before, c.lead); err != nil {
			return fmt.Errorf("save lead: %w", err)
		}
	}
	if len(c.history) > 0 {
		if err := c.tx.AddHistory(c.history...); err != nil {
			return fmt.Errorf("add history: %w", err)
		}
	}
	if len(c.deliveries) > 0 {
		if err := c.tx.AddDeliveries(c.deliveries...); err != nil {
			return fmt.Errorf("add deliveries: %w", err)
		}
	}
	if len(c.feed) > 0 {
		if err := c.tx.Announce(c.feed...); err != nil {
			return fmt.Errorf("announce: %w", err)
		}
	}
	// Of a campaign that does not run, nothing is called until it does, and then the dialer is told.
	if c.pearl.Activity == campaign.Running && c.lead.Status.Callable() && !c.lead.Due.IsZero() {
		c.signals.Callable = true
	}
	return nil
}

// update runs one transaction, with a few retries where a row was changed under it, and tells the dialer and the
// webhook sender afterwards.
func (e *Engine) update(ctx context.Context, fn func(tx Tx, s *Signals) error) error {
	var s Signals
	var err error
	for range 5 {
		err = e.Store.Update(ctx, func(tx Tx) error {
			s = Signals{}
			return fn(tx, &s)
		})
		if !errors.Is(err, ErrStale) {
			break
		}
	}
	if errors.Is(err, ErrStale) {
		return &fault.Error{Kind: fault.Conflict, Detail: "changed by somebody else at the same time", Err: err}
	}
	if err != nil {
		return err
	}
	e.rememberedAnswers.add(s.remembered)
	e.tell(s)
	return nil
}

// updatePart is update for one of the transactions that a list is made of. Only the first one begins at once: most lists have no other.
func (e *Engine) updatePart(ctx context.Context, first bool, fn func(tx Tx, s *Signals) error) error {
	if first {
		return e.update(ctx, fn)
	}
	done, err := e.Store.AwaitPart(ctx)
	if err != nil {
		return fmt.Errorf("wait for the turn of a long list: %w", err)
	}
	defer done()
	return e.update(ctx, fn)
}

// asNode is update for what only the process that holds the database may do, since it speaks of claims and calls in the air or
// of an add under way, all of which the next process settles: a process that has lost its lock without knowing changes nothing.
func (e *Engine) asNode(ctx context.Context, fn func(tx Tx, s *Signals) error) error {
	return e.update(ctx, holdingNode(fn))
}

// asNodePart is asNode for one of the transactions that a long list is made of, which waits for its turn.
func (e *Engine) asNodePart(ctx context.Context, fn func(tx Tx, s *Signals) error) error {
	return e.updatePart(ctx, false, holdingNode(fn))
}

func holdingNode(fn func(tx Tx, s *Signals) error) func(tx Tx, s *Signals) error {
	return func(tx Tx, s *Signals) error {
		if err := tx.HoldNode(); err != nil {
			return err
		}
		return fn(tx, s)
	}
}

// clock is the one instant of a use case: UTC, whole milliseconds, as the database keeps it.
func (e *Engine) clock() time.Time { return e.Now().UTC().Truncate(time.Millisecond) }
