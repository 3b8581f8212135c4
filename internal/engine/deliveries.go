package engine

import (
	"context"
	"fmt"
	"time"

	"nacre/internal/campaign"
	"nacre/internal/id"
)

// secretOverlap is how long deliveries are signed with the old secret besides the new one.
const secretOverlap = 24 * time.Hour

// RotateSecret gives a Pearl's webhooks a new signing secret, made beforehand by NewWebhookSecret so that a repeated
// transaction makes the same change.
func RotateSecret(p *campaign.Pearl, secret string, now time.Time) {
	p.Webhooks.OldSecret, p.Webhooks.OldSecretUntil = p.Webhooks.Secret, now.Add(secretOverlap)
	p.Webhooks.Secret = secret
}

// DeliveryRoom says whose deliveries a claim may take, so that neither a receiver nor an account takes the places of others.
type DeliveryRoom struct {
	BusyPearls []id.ID       // nothing of these
	Accounts   map[id.ID]int // at most so much of each of these
	Others     int           // and of every other account
}

// Of is how much may be claimed of an account.
func (r DeliveryRoom) Of(accountID id.ID) int {
	if room, named := r.Accounts[accountID]; named {
		return room
	}
	return r.Others
}

// ReplayDelivery sends one delivery again, whatever became of it: same body, same id (contract 6.3, 12).
func (e *Engine) ReplayDelivery(ctx context.Context, actor Actor, deliveryID id.ID) error {
	if err := e.Store.ReviveDelivery(ctx, actor.Account, deliveryID, e.clock()); err != nil {
		return err
	}
	e.tell(Signals{Deliveries: true})
	return nil
}

// ReplayDead sends all dead deliveries of a Pearl again that were made from from to to, both inclusive, zero = open, and
// answers how many there are.
func (e *Engine) ReplayDead(ctx context.Context, actor Actor, pearlID id.ID, from, to time.Time) (int, error) {
	revived, err := e.Store.ReviveDead(ctx, actor.Account, pearlID, from, to, e.clock())
	if err != nil {
		return 0, fmt.Errorf("replay dead deliveries: %w", err)
	}
	if revived > 0 {
		e.tell(Signals{Deliveries: true})
	}
	return revived, nil
}
