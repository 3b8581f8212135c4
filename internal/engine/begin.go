package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/phone"
)

// Begun is a call whose record is committed: it may be dialled, once.
type Begun struct {
	Call   call.Call
	Invite call.Invite
	Script call.Script
	// Refill is Script with what requests before the dial brought.
	Refill func(values []call.Value) (call.Script, error)
	// TranscriptOptions as the campaign had them when the call began (contract 8).
	TranscriptOptions int
}

// Begin is the last gate before the INVITE: in one transaction it checks again that the claim still holds the lead and
// that campaign, hours, blacklist, number, budget, account and trunk allow the call, reads number, zone and variables, and
// commits the call's record and the attempt. Where a gate is shut nothing is dialled, the lead goes back, and begun is nil.
// trace is the call's, unless the request that asked for the call brings one.
func (e *Engine) Begin(ctx context.Context, w Work, trace string) (begun *Begun, err error) {
	record, err := e.mayRecord(ctx, w.Account)
	if err != nil {
		return nil, fmt.Errorf("begin call: %w", err)
	}
	err = e.asNode(ctx, func(tx Tx, s *Signals) error {
		begun, err = e.begin(tx, s, w, trace)
		return err
	})
	if errors.Is(err, ErrNumberTaken) {
		err = e.asNode(ctx, func(tx Tx, s *Signals) error { return e.release(tx, s, w, numberBusyWait) })
		begun = nil
	}
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound) {
		return nil, nil // the lead was updated, deleted or rescued since the claim: nothing to dial, nothing to undo
	}
	if err != nil {
		return nil, fmt.Errorf("begin call: %w", err)
	}
	if begun != nil && !record {
		begun.Script.Recording = call.TrackNone
	}
	return begun, nil
}

func (e *Engine) begin(tx Tx, s *Signals, w Work, trace string) (*Begun, error) {
	owner, err := tx.Account(w.Account, Shared)
	if err != nil {
		return nil, err
	}
	pearl, err := outbound(tx, w.Account, w.Pearl, Shared)
	if err != nil {
		return nil, err
	}
	now := e.clock() // after the rows that others may hold for long: hours are judged by it
	g, err := e.openGate(tx, owner, pearl, now)
	if err != nil {
		return nil, err
	}
	p, err := e.plans.of(pearl)
	if err != nil {
		return nil, err
	}
	shut := func(to phone.Number, key id.ID) (bool, error) {
		// Over another trunk than it was claimed for the call has to wait its turn there.
		if g.why.reason != "" || g.exceeded() || g.trunk.ID != w.Trunk.ID || g.mayDial(to) != "" {
			return true, nil
		}
		if g.trunk.ID.Zero() {
			return false, nil
		}
		used, err := e.keyUsage(tx, w.Account, key, now)
		return e.KeyCaps.left(used) < 0, err
	}
	current := call.Call{
		ID: e.IDs.New(now), Account: w.Account, Pearl: w.Pearl, Version: pearl.Published, Lead: w.Lead, Request: w.Request, Node: e.Node,
		Trunk: g.number.Trunk, Trace: trace, From: g.number.Number, Start: now, Status: call.InProgress, Conversation: int(lead.OnCall),
	}
	zoneKey := ""
	if w.Lead.Zero() {
		err = e.beginRequest(tx, s, w, pearl, p, shut, &current, now)
	} else {
		zoneKey, err = e.beginLead(tx, s, w, pearl, p, shut, &current, now)
	}
	if err != nil || current.To == "" {
		return nil, err
	}
	s.Calls = append(s.Calls, current)
	script := p.script(pearl, current, zoneKey)
	if e.Language != nil {
		script.Language = e.Language(script.VoiceID)
	}
	return &Begun{
		Call: current, TranscriptOptions: pearl.Outbound.TranscriptOptions,
		Invite: call.Invite{
			Call: current.ID, Trace: current.Trace, Trunk: g.trunk.Trunk, From: current.From, To: current.To,
			RingFor: p.ringFor, RingUntil: p.closes(zoneKey, now),
		},
		Script: script,
		Refill: func(values []call.Value) (call.Script, error) {
			with, err := campaign.With(current, values)
			refilled := p.script(pearl, with, zoneKey)
			refilled.Language = script.Language
			return refilled, err
		},
	}, nil
}

// gateCheck reports whether the gate is shut to a number that a key asked for.
type gateCheck func(to phone.Number, key id.ID) (bool, error)

// beginLead moves the lead to OnCall and inserts the call, or gives the lead back and leaves current.To empty. It returns
// the lead's zone.
func (e *Engine) beginLead(tx Tx, s *Signals, w Work, pearl campaign.Pearl, p plan, shut gateCheck, current *call.Call, now time.Time) (zoneKey string, err error) {
	l, err := tx.Lead(w.Account, w.Pearl, w.Lead)
	if err != nil {
		return "", err
	}
	c := e.change(tx, pearl, l, Actor{Account: w.Account, By: "dialer", Trace: current.Trace}, now, s)
	suppressed, err := tx.Suppressed(w.Account, l.Phone)
	if err != nil {
		return "", fmt.Errorf("look up blacklist: %w", err)
	}
	closed, err := shut(l.Phone, l.Key)
	if err != nil {
		return "", err
	}
	rules := pearl.Outbound.Rules()
	switch {
	case l.Status != lead.InCallQueue || l.Claim != w.Claim:
		return "", &fault.Error{Kind: fault.Conflict, Detail: "the claim is gone"}
	case suppressed:
		if _, err := c.step(lead.Suppressed{}); err != nil {
			return "", err
		}
		return "", c.commit()
	case closed || !p.open(l.ZoneKey, now) || !l.AttemptLeft(rules) || l.DueAt(rules).After(now):
		if _, err := c.step(lead.Released{Claim: w.Claim}); err != nil {
			return "", err
		}
		return "", c.commit()
	}
	current.To, current.CallData, current.Name, current.Key = string(l.Phone), l.CallData, nameOf(l.CallData), l.Key
	if err := insertCall(tx, *current); err != nil {
		return "", err
	}
	if _, err := c.step(lead.Began{Claim: w.Claim, Call: current.ID}); err != nil {
		return "", err
	}
	c.note("attempt", 0, 0, "")
	if err := c.callDelivery(*current); err != nil {
		return "", err
	}
	return l.ZoneKey, c.commit()
}

// insertCall records a call that begins. Whether its number is held is asked afterwards: the unique index has waited for a
// call to it that somebody was settling as lost, so that the hold is seen.
func insertCall(tx Tx, begun call.Call) error {
	if err := tx.InsertCall(begun); err != nil {
		return fmt.Errorf("insert call: %w", err)
	}
	_, held, err := tx.NumberTaken(begun.Account, phone.Number(begun.To), begun.Start)
	if err != nil {
		return fmt.Errorf("look up held number: %w", err)
	}
	if !held.IsZero() {
		return ErrNumberTaken
	}
	return countBegun(tx, begun)
}

func (e *Engine) beginRequest(tx Tx, s *Signals, w Work, pearl campaign.Pearl, p plan, shut gateCheck, current *call.Call, now time.Time) error {
	r, err := tx.Request(w.Account, w.Request)
	if err != nil {
		return err
	}
	if r.Claim != w.Claim {
		return &fault.Error{Kind: fault.Conflict, Detail: "the claim is gone"}
	}
	suppressed, err := tx.Suppressed(w.Account, r.To)
	if err != nil {
		return fmt.Errorf("look up blacklist: %w", err)
	}
	closed, err := shut(r.To, r.Key)
	if err != nil {
		return err
	}
	r.Claim, r.Node = "", ""
	switch {
	case suppressed:
		r.Status = RequestBlacklisted
		return tx.SaveRequest(r)
	case !r.Expires.After(now):
		r.Status, r.Errors = RequestError, []string{requestExpired}
		return tx.SaveRequest(r)
	case closed || !p.open("", now):
		s.Callable = true
		return tx.SaveRequest(r)
	}
	current.To, current.CallData, current.Name, current.Key = string(r.To), r.CallData, nameOf(r.CallData), r.Key
	if r.Trace != "" {
		current.Trace = r.Trace
	}
	r.Status, r.Call = RequestOnCall, current.ID
	if err := tx.SaveRequest(r); err != nil {
		return fmt.Errorf("save request: %w", err)
	}
	if pearl.Webhooks.CallURL != "" {
		current.Sequence++
	}
	if err := insertCall(tx, *current); err != nil {
		return err
	}
	return e.madeCallDelivery(tx, s, pearl, *current, now)
}

// madeCallDelivery announces the start, the end or the analysis of a call that has no lead row: its sequence is its own.
func (e *Engine) madeCallDelivery(tx Tx, s *Signals, pearl campaign.Pearl, current call.Call, now time.Time) error {
	body, err := e.Renderer.CallBody(current, pearl, nil, now)
	if err != nil {
		return fmt.Errorf("render call webhook: %w", err)
	}
	entry, deliveries := e.announcement(Delivery{
		Kind: kindOf(current), Lead: current.Lead, Call: current.ID, Start: current.Status == call.InProgress, Body: body,
		Sequence: current.Sequence, Trace: current.Trace,
	}, int(current.Status), pearl, Actor{}, s, now)
	if len(deliveries) > 0 {
		if err := tx.AddDeliveries(deliveries...); err != nil {
			return fmt.Errorf("add deliveries: %w", err)
		}
	}
	return tx.Announce(entry)
}

// nameOf is callData.name, else firstName and lastName joined, else "" (contract 3.2).
func nameOf(callData json.RawMessage) string {
	values := map[string]any{}
	if json.Unmarshal(callData, &values) != nil {
		return ""
	}
	if name, ok := values["name"].(string); ok && name != "" {
		return name
	}
	first, _ := values["firstName"].(string)
	last, _ := values["lastName"].(string)
	return strings.TrimSpace(first + " " + last)
}

// leadOf reads the lead of a call, nil for made calls and where the lead was deleted.
func leadOf(tx LeadTx, accountID, pearlID, leadID id.ID) (*lead.Lead, error) {
	if leadID.Zero() {
		return nil, nil
	}
	l, err := tx.Lead(accountID, pearlID, leadID)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read lead of call: %w", err)
	}
	return &l, nil
}
