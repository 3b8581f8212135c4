package api_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"nacre/internal/account"
	"nacre/internal/engine"
	"nacre/internal/id"
)

// TestARecordingLinkDiesWithItsKeyAndItsAccount: for seven days a plain GET opens it, unless the key it was made for is deleted
// or has expired, or its account is suspended.
func TestARecordingLinkDiesWithItsKeyAndItsAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	keyID, text, err := w.engine.CreateKey(t.Context(), w.actor, "integration", account.ScopeRead, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	w.names["integration"] = text
	w.names["brief"] = w.key(t, w.actor, account.ScopeRead, w.clock().Add(24*time.Hour))
	link := func(key string) string {
		t.Helper()
		var answer struct{ Recording string }
		if err := json.Unmarshal([]byte(read(t, w.ask(t, "GET /v2/Call/{call}/Recording\nAuthorization: Bearer {"+key+"}"))), &answer); err != nil {
			t.Fatal(err)
		}
		return strings.TrimPrefix(answer.Recording, "http://nacre.test")
	}
	opens := func(what, link string, want int) {
		t.Helper()
		if response := w.ask(t, "GET "+link+"\nAuthorization: -"); response.StatusCode != want {
			t.Errorf("%s: %d, want %d: %s", what, response.StatusCode, want, read(t, response))
		}
	}
	own, kept, brief := link("integration"), link("key"), link("brief")
	if again := link("key"); again == kept {
		t.Error("a second answer has the same link: it is not freshly signed")
	}
	opens("a fresh link", own, 200)
	opens("a link of a key that expires", brief, 200)

	w.tick(25 * time.Hour)
	opens("its key has expired", brief, 404)
	if err := w.engine.DeleteKey(t.Context(), w.actor, keyID); err != nil {
		t.Fatal(err)
	}
	opens("its key was deleted", own, 404)
	opens("as another's link", strings.Replace(own, string(keyID), strings.Repeat("0", len(keyID)), 1), 404)
	opens("made for another key", kept, 200)

	stand := func(standing account.Standing) {
		t.Helper()
		actor := engine.Actor{Account: id.ID(w.names["account"]), By: "operator", Name: "operator"}
		if _, err := w.engine.UpdateAccount(t.Context(), actor, func(a *account.Account) error { a.Standing = standing; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	stand(account.Suspended)
	opens("its account is suspended", kept, 404)
	stand(account.NoCredits)
	opens("its account has no credits", kept, 200)
	w.tick(6 * 24 * time.Hour)
	opens("after its time", kept, 404)
}

// TestARecordingLinkOfAPersonDiesWithThePerson: it opens for an hour, unless the person is removed or signs out everywhere.
func TestARecordingLinkOfAPersonDiesWithThePerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	link := func(who string) string {
		t.Helper()
		var answer struct{ Recording string }
		if err := json.Unmarshal([]byte(read(t, w.ask(t, "GET /v2/Call/{call}/Recording"+who))), &answer); err != nil {
			t.Fatal(err)
		}
		return strings.TrimPrefix(answer.Recording, "http://nacre.test")
	}
	opens := func(what, link string, want int) {
		t.Helper()
		if response := w.ask(t, "GET "+link+"\nAuthorization: -"); response.StatusCode != want {
			t.Errorf("%s: %d, want %d: %s", what, response.StatusCode, want, read(t, response))
		}
	}
	invited, code, err := w.engine.InviteUser(t.Context(), w.actor, "viewer@example.com", account.Viewer)
	if err != nil {
		t.Fatal(err)
	}
	w.names["viewerCode"] = code
	viewer := w.signIn(t, "viewer")
	first, second := link(viewer), link("")
	opens("a fresh link", first, 200)
	w.good(t, "POST /v2/SignOut/Everywhere"+viewer)
	opens("the person signed out everywhere", first, 404)
	if w.names["viewerCode"], _, err = w.engine.RenewCode(t.Context(), w.actor, invited.ID); err != nil {
		t.Fatal(err)
	}
	viewer = w.signIn(t, "viewer")
	removed, old := link(viewer), link(viewer)
	opens("after another sign-in", removed, 200)
	w.tick(time.Hour)
	opens("an hour later", old, 404)
	opens("a link of a key", second, 200)
	removed = link(viewer)
	if err := w.engine.RemoveUser(t.Context(), w.actor, invited.ID); err != nil {
		t.Fatal(err)
	}
	opens("the person was removed", removed, 404)
}
