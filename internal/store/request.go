package store

import (
	"context"
	"time"

	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
)

const requestColumns = "id, account_id, pearl_id, to_number, call_data, status, created, expires, errors, call_id, claim, node, due, trace"

func scanRequest(r row) (engine.Request, error) {
	var q engine.Request
	var callData, errorList string
	var created, expires, due int64
	err := r.Scan((*string)(&q.ID), (*string)(&q.Account), (*string)(&q.Pearl), (*string)(&q.To), &callData, (*int)(&q.Status), &created, &expires,
		&errorList, (*string)(&q.Call), (*string)(&q.Claim), &q.Node, &due, &q.Trace)
	if err != nil {
		return q, err
	}
	q.CallData, q.Created, q.Expires, q.Due = rawJSON(callData), instant(created), instant(expires), instant(due)
	return q, decode(errorList, &q.Errors)
}

func requestValues(r engine.Request) ([]any, error) {
	errorList, err := listText(r.Errors)
	return []any{r.ID, r.Account, r.Pearl, r.To, string(r.CallData), int(r.Status), millis(r.Created), millis(r.Expires), errorList,
		r.Call, r.Claim, r.Node, millis(r.Due), r.Trace}, err
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
	return t.queue(nil, "INSERT INTO request ("+requestColumns+") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)", values...)
}

func (t *tx) SaveRequest(r engine.Request) error {
	values, err := requestValues(r)
	if err != nil {
		return err
	}
	return t.queue(fault.Missing("CallRequestId"), `UPDATE request SET pearl_id = ?3, to_number = ?4, call_data = ?5, status = ?6, created = ?7,
		expires = ?8, errors = ?9, call_id = ?10, claim = ?11, node = ?12, due = ?13, trace = ?14 WHERE id = ?1 AND account_id = ?2`, values...)
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

func (t *tx) WaitingRequests(pearlID id.ID, limit int) ([]engine.Request, error) {
	return list(t, scanRequest, "SELECT "+requestColumns+` FROM request WHERE pearl_id = ?1 AND status = 1 AND claim = ''
		ORDER BY created, id LIMIT ?2 {skip locked}`, pearlID, limit)
}

func (t *tx) OpenRequests(accountID id.ID) ([]engine.Request, error) {
	return list(t, scanRequest, "SELECT "+requestColumns+" FROM request WHERE account_id = ?1 AND status < 10 ORDER BY id || '' {for update}", accountID)
}

func (t *tx) RequestsAhead(r engine.Request) (int, error) {
	return one(t, scanInt, `SELECT count(*) FROM request WHERE pearl_id = ?1 AND status = 1 AND (created < ?2 OR created = ?2 AND id < ?3)`,
		r.Pearl, millis(r.Created), r.ID)
}

func (s *Store) RequestsAhead(ctx context.Context, r engine.Request) (ahead int, err error) {
	err = s.backend.read(ctx, func(q session) error {
		ahead, err = s.newTx(q).RequestsAhead(r)
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
		rows, err = pageOf(q, scanRequest, requestColumns, "request", &f, order, page)
		return err
	})
	return count, rows, wrap("search requests", err)
}
