package store

import (
	"context"
	"errors"
	"time"

	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
)

const requestColumns = "id, account_id, pearl_id, to_number, call_data, status, created, expires, errors, call_id, claim, node, due, trace, key_id"

var (
	requestTable  = newTable("request", requestColumns)
	insertRequest = requestTable.insertion(1)
	saveRequest   = requestTable.updating(2)
)

func scanRequest(r row) (engine.Request, error) {
	var q engine.Request
	var callData, errorList string
	var created, expires, due int64
	err := r.Scan((*string)(&q.ID), (*string)(&q.Account), (*string)(&q.Pearl), (*string)(&q.To), &callData, (*int)(&q.Status), &created, &expires,
		&errorList, (*string)(&q.Call), (*string)(&q.Claim), &q.Node, &due, &q.Trace, (*string)(&q.Key))
	if err != nil {
		return q, err
	}
	q.CallData, q.Created, q.Expires, q.Due = rawJSON(callData), instant(created), instant(expires), instant(due)
	return q, decode(errorList, &q.Errors)
}

func requestValues(r engine.Request) ([]any, error) {
	errorList, err := listText(r.Errors)
	return []any{r.ID, r.Account, r.Pearl, r.To, string(r.CallData), int(r.Status), millis(r.Created), millis(r.Expires), errorList,
		r.Call, r.Claim, r.Node, millis(r.Due), r.Trace, r.Key}, err
}

func (t *tx) Request(accountID, requestID id.ID) (engine.Request, error) {
	r, err := one(t, scanRequest, "SELECT "+requestColumns+" FROM request WHERE id = ?1 AND account_id = ?2 {for update}", requestID, accountID)
	return r, missing(err, "CallRequestId")
}

func (t *tx) InsertRequest(r engine.Request) error {
	values, err := requestValues(r)
	if err != nil {
		return err
	}
	return t.queue(nil, insertRequest, values...)
}

func (t *tx) SaveRequest(r engine.Request) error {
	values, err := requestValues(r)
	if err != nil {
		return err
	}
	return t.queue(fault.Missing("CallRequestId"), saveRequest, values...)
}

func (t *tx) DeleteRequest(requestID id.ID) error {
	return t.queue(nil, "DELETE FROM request WHERE id = ?1 AND status >= 10", requestID)
}

const oldRequests = `SELECT r.id FROM pearl p CROSS JOIN request r
	WHERE p.account_id = ?1 AND r.pearl_id = p.id AND r.created < ?2 AND r.status >= 10 LIMIT ?3`

// OldRequests implements engine.Queries.
func (s *Store) OldRequests(ctx context.Context, accountID id.ID, before time.Time, limit int) ([]id.ID, error) {
	return s.ids(ctx, "list old requests", oldRequests, accountID, millis(before), limit)
}

// Requests that were put off go before those that were never looked at, since they were looked at before them.
const (
	putOffRequests = "SELECT " + requestColumns + ` FROM request WHERE pearl_id = ?1 AND status = 1 AND claim = '' AND due > 0 AND due <= ?2
		ORDER BY due, created, id LIMIT ?3 {skip locked}`
	freshRequests = "SELECT " + requestColumns + ` FROM request WHERE pearl_id = ?1 AND status = 1 AND claim = '' AND due <= 0
		ORDER BY due, created, id LIMIT ?2 {skip locked}`
)

// DueRequests implements engine.Tx.
func (t *tx) DueRequests(pearlID id.ID, now time.Time, limit int) ([]engine.Request, error) {
	due, err := list(t, scanRequest, putOffRequests, pearlID, millis(now), limit)
	if err != nil {
		return nil, err
	}
	fresh, err := list(t, scanRequest, freshRequests, pearlID, limit)
	return append(due, fresh...), err
}

const expiredRequests = "SELECT " + requestColumns + ` FROM request WHERE account_id = ?1 AND status = 1 AND claim = '' AND expires <= ?2
	ORDER BY expires, id LIMIT ?3 {skip locked}`

// ExpiredRequests implements engine.Tx.
func (t *tx) ExpiredRequests(accountID id.ID, now time.Time, limit int) ([]engine.Request, error) {
	return list(t, scanRequest, expiredRequests, accountID, millis(now), limit)
}

const heldRequests = "SELECT " + requestColumns + " FROM request WHERE account_id = ?1 AND (status = 2 OR claim <> '') ORDER BY id || '' {for update}"

// HeldRequests implements engine.Tx.
func (t *tx) HeldRequests(accountID id.ID) ([]engine.Request, error) {
	return list(t, scanRequest, heldRequests, accountID)
}

const waitingNumbers = "SELECT id, to_number FROM request WHERE account_id = ?1 AND status = 1"

// WaitingNumbers implements engine.Queries.
func (s *Store) WaitingNumbers(ctx context.Context, accountID id.ID) (waiting []engine.WaitingNumber, err error) {
	err = s.backend.read(ctx, func(q session) error {
		waiting, err = list(q, func(r row) (w engine.WaitingNumber, err error) {
			return w, r.Scan((*string)(&w.Request), (*string)(&w.To))
		}, waitingNumbers, accountID)
		return err
	})
	return waiting, wrap("read numbers of waiting requests", err)
}

const dueRequestTimes = `SELECT
	COALESCE((SELECT due FROM request WHERE pearl_id = ?1 AND status = 1 AND claim = '' AND due <= ?2 ORDER BY due LIMIT 1), -1),
	COALESCE((SELECT due FROM request WHERE pearl_id = ?1 AND status = 1 AND claim = '' AND due > ?2 ORDER BY due LIMIT 1), -1)`

// DueRequestTimes implements engine.Queries.
func (s *Store) DueRequestTimes(ctx context.Context, pearlID id.ID, now time.Time) (times []time.Time, err error) {
	err = s.backend.read(ctx, func(q session) error {
		times = nil
		return q.each(func(r row) error {
			var waiting, next int64
			if err := r.Scan(&waiting, &next); err != nil {
				return err
			}
			if waiting >= 0 {
				times = append(times, instant(waiting))
			}
			if next >= 0 {
				times = append(times, instant(next))
			}
			return nil
		}, dueRequestTimes, pearlID, millis(now))
	})
	return times, wrap("read when requests are due", err)
}

const nextExpiry = "SELECT expires FROM request WHERE account_id = ?1 AND status = 1 AND claim = '' ORDER BY expires LIMIT 1"

// NextExpiry implements engine.Queries.
func (s *Store) NextExpiry(ctx context.Context, accountID id.ID) (next time.Time, err error) {
	err = s.backend.read(ctx, func(q session) error {
		at, err := one(q, func(r row) (at int64, err error) { return at, r.Scan(&at) }, nextExpiry, accountID)
		if errors.Is(err, errNoRow) {
			return nil
		}
		next = instant(at)
		return err
	})
	return next, wrap("read when the next request expires", err)
}

const openRequests = `SELECT (SELECT count(*) FROM request WHERE account_id = ?1 AND status = 1)
	+ (SELECT count(*) FROM request WHERE account_id = ?1 AND (status = 2 OR claim <> '') AND status = 2)`

// OpenRequests implements engine.Queries.
func (s *Store) OpenRequests(ctx context.Context, accountID id.ID) (count int, err error) {
	err = s.backend.read(ctx, func(q session) error {
		count, err = one(q, scanInt, openRequests, accountID)
		return err
	})
	return count, wrap("count open requests", err)
}

// RequestsAhead implements engine.Queries.
func (s *Store) RequestsAhead(ctx context.Context, r engine.Request) (ahead int, err error) {
	err = s.backend.read(ctx, func(q session) error {
		ahead, err = one(q, scanInt, `SELECT count(*) FROM request WHERE pearl_id = ?1 AND status = 1 AND (created < ?2 OR created = ?2 AND id < ?3)`,
			r.Pearl, millis(r.Created), r.ID)
		return err
	})
	return ahead, wrap("count requests ahead", err)
}

func (s *Store) ReadRequest(ctx context.Context, accountID, requestID id.ID) (found engine.Request, err error) {
	err = s.backend.read(ctx, func(q session) error {
		found, err = one(q, scanRequest, "SELECT "+requestColumns+" FROM request WHERE id = ?1 AND account_id = ?2", requestID, accountID)
		return err
	})
	return found, wrap("read request", missing(err, "CallRequestId"))
}

// SearchRequests implements engine.Queries; from and to are inclusive over created, zero = open.
func (s *Store) SearchRequests(ctx context.Context, accountID, pearlID id.ID, from, to time.Time, page engine.Page) (count int, rows []engine.Request, err error) {
	order, err := orderBy(page, map[string]string{"": "created", "created": "created", "status": "status", "id": "id"})
	if err != nil {
		return 0, nil, err
	}
	var f filter
	f.add("pearl_id = ?%d", pearlID)
	f.add("account_id = ?%d", accountID)
	f.between("created", from, to)
	err = s.scan(ctx, accountID, func(q session) error {
		if count, err = f.count(q, "request"); err != nil {
			return err
		}
		rows, err = pageOf(q, scanRequest, requestColumns, "request", &f, order.String(), page)
		return err
	})
	return count, rows, wrap("search requests", err)
}
