package engine

import (
	"context"
	"fmt"
)

// SaveSession keeps a signed-in browser.
func (e *Engine) SaveSession(ctx context.Context, s Session) error {
	if err := e.update(ctx, func(tx Tx, _ *Signals) error { return tx.SaveSession(s) }); err != nil {
		return fmt.Errorf("save session: %w", err)
	}
	return nil
}

// DeleteSession forgets a signed-in browser.
func (e *Engine) DeleteSession(ctx context.Context, token string) error {
	if err := e.update(ctx, func(tx Tx, _ *Signals) error { return tx.DeleteSession(token) }); err != nil {
		return fmt.Errorf("delete session: %w", err)
	}
	return nil
}
