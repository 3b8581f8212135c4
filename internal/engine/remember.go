package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"nacre/internal/fault"
	"nacre/internal/id"
)

// RememberFor is how long the answer to a request with an Idempotency-Key is remembered (contract 0.9).
const RememberFor = 24 * time.Hour

// RememberedRow is what the disk takes for a remembered answer besides its bytes: its key, route, hash and index.
const RememberedRow = 1 << 10

// ErrOtherBody means that the Idempotency-Key came before with another body (contract 0.9).
var ErrOtherBody = errors.New("the Idempotency-Key was used with another body")

// KeyedRequest is a request with an Idempotency-Key.
type KeyedRequest struct {
	Account  id.ID
	Route    string // method and path: keys of different routes never meet
	Key      string
	BodyHash []byte
	Stops    bool // it stops calls: taken also where as much is remembered for the account as may be
}

// Remember asks a use case that creates to store the answer to its request in its own transaction, so that what it made and
// the answer are committed together or not at all. nil: there is no Idempotency-Key.
type Remember[Made any] struct {
	KeyedRequest
	// Answer renders what the use case made.
	Answer func(made Made) (status int, contentType string, body []byte, err error)
}

// Remembered looks for the remembered answer to an earlier request with the same key: found is false when there is none or it is
// older than RememberFor. Another body is ErrOtherBody; a new key where enough is remembered is fault.TooMany.
func (e *Engine) Remembered(ctx context.Context, asked KeyedRequest) (earlier RememberedAnswer, found bool, err error) {
	err = e.Store.Update(ctx, func(tx Tx) error {
		earlier, found, err = tx.RememberedAnswer(asked.Account, asked.Route, asked.Key)
		return err
	})
	if err != nil {
		return RememberedAnswer{}, false, fmt.Errorf("look for a remembered answer: %w", err)
	}
	if !found || e.Now().Sub(earlier.Created) >= RememberFor {
		if asked.Stops {
			return RememberedAnswer{}, false, nil
		}
		return RememberedAnswer{}, false, e.admitAnswer(ctx, asked.Account)
	}
	if !bytes.Equal(earlier.BodyHash, asked.BodyHash) {
		return RememberedAnswer{}, false, ErrOtherBody
	}
	return earlier, true, nil
}

// rememberAnswer is the last statement of a creating use case's transaction. Without an Idempotency-Key it does nothing.
// It refuses, and so undoes the creation, when another node has answered the same key meanwhile: the caller repeats
// the request and gets that answer.
func rememberAnswer[Made any](e *Engine, tx RecordTx, s *Signals, remember *Remember[Made], made Made) error {
	if remember == nil {
		return nil
	}
	now := e.clock()
	earlier, found, err := tx.RememberedAnswer(remember.Account, remember.Route, remember.Key)
	if err != nil {
		return fmt.Errorf("look for a remembered answer: %w", err)
	}
	if found && now.Sub(earlier.Created) < RememberFor {
		return &fault.Error{Kind: fault.Conflict, Detail: "A request with the same Idempotency-Key was answered meanwhile.", RetryAfter: time.Second}
	}
	status, contentType, body, err := remember.Answer(made)
	if err != nil {
		return fmt.Errorf("render the answer to remember: %w", err)
	}
	err = tx.SaveRememberedAnswer(RememberedAnswer{
		Account: remember.Account, Route: remember.Route, Key: remember.Key, BodyHash: remember.BodyHash,
		Status: status, Type: contentType, Answer: body, Created: now,
	})
	if err != nil {
		return fmt.Errorf("remember the answer: %w", err)
	}
	s.remembered = answerBytes{remember.Account, int64(len(body)) + RememberedRow}
	return nil
}
