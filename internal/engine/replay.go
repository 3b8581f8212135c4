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

// ReplayFor is how long the answer to a request with an Idempotency-Key is kept (contract 0.9).
const ReplayFor = 24 * time.Hour

// ErrReplayMismatch means that the Idempotency-Key came before with another body (contract 0.9).
var ErrReplayMismatch = errors.New("the Idempotency-Key was used with another body")

// Keep asks the creating use case that runs under its context to store the answer to the request in its own
// transaction, so that thing and answer are committed together or not at all.
type Keep struct {
	Account  id.ID
	Route    string // method and path: keys of different routes never meet
	Key      string
	BodyHash []byte
	// Answer renders what the use case made: []id.ID (AddLead too), id.ID, Receipt; true where it answers only an error.
	Answer func(result any) (status int, contentType string, body []byte, err error)
}

type keepContext struct{}

// WithReplay answers a context under which one creating use case keeps its answer.
func WithReplay(ctx context.Context, keep Keep) context.Context {
	return context.WithValue(ctx, keepContext{}, keep)
}

// Replayed looks for the kept answer to an earlier request with the same key: found is false when there is none or it is
// older than ReplayFor. Another body is ErrReplayMismatch.
func (e *Engine) Replayed(ctx context.Context, keep Keep) (replay Replay, found bool, err error) {
	err = e.Store.Update(ctx, func(tx Tx) error {
		replay, found, err = tx.Replay(keep.Account, keep.Route, keep.Key)
		return err
	})
	if err != nil {
		return Replay{}, false, fmt.Errorf("look for a kept answer: %w", err)
	}
	if !found || e.Now().Sub(replay.Created) >= ReplayFor {
		return Replay{}, false, nil
	}
	if !bytes.Equal(replay.BodyHash, keep.BodyHash) {
		return Replay{}, false, ErrReplayMismatch
	}
	return replay, true, nil
}

// keepAnswer is the last statement of a creating use case's transaction. Without an Idempotency-Key it does nothing.
// It refuses, and so undoes the creation, when another node has answered the same key meanwhile: the caller repeats
// the request and gets that answer.
func (e *Engine) keepAnswer(ctx context.Context, tx Tx, result any) error {
	keep, wanted := ctx.Value(keepContext{}).(Keep)
	if !wanted {
		return nil
	}
	now := e.clock()
	earlier, found, err := tx.Replay(keep.Account, keep.Route, keep.Key)
	if err != nil {
		return fmt.Errorf("look for a kept answer: %w", err)
	}
	if found && now.Sub(earlier.Created) < ReplayFor {
		return &fault.Error{Kind: fault.Conflict, Detail: "A request with the same Idempotency-Key was answered meanwhile.", RetryAfter: time.Second}
	}
	status, contentType, body, err := keep.Answer(result)
	if err != nil {
		return fmt.Errorf("render the answer to keep: %w", err)
	}
	err = tx.SaveReplay(Replay{
		Account: keep.Account, Route: keep.Route, Key: keep.Key, BodyHash: keep.BodyHash,
		Status: status, Type: contentType, Answer: body, Created: now,
	})
	if err != nil {
		return fmt.Errorf("keep the answer: %w", err)
	}
	return nil
}
