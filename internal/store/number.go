package store

import (
	"context"
	"time"

	"nacre/internal/account"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
)

const numberColumns = "id, account_id, number, direction, trunk_id, active, created"

var (
	numberTable  = newTable("number", numberColumns)
	insertNumber = numberTable.insertion(1)
	saveNumber   = numberTable.updating(2)
)

func scanNumber(r row) (account.Number, error) {
	var n account.Number
	var created int64
	err := r.Scan((*string)(&n.ID), (*string)(&n.Account), &n.Number, (*int)(&n.Direction), (*string)(&n.Trunk), &n.Active, &created)
	n.Created = instant(created)
	return n, err
}

func numberValues(n account.Number) []any {
	return []any{n.ID, n.Account, n.Number, int(n.Direction), n.Trunk, n.Active, millis(n.Created)}
}

func (t *tx) Number(accountID, numberID id.ID, lock engine.Lock) (account.Number, error) {
	const text = "SELECT " + numberColumns + " FROM number WHERE account_id = ?1 AND id = ?2 "
	n, err := one(t, scanNumber, lockText(text, lock), accountID, numberID)
	return n, missing(err, "PhoneNumberId")
}

func (t *tx) InsertNumber(n account.Number) error {
	t.forgetPearls() // their caller
	return t.queue(nil, insertNumber, numberValues(n)...)
}

func (t *tx) SaveNumber(n account.Number) error {
	t.forgetPearls()
	return t.queue(fault.Missing("PhoneNumberId"), saveNumber, numberValues(n)...)
}

func (t *tx) DeleteNumber(accountID, numberID id.ID) error {
	t.forgetPearls()
	return t.remove("PhoneNumberId", "DELETE FROM number WHERE account_id = ?1 AND id = ?2", accountID, numberID)
}

func (t *tx) NumbersOver(accountID, trunkID id.ID) ([]account.Number, error) {
	return list(t, scanNumber, "SELECT "+numberColumns+" FROM number WHERE account_id = ?1 AND trunk_id = ?2 ORDER BY created, id", accountID, trunkID)
}

func (t *tx) TrunkNumbers(accountID id.ID) ([]string, error) {
	return list(t, scanText[string], "SELECT number FROM number WHERE account_id = ?1 AND trunk_id <> '' ORDER BY created, id", accountID)
}

func (s *Store) Numbers(ctx context.Context, accountID id.ID) (found []account.Number, err error) {
	err = s.backend.read(ctx, func(q session) error {
		found, err = list(q, scanNumber, "SELECT "+numberColumns+" FROM number WHERE account_id = ?1 ORDER BY created, id", accountID)
		return err
	})
	return found, wrap("list numbers", err)
}

const trunkColumns = "id, account_id, name, settings, active, state, detail, until, created"

var (
	trunkTable  = newTable("trunk", trunkColumns)
	insertTrunk = trunkTable.insertion(1)
	saveTrunk   = trunkTable.updating(2)
)

func (t *tx) scanTrunk(r row) (account.Trunk, error) {
	var found account.Trunk
	var trunkID, settings string
	var until, created int64
	err := r.Scan(&trunkID, (*string)(&found.Account), &found.Name, &settings, &found.Active, (*string)(&found.State), &found.Detail, &until, &created)
	if err == nil {
		err = decode(settings, &found.Trunk)
	}
	if err == nil {
		err = openAll(t.keys, "trunk "+trunkID, found.Secrets())
	}
	found.ID, found.Until, found.Created = id.ID(trunkID), instant(until), instant(created)
	return found, err
}

func (t *tx) trunkValues(trunk account.Trunk) ([]any, error) {
	trunk = sealTrunk(t.keys, trunk)
	settings, err := encode(trunk.Trunk)
	return []any{trunk.ID, trunk.Account, trunk.Name, settings, trunk.Active, trunk.State, trunk.Detail, millis(trunk.Until), millis(trunk.Created)}, err
}

func (t *tx) Trunk(accountID, trunkID id.ID, lock engine.Lock) (account.Trunk, error) {
	const text = "SELECT " + trunkColumns + " FROM trunk WHERE account_id = ?1 AND id = ?2 "
	trunk, err := one(t, t.scanTrunk, lockText(text, lock), accountID, trunkID)
	return trunk, missing(err, "TrunkId")
}

func (t *tx) InsertTrunk(trunk account.Trunk) error {
	values, err := t.trunkValues(trunk)
	if err != nil {
		return err
	}
	return t.queue(nil, insertTrunk, values...)
}

func (t *tx) SaveTrunk(trunk account.Trunk) error {
	values, err := t.trunkValues(trunk)
	if err != nil {
		return err
	}
	return t.queue(fault.Missing("TrunkId"), saveTrunk, values...)
}

func (t *tx) DeleteTrunk(accountID, trunkID id.ID) error {
	return t.remove("TrunkId", "DELETE FROM trunk WHERE account_id = ?1 AND id = ?2", accountID, trunkID)
}

// ReadTrunk implements engine.NumberQueries.
func (s *Store) ReadTrunk(ctx context.Context, accountID, trunkID id.ID) (found account.Trunk, err error) {
	err = s.backend.read(ctx, func(q session) error {
		found, err = s.newTx(q).Trunk(accountID, trunkID, engine.Unlocked)
		return err
	})
	return found, wrap("read trunk", err)
}

// TrunkWait implements engine.NumberQueries.
func (s *Store) TrunkWait(ctx context.Context, accountID id.ID, now time.Time) (until time.Time, err error) {
	err = s.backend.read(ctx, func(q session) error {
		until, err = one(q, func(r row) (time.Time, error) {
			var first int64
			err := r.Scan(&first)
			return instant(first), err
		}, "SELECT coalesce(min(until), 0) FROM trunk WHERE account_id = ?1 AND until > ?2", accountID, millis(now))
		return err
	})
	return until, wrap("read waits of trunks", err)
}

// Trunks implements engine.NumberQueries.
func (s *Store) Trunks(ctx context.Context, accountID id.ID) (found []account.Trunk, err error) {
	err = s.backend.read(ctx, func(q session) error {
		if accountID.Zero() {
			found, err = list(q, s.newTx(q).scanTrunk, "SELECT "+trunkColumns+" FROM trunk ORDER BY created, id")
			return err
		}
		found, err = list(q, s.newTx(q).scanTrunk, "SELECT "+trunkColumns+" FROM trunk WHERE account_id = ?1 ORDER BY created, id", accountID)
		return err
	})
	return found, wrap("list trunks", err)
}
