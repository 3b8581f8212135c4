package store

import (
	"context"

	"nacre/internal/account"
	"nacre/internal/fault"
	"nacre/internal/id"
)

const userColumns = "id, account_id, email, role, created"

var (
	userTable  = newTable("person", userColumns)
	insertUser = userTable.insertion(1)
	saveUser   = userTable.updating(2)
)

func userValues(u account.User) []any {
	return []any{u.ID, u.Account, u.Email, int(u.Role), millis(u.Created)}
}

func (t *tx) Users(accountID id.ID) ([]account.User, error) {
	return list(t, func(r row) (u account.User, err error) {
		var created int64
		err = r.Scan((*string)(&u.ID), (*string)(&u.Account), &u.Email, (*int)(&u.Role), &created)
		u.Created = instant(created)
		return u, err
	}, "SELECT "+userColumns+" FROM person WHERE account_id = ?1 ORDER BY created, id", accountID)
}

func (t *tx) InsertUser(u account.User) error {
	return t.queue(nil, insertUser, userValues(u)...)
}

func (t *tx) SaveUser(u account.User) error {
	return t.queue(fault.Missing("UserId"), saveUser, userValues(u)...)
}

func (t *tx) DeleteUser(accountID, userID id.ID) error {
	return t.remove("UserId", "DELETE FROM person WHERE account_id = ?1 AND id = ?2", accountID, userID)
}

// People implements engine.Queries.
func (s *Store) People(ctx context.Context, accountID id.ID) (found []account.User, err error) {
	err = s.backend.read(ctx, func(q session) error {
		found, err = s.newTx(q).Users(accountID)
		return err
	})
	return found, wrap("list users", err)
}
