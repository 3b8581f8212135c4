package store

import (
	"context"
	"fmt"
	"time"

	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
)

const (
	lightDeliveryColumns = "id, account_id, pearl_id, kind, lead_id, call_id, is_start, sequence, trace, state, created, next_try, tries, replays"
	deliveryColumns      = lightDeliveryColumns + ", body"
)

func scanDelivery(r row) (engine.Delivery, error) {
	var body []byte
	d, err := readDelivery(r, &body)
	d.Body = body
	return d, err
}

func scanLightDelivery(r row) (engine.Delivery, error) { return readDelivery(r) }

func readDelivery(r row, heavy ...any) (engine.Delivery, error) {
	var d engine.Delivery
	var created, nextTry int64
	var tries string
	err := r.Scan(append([]any{
		(*string)(&d.ID), (*string)(&d.Account), (*string)(&d.Pearl), (*string)(&d.Kind), (*string)(&d.Lead), (*string)(&d.Call), &d.Start, &d.Sequence,
		&d.Trace, (*string)(&d.State), &created, &nextTry, &tries, &d.Replays,
	}, heavy...)...)
	if err != nil {
		return d, err
	}
	d.Created, d.NextTry = instant(created), instant(nextTry)
	return d, decode(tries, &d.Tries)
}

var deliveryTable = table{name: "delivery", columns: []string{
	"id", "account_id", "pearl_id", "kind", "lead_id", "call_id", "is_start", "sequence", "trace", "state", "created", "next_try", "tries", "replays", "body",
	"lease", "held_back", "hurried",
}}

func (t *tx) AddDeliveries(deliveries ...engine.Delivery) error {
	rows := make([][]any, len(deliveries))
	for n, d := range deliveries {
		tries, err := listText(d.Tries)
		if err != nil {
			return err
		}
		body := d.Body
		if body == nil {
			body = []byte{}
		}
		rows[n] = []any{string(d.ID), string(d.Account), string(d.Pearl), string(d.Kind), string(d.Lead), string(d.Call), d.Start, d.Sequence, d.Trace,
			string(d.State), millis(d.Created), millis(d.NextTry), tries, int64(d.Replays), body, int64(0), false, false}
	}
	return t.insert(deliveryTable, rows)
}

// DropDeliveries implements engine.Tx.
func (t *tx) DropDeliveries(pearlID id.ID, kind engine.DeliveryKind) error {
	return t.retire(pearlID, kind, engine.DeliveryDropped)
}

// retire ends all pending deliveries of a kind. One that is being sent right now keeps its result where that is a 2xx.
func (t *tx) retire(pearlID id.ID, kind engine.DeliveryKind, state engine.DeliveryState) error {
	if err := t.flush(); err != nil {
		return err
	}
	return t.queue(nil, "UPDATE delivery SET state = ?3, next_try = 0 WHERE pearl_id = ?1 AND kind = ?2 AND state = 'pending'",
		pearlID, string(kind), string(state))
}

// DeleteDelivery implements engine.Tx.
func (t *tx) DeleteDelivery(deliveryID id.ID) error {
	return t.queue(nil, "DELETE FROM delivery WHERE id = ?1 AND state <> 'pending'", deliveryID)
}

const oldDeliveries = `SELECT d.id FROM pearl p CROSS JOIN delivery d
	WHERE p.account_id = ?1 AND d.pearl_id = p.id AND d.created < ?2 AND d.state IN (%s) LIMIT ?3`

// OldDeliveries implements engine.Queries.
func (s *Store) OldDeliveries(ctx context.Context, accountID id.ID, states []engine.DeliveryState, before time.Time, limit int) ([]id.ID, error) {
	args := []any{accountID, millis(before), limit}
	for _, state := range states {
		args = append(args, string(state))
	}
	return s.ids(ctx, "list old deliveries", fmt.Sprintf(oldDeliveries, placeholders(4, len(states))), args...)
}

func (s *Store) ReadDelivery(ctx context.Context, accountID, deliveryID id.ID) (found engine.Delivery, err error) {
	err = s.backend.read(ctx, func(q session) error {
		found, err = one(q, scanDelivery, "SELECT "+deliveryColumns+" FROM delivery WHERE id = ?1 AND account_id = ?2", deliveryID, accountID)
		return err
	})
	return found, wrap("read delivery", missing(err, "DeliveryId"))
}

// SearchDeliveries implements engine.Queries. Columns to sort by: createdAt (default), nextTryAt, state, kind, id.
func (s *Store) SearchDeliveries(ctx context.Context, accountID, pearlID id.ID, wanted engine.DeliveryFilter, page engine.Page) (count int, rows []engine.Delivery, err error) {
	order, err := orderBy(page, map[string]string{
		"": "created", "created": "created", "createdat": "created", "nexttryat": "next_try", "state": "state", "kind": "kind", "id": "id",
	})
	if err != nil {
		return 0, nil, err
	}
	var f filter
	f.add("pearl_id = ?%d", pearlID)
	if wanted.State != "" {
		f.add("state = ?%d", string(wanted.State))
	}
	if !wanted.Lead.Zero() {
		f.add("lead_id = ?%d AND lead_id <> ''", wanted.Lead)
	}
	if !wanted.Call.Zero() {
		f.add("call_id = ?%d AND call_id <> ''", wanted.Call)
	}
	f.between("created", wanted.From, wanted.To)
	err = s.scan(ctx, accountID, func(q session) error {
		if owned, err := owns(q, accountID, pearlID); err != nil || !owned {
			return err
		}
		count, rows, err = search(q, scanLightDelivery, lightDeliveryColumns, "delivery", &f, order, page, func() (int, error) { return f.count(q, "delivery") })
		return err
	})
	return count, rows, wrap("search deliveries", err)
}

// ReviveDelivery sends one delivery again, whatever became of it: same body and id (contract 6.3, 12).
func (s *Store) ReviveDelivery(ctx context.Context, accountID, deliveryID id.ID, now time.Time) error {
	err := s.backend.update(ctx, func(q session) error {
		if err := q.flush(); err != nil {
			return err
		}
		n, err := q.exec(`UPDATE delivery SET state = 'pending', next_try = ?3, lease = 0, held_back = {false}, hurried = {false}, replays = replays + 1
			WHERE id = ?1 AND account_id = ?2`, deliveryID, accountID, millis(now))
		if err == nil && n == 0 {
			return fault.Missing("DeliveryId")
		}
		return err
	})
	return wrap("revive delivery", err)
}

// ReviveDead sends all dead deliveries of a Pearl again that were made from from to to, both inclusive, zero = open,
// and answers how many there are.
func (s *Store) ReviveDead(ctx context.Context, accountID, pearlID id.ID, from, to, now time.Time) (revived int, err error) {
	var f filter
	f.add("pearl_id = ?%d", pearlID)
	f.add("account_id = ?%d", accountID)
	f.add("state = 'dead'")
	f.between("created", from, to)
	next := len(f.args) + 1
	err = s.backend.update(ctx, func(q session) error {
		if err := q.flush(); err != nil {
			return err
		}
		text := "UPDATE delivery SET state = 'pending', next_try = " + placeholders(next, 1) +
			", lease = 0, held_back = {false}, hurried = {false}, replays = replays + 1" + f.where()
		n, err := q.exec(text, append(f.args[:len(f.args):len(f.args)], millis(now))...)
		revived = int(n)
		return err
	})
	return revived, wrap("revive dead deliveries", err)
}
