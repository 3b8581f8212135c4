package store

import (
	"context"
	"errors"
	"time"

	"nacre/internal/engine"
)

const sessionColumns = "token, content, expires"

var saveSession = newTable("session", sessionColumns).replacing(1)

// SaveSession implements engine.Tx.
func (t *tx) SaveSession(s engine.Session) error {
	return t.queue(nil, saveSession, s.Token, s.Content, millis(s.Expires))
}

// DeleteSession implements engine.Tx.
func (t *tx) DeleteSession(token string) error {
	return t.queue(nil, "DELETE FROM session WHERE token = ?1", token)
}

// DeleteSessions implements engine.Tx.
func (t *tx) DeleteSessions(before time.Time, limit int) (int, error) {
	deleted, err := t.exec("DELETE FROM session WHERE token IN (SELECT token FROM session WHERE expires < ?1 ORDER BY expires LIMIT ?2)", millis(before), limit)
	return int(deleted), err
}

// Session implements engine.Queries.
func (s *Store) Session(ctx context.Context, token string) (found engine.Session, ok bool, err error) {
	err = s.backend.read(ctx, func(q session) error {
		found, err = one(q, func(r row) (f engine.Session, err error) {
			var expires int64
			err = r.Scan(&f.Token, &f.Content, &expires)
			f.Expires = instant(expires)
			return f, err
		}, "SELECT "+sessionColumns+" FROM session WHERE token = ?1", token)
		ok = err == nil
		if errors.Is(err, errNoRow) {
			return nil
		}
		return err
	})
	return found, ok, wrap("read session", err)
}
