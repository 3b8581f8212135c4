package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"nacre/internal/engine"
	"nacre/internal/id"
)

var (
	deliveryTable = newTable("delivery", "id, account_id, pearl_id, kind, lead_id, call_id, is_start, sequence, trace, state, created, next_try, lease, "+
		"held_back, hurried, tries, replays, body")
	lightDeliveryColumns = deliveryTable.listWithout("body")
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
	var created, nextTry, lease int64
	var tries string
	err := r.Scan(append([]any{
		(*string)(&d.ID), (*string)(&d.Account), (*string)(&d.Pearl), (*string)(&d.Kind), (*string)(&d.Lead), (*string)(&d.Call), &d.Start, &d.Sequence,
		&d.Trace, (*string)(&d.State), &created, &nextTry, &lease, &d.HeldBack, &d.Hurried, &tries, &d.Replays,
	}, heavy...)...)
	if err != nil {
		return d, err
	}
	d.Created, d.NextTry, d.Lease = instant(created), instant(nextTry), instant(lease)
	return d, decode(tries, &d.Tries)
}

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
			string(d.State), millis(d.Created), millis(d.NextTry), millis(d.Lease), d.HeldBack, d.Hurried, tries, int64(d.Replays), body}
	}
	return t.insert(deliveryTable, rows)
}

// SaveDelivery implements engine.Tx. What is sent, and to whom, was written with the delivery and does not change.
func (t *tx) SaveDelivery(before, next engine.Delivery) error {
	var c columnSet
	c.set(before.State != next.State, "state", string(next.State))
	c.set(!before.NextTry.Equal(next.NextTry), "next_try", millis(next.NextTry))
	c.set(!before.Lease.Equal(next.Lease), "lease", millis(next.Lease))
	c.set(before.HeldBack != next.HeldBack, "held_back", next.HeldBack)
	c.set(before.Hurried != next.Hurried, "hurried", next.Hurried)
	c.set(before.Replays != next.Replays, "replays", int64(next.Replays))
	if len(before.Tries) != len(next.Tries) { // they are only added to
		tries, err := listText(next.Tries)
		if err != nil {
			return err
		}
		c.set(true, "tries", tries)
	}
	if c.empty() {
		return nil
	}
	text, args := c.update("delivery", "id = ?1", string(before.ID))
	return t.queue(nil, text, args...)
}

// deliveryQueues steps from Pearl to Pearl over the index delivery_next: its cost depends on how many Pearls have
// something pending, not on how much.
const deliveryQueues = `WITH RECURSIVE pearls(pearl_id) AS (
	SELECT (SELECT pearl_id FROM delivery WHERE state = 'pending' ORDER BY pearl_id LIMIT 1)
	UNION ALL
	SELECT (SELECT pearl_id FROM delivery WHERE state = 'pending' AND pearl_id > pearls.pearl_id ORDER BY pearl_id LIMIT 1)
	FROM pearls WHERE pearls.pearl_id IS NOT NULL)
SELECT pearl_id, COALESCE((SELECT next_try FROM delivery WHERE state = 'pending' AND delivery.pearl_id = pearls.pearl_id ORDER BY next_try LIMIT 1), 0),
	COALESCE((SELECT account_id FROM delivery WHERE state = 'pending' AND delivery.pearl_id = pearls.pearl_id ORDER BY next_try LIMIT 1), '')
FROM pearls WHERE pearl_id IS NOT NULL`

func listDeliveryQueues(q session) ([]engine.DeliveryQueue, error) {
	return list(q, func(r row) (found engine.DeliveryQueue, err error) {
		var nextTry int64
		err = r.Scan((*string)(&found.Pearl), &nextTry, (*string)(&found.Account))
		found.NextTry = instant(nextTry)
		return found, err
	}, deliveryQueues)
}

// DeliveryQueues implements engine.Tx.
func (t *tx) DeliveryQueues() ([]engine.DeliveryQueue, error) {
	if err := t.flush(); err != nil {
		return nil, err
	}
	return listDeliveryQueues(t)
}

// ReadDeliveryQueues implements engine.Queries.
func (s *Store) ReadDeliveryQueues(ctx context.Context) (found []engine.DeliveryQueue, err error) {
	err = s.backend.read(ctx, func(q session) error {
		found, err = listDeliveryQueues(q)
		return err
	})
	return found, wrap("list queues of deliveries", err)
}

var dueDeliveries = "SELECT " + lightDeliveryColumns + ` FROM delivery
	WHERE pearl_id = ?1 AND state = 'pending' AND next_try <= ?2 ORDER BY next_try, id LIMIT ?3 {skip locked}`

// DueDeliveries implements engine.Tx.
func (t *tx) DueDeliveries(pearlID id.ID, now time.Time, limit int) ([]engine.Delivery, error) {
	return t.deliveries(dueDeliveries, pearlID, millis(now), limit)
}

// deliveries lists light rows, those that still wait to be inserted included.
func (t *tx) deliveries(text string, args ...any) ([]engine.Delivery, error) {
	if err := t.flush(); err != nil {
		return nil, err
	}
	return list(t, scanLightDelivery, text, args...)
}

var lockedDelivery = "SELECT " + lightDeliveryColumns + " FROM delivery WHERE id = ?1 {for update}"

// Delivery implements engine.Tx.
func (t *tx) Delivery(deliveryID id.ID) (engine.Delivery, error) {
	if err := t.flush(); err != nil {
		return engine.Delivery{}, err
	}
	d, err := one(t, scanLightDelivery, lockedDelivery, deliveryID)
	return d, missing(err, "DeliveryId")
}

// DeliveryBody implements engine.Tx.
func (t *tx) DeliveryBody(deliveryID id.ID) ([]byte, error) {
	body, err := one(t, func(r row) (body []byte, err error) { return body, r.Scan(&body) }, "SELECT body FROM delivery WHERE id = ?1", deliveryID)
	return body, missing(err, "DeliveryId")
}

const pendingBefore = `SELECT id FROM delivery
	WHERE lead_id = ?1 AND lead_id <> '' AND sequence < ?2 AND state = 'pending' AND kind = 'lead' ORDER BY sequence LIMIT 1`

// PendingBefore implements engine.Tx.
func (t *tx) PendingBefore(leadID id.ID, sequence int64) (id.ID, error) {
	return t.deliveryID(pendingBefore, leadID, sequence)
}

const pendingOfCall = "SELECT id FROM delivery WHERE call_id = ?1 AND call_id <> '' AND is_start = ?2 AND state = 'pending' AND kind = 'call' LIMIT 1"

// PendingOfCall implements engine.Tx.
func (t *tx) PendingOfCall(callID id.ID, start bool) (id.ID, error) {
	return t.deliveryID(pendingOfCall, callID, start)
}

// deliveryID is what the query finds first, zero where it finds nothing.
func (t *tx) deliveryID(text string, args ...any) (id.ID, error) {
	found, err := one(t, scanText[id.ID], text, args...)
	if errors.Is(err, errNoRow) {
		return "", nil
	}
	return found, err
}

var sharedDelivery = "SELECT " + lightDeliveryColumns + " FROM delivery WHERE id = ?1 AND state = 'pending' {share skip locked}"

// SharePending implements engine.Tx.
func (t *tx) SharePending(deliveryID id.ID) (*engine.Delivery, error) {
	d, err := one(t, scanLightDelivery, sharedDelivery, deliveryID)
	if errors.Is(err, errNoRow) {
		return nil, nil
	}
	return &d, err
}

// FreeNextOfLead implements engine.Tx: one statement that nobody waits for.
func (t *tx) FreeNextOfLead(leadID id.ID, sequence int64) error {
	return t.queue(nil, `UPDATE delivery SET next_try = created, held_back = {false} WHERE held_back = {true} AND id =
		(SELECT id FROM delivery WHERE lead_id = ?1 AND lead_id <> '' AND sequence > ?2 AND state = 'pending' AND kind = 'lead' ORDER BY sequence LIMIT 1)`,
		leadID, sequence)
}

// FreeEndOfCall implements engine.Tx.
func (t *tx) FreeEndOfCall(callID id.ID) error {
	return t.queue(nil, `UPDATE delivery SET next_try = created, held_back = {false}
		WHERE held_back = {true} AND call_id = ?1 AND call_id <> '' AND kind = 'call' AND is_start = {false} AND state = 'pending'`, callID)
}

// FreeAnalysisOfCall implements engine.Tx.
func (t *tx) FreeAnalysisOfCall(callID id.ID) error {
	return t.queue(nil, `UPDATE delivery SET next_try = created, held_back = {false}
		WHERE held_back = {true} AND call_id = ?1 AND call_id <> '' AND kind = 'analysis' AND state = 'pending'`, callID)
}

// EndLeases implements engine.Tx.
func (t *tx) EndLeases(pearlID id.ID, now, until time.Time) error {
	return t.queue(nil, `UPDATE delivery SET next_try = ?2, lease = 0
		WHERE pearl_id = ?1 AND state = 'pending' AND next_try > ?2 AND next_try <= ?3 AND lease > 0`, pearlID, millis(now), millis(until))
}

var pendingDeliveries = "SELECT " + lightDeliveryColumns + ` FROM delivery
	WHERE pearl_id = ?1 AND state = 'pending' AND (next_try, id) > (?2, ?3) ORDER BY next_try, id LIMIT ?4 {for update}`

// PendingDeliveries implements engine.Tx.
func (t *tx) PendingDeliveries(pearlID id.ID, after engine.DeliveryPlace, limit int) ([]engine.Delivery, error) {
	return t.deliveries(pendingDeliveries, pearlID, millis(after.At), after.ID, limit)
}

var deadDeliveries = "SELECT " + lightDeliveryColumns + ` FROM delivery
	WHERE pearl_id = ?1 AND state = 'dead' AND (created, id) > (?2, ?3) AND created <= ?4 ORDER BY created, id LIMIT ?5 {for update}`

// DeadDeliveries implements engine.Tx.
func (t *tx) DeadDeliveries(pearlID id.ID, after engine.DeliveryPlace, until time.Time, limit int) ([]engine.Delivery, error) {
	last := int64(math.MaxInt64)
	if !until.IsZero() {
		last = millis(until)
	}
	return t.deliveries(deadDeliveries, pearlID, millis(after.At), after.ID, last, limit)
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

// ReadDelivery implements engine.Queries.
func (s *Store) ReadDelivery(ctx context.Context, accountID, deliveryID id.ID) (found engine.Delivery, err error) {
	err = s.backend.read(ctx, func(q session) error {
		found, err = one(q, scanDelivery, "SELECT "+deliveryTable.list()+" FROM delivery WHERE id = ?1 AND account_id = ?2", deliveryID, accountID)
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
