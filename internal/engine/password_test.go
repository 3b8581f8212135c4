package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"nacre/internal/account"
	"nacre/internal/engine"
	"nacre/internal/fault"
)

const (
	goodPassword  = "correct horse battery"
	otherPassword = "another horse battery"
)

// joined invites somebody, who joins.
func (w *world) joined(email string, role account.Role) account.User {
	w.t.Helper()
	_, code, err := w.e.InviteUser(w.ctx, w.actor, email, role)
	if err != nil {
		w.t.Fatal(err)
	}
	joined, err := w.e.Join(w.ctx, code, goodPassword, "192.0.2.1")
	if err != nil {
		w.t.Fatal(err)
	}
	return joined
}

func testCodesToJoin(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	email := string(w.account) + "@example.com"
	invited, code, err := w.e.InviteUser(w.ctx, w.actor, email, account.Owner)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.e.SignIn(w.ctx, email, "", "", "192.0.2.1"); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("who has not joined signs in without a password: %v", err)
	}
	w.clock.Add(7*24*time.Hour + time.Second)
	if _, err := w.e.Join(w.ctx, code, goodPassword, "192.0.2.1"); !fault.Is(err, fault.Invalid) {
		t.Errorf("a code that has expired: %v", err)
	}
	code, _, err = w.e.RenewCode(w.ctx, w.actor, invited.ID)
	if err != nil {
		t.Fatal(err)
	}
	joined, err := w.e.Join(w.ctx, code, goodPassword, "192.0.2.1")
	if err != nil || joined.ID != invited.ID || joined.Role != account.Owner {
		t.Fatalf("%+v, %v", joined, err)
	}
	if _, err := w.e.Join(w.ctx, code, otherPassword, "192.0.2.1"); !fault.Is(err, fault.Invalid) {
		t.Errorf("a code that was used: %v", err)
	}
	signedIn, err := w.e.SignIn(w.ctx, " "+email, goodPassword, "", "192.0.2.1")
	if err != nil || signedIn.ID != joined.ID {
		t.Fatalf("%+v, %v", signedIn, err)
	}
	// A code for a new password ends what was: the old password, sessions, and the authenticator app.
	code, _, err = w.e.RenewCode(w.ctx, w.actor, invited.ID)
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.e.Join(w.ctx, code, otherPassword, "192.0.2.1")
	if err != nil || again.Sessions <= joined.Sessions {
		t.Errorf("sessions go on after a new password: %d, %d, %v", joined.Sessions, again.Sessions, err)
	}
	if _, err := w.e.SignIn(w.ctx, email, goodPassword, "", "192.0.2.1"); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("the old password: %v", err)
	}
	entries, err := s.AuditLog(w.ctx, w.account, time.Time{}, time.Time{}, 0, []string{engine.PersonPrefix + string(joined.ID)}, 10)
	if err != nil {
		t.Fatal(err)
	}
	var events []int
	for _, e := range entries {
		events = append(events, e.Event)
		if e.UserType != "person" || e.UserName != email {
			t.Errorf("an entry of the audit log by %s %q", e.UserType, e.UserName)
		}
	}
	same(t, "audit log of the person", fmt.Sprint(events), "[1007 2 71]")
}

// testAttempts: guesses are counted per address and per person, also those under way; what did not fail is not.
func testAttempts(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	email := string(w.account) + "@example.com"
	w.joined(email, account.Owner)
	from := func(n int) string { return fmt.Sprintf("198.51.100.%d", n) }
	for range 12 {
		if _, err := w.e.SignIn(w.ctx, email, goodPassword, "", from(1)); err != nil {
			t.Fatalf("a right password: %v", err)
		}
	}
	guess := func(address string) error {
		_, err := w.e.SignIn(w.ctx, email, "wrong wrong wrong", "", address)
		return err
	}
	for n := range 10 {
		if err := guess(from(1)); !fault.Is(err, fault.Unauthenticated) {
			t.Fatalf("guess %d: %v", n, err)
		}
	}
	if err := guess(from(1)); !fault.Is(err, fault.TooMany) {
		t.Errorf("an eleventh guess from one address: %v", err)
	}
	if _, err := w.e.SignIn(w.ctx, email, goodPassword, "", from(2)); err != nil {
		t.Errorf("the person from another address: %v", err)
	}
	for n := range 10 {
		if _, err := w.e.Join(w.ctx, "x", goodPassword, from(1)); !fault.Is(err, fault.Invalid) {
			t.Errorf("wrong code %d from the address that guessed passwords: %v", n, err)
		}
	}
	if _, err := w.e.Join(w.ctx, "x", goodPassword, from(1)); !fault.Is(err, fault.TooMany) {
		t.Errorf("an eleventh wrong code: %v", err)
	}
	w.clock.Add(15 * time.Minute)
	if _, err := w.e.SignIn(w.ctx, email, goodPassword, "", from(1)); err != nil {
		t.Errorf("a quarter of an hour later: %v", err)
	}
}

// testStrangersLockNobodyOut: others behind the same address use up nothing of the person who signs in from where she was before,
// or is signed in. TestAttempts has those who guess elsewhere.
func testStrangersLockNobodyOut(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	email, colleague := string(w.account)+"@example.com", "c"+string(w.account)+"@example.com"
	person := w.joined(email, account.Owner)
	signIn := func(email, password, address string) error {
		_, err := w.e.SignIn(w.ctx, email, password, "", address)
		return err
	}
	const office = "192.0.2.200"
	if err := signIn(email, goodPassword, office); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if err := signIn(colleague, "wrong wrong wrong", office); !fault.Is(err, fault.Unauthenticated) {
			t.Fatal(err)
		}
	}
	if err := signIn(colleague, "wrong wrong wrong", office); !fault.Is(err, fault.TooMany) {
		t.Errorf("a colleague's eleventh guess: %v", err)
	}
	if err := signIn(email, goodPassword, office); err != nil {
		t.Errorf("the person where she always signs in: %v", err)
	}
	set := func(password, session string) error {
		_, err := w.e.SetPassword(w.ctx, person, password, otherPassword, session, "")
		return err
	}
	for range 10 {
		if err := set("wrong wrong wrong", "stolen"); !fault.Is(err, fault.Invalid) {
			t.Fatal(err)
		}
	}
	if err := set(goodPassword, "stolen"); !fault.Is(err, fault.TooMany) {
		t.Errorf("an eleventh proof in one session: %v", err)
	}
	if err := set(goodPassword, "her own"); err != nil {
		t.Errorf("a new password in a session of hers: %v", err)
	}
	for n := range 10 {
		if err := signIn(email, "wrong wrong wrong", office); !fault.Is(err, fault.Unauthenticated) {
			t.Fatalf("guess %d at her address: %v", n, err)
		}
	}
	if err := signIn(email, otherPassword, office); !fault.Is(err, fault.TooMany) {
		t.Errorf("an eleventh guess at her address: %v", err)
	}
}

func testTwoFactor(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	email := string(w.account) + "@example.com"
	person := w.joined(email, account.Owner)
	secret, _, err := w.e.OfferTwoFactor(w.ctx, person, goodPassword, "192.0.2.1", "")
	if err != nil {
		t.Fatal(err)
	}
	signIn := func(code string) error {
		_, err := w.e.SignIn(w.ctx, email, goodPassword, code, "192.0.2.1")
		return err
	}
	if err := signIn(""); err != nil {
		t.Errorf("a secret that was not confirmed is asked for: %v", err)
	}
	shown := func() string {
		code, err := totp.GenerateCode(secret, w.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	if _, err := w.e.ConfirmTwoFactor(w.ctx, person, "000", "192.0.2.1", ""); !fault.Is(err, fault.Invalid) {
		t.Errorf("a wrong code confirms: %v", err)
	}
	confirmed, err := w.e.ConfirmTwoFactor(w.ctx, person, shown(), "192.0.2.1", "")
	if err != nil || confirmed.Sessions <= person.Sessions {
		t.Fatalf("confirm: %+v, %v", confirmed, err)
	}
	if err := signIn(""); !fault.Is(err, fault.Invalid) {
		t.Errorf("no code: %v", err)
	}
	if err := signIn(shown()); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("the code that was taken for the confirmation: %v", err)
	}
	w.clock.Add(30 * time.Second)
	if err := signIn(shown()); err != nil {
		t.Errorf("the next code: %v", err)
	}
	if err := signIn(shown()); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("a code for the second time: %v", err)
	}
	if err := w.e.EndTwoFactor(w.ctx, person, otherPassword, "192.0.2.1", ""); !fault.Is(err, fault.Invalid) {
		t.Errorf("turned off with a wrong password: %v", err)
	}
	if err := w.e.EndTwoFactor(w.ctx, person, goodPassword, "192.0.2.1", ""); err != nil {
		t.Fatal(err)
	}
	if err := signIn(""); err != nil {
		t.Errorf("after it was turned off: %v", err)
	}
}
