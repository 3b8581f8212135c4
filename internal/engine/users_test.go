package engine_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"nacre/internal/account"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
)

// people are those of the world's account in few words: "ada@example.com Owner".
func (w *world) people() string {
	w.t.Helper()
	people, err := w.store.People(w.ctx, w.account)
	if err != nil {
		w.t.Fatal(err)
	}
	var texts []string
	for _, u := range people {
		texts = append(texts, u.Email+" "+u.Role.String())
	}
	return strings.Join(texts, ", ")
}

// person is the id of who has the address; of nobody where the account has no such person.
func (w *world) person(email string) id.ID {
	found, err := w.e.PersonOf(w.ctx, w.account, email)
	if err != nil {
		return "ffffffffffffffffffffffff"
	}
	return found.ID
}

func testPeople(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	invite := func(email string, role account.Role) error {
		w.clock.Add(time.Second)
		_, _, err := w.e.InviteUser(w.ctx, w.actor, email, role)
		return err
	}
	refused := func(what string, err error, says string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", what, err, says)
		}
	}
	refused("a first person without rights", invite("ada@example.com", account.Admin), "no owner")
	refused("no address", invite("ada", 0), "Email")
	for _, email := range []string{"Ada@Example.com ", "bob@example.com"} {
		if err := invite(email, 0); err != nil {
			t.Fatal(err)
		}
	}
	refused("somebody twice", invite("ADA@example.com", account.Viewer), "already")
	same(t, "people", w.people(), "ada@example.com Owner, bob@example.com Viewer")
	refused("an owner who steps down alone", w.e.UpdateUserRole(w.ctx, w.actor, w.person("ada@example.com"), account.Admin), "no owner")
	refused("an owner who goes alone", w.e.RemoveUser(w.ctx, w.actor, w.person("ada@example.com")), "no owner")
	for _, err := range []error{
		w.e.UpdateUserRole(w.ctx, w.actor, w.person("nobody@example.com"), account.Admin), w.e.RemoveUser(w.ctx, w.actor, w.person("nobody@example.com")),
		w.e.RemoveUser(w.ctx, engine.Actor{Account: newWorld(t, s).account}, w.person("ada@example.com")),
	} {
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("somebody who is not there: %v", err)
		}
	}
	same(t, "people after what was refused", w.people(), "ada@example.com Owner, bob@example.com Viewer")

	for _, step := range []error{
		w.e.UpdateUserRole(w.ctx, w.actor, w.person("bob@example.com"), account.Owner),
		w.e.UpdateUserRole(w.ctx, w.actor, w.person("bob@example.com"), account.Owner), // the same again: no change
		w.e.RemoveUser(w.ctx, w.actor, w.person("ada@example.com")),
		w.e.RemoveUser(w.ctx, w.actor, w.person("bob@example.com")), // the last one may go
	} {
		if step != nil {
			t.Fatal(step)
		}
	}
	same(t, "people at the end", w.people(), "")

	var log []string
	for _, event := range []int{70, 73, 75} {
		entries, err := s.AuditLog(w.ctx, w.account, time.Time{}, time.Time{}, event, []string{w.actor.By}, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			text := string(entry.Data)
			log = append(log, fmt.Sprintf("%d before:%v after:%v", event, strings.Contains(text, `"before"`), strings.Contains(text, `"after"`)))
		}
	}
	same(t, "audit log", strings.Join(log, "; "), strings.Join([]string{
		"70 before:false after:true", "70 before:false after:true", "73 before:true after:true", "75 before:true after:false", "75 before:true after:false",
	}, "; "))
}

// testPeopleKeepAnOwner: of two owners who step down or go at the same time, one stays.
func testPeopleKeepAnOwner(t *testing.T, s engine.Store) {
	for range 10 {
		w := newWorld(t, s)
		for _, email := range []string{"ada@example.com", "bob@example.com"} {
			if _, _, err := w.e.InviteUser(w.ctx, w.actor, email, account.Owner); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := w.e.InviteUser(w.ctx, w.actor, "eve@example.com", account.Viewer); err != nil {
			t.Fatal(err)
		}
		var racers sync.WaitGroup
		racers.Go(func() { _ = w.e.UpdateUserRole(w.ctx, w.actor, w.person("ada@example.com"), account.Viewer) })
		racers.Go(func() { _ = w.e.RemoveUser(w.ctx, w.actor, w.person("bob@example.com")) })
		racers.Wait()
		if got := w.people(); strings.Count(got, "Owner") != 1 {
			t.Errorf("people after a race: %s; want one owner", got)
		}
	}
}
