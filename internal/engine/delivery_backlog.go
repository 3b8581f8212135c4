package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"nacre/internal/campaign"
	"nacre/internal/fault"
	"nacre/internal/id"
)

// deliveriesAtOnce is how many deliveries of a backlog one transaction rewrites: others wait for the writer no longer than that,
// however many there are.
const deliveriesAtOnce = 200

// ReplayDelivery sends one delivery again, whatever became of it: same body, same id (contract 6.3, 12).
func (e *Engine) ReplayDelivery(ctx context.Context, actor Actor, deliveryID id.ID) error {
	return e.update(ctx, func(tx Tx, s *Signals) error {
		d, err := tx.Delivery(deliveryID)
		if err != nil {
			return err
		}
		if d.Account != actor.Account {
			return fault.Missing("DeliveryId")
		}
		s.Deliveries = true
		s.changed(d.Account, d.Pearl, ChangedDeliveries)
		return replay(tx, d, e.clock())
	})
}

// ReplayDead sends all dead deliveries of a Pearl again that were made from from to to, both inclusive, zero = open, and
// returns how many there were. Part by part: where it fails in the middle, those that it has reached are sent, and the rest
// can be replayed again.
func (e *Engine) ReplayDead(ctx context.Context, actor Actor, pearlID id.ID, from, to time.Time) (replayed int, err error) {
	var reached DeliveryPlace
	if !from.IsZero() {
		reached.At = from.UTC().Truncate(time.Millisecond) // before the first id
	}
	for first := true; ; first = false {
		var dead []Delivery
		err := e.updatePart(ctx, first, func(tx Tx, s *Signals) (err error) {
			if _, err := tx.Pearl(actor.Account, pearlID, Unlocked); err != nil {
				return err
			}
			if dead, err = tx.DeadDeliveries(pearlID, reached, to, deliveriesAtOnce); err != nil {
				return err
			}
			now := e.clock()
			for _, d := range dead {
				if err := replay(tx, d, now); err != nil {
					return err
				}
			}
			s.Deliveries = len(dead) > 0
			s.changed(actor.Account, pearlID, ChangedDeliveries)
			return nil
		})
		if err != nil {
			return replayed, fmt.Errorf("replay dead deliveries: %w", err)
		}
		replayed += len(dead)
		if len(dead) < deliveriesAtOnce {
			return replayed, nil
		}
		last := dead[len(dead)-1]
		reached = DeliveryPlace{last.Created, last.ID}
	}
}

func replay(tx DeliveryTx, d Delivery, now time.Time) error {
	next := d
	next.State, next.NextTry, next.Lease, next.HeldBack, next.Hurried = DeliveryPending, now, time.Time{}, false, false
	next.Replays++
	return tx.SaveDelivery(d, next)
}

// DisableURL turns off a URL of a Pearl whose receiver answered 410, for both kinds where both go there, and makes dead letters
// of what waits for it (contract 6.5). A URL that was replaced meanwhile, or turned off already, is left alone. Returns what was
// turned off.
func (e *Engine) DisableURL(ctx context.Context, accountID, pearlID id.ID, url string) (disabled []DeliveryKind, err error) {
	err = e.update(ctx, func(tx Tx, _ *Signals) error {
		disabled = nil
		pearl, err := tx.Pearl(accountID, pearlID, Exclusive)
		if err != nil {
			return err
		}
		after := pearl.Clone()
		for kind, hook := range map[DeliveryKind]struct {
			url      string
			disabled *bool
		}{
			CallDelivery: {after.Webhooks.CallURL, &after.Webhooks.CallDisabled},
			LeadDelivery: {after.Webhooks.LeadURL, &after.Webhooks.LeadDisabled},
		} {
			if hook.url == url && !*hook.disabled {
				*hook.disabled = true
				disabled = append(disabled, kind)
			}
		}
		if len(disabled) == 0 {
			return nil
		}
		slices.Sort(disabled)
		after.Version++
		return tx.SavePearl(after)
	})
	if err != nil {
		return nil, fmt.Errorf("disable webhook URL: %w", err)
	}
	return disabled, e.retire(ctx, accountID, pearlID, disabled...)
}

// retire ends what waits for a URL of the Pearl that was removed or turned off, part by part, until there is no more or the URL
// is in use again. Where it ends early nothing is lost or sent: the sender settles what it finds due in the same way.
func (e *Engine) retire(ctx context.Context, accountID, pearlID id.ID, kinds ...DeliveryKind) error {
	if len(kinds) == 0 {
		return nil
	}
	var reached DeliveryPlace
	for first := true; ; first = false {
		var pending []Delivery
		err := e.updatePart(ctx, first, func(tx Tx, _ *Signals) error {
			pending = nil
			pearl, err := tx.Pearl(accountID, pearlID, Shared) // nobody sets a URL meanwhile
			if err != nil {
				return err
			}
			states := map[DeliveryKind]DeliveryState{}
			for _, kind := range kinds {
				if state := retired(pearl.Webhooks, kind); state != DeliveryPending {
					states[kind] = state
				}
			}
			if len(states) == 0 {
				return nil
			}
			if pending, err = tx.PendingDeliveries(pearlID, reached, deliveriesAtOnce); err != nil {
				return err
			}
			for _, d := range pending {
				state, ends := states[d.Kind.Hook()]
				if !ends {
					continue
				}
				next := d // one that is being sent right now keeps its lease, and its result where that is a 2xx
				next.State, next.NextTry = state, time.Time{}
				if err := tx.SaveDelivery(d, next); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("retire deliveries: %w", err)
		}
		if len(pending) < deliveriesAtOnce {
			return nil
		}
		last := pending[len(pending)-1]
		reached = DeliveryPlace{last.NextTry, last.ID}
	}
}

// retired is what becomes of deliveries to a URL as the Pearl has it: pending where they are sent.
func retired(hooks campaign.Webhooks, kind DeliveryKind) DeliveryState {
	url, disabled := hooks.CallURL, hooks.CallDisabled
	if kind == LeadDelivery {
		url, disabled = hooks.LeadURL, hooks.LeadDisabled
	}
	switch {
	case url == "":
		return DeliveryDropped
	case disabled:
		return DeliveryDead
	default:
		return DeliveryPending
	}
}
