package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"nacre/internal/account"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
)

// missing turns errNoRow into the fault of the contract.
func missing(err error, what string) error {
	if errors.Is(err, errNoRow) {
		return fault.Missing(what)
	}
	return err
}

const accountColumns = "id, name, total_agents, credit, standing, country_codes, retention_days, created, default_region, color"

var (
	accountTable  = newTable("account", accountColumns)
	insertAccount = accountTable.insertion(1)
	saveAccount   = accountTable.updating(1)
)

func scanAccount(r row) (account.Account, error) {
	var a account.Account
	var countries string
	var created int64
	var retention int
	if err := r.Scan((*string)(&a.ID), &a.Name, &a.TotalAgents, &a.Credit, (*int)(&a.Standing), &countries, &retention, &created, &a.DefaultRegion, &a.Color); err != nil {
		return a, err
	}
	a.Created = instant(created)
	if retention >= 0 {
		a.RetentionDays = &retention
	}
	return a, decode(countries, &a.CountryCodes)
}

func accountValues(a account.Account) ([]any, error) {
	countries, err := encode(a.CountryCodes)
	if err != nil {
		return nil, err
	}
	retention := -1
	if a.RetentionDays != nil {
		retention = *a.RetentionDays
	}
	return []any{a.ID, a.Name, a.TotalAgents, a.Credit, int(a.Standing), countries, retention, millis(a.Created), a.DefaultRegion, a.Color}, nil
}

func (t *tx) Account(accountID id.ID, lock engine.Lock) (account.Account, error) {
	const text = "SELECT " + accountColumns + " FROM account WHERE id = ?1 "
	a, err := one(t, scanAccount, lockText(text, lock), accountID)
	return a, missing(err, "Account")
}

// lockText appends how a row is held. The three texts of a query are made once each by the compiler's cache of strings.
func lockText(text string, lock engine.Lock) string {
	switch lock {
	case engine.Shared:
		return text + "{for share}"
	case engine.Exclusive:
		return text + "{for update}"
	}
	return text
}

func (t *tx) InsertAccount(a account.Account) error {
	values, err := accountValues(a)
	if err != nil {
		return err
	}
	return t.queue(nil, insertAccount, values...)
}

func (t *tx) SaveAccount(a account.Account) error {
	t.forgetPearls() // their region
	values, err := accountValues(a)
	if err != nil {
		return err
	}
	return t.queue(fault.Missing("Account"), saveAccount, values...)
}

func (s *Store) ReadAccount(ctx context.Context, accountID id.ID) (found account.Account, err error) {
	err = s.backend.read(ctx, func(q session) error {
		found, err = s.newTx(q).Account(accountID, engine.Unlocked)
		return err
	})
	return found, err
}

func (s *Store) Accounts(ctx context.Context) (found []account.Account, err error) {
	err = s.backend.read(ctx, func(q session) error {
		found, err = list(q, scanAccount, "SELECT "+accountColumns+" FROM account ORDER BY created, id")
		return err
	})
	return found, wrap("list accounts", err)
}

// wrap puts the verb phrase before a failure of the database; faults of the contract are returned as they are.
func wrap(what string, err error) error {
	if err == nil || fault.Of(err) != fault.Internal {
		return err
	}
	return fmt.Errorf("%s: %w", what, err)
}

const keyColumns = "id, account_id, name, scope, hash, created, expires, last_used"

var insertKey = newTable("api_key", keyColumns).insertion(1)

func scanKey(r row) (account.Key, error) {
	var k account.Key
	var created, expires, used int64
	err := r.Scan((*string)(&k.ID), (*string)(&k.Account), &k.Name, (*string)(&k.Scope), &k.Hash, &created, &expires, &used)
	k.Created, k.Expires, k.LastUsed = instant(created), instant(expires), instant(used)
	return k, err
}

func (t *tx) InsertKey(k account.Key) error {
	return t.queue(nil, insertKey, k.ID, k.Account, k.Name, k.Scope, k.Hash, millis(k.Created), millis(k.Expires), millis(k.LastUsed))
}

func (t *tx) DeleteKey(accountID, keyID id.ID) error {
	return t.remove("KeyId", "DELETE FROM api_key WHERE account_id = ?1 AND id = ?2", accountID, keyID)
}

// remove deletes one row; where there is none, what was named is missing.
func (t *tx) remove(what, text string, args ...any) error {
	n, err := t.exec(text, args...)
	if err == nil && n == 0 {
		return fault.Missing(what)
	}
	return err
}

// Key implements engine.Queries. Hashes are compared by the index: of a random secret's hash, timing tells nothing.
func (s *Store) Key(ctx context.Context, accountID id.ID, hash []byte) (found account.Key, err error) {
	err = s.backend.read(ctx, func(q session) error {
		found, err = one(q, scanKey, "SELECT "+keyColumns+" FROM api_key WHERE account_id = ?1 AND hash = ?2", accountID, hash)
		return err
	})
	if errors.Is(err, errNoRow) {
		return found, &fault.Error{Kind: fault.Unauthenticated}
	}
	return found, wrap("read key", err)
}

func (s *Store) Keys(ctx context.Context, accountID id.ID) (found []account.Key, err error) {
	err = s.backend.read(ctx, func(q session) error {
		found, err = list(q, scanKey, "SELECT "+keyColumns+" FROM api_key WHERE account_id = ?1 ORDER BY created, id", accountID)
		return err
	})
	return found, wrap("list keys", err)
}

// touchInterval is how often the last uses of keys are written: they are for people to read, not worth a disk write each.
const touchInterval = 10 * time.Second

// TouchKey implements engine.Queries: written within ten seconds, and at Close.
func (s *Store) TouchKey(_ context.Context, keyID id.ID, at time.Time) error {
	s.touchMu.Lock()
	defer s.touchMu.Unlock()
	if at.After(s.touched[keyID]) {
		s.touched[keyID] = at
	}
	return nil
}

func (s *Store) flushTouches() {
	ticker := time.NewTicker(touchInterval)
	defer ticker.Stop()
	for stopping := false; !stopping; {
		select {
		case <-ticker.C:
		case <-s.stop:
			stopping = true
		}
		if err := s.writeTouches(); err != nil {
			s.log.Warn("last uses of keys not written", "error", err)
		}
	}
}

// touchesAtOnce is how many last uses one transaction writes: an account may have many keys, and others have the writer in between.
const touchesAtOnce = 500

func (s *Store) writeTouches() error {
	s.touchMu.Lock()
	touched := s.touched
	s.touched = map[id.ID]time.Time{}
	s.touchMu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for part := range slices.Chunk(slices.Collect(maps.Keys(touched)), touchesAtOnce) {
		err := s.backend.update(ctx, func(q session) error {
			for _, keyID := range part {
				if err := q.queue(nil, "UPDATE api_key SET last_used = ?2 WHERE id = ?1 AND last_used < ?2", keyID, millis(touched[keyID])); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
