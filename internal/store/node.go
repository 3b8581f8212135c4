package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"nacre/internal/engine"
)

// watchEvery is how often the node asks whether it holds its lock, and watchTimeout how long the answer may take. PostgreSQL
// gives the lock of a client that is silent to others after half a minute (see sessionSettings): we are gone by then.
const (
	watchEvery   = time.Second
	watchTimeout = 10 * time.Second
)

// errLockLost: what held the node's lock is gone, and another process may hold it.
var errLockLost = errors.New("the lock is lost")

const readEpoch = "SELECT epoch FROM node_epoch WHERE id = 1"

func scanEpoch(r row) (epoch int64, err error) { return epoch, r.Scan(&epoch) }

// becomeNode raises the epoch: transactions of an earlier node end first, and those that it begins later are refused.
func (s *Store) becomeNode(ctx context.Context) error {
	err := s.backend.update(ctx, func(q session) (err error) {
		if _, err := q.exec("UPDATE node_epoch SET epoch = epoch + 1 WHERE id = 1"); err != nil {
			return err
		}
		s.epoch, err = one(q, scanEpoch, readEpoch)
		return err
	})
	if err != nil {
		return fmt.Errorf("raise the epoch: %w", err)
	}
	s.background.Go(s.watchNode)
	return nil
}

// NodeLost receives an error, once, when this process no longer holds the database (Options.Node): the connection or the file
// of its lock is gone, or another process has raised the epoch. It must begin nothing more then, and end.
func (s *Store) NodeLost() <-chan error { return s.nodeLost }

func (s *Store) watchNode() {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-ticker.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), watchTimeout)
		epoch, err := s.backend.nodeEpoch(ctx)
		cancel()
		if err == nil && epoch != s.epoch {
			err = fmt.Errorf("%w: another process has taken the database", errLockLost)
		}
		if errors.Is(err, errLockLost) {
			s.nodeLost <- err
			return
		}
		if err != nil {
			s.log.Warn("the lock of the node could not be looked at", "error", err)
		}
	}
}

// HoldNode implements engine.Tx.
func (t *tx) HoldNode() error {
	if t.epoch == 0 {
		return nil
	}
	return t.require(engine.ErrNotNode, readEpoch+" AND epoch = ?1 {for share}", t.epoch)
}
