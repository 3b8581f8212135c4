package storetest

import (
	"testing"
	"time"

	"nacre/internal/account"
	"nacre/internal/engine"
)

func testSessions(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	read := func(token string) (engine.Session, bool) {
		t.Helper()
		found, ok, err := store.Session(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		return found, ok
	}
	first := engine.Session{Token: string(w.id()), Content: []byte(`{"a":1}`), Expires: Noon.Add(time.Hour)}
	old := engine.Session{Token: string(w.id()), Content: []byte{0, 1}, Expires: Noon.Add(-time.Hour)}
	for _, s := range []engine.Session{first, old} {
		w.update(t, func(tx engine.Tx) error { return tx.SaveSession(s) })
	}
	first.Content = []byte(`{"a":2}`)
	w.update(t, func(tx engine.Tx) error { return tx.SaveSession(first) })
	found, ok := read(first.Token)
	same(t, "session, saved again", found, first)
	if !ok {
		t.Error("a session is not found")
	}
	w.update(t, func(tx engine.Tx) error {
		deleted, err := tx.DeleteSessions(Noon, 10)
		if deleted < 1 {
			t.Errorf("%d old sessions were removed", deleted)
		}
		return err
	})
	if _, ok := read(old.Token); ok {
		t.Error("an old session is still there")
	}
	w.update(t, func(tx engine.Tx) error { return tx.DeleteSession(first.Token) })
	w.update(t, func(tx engine.Tx) error { return tx.DeleteSession(first.Token) }) // again: no error
	if _, ok := read(first.Token); ok {
		t.Error("a session that was ended is still there")
	}
}

// testSigningIn: how people sign in is kept as it was given, and found by address and by code.
func testSigningIn(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	email := string(w.id()) + "@example.com"
	u := account.User{
		ID: w.id(), Account: w.account.ID, Email: email, Role: account.Admin, Created: Noon, Password: "$argon2id$x", Sessions: 3, SignedInFrom: "192.0.2.7",
		TwoFactor: account.TwoFactor{Secret: "ABCDEFGH", Confirmed: true, Used: 7}, Code: []byte(w.id()), CodeExpires: Noon.Add(time.Hour),
	}
	elsewhere := account.User{ID: w.id(), Account: w.id(), Email: email, Role: account.Viewer, Created: Noon.Add(time.Second)}
	w.update(t, func(tx engine.Tx) error { return tx.InsertUser(u) })
	w.update(t, func(tx engine.Tx) error { return tx.InsertUser(elsewhere) })
	same(t, "person", must[account.User](t)(store.Person(t.Context(), w.account.ID, u.ID)), u)
	same(t, "people of an address", must[[]account.User](t)(store.PeopleByEmail(t.Context(), email)), []account.User{u, elsewhere})
	same(t, "people of a code", must[[]account.User](t)(store.PeopleByCode(t.Context(), u.Code)), []account.User{u})
	if none := must[[]account.User](t)(store.PeopleByCode(t.Context(), []byte{})); len(none) != 0 {
		t.Errorf("people without a code are found by none: %v", none)
	}
	if !must[bool](t)(store.AnybodyJoined(t.Context())) {
		t.Error("nobody has joined")
	}
	_, err := store.Person(t.Context(), elsewhere.Account, u.ID)
	missing(t, err, "UserId")
	u.Code, u.CodeExpires, u.TwoFactor, u.Password = nil, time.Time{}, account.TwoFactor{}, "$argon2id$y"
	w.update(t, func(tx engine.Tx) error { return tx.SaveUser(u) })
	same(t, "person after a change", must[account.User](t)(store.Person(t.Context(), w.account.ID, u.ID)), u)
}
