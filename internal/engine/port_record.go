package engine

import (
	"context"
	"encoding/json"
	"time"

	"nacre/internal/id"
)

// RecordTx is the audit log, and answers that are remembered.
type RecordTx interface {
	AddAudit(...Audit) error
	// DeleteSignIns removes the oldest entries of the audit log with an event below 3 that were made before.
	DeleteSignIns(event int, before time.Time, limit int) (deleted int, err error)
	RememberedAnswer(accountID id.ID, route, key string) (found RememberedAnswer, ok bool, err error)
	SaveRememberedAnswer(RememberedAnswer) error
	DeleteRememberedAnswers(before time.Time, limit int) (deleted int, err error) // the oldest that were made before
}

// AuditQueries reads the audit log.
type AuditQueries interface {
	AuditLog(ctx context.Context, accountID id.ID, from, to time.Time, event int, users []string, limit int) ([]Audit, error) // newest first; of any of the users
	// RememberedAnswers are the bytes of answers remembered for an account since then (RememberedRow more for each), and when the oldest was made.
	RememberedAnswers(ctx context.Context, accountID id.ID, since time.Time) (bytes int64, oldest time.Time, err error)
}

// Audit is one entry of the audit log (contract 5).
type Audit struct {
	Account  id.ID
	At       time.Time
	Event    int    // contract 8, audit event
	User     string // id of the key or person
	UserName string
	UserType string
	Data     json.RawMessage
}

// RememberedAnswer is the first answer to a request with an Idempotency-Key (contract 0.9).
type RememberedAnswer struct {
	Account  id.ID
	Route    string
	Key      string
	BodyHash []byte
	Status   int
	Type     string // content type
	Answer   []byte
	Created  time.Time
}
