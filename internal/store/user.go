package store

import (
	"context"
	"errors"

	"nacre/internal/account"
	"nacre/internal/fault"
	"nacre/internal/id"
)

const userColumns = "id, account_id, email, role, created, password, two_factor, confirmed, used_step, code, code_expires, sessions, signed_in_from"

var (
	userTable  = newTable("person", userColumns)
	insertUser = userTable.insertion(1)
	saveUser   = userTable.updating(2)
)

func (t *tx) userValues(u account.User) []any {
	secret := u.TwoFactor.Secret
	if t.keys != nil && secret != "" {
		secret = t.keys.Seal(userPlace(u.ID), secret)
	}
	code := u.Code
	if code == nil {
		code = []byte{}
	}
	return []any{
		u.ID, u.Account, u.Email, int(u.Role), millis(u.Created), u.Password, secret, u.TwoFactor.Confirmed, u.TwoFactor.Used, code, millis(u.CodeExpires), u.Sessions,
		u.SignedInFrom,
	}
}

// userPlace is what the secrets of a person are bound to (ADR 24).
func userPlace(userID id.ID) string { return "person " + string(userID) }

func (t *tx) scanUser(r row) (u account.User, err error) {
	var created, expires int64
	err = r.Scan((*string)(&u.ID), (*string)(&u.Account), &u.Email, (*int)(&u.Role), &created, &u.Password, &u.TwoFactor.Secret, &u.TwoFactor.Confirmed,
		&u.TwoFactor.Used, &u.Code, &expires, &u.Sessions, &u.SignedInFrom)
	if err != nil {
		return u, err
	}
	if len(u.Code) == 0 {
		u.Code = nil
	}
	u.Created, u.CodeExpires = instant(created), instant(expires)
	if u.TwoFactor.Secret != "" {
		u.TwoFactor.Secret, err = t.keys.Open(userPlace(u.ID), u.TwoFactor.Secret)
	}
	return u, err
}

func (t *tx) Users(accountID id.ID) ([]account.User, error) {
	return list(t, t.scanUser, "SELECT "+userColumns+" FROM person WHERE account_id = ?1 ORDER BY created, id", accountID)
}

func (t *tx) InsertUser(u account.User) error {
	return t.queue(nil, insertUser, t.userValues(u)...)
}

func (t *tx) SaveUser(u account.User) error {
	return t.queue(fault.Missing("UserId"), saveUser, t.userValues(u)...)
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

// Person implements engine.Queries.
func (s *Store) Person(ctx context.Context, accountID, userID id.ID) (found account.User, err error) {
	err = s.backend.read(ctx, func(q session) error {
		t := s.newTx(q)
		found, err = one(t, t.scanUser, "SELECT "+userColumns+" FROM person WHERE id = ?1 AND account_id = ?2", userID, accountID)
		return missing(err, "UserId")
	})
	return found, wrap("read user", err)
}

// maxNamesakes is how many accounts a person's e-mail address is looked for in.
const maxNamesakes = 10

// PeopleByEmail implements engine.Queries.
func (s *Store) PeopleByEmail(ctx context.Context, email string) (found []account.User, err error) {
	return s.people(ctx, "SELECT "+userColumns+" FROM person WHERE email = ?1 ORDER BY created, id LIMIT ?2", email, maxNamesakes)
}

// PeopleByCode implements engine.Queries.
func (s *Store) PeopleByCode(ctx context.Context, hash []byte) (found []account.User, err error) {
	return s.people(ctx, "SELECT "+userColumns+" FROM person WHERE code = ?1 AND code_expires > 0 ORDER BY id LIMIT 2", hash)
}

func (s *Store) people(ctx context.Context, text string, args ...any) (found []account.User, err error) {
	err = s.backend.read(ctx, func(q session) error {
		t := s.newTx(q)
		found, err = list(t, t.scanUser, text, args...)
		return err
	})
	return found, wrap("find people", err)
}

// AnybodyJoined implements engine.Queries.
func (s *Store) AnybodyJoined(ctx context.Context) (joined bool, err error) {
	err = s.backend.read(ctx, func(q session) error {
		_, err := one(q, scanText[id.ID], "SELECT id FROM person WHERE password <> '' LIMIT 1")
		joined = err == nil
		if errors.Is(err, errNoRow) {
			return nil
		}
		return err
	})
	return joined, wrap("look for people", err)
}
