package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/phone"
)

// HangUpCall ends one call: a ringing one is cancelled, an answered one is ended by BYE. A call that is over already stays as it is.
func (e *Engine) HangUpCall(ctx context.Context, actor Actor, callID id.ID) error {
	current, err := e.Store.ReadCall(ctx, actor.Account, callID)
	if err != nil {
		return err
	}
	err = e.update(ctx, func(tx Tx, s *Signals) error {
		return e.stopInAir(tx, s, actor, current, call.ByPerson, e.clock())
	})
	if fault.Is(err, fault.Conflict) {
		return nil
	}
	return err
}

// DeleteCalls removes finished calls (contract 3.4); a call in progress in the list refuses all.
// It returns the recording files that nothing names any more.
func (e *Engine) DeleteCalls(ctx context.Context, actor Actor, callIDs []id.ID) (recordings []string, err error) {
	if len(callIDs) > MaxLeads {
		return nil, fault.Bad("CallIds", "The list holds %d ids; at most %d are allowed in one request.", len(callIDs), MaxLeads)
	}
	// First all are judged, then all are deleted: a call that is over stays over, so that others need not wait for the whole.
	var over []id.ID
	var faults fault.List
	for from := 0; from < len(callIDs); from += deletedAtOnce {
		if over, err = e.judgeCalls(ctx, actor, callIDs, from, over, &faults); err != nil {
			return nil, err
		}
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	for from := 0; from < len(over); from += deletedAtOnce {
		part := over[from:min(from+deletedAtOnce, len(over))]
		var files []string
		err := e.updatePart(ctx, from == 0, func(tx Tx, _ *Signals) (err error) {
			files, err = e.deleteCalls(tx, actor, part)
			return err
		})
		if err != nil {
			return recordings, err
		}
		recordings = append(recordings, files...)
	}
	return recordings, nil
}

// judgeCalls adds to over those of the calls from callIDs[from] on, as many as one transaction looks at, that may be deleted.
func (e *Engine) judgeCalls(ctx context.Context, actor Actor, callIDs []id.ID, from int, over []id.ID, faults *fault.List) ([]id.ID, error) {
	before, told := len(over), len(faults.Fields)
	err := e.update(ctx, func(tx Tx, _ *Signals) error {
		over, faults.Fields = over[:before], faults.Fields[:told]
		for n := from; n < min(from+deletedAtOnce, len(callIDs)); n++ {
			current, err := tx.Call(actor.Account, callIDs[n])
			switch {
			case fault.Is(err, fault.NotFound):
			case err != nil:
				return fmt.Errorf("read call: %w", err)
			case current.Finished.IsZero():
				faults.Add(fmt.Sprintf("CallIds[%d]", n), "The call %s is in progress; only calls that are over can be deleted.", callIDs[n])
			default:
				over = append(over, callIDs[n])
			}
		}
		return nil
	})
	return over, err
}

func (e *Engine) deleteCalls(tx Tx, actor Actor, callIDs []id.ID) (recordings []string, err error) {
	var deleted []string
	for _, callID := range callIDs {
		current, err := tx.Call(actor.Account, callID)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read call: %w", err)
		}
		if err := deleteCall(tx, current, &recordings); err != nil {
			return nil, err
		}
		deleted = append(deleted, string(callID))
	}
	if len(deleted) == 0 {
		return nil, nil
	}
	return recordings, e.audit(tx, actor, auditDeleteCalls, e.clock(), map[string]any{"callIds": deleted})
}

// deleteCall removes a call that is over with everything that its row holds. Its lead's callsId and lastCall are made of
// rows, and so forget it; what it cost was added to its Pearl and stays.
func deleteCall(tx Tx, over call.Call, recordings *[]string) error {
	if err := tx.DeleteCall(over.ID); err != nil {
		return fmt.Errorf("delete call: %w", err)
	}
	if err := tx.DeleteFollowUps(over.ID); err != nil {
		return fmt.Errorf("delete what follows a call: %w", err)
	}
	if over.Recording != "" {
		*recordings = append(*recordings, over.Recording)
	}
	return nil
}

// Receipt is the answer to a made call (contract 3.5).
type Receipt struct {
	ID            id.ID // of the call request
	From, To      string
	QueuePosition int
}

// MakeCall files a call request: one attempt to one number, when its gates open.
func (e *Engine) MakeCall(ctx context.Context, actor Actor, pearlID id.ID, to string, callData []byte, remember *Remember[Receipt]) (Receipt, error) {
	pearl, err := e.Store.ReadPearl(ctx, actor.Account, pearlID)
	if err != nil {
		return Receipt{}, err
	}
	if pearl.Type != campaign.OutboundPearl {
		return Receipt{}, fault.Missing("PearlId")
	}
	now := e.clock()
	var faults fault.List
	if to == "" {
		faults.Add("To", "The To field is required.")
	}
	var number phone.Number
	if to != "" {
		if number, err = phone.Parse(to, pearl.Home()); err != nil {
			faults.Add("To", "%s", err)
		}
	}
	checkCallData(&faults, "CallData", callData)
	if err := faults.Err(); err != nil {
		return Receipt{}, err
	}
	request := Request{
		ID: e.IDs.New(now), Account: actor.Account, Pearl: pearlID, To: number, CallData: callData, Status: RequestQueued, Created: now, Trace: actor.Trace, Key: actor.key(),
		Expires: now.Add(pearl.Outbound.RequestWait()),
	}
	if err := e.admitRequest(ctx, actor.Account); err != nil {
		return Receipt{}, err
	}
	receipt := Receipt{ID: request.ID, To: string(number)}
	if receipt.QueuePosition, err = e.Store.RequestsAhead(ctx, request); err != nil {
		return Receipt{}, err
	}
	err = e.update(ctx, func(tx Tx, s *Signals) error {
		current, err := outbound(tx, actor.Account, pearlID, Shared)
		if err != nil {
			return err
		}
		if current.Activity != campaign.Running {
			return fault.Refused("Outbound is inactive")
		}
		from, err := tx.Number(actor.Account, current.Outbound.PhoneNumberID, Unlocked)
		if fault.Is(err, fault.NotFound) {
			return fault.Refused("The campaign's phone number does not exist any more.")
		}
		if err != nil {
			return fmt.Errorf("read number: %w", err)
		}
		receipt.From = from.Number
		suppressed, err := tx.Suppressed(actor.Account, number)
		if err != nil {
			return fmt.Errorf("look up blacklist: %w", err)
		}
		request.Status = RequestQueued
		if suppressed {
			request.Status = RequestBlacklisted // at once: its hours may open only after it has expired
		} else if err := e.capsOpen(tx, from.Trunk, Asker{actor.Account, request.Key}, now); err != nil {
			return err
		}
		if err := tx.InsertRequest(request); err != nil {
			return fmt.Errorf("insert request: %w", err)
		}
		s.Callable = true
		return rememberAnswer(e, tx, s, remember, receipt)
	})
	if err != nil {
		return Receipt{}, err
	}
	return receipt, nil
}

// CancelRequest withdraws a request that still waits.
func (e *Engine) CancelRequest(ctx context.Context, actor Actor, requestID id.ID) error {
	return e.update(ctx, func(tx Tx, s *Signals) error {
		r, err := tx.Request(actor.Account, requestID)
		if err != nil {
			return err
		}
		if r.Status != RequestQueued {
			return fault.Refused("The call request is not waiting any more (status %d).", r.Status)
		}
		r.Status, r.Errors, r.Claim, r.Node = RequestError, []string{requestCancelled}, "", ""
		return tx.SaveRequest(r)
	})
}

const (
	expiredAtOnce = 50 // requests ended in one transaction: others have the writer in between
	expiredARound = 10 // transactions of one ExpireRequests: the dialer has other things to do
)

// ExpireRequests ends requests of an account that waited too long, also those of paused campaigns. next is when the next one
// expires, in the past where more have expired than it ends at once; zero: none waits.
func (e *Engine) ExpireRequests(ctx context.Context, accountID id.ID) (next time.Time, err error) {
	for range expiredARound {
		next, err = e.Store.NextExpiry(ctx, accountID)
		if err != nil || next.IsZero() || next.After(e.clock()) {
			return next, err
		}
		err = e.update(ctx, func(tx Tx, _ *Signals) error {
			expired, err := tx.ExpiredRequests(accountID, e.clock(), expiredAtOnce)
			if err != nil {
				return fmt.Errorf("list expired requests: %w", err)
			}
			for _, r := range expired {
				r.Status, r.Errors = RequestError, []string{requestExpired}
				if err := tx.SaveRequest(r); err != nil {
					return fmt.Errorf("save request: %w", err)
				}
			}
			return nil
		})
		if err != nil {
			return time.Time{}, fmt.Errorf("expire call requests: %w", err)
		}
	}
	return next, nil
}

// sooner is the earlier of two instants, of which a candidate counts only after now and zero is none.
func sooner(known, candidate, now time.Time) time.Time {
	if candidate.After(now) && (known.IsZero() || candidate.Before(known)) {
		return candidate
	}
	return known
}

// suppressHeldRequests acts on claimed requests and ringing made calls whose number the entries cover.
func (e *Engine) suppressHeldRequests(tx Tx, s *Signals, actor Actor, covers func(phone.Number) bool) error {
	held, err := tx.HeldRequests(actor.Account)
	if err != nil {
		return fmt.Errorf("list held requests: %w", err)
	}
	for _, r := range held {
		if !covers(r.To) {
			continue
		}
		if r.Status == RequestQueued {
			if err := suppressRequest(tx, r); err != nil {
				return err
			}
			continue
		}
		current, err := tx.Call(actor.Account, r.Call)
		if err != nil {
			return fmt.Errorf("read call of request: %w", err)
		}
		if current.Ringing() && current.Cancel == call.NotCancelled {
			current.Cancel = call.BySuppression
			s.Stopped = append(s.Stopped, StoppedCall{current.ID, actor.By})
			if err := tx.SaveCall(current); err != nil {
				return fmt.Errorf("save call: %w", err)
			}
		}
	}
	return nil
}

func suppressRequest(tx Tx, r Request) error {
	r.Status, r.Claim, r.Node = RequestBlacklisted, "", ""
	if err := tx.SaveRequest(r); err != nil {
		return fmt.Errorf("save request: %w", err)
	}
	return nil
}

// suppressedAtOnce is how many waiting requests one transaction ends: others have the writer in between.
const suppressedAtOnce = 50

// suppressWaiting ends requests that wait and whose number the entries cover, after the entries are in force: claim and
// begin look for themselves, so that none is dialled meanwhile.
func (e *Engine) suppressWaiting(ctx context.Context, accountID id.ID, covers func(phone.Number) bool) error {
	waiting, err := e.Store.WaitingNumbers(ctx, accountID)
	if err != nil {
		return err
	}
	waiting = slices.DeleteFunc(waiting, func(w WaitingNumber) bool { return !covers(w.To) })
	for from := 0; from < len(waiting); from += suppressedAtOnce {
		part := waiting[from:min(from+suppressedAtOnce, len(waiting))]
		err := e.updatePart(ctx, from == 0, func(tx Tx, _ *Signals) error {
			for _, w := range part {
				r, err := tx.Request(accountID, w.Request)
				switch {
				case fault.Is(err, fault.NotFound) || err == nil && r.Status != RequestQueued:
					continue
				case err != nil:
					return fmt.Errorf("read request: %w", err)
				}
				if err := suppressRequest(tx, r); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("end waiting requests: %w", err)
		}
	}
	return nil
}
