package store

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/report"
)

var (
	historyTable = newTable("history", "lead_id, at, kind, status_from, status_to, call_id, actor, note")
	leadHistory  = "SELECT " + historyTable.list() + " FROM history WHERE lead_id = ?1 ORDER BY entry"
)

func (t *tx) AddHistory(entries ...engine.History) error {
	rows := make([][]any, len(entries))
	for n, e := range entries {
		rows[n] = []any{string(e.Lead), millis(e.At), e.Kind, int64(e.From), int64(e.To), string(e.Call), e.By, e.Note}
		if e.To == int(lead.WrongCountryCode) {
			if err := t.queue(nil, markWrongCode, report.BucketOf(e.At).UnixMilli(), e.Lead); err != nil {
				return err
			}
		}
	}
	return t.insert(historyTable, rows)
}

func (s *Store) LeadHistory(ctx context.Context, leadID id.ID) (found []engine.History, err error) {
	err = s.backend.read(ctx, func(q session) error {
		found, err = list(q, func(r row) (e engine.History, err error) {
			var at int64
			err = r.Scan((*string)(&e.Lead), &at, &e.Kind, &e.From, &e.To, (*string)(&e.Call), &e.By, &e.Note)
			e.At = instant(at)
			return e, err
		}, leadHistory, leadID)
		return err
	})
	return found, wrap("read history", err)
}

var auditTable = newTable("audit", "account_id, at, event, actor, actor_name, actor_type, data")

func (t *tx) AddAudit(entries ...engine.Audit) error {
	rows := make([][]any, len(entries))
	for n, e := range entries {
		rows[n] = []any{string(e.Account), millis(e.At), int64(e.Event), e.User, e.UserName, e.UserType, string(e.Data)}
	}
	return t.insert(auditTable, rows)
}

// AuditLog implements engine.Queries; zero event and no users do not filter, zero instants are open.
func (s *Store) AuditLog(ctx context.Context, accountID id.ID, from, to time.Time, event int, users []string, limit int) (found []engine.Audit, err error) {
	var f filter
	f.add("account_id = ?%d", accountID)
	f.between("at", from, to)
	if event != 0 {
		f.add("event = ?%d", event)
	}
	if len(users) > 0 {
		args := make([]any, len(users))
		for n, user := range users {
			args[n] = user
		}
		f.add("actor IN (?%d"+strings.Repeat(", ?%d", len(users)-1)+")", args...)
	}
	err = s.scan(ctx, accountID, func(q session) error {
		found, err = pageOf(q, func(r row) (e engine.Audit, err error) {
			var at int64
			var data string
			err = r.Scan((*string)(&e.Account), &at, &e.Event, &e.User, &e.UserName, &e.UserType, &data)
			e.At, e.Data = instant(at), rawJSON(data)
			return e, err
		}, auditTable.list(), "audit", &f, " ORDER BY at DESC, entry DESC", engine.Page{Limit: limit})
		return err
	})
	return found, wrap("read audit log", err)
}

const oldSignIns = "SELECT entry FROM audit WHERE event = ?1 AND event < 3 AND at < ?2 ORDER BY at LIMIT ?3"

// DeleteSignIns implements engine.Tx.
func (t *tx) DeleteSignIns(event int, before time.Time, limit int) (int, error) {
	n, err := t.exec("DELETE FROM audit WHERE entry IN ("+oldSignIns+" {skip locked})", event, millis(before), limit)
	return int(n), err
}

var (
	replayTable = newTable("replay", "account_id, route, idempotency_key, body_hash, status, type, answer, created")
	findReplay  = "SELECT " + replayTable.list() + " FROM replay WHERE account_id = ?1 AND route = ?2 AND idempotency_key = ?3"
	saveReplay  = replayTable.replacing(3)
)

func (t *tx) RememberedAnswer(accountID id.ID, route, key string) (engine.RememberedAnswer, bool, error) {
	found, err := one(t, func(r row) (p engine.RememberedAnswer, err error) {
		var created int64
		err = r.Scan((*string)(&p.Account), &p.Route, &p.Key, &p.BodyHash, &p.Status, &p.Type, &p.Answer, &created)
		p.Created = instant(created)
		return p, err
	}, findReplay, accountID, route, key)
	if errors.Is(err, errNoRow) {
		return engine.RememberedAnswer{}, false, nil
	}
	return found, err == nil, err
}

// replayWindow is how long an answer is remembered (contract 0.9).
const replayWindow = 24 * time.Hour

// SaveRememberedAnswer implements engine.Tx. An older answer under the same key gives way; a few that have outlived the window go.
func (t *tx) SaveRememberedAnswer(p engine.RememberedAnswer) error {
	err := t.queue(nil, `DELETE FROM replay WHERE (account_id, route, idempotency_key) IN
		(SELECT account_id, route, idempotency_key FROM replay WHERE created < ?1 ORDER BY created LIMIT 10 {skip locked})`,
		millis(p.Created.Add(-replayWindow)))
	if err != nil {
		return err
	}
	_, err = t.exec(saveReplay, p.Account, p.Route, p.Key, p.BodyHash, p.Status, p.Type, p.Answer, millis(p.Created))
	return err
}

// DeleteRememberedAnswers implements engine.Tx.
func (t *tx) DeleteRememberedAnswers(before time.Time, limit int) (int, error) {
	n, err := t.exec(`DELETE FROM replay WHERE (account_id, route, idempotency_key) IN
		(SELECT account_id, route, idempotency_key FROM replay WHERE created < ?1 ORDER BY created LIMIT ?2 {skip locked})`, millis(before), limit)
	return int(n), err
}

var (
	secretTable = newTable("secret", "name, content")
	addSecret   = secretTable.insertion(1) + " ON CONFLICT (name) DO NOTHING"
	saveSecret  = secretTable.replacing(1)
)

// Secret implements engine.Queries.
func (s *Store) Secret(ctx context.Context, name string) (content []byte, err error) {
	find := func(q session) error {
		raw, err := findSecret(q, name)
		if err != nil {
			return err
		}
		opened, err := s.keys.Open("secret "+name, string(raw))
		content = []byte(opened)
		return err
	}
	if err := s.backend.read(ctx, find); !errors.Is(err, errNoRow) {
		return content, wrap("read secret", err)
	}
	err = s.backend.update(ctx, func(q session) error {
		fresh := make([]byte, 32)
		if _, err := rand.Read(fresh); err != nil {
			return err
		}
		// Two nodes may make one at the same time: the first to be stored counts.
		if _, err := q.exec(addSecret, name, []byte(s.keys.Seal("secret "+name, string(fresh)))); err != nil {
			return err
		}
		return find(q)
	})
	return content, wrap("make secret", err)
}
