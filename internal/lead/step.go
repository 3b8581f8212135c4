package lead

import (
	"fmt"
	"maps"
	"time"

	"nacre/internal/call"
	"nacre/internal/fault"
	"nacre/internal/id"
)

// Step applies one event. It answers the lead after it and what else is to be committed with it; an event that does not
// fit the state is a Conflict and changes nothing. The caller bumps Version when it stores the lead. now is in UTC, in milliseconds.
func Step(l Lead, event Event, rules Rules, now time.Time) (Lead, Effects, error) {
	before := l.Status
	l.State.Spent = maps.Clone(l.State.Spent)
	var effects Effects
	var err error
	switch e := event.(type) {
	case Claimed:
		err = l.claimed(e, rules)
	case Postponed:
		err = l.postponed(e, rules)
	case Began:
		err = l.began(e, rules)
	case Answered:
		err = l.answered(e)
	case Released:
		err = l.released(e, now)
	case Finished:
		err = l.finished(e, rules, now)
	case Lost:
		err = l.lost(e, rules, now)
	case Analysed:
		l.analysed(e)
	case Edited:
		l.edited(e, rules, now, &effects)
	case TakenBack:
		err = l.takenBack(e)
	case HungUp:
		err = l.hungUp(e, &effects)
	case Suppressed:
		l.suppressed(&effects)
	case Deleted:
		l.cancelRinging(call.ByDeletion, &effects)
	default:
		err = fmt.Errorf("step lead: unknown event %T", event)
	}
	if err != nil {
		return Lead{}, Effects{}, err
	}
	effects.From, effects.To = before, l.Status
	return l, effects, nil
}

func conflict(l Lead, event Event) error {
	return &fault.Error{Kind: fault.Conflict, Detail: fmt.Sprintf("%s does not fit a lead at %d", event.name(), l.Status)}
}

func (l *Lead) claimed(e Claimed, rules Rules) error {
	if !l.Status.Callable() || !l.Call.Zero() || l.Due.IsZero() {
		return conflict(*l, e)
	}
	switch {
	case e.Blacklisted:
		l.rest(Blacklisted)
	case e.WrongCountry:
		l.rest(WrongCountryCode)
	case !l.AttemptLeft(rules):
		l.rest(l.exhausted())
	default:
		l.State.From, l.State.FromDue, l.State.FromRest, l.State.FromPromised = l.Status, l.Due, l.Rest, l.Promised
		l.Status, l.Claim, l.Node = InCallQueue, e.Claim, e.Node
		l.Due, l.Rest, l.Promised = time.Time{}, Rest{}, false
	}
	return nil
}

func (l *Lead) postponed(e Postponed, rules Rules) error {
	if !l.Status.Callable() || !l.Call.Zero() || l.Due.IsZero() {
		return conflict(*l, e)
	}
	if since := e.Until.Add(-rules.Length(l.Rest)); since.After(l.Due) { // a rest never begins before the attempt was over
		l.Due = since
	}
	return nil
}

func (l *Lead) began(e Began, rules Rules) error {
	if l.Status != InCallQueue || l.Claim != e.Claim || !l.Call.Zero() {
		return conflict(*l, e)
	}
	l.State.UsedGrant = l.Attempts >= rules.MaximumAttempts
	if l.State.UsedGrant {
		l.State.Granted = false
	}
	l.Status, l.Claim, l.Call = OnCall, "", e.Call
	l.Attempts++
	l.State.Answered, l.State.Cancelled = false, false
	return nil
}

func (l *Lead) answered(e Answered) error {
	if l.Call.Zero() || l.Call != e.Call || l.State.Answered || l.State.Cancelled {
		return conflict(*l, e)
	}
	l.State.Answered = true
	return nil
}

func (l *Lead) released(e Released, now time.Time) error {
	switch {
	case l.Status == InCallQueue && l.Claim == e.Claim && e.Call.Zero():
		l.goBack()
	case !l.Call.Zero() && l.Call == e.Call && e.Claim.Zero():
		l.uncount()
		if l.Status == OnCall {
			l.goBack()
		}
		l.clearCall(now)
	default:
		return conflict(*l, e)
	}
	return nil
}

func (l *Lead) finished(e Finished, rules Rules, now time.Time) error {
	if l.Call.Zero() || l.Call != e.Call {
		return conflict(*l, e)
	}
	if e.Collected != nil {
		l.Collected, l.State.Told = e.Collected, e.Call
	}
	if e.Outcome == call.NeverRang || e.Outcome == call.Cancelled && e.Cancel == call.ByShutdown {
		return l.released(Released{Call: e.Call}, now)
	}
	l.spend(e.Outcome)
	if l.Status == OnCall {
		if l.judge(e, rules); l.Status == NotSuccessful {
			l.State.Judged = e.Call
		}
	}
	l.clearCall(now)
	return nil
}

// analysed takes a verdict that came after the call (ADR 34). It may only turn 110 into 100, both final, and only while the lead
// stands as that call left it: so it neither causes a call nor keeps one from being made, and whatever was set by hand stays.
func (l *Lead) analysed(e Analysed) {
	if e.Collected != nil && l.State.Told == e.Call {
		l.Collected = e.Collected
	}
	if e.Success && l.Status == NotSuccessful && l.State.Judged == e.Call && l.Call.Zero() {
		l.Status = Success
	}
}

// spend counts the attempt by how it ended.
func (l *Lead) spend(outcome call.Outcome) {
	if l.State.Forgotten {
		return
	}
	if l.State.Spent == nil {
		l.State.Spent = map[call.Outcome]int{}
	}
	l.State.Spent[outcome]++
}

// judge decides the status after a counted attempt (contract 9.2).
func (l *Lead) judge(e Finished, rules Rules) {
	switch e.Outcome {
	case call.Success:
		l.rest(Success)
	case call.NotSuccess, call.Answered:
		final := NotSuccessful
		if e.Outcome == call.Answered {
			final = Completed
		}
		if !e.Callback.IsZero() && l.belowMaximum(rules) {
			l.wait(e.Callback, Rest{})
			l.Promised = true
			return
		}
		l.rest(final)
	case call.Voicemail:
		l.retry(call.Voicemail, e.Ended, rules)
	case call.NotAllocated:
		l.rest(Unreachable)
	case call.Broke:
		l.rest(Error)
	default:
		if e.Outcome == call.Cancelled && e.Cancel == call.BySuppression {
			l.rest(Blacklisted)
			return
		}
		l.retry(e.Outcome, e.Ended, rules)
	}
}

// retry is "10 / 150" (70 for a message that was left): the lead rests while an attempt is left.
func (l *Lead) retry(outcome call.Outcome, ended time.Time, rules Rules) {
	l.wait(ended, Rest{After: outcome, Attempt: l.Attempts})
	if !l.AttemptLeft(rules) {
		l.rest(l.exhausted())
	}
}

// longestDelay is ten years in seconds: a policy may name any number, and one too large for a Duration would come out as
// a call at once.
const longestDelay = 10 * 365 * 24 * 60 * 60

// blockedRest is how long a number is not called again from a number that was blocked on the way (contract 9.7, "causes"),
// unless the policy says otherwise.
const blockedRest = 24 * time.Hour

// LostMargin is how long after its ring time a lost call may still be in the air: what the carrier takes to notice.
const LostMargin = 30 * time.Second

// delay is the wait after the attempt-th attempt, counted from 1. A lost call may still be ringing somewhere:
// its wait is never below the ring time and half a minute.
func (r Rules) delay(outcome call.Outcome, attempt int) time.Duration {
	if _, named := r.Retry[call.Blocked]; outcome == call.Blocked && !named {
		return max(r.delay(call.SetupFailed, attempt), blockedRest)
	}
	wait := r.Interval
	if delays := r.Retry[outcome].Delays; len(delays) > 0 {
		seconds := delays[min(max(attempt, 1), len(delays))-1]
		wait = time.Duration(min(seconds, longestDelay)) * time.Second
	}
	if outcome == call.Lost {
		wait = max(wait, r.RingFor+LostMargin)
	}
	return wait
}

func (l *Lead) lost(e Lost, rules Rules, now time.Time) error {
	switch {
	case l.Status == InCallQueue && l.Claim == e.Claim && e.Call.Zero():
		l.goBack() // nothing was dialled
	case !l.Call.Zero() && l.Call == e.Call:
		if e.Collected != nil {
			l.Collected, l.State.Told = e.Collected, e.Call
		}
		l.spend(call.Lost)
		if l.Status == OnCall {
			l.retry(call.Lost, now, rules)
			l.clearCall(now)
			return nil
		}
		l.clearCall(now) // by hand it may be due at once: the number is taken until the telephone cannot ring any more
	default:
		return conflict(*l, e)
	}
	return nil
}

func (l *Lead) edited(e Edited, rules Rules, now time.Time, effects *Effects) {
	p := e.Patch
	if p.ExternalID != nil {
		l.ExternalID = *p.ExternalID
	}
	if p.CallData != nil {
		l.CallData = p.CallData
	}
	if p.Zone != nil {
		l.Zone, l.ZoneKey = *p.Zone, p.ZoneKey
	}
	if p.Phone != nil && *p.Phone != l.Phone {
		l.Phone = *p.Phone
		l.numberChanged(now, effects)
	}
	if l.Status == InCallQueue && e.Closed {
		l.goBack()
	}
	if p.Status == nil {
		return
	}
	l.State.Judged = ""
	stop := *p.Status != New && *p.Status != NeedRetry
	inAir := !l.Call.Zero()
	l.State.Before = Before{}
	if stop && inAir {
		l.cancelRinging(call.ByStop, effects)
		effects.HangUp = e.HangUp && l.State.Answered
	}
	l.Claim = ""
	switch *p.Status {
	case New:
		l.Attempts, l.State.Spent, l.State.Granted = 0, nil, false
		l.State.UsedGrant, l.State.Forgotten = false, inAir
		l.wait(now, Rest{})
		l.Status = New
	case NeedRetry:
		if l.Attempts >= rules.MaximumAttempts {
			l.State.Granted = true
		}
		l.wait(now, Rest{})
	default:
		if !inAir && !e.Change.Zero() {
			l.State.Before = l.standing(e.Change)
		}
		l.rest(*p.Status)
	}
	if inAir {
		l.Due = time.Time{} // due only after this call
	}
}

// standing is how the lead stands, with no call in the air; at InCallQueue how it stood when it was claimed.
func (l *Lead) standing(change id.ID) Before {
	if l.Status == InCallQueue {
		return Before{Change: change, Status: l.State.From, Due: l.State.FromDue, Rest: l.State.FromRest, Promised: l.State.FromPromised}
	}
	return Before{Change: change, Status: l.Status, Due: l.Due, Rest: l.Rest, Promised: l.Promised}
}

// takenBack has the lead stand as before it was stopped: due when it was, after the same rest.
func (l *Lead) takenBack(e TakenBack) error {
	before := l.State.Before
	if e.Change.Zero() || before.Change != e.Change || !l.Call.Zero() {
		return conflict(*l, e)
	}
	l.State.Before = Before{}
	l.Status, l.Due, l.Rest, l.Promised = before.Status, before.Due, before.Rest, before.Promised
	return nil
}

// numberChanged: no call starts to the old number, and one that rings there is cancelled and not counted.
func (l *Lead) numberChanged(now time.Time, effects *Effects) {
	switch {
	case l.Status == InCallQueue:
		l.goBack()
	case !l.Call.Zero() && !l.State.Answered && !l.State.Cancelled:
		l.cancelRinging(call.ByNumber, effects)
		l.uncount()
		if l.Status == OnCall {
			l.goBack()
			l.Due, l.Rest = time.Time{}, Rest{} // due only after this call
		}
	}
}

func (l *Lead) hungUp(e HungUp, effects *Effects) error {
	if l.Call.Zero() || l.Call != e.Call {
		return conflict(*l, e)
	}
	l.cancelRinging(e.Why, effects)
	effects.HangUp = e.Why == call.ByPerson && l.State.Answered
	return nil
}

func (l *Lead) suppressed(effects *Effects) {
	switch {
	case l.Status == InCallQueue:
		l.rest(Blacklisted)
	case !l.Call.Zero():
		l.cancelRinging(call.BySuppression, effects)
	}
}

func (l *Lead) cancelRinging(why call.Cancel, effects *Effects) {
	if l.Call.Zero() || l.State.Answered || l.State.Cancelled {
		return
	}
	l.State.Cancelled = true
	effects.Cancel = why
}

// rest moves to a status in which the lead is not due.
func (l *Lead) rest(status Status) {
	l.Status, l.Claim = status, ""
	l.Due, l.Rest, l.Promised = time.Time{}, Rest{}, false
}

// wait makes the lead due again, at an instant or after the rest that begins then.
func (l *Lead) wait(since time.Time, rest Rest) {
	l.Status, l.Claim = NeedRetry, ""
	l.Due, l.Rest, l.Promised = since, rest, false
}

// goBack undoes a claim.
func (l *Lead) goBack() {
	l.Status, l.Claim = l.State.From, ""
	l.Due, l.Rest, l.Promised = l.State.FromDue, l.State.FromRest, l.State.FromPromised
}

// uncount takes back the attempt of the call in the air; a granted one is granted again.
func (l *Lead) uncount() {
	if l.Attempts > 0 {
		l.Attempts--
	}
	if l.State.UsedGrant {
		l.State.Granted, l.State.UsedGrant = true, false
	}
}

// clearCall ends the hold of the call; a lead that waited for it is due now.
func (l *Lead) clearCall(now time.Time) {
	l.Call = ""
	l.State.Answered, l.State.Cancelled, l.State.UsedGrant, l.State.Forgotten = false, false, false, false
	l.State.From, l.State.FromDue, l.State.FromRest, l.State.FromPromised = 0, time.Time{}, Rest{}, false
	if l.Status.Callable() && l.Due.IsZero() {
		l.Due = now
	}
}

// Add makes a new lead (contract 1.5): status New, due at once.
func Add(l Lead, now time.Time) Lead {
	l.Status, l.Created, l.Due, l.Version = New, now, now, 1
	return l
}

// InTheAir answers the call that an effect of this lead refers to.
func (l Lead) InTheAir() (id.ID, bool) { return l.Call, !l.Call.Zero() }
