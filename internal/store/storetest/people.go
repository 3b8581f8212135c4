package storetest

import (
	"errors"
	"testing"
	"time"

	"nacre/internal/account"
	"nacre/internal/engine"
)

func testPeople(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	first := account.User{ID: w.id(), Account: w.account.ID, Email: "ada@example.com", Role: account.Owner, Created: Noon}
	second := account.User{ID: w.id(), Account: w.account.ID, Email: "zoë@example.com", Role: account.Viewer, Created: Noon.Add(-time.Hour)}
	elsewhere := account.User{ID: w.id(), Account: w.id(), Email: first.Email, Role: account.Owner, Created: Noon}
	w.update(t, func(tx engine.Tx) error {
		if err := errors.Join(tx.InsertUser(first), tx.InsertUser(second), tx.InsertUser(elsewhere)); err != nil {
			return err
		}
		found, err := tx.Users(w.account.ID)
		same(t, "people within the transaction", found, []account.User{second, first})
		return err
	})
	people := func() []account.User { return must[[]account.User](t)(store.People(t.Context(), w.account.ID)) }
	same(t, "people", people(), []account.User{second, first})
	twice := first
	twice.ID = w.id()
	if err := store.Update(t.Context(), func(tx engine.Tx) error { return tx.InsertUser(twice) }); err == nil {
		t.Error("one address twice in an account")
	}
	second.Role = account.Admin
	w.update(t, func(tx engine.Tx) error { return tx.SaveUser(second) })
	same(t, "people after a change", people(), []account.User{second, first})
	stranger := second
	stranger.Account = elsewhere.Account
	missing(t, store.Update(t.Context(), func(tx engine.Tx) error { return tx.SaveUser(stranger) }), "UserId")
	missing(t, store.Update(t.Context(), func(tx engine.Tx) error { return tx.DeleteUser(elsewhere.Account, first.ID) }), "UserId")
	w.update(t, func(tx engine.Tx) error { return tx.DeleteUser(w.account.ID, first.ID) })
	same(t, "people after one went", people(), []account.User{second})
}
