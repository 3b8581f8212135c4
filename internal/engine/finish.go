package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/phone"
)

// Answer commits that a ringing call was answered. It is false where a cancel came first: the call must then be ended
// by BYE at once, nothing is spoken, and it finishes as cancelled (contract 1.1).
func (e *Engine) Answer(ctx context.Context, begun call.Call) (holds bool, err error) {
	err = e.asNode(ctx, func(tx Tx, s *Signals) error {
		holds = false
		l, err := leadOf(tx, begun.Account, begun.Pearl, begun.Lead)
		if err != nil {
			return err
		}
		current, err := tx.Call(begun.Account, begun.ID)
		if err != nil {
			return err
		}
		if !current.Ringing() || current.Cancel != call.NotCancelled {
			return nil
		}
		now := e.clock()
		current.Answered = now
		if err := tx.SaveCall(current); err != nil {
			return fmt.Errorf("save call: %w", err)
		}
		holds = true
		s.Calls = append(s.Calls, current)
		if l == nil || l.Call != begun.ID {
			return nil
		}
		next, _, err := lead.Step(*l, lead.Answered{Call: begun.ID}, lead.Rules{}, now)
		if err != nil {
			return err
		}
		next.Version++
		return tx.SaveLead(*l, next)
	})
	if err != nil {
		return false, fmt.Errorf("commit answer: %w", err)
	}
	return holds, nil
}

// Ending is what Finish commits.
type Ending struct {
	Outcome     call.Outcome
	Ended       time.Time // over on the wire
	Callback    *call.Callback
	OptOut      bool
	Answerer    call.Answerer // "" = nobody answered
	Evidence    []call.Evidence
	Transcript  []call.Line
	Collected   []call.Value
	Tags        []string
	Transferred bool
	Summary     string
	Sentiment   int
	Recording   string
	// RecordingBytes is the size of the recording's file.
	RecordingBytes int64
	TurnsMS        []int              // latency per turn
	Charges        []call.Charge      // of outside services, also where nobody answered
	Messages       []call.SIPMessage  // of SIP, as far as they had passed
	Acts           []call.Act         // that were done in the talk
	Analysis       *call.AnalysisTask // for a language model, once the call is final; nil = none
	After          []call.ActTask     // done once the call is final
	// OnTheWire: nobody has ended the call there; it may ring, or be on the line, so that its number stays taken a while.
	OnTheWire bool
}

// CutOff turns the ending of a conversation that the stop of the process cut off into a lost one, to be called again: it
// is no verdict, unless one was reached (success, a message left, a promised call-back, an opt-out; contract 9.6).
func (g *Ending) CutOff() {
	if (g.Outcome == call.NotSuccess || g.Outcome == call.Answered) && g.Callback == nil && !g.OptOut {
		g.Outcome, g.Summary = call.Lost, "The call was cut off by a stop of the server before its goal was reached."
	}
}

// Over records that a conversation has ended on the wire, where Finish has to wait for its recording: its agent and its number
// are free, its cost and minutes are counted, and who opted out in it is on the blacklist. The call stays in progress for
// everybody until Finish.
func (e *Engine) Over(ctx context.Context, begun call.Call, ending Ending) error {
	err := e.asNode(ctx, func(tx Tx, s *Signals) error {
		now := e.clock()
		if ending.OptOut {
			if err := e.optOut(tx, begun, now); err != nil {
				return err
			}
		}
		var owner account.Account
		var err error
		if e.PricePerMinute != 0 { // its cost will be added: the order of locks
			if owner, err = tx.Account(begun.Account, Exclusive); err != nil {
				return fmt.Errorf("read account: %w", err)
			}
			if _, err := tx.Pearl(begun.Account, begun.Pearl, Exclusive); err != nil {
				return fmt.Errorf("read pearl: %w", err)
			}
		}
		current, err := tx.Call(begun.Account, begun.ID)
		if err != nil {
			return fmt.Errorf("read call: %w", err)
		}
		if !current.Live() || current.Answered.IsZero() {
			return nil
		}
		current.Ended = ending.Ended
		current.Cost = e.cost(current.Answered, current.Ended)
		if err := countFinished(tx, current); err != nil {
			return err
		}
		if err := charge(tx, owner, current); err != nil {
			return err
		}
		s.Callable = true
		s.Calls = append(s.Calls, current)
		return tx.SaveCall(current)
	})
	if err != nil {
		return fmt.Errorf("record that a call is over: %w", err)
	}
	return nil
}

// Finish makes a call final: its row, the lead's step, cost, and the deliveries, in one transaction. A call that is
// final already is left alone, so that a rescue and a late end cannot both count. ErrNotNode: another process settles the call.
func (e *Engine) Finish(ctx context.Context, begun call.Call, ending Ending) error {
	err := e.asNode(ctx, func(tx Tx, s *Signals) error {
		now := e.clock()
		if ending.OptOut {
			if err := e.optOut(tx, begun, now); err != nil {
				return err
			}
		}
		return e.finish(tx, s, begun, ending, now)
	})
	if errors.Is(err, ErrNotNode) && ending.OptOut { // the call is the next process's to settle; what the person said is not
		err = errors.Join(err, e.update(ctx, func(tx Tx, _ *Signals) error { return e.optOut(tx, begun, e.clock()) }))
	}
	if err != nil {
		return fmt.Errorf("finish call: %w", err)
	}
	e.recorded.add(begun.Account, ending.RecordingBytes)
	e.tell(Signals{Callable: true}) // an agent and a number are free
	return nil
}

func (e *Engine) finish(tx Tx, s *Signals, begun call.Call, ending Ending, now time.Time) error {
	var owner account.Account
	var err error
	lock := Unlocked
	if e.PricePerMinute != 0 {
		lock = Exclusive // its cost will be added: the order of locks
		if owner, err = tx.Account(begun.Account, lock); err != nil {
			return fmt.Errorf("read account: %w", err)
		}
	}
	pearl, err := tx.Pearl(begun.Account, begun.Pearl, lock)
	if err != nil {
		return fmt.Errorf("read pearl: %w", err)
	}
	l, err := leadOf(tx, begun.Account, begun.Pearl, begun.Lead)
	if err != nil {
		return err
	}
	if !begun.Request.Zero() {
		if _, err := tx.Request(begun.Account, begun.Request); err != nil { // before its call: the order of locks
			return fmt.Errorf("read request: %w", err)
		}
	}
	current, err := tx.Call(begun.Account, begun.ID)
	if err != nil {
		return fmt.Errorf("read call: %w", err)
	}
	if !current.Finished.IsZero() {
		return nil
	}
	if current.Cancel != call.NotCancelled && current.Answered.IsZero() && ending.Outcome != call.Lost {
		ending.Outcome = call.Cancelled // a cancel once decided is never withdrawn, whatever crossed it on the wire
	}
	over := !current.Ended.IsZero() // Over has counted it
	if over {
		ending.Ended, ending.OnTheWire = current.Ended, false
	}
	finished := lead.Finished{Call: current.ID, Outcome: ending.Outcome, Cancel: current.Cancel, Ended: ending.Ended}
	if ending.Callback != nil {
		finished.Callback = ending.Ended.Add(ending.Callback.After).UTC().Truncate(time.Millisecond)
	}
	current.Outcome, current.Status = ending.Outcome, ending.Outcome.Status()
	current.Ended, current.Finished = ending.Ended, now
	current.Charges, current.Messages = ending.Charges, ending.Messages
	if !over {
		if err := countFinished(tx, current); err != nil {
			return err
		}
	}
	// What was said is kept of a conversation that we have ended, and of an announcement after the answer.
	kept := ending.Outcome == call.Lost && !ending.OnTheWire || ending.Outcome == call.NotAllocated && !current.Answered.IsZero()
	if current.Status != call.Completed && !kept {
		current.Answered = time.Time{} // a 200 that crossed a cancel: duration 0
	} else {
		current.Transcript, current.Collected, current.Tags = ending.Transcript, ending.Collected, ending.Tags
		current.Transferred = ending.Transferred
		current.Summary, current.Sentiment = ending.Summary, ending.Sentiment
		current.Answerer, current.Evidence, current.Acts = ending.Answerer, ending.Evidence, ending.Acts
		current.Recording, current.RecordingBytes = ending.Recording, ending.RecordingBytes
		current.TurnLatencyMS = ending.TurnsMS
		current.CallbackPromised = ending.Callback != nil
		if !current.Answered.IsZero() { // a call that broke before has nothing to say of the lead
			if finished.Collected, err = collectedObject(ending.Collected); err != nil {
				return err
			}
		}
	}
	if ending.OnTheWire {
		ringFor := time.Duration(pearl.Outbound.RingDuration) * time.Second
		if err := tx.HoldNumber(current.Account, phone.Number(current.To), now, now.Add(ringFor+lead.LostMargin)); err != nil {
			return fmt.Errorf("hold number: %w", err)
		}
	}
	if !over {
		current.Cost = e.cost(current.Answered, current.Ended)
		if err := charge(tx, owner, current); err != nil {
			return err
		}
	}
	if s.FollowUps, err = addFollowUps(tx, &current, ending, now); err != nil {
		return err
	}
	rules := pearl.Outbound.Rules()
	current.Conversation = conversation(l, finished, rules, now)
	s.Calls = append(s.Calls, current)
	if l == nil || l.Call != current.ID {
		if pearl.Webhooks.CallURL != "" {
			current.Sequence++
		}
		if err := tx.SaveCall(current); err != nil {
			return fmt.Errorf("save call: %w", err)
		}
		if err := e.finishRequest(tx, current); err != nil {
			return err
		}
		return e.madeCallDelivery(tx, s, pearl, current, now)
	}
	if err := tx.SaveCall(current); err != nil {
		return fmt.Errorf("save call: %w", err)
	}
	c := e.change(tx, pearl, *l, Actor{Account: current.Account, By: "dialer", Trace: current.Trace}, now, s)
	outcome := len(c.history)
	c.note("outcome", 0, 0, string(ending.Outcome))
	var event lead.Event = finished
	if ending.Outcome == call.Lost {
		event = lead.Lost{Call: current.ID, Collected: finished.Collected}
	}
	if _, err := c.step(event); err != nil {
		return err
	}
	if c.lead.Promised {
		c.history[outcome].Note = notedCallback
	}
	if err := c.callDelivery(current); err != nil {
		return err
	}
	return c.commit()
}

// notedCallback is the outcome of a conversation in which a call-back was promised, in the lead's history: the goal is still
// to be reached.
const notedCallback = "callback"

// charge adds the cost of a call to what its Pearl has spent, and takes it off its account's balance.
func charge(tx Tx, owner account.Account, current call.Call) error {
	if current.Cost == 0 {
		return nil
	}
	owner.Credit -= current.Cost
	if err := tx.SaveAccount(owner); err != nil {
		return fmt.Errorf("lower balance: %w", err)
	}
	if err := tx.AddSpent(current.Pearl, current.Cost); err != nil {
		return fmt.Errorf("add cost: %w", err)
	}
	return nil
}

func (e *Engine) finishRequest(tx Tx, current call.Call) error {
	if current.Request.Zero() {
		return nil
	}
	r, err := tx.Request(current.Account, current.Request)
	if err != nil {
		return fmt.Errorf("read request: %w", err)
	}
	r.Status = RequestCompleted
	return tx.SaveRequest(r)
}

// conversation is the call's own result (contract 9.2), also where a hand-set status keeps it from the lead.
func conversation(l *lead.Lead, finished lead.Finished, rules lead.Rules, now time.Time) int {
	if finished.Outcome == call.NeverRang || finished.Outcome == call.Cancelled && finished.Cancel != call.ByPerson {
		return int(lead.NeedRetry)
	}
	if finished.Outcome == call.Voicemail {
		return int(lead.VoiceMailLeft) // also where the lead is to be tried again
	}
	// A made call and a deleted lead have no attempt left; a lead with a hand-set status is judged as if it were still at 40.
	judged := lead.Lead{Status: lead.OnCall, Call: finished.Call}
	if l != nil {
		judged = *l
		judged.Status, judged.Call = lead.OnCall, finished.Call
	} else {
		rules.MaximumAttempts = 0
	}
	after, _, err := lead.Step(judged, finished, rules, now)
	if err != nil {
		return int(lead.Error)
	}
	return int(after.Status)
}

// collectedObject is the list of a call's values as the object of a lead: {} when none.
func collectedObject(values []call.Value) (json.RawMessage, error) {
	object := make(map[string]any, len(values))
	for _, v := range values {
		object[v.ID] = v.Value
	}
	raw, err := json.Marshal(object)
	if err != nil {
		return nil, fmt.Errorf("write collected values: %w", err)
	}
	return raw, nil
}

// MayTransfer returns why the account's rules do not allow to connect the callee of a call to a number: those for dialling it
// over the call's trunk (contract 12).
func (e *Engine) MayTransfer(ctx context.Context, begun call.Call, number string) error {
	owner, err := e.Store.ReadAccount(ctx, begun.Account)
	if err != nil {
		return fmt.Errorf("read account: %w", err)
	}
	if !owner.Standing.MayCall() {
		return fmt.Errorf("the account's status %d stops all calling", owner.Standing)
	}
	numbers, err := e.Store.Numbers(ctx, begun.Account)
	if err != nil {
		return fmt.Errorf("list numbers: %w", err)
	}
	var own []string
	for _, n := range numbers {
		if !n.Trunk.Zero() {
			own = append(own, n.Number)
		}
	}
	if why := owner.MayDial(phone.Number(number), begun.Trunk.Zero(), own); why != "" {
		return errors.New(why)
	}
	return nil
}

// OptOut puts the callee of a call on the account's blacklist, while the call is still up.
func (e *Engine) OptOut(ctx context.Context, begun call.Call) error {
	covers := coveredBy([]string{begun.To})
	err := e.update(ctx, func(tx Tx, s *Signals) error {
		now := e.clock()
		if err := e.optOut(tx, begun, now); err != nil {
			return err
		}
		return e.suppressHeld(tx, s, Actor{Account: begun.Account, By: "callee", Trace: begun.Trace}, covers, now)
	})
	if err == nil {
		err = e.suppressWaiting(ctx, begun.Account, covers)
	}
	if err != nil {
		return fmt.Errorf("opt out: %w", err)
	}
	return nil
}

func (e *Engine) optOut(tx Tx, begun call.Call, now time.Time) error {
	if _, err := tx.Account(begun.Account, Exclusive); err != nil {
		return err
	}
	added, err := tx.AddSuppression(account.Suppression{
		ID: e.IDs.New(now), Account: begun.Account, Entry: begun.To, Source: "optOut", Created: now,
	})
	if err != nil || !added {
		return err
	}
	actor := Actor{Account: begun.Account, By: "callee", Trace: begun.Trace}
	return e.audit(tx, actor, auditBlacklist, now, map[string]any{"added": []string{begun.To}, "source": "optOut", "callId": begun.ID})
}

// suppressHeld acts on leads at InCallQueue and ringing calls whose number the entries cover (contract 5).
func (e *Engine) suppressHeld(tx Tx, s *Signals, actor Actor, covers func(phone.Number) bool, now time.Time) error {
	held, err := tx.HeldLeads(actor.Account, "")
	if err != nil {
		return fmt.Errorf("list held leads: %w", err)
	}
	for _, l := range held {
		if !covers(l.Phone) {
			continue
		}
		pearl, err := tx.Pearl(l.Account, l.Campaign, Unlocked)
		if err != nil {
			return err
		}
		c := e.change(tx, pearl, l, actor, now, s)
		if _, err := c.step(lead.Suppressed{}); err != nil {
			return err
		}
		if err := c.commit(); err != nil {
			return err
		}
	}
	return e.suppressHeldRequests(tx, s, actor, covers)
}

// coveredBy reports whether one of the entries, full numbers or prefixes, covers a number. It asks once a digit, however many
// entries there are.
func coveredBy(entries []string) func(phone.Number) bool {
	known := make(map[string]bool, len(entries))
	for _, entry := range entries {
		known[entry] = true
	}
	return func(number phone.Number) bool {
		for length := 1; length <= len(number); length++ {
			if known[string(number[:length])] {
				return true
			}
		}
		return false
	}
}

// trunkWait is how long a trunk is left alone after a call met a fault of it (contract 9.2).
const trunkWait = 30 * time.Second

// TrunkMet records what a call or a probe met on a trunk. A fault makes the trunk wait 30 s (contract 9.2, 9.7).
func (e *Engine) TrunkMet(ctx context.Context, accountID, trunkID id.ID, state account.TrunkState, detail string) error {
	if trunkID.Zero() {
		if state != account.TrunkOK {
			e.sandboxWait.Store(e.clock().Add(trunkWait).UnixMilli())
		}
		return nil
	}
	err := e.update(ctx, func(tx Tx, s *Signals) error {
		trunk, err := tx.Trunk(accountID, trunkID, Exclusive)
		if err != nil {
			return err
		}
		if trunk.State == state && trunk.Detail == detail && state == account.TrunkOK {
			return nil
		}
		trunk.State, trunk.Detail, trunk.Until = state, detail, time.Time{}
		if state != account.TrunkOK {
			trunk.Until = e.clock().Add(trunkWait)
		}
		s.Callable = state == account.TrunkOK
		return tx.SaveTrunk(trunk)
	})
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}
