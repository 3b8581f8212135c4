package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/phone"
)

// same fails where two values differ.
func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// must is for results that cannot be an error.
func must[T any](t *testing.T) func(value T, err error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// missing fails unless err says that what is not there.
func missing(t *testing.T, err error, what string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.NotFound || f.What != what {
		t.Errorf("got error %v, want a miss of %s", err, what)
	}
}

const noID = id.ID("ffffffffffffffffffffffff")

func testAccounts(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	same(t, "account", must[account.Account](t)(store.ReadAccount(t.Context(), w.account.ID)), w.account)
	_, err := store.ReadAccount(t.Context(), noID)
	missing(t, err, "Account")

	other := account.Account{ID: w.id(), Name: "Second", TotalAgents: 1, Standing: account.Suspended, Created: Noon.Add(time.Second)}
	w.update(t, func(tx engine.Tx) error { return tx.InsertAccount(other) })
	other.Credit, other.Name, other.CountryCodes = 12, "Renamed", []string{}
	w.update(t, func(tx engine.Tx) error {
		for _, lock := range []engine.Lock{engine.Unlocked, engine.Shared, engine.Exclusive} {
			if _, err := tx.Account(other.ID, lock); err != nil {
				return err
			}
		}
		return tx.SaveAccount(other)
	})
	same(t, "accounts, oldest first", must[[]account.Account](t)(store.Accounts(t.Context())), []account.Account{w.account, other})
	missing(t, store.Update(t.Context(), func(tx engine.Tx) error { return tx.SaveAccount(account.Account{ID: noID}) }), "Account")
	if err := store.Ping(t.Context()); err != nil {
		t.Errorf("ping: %v", err)
	}
}

func testKeys(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	key := account.Key{ID: w.id(), Account: w.account.ID, Name: "ci", Scope: account.ScopeLeads, Hash: []byte{0, 1, 255}, Created: Noon, Expires: Noon.Add(time.Hour)}
	w.update(t, func(tx engine.Tx) error { return tx.InsertKey(key) })
	same(t, "key by hash", must[account.Key](t)(store.Key(t.Context(), w.account.ID, key.Hash)), key)
	for name, try := range map[string]struct {
		account id.ID
		hash    []byte
	}{"other hash": {w.account.ID, []byte{0, 1, 254}}, "other account": {noID, key.Hash}} {
		if _, err := store.Key(t.Context(), try.account, try.hash); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("%s: got %v, want unauthenticated", name, err)
		}
	}
	if err := store.TouchKey(t.Context(), key.ID, Noon); err != nil {
		t.Errorf("touch key: %v", err)
	}
	keys := must[[]account.Key](t)(store.Keys(t.Context(), w.account.ID))
	if len(keys) != 1 || keys[0].ID != key.ID {
		t.Errorf("keys: %v", keys)
	}
	missing(t, store.Update(t.Context(), func(tx engine.Tx) error { return tx.DeleteKey(noID, key.ID) }), "KeyId")
	w.update(t, func(tx engine.Tx) error { return tx.DeleteKey(w.account.ID, key.ID) })
	if _, err := store.Key(t.Context(), w.account.ID, key.Hash); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("deleted key: got %v, want unauthenticated", err)
	}
	secret := must[[]byte](t)(store.Secret(t.Context(), "recordings"))
	if len(secret) != 32 {
		t.Errorf("secret has %d bytes", len(secret))
	}
	same(t, "secret stays", must[[]byte](t)(store.Secret(t.Context(), "recordings")), secret)
	if other := must[[]byte](t)(store.Secret(t.Context(), "other")); string(other) == string(secret) {
		t.Error("two secrets are equal")
	}
}

func testNumbersAndTrunks(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	trunk := account.Trunk{
		Trunk: call.Trunk{ID: w.id(), Host: "sip.example.com", Port: 5061, Transport: "tcp", Username: "u", Password: "p", Registers: true,
			Codecs: []string{"PCMA"}, MaxCalls: 3, CallsPerSecond: 0.5},
		Account: w.account.ID, Name: "carrier", Active: true, State: account.TrunkUnknown, Created: Noon,
	}
	number := account.Number{ID: w.id(), Account: w.account.ID, Number: "12345", Direction: account.Outbound, Trunk: trunk.ID, Active: true, Created: Noon}
	w.update(t, func(tx engine.Tx) error {
		return errors.Join(tx.InsertTrunk(trunk), tx.InsertNumber(number))
	})
	w.update(t, func(tx engine.Tx) error {
		for _, asked := range []struct {
			account, trunk id.ID
			want           int
		}{{w.account.ID, trunk.ID, 1}, {noID, trunk.ID, 0}, {w.account.ID, noID, 0}} {
			if found, err := tx.NumbersOver(asked.account, asked.trunk); err != nil || len(found) != asked.want || asked.want > 0 && found[0].ID != number.ID {
				t.Errorf("numbers over the trunk %+v: %v, %v", asked, found, err)
			}
		}
		return nil
	})
	trunk.State, trunk.Detail, trunk.Until = account.TrunkUnreachable, "408 Request Timeout", Noon.Add(30*time.Second)
	number.Active, number.Trunk = false, ""
	w.update(t, func(tx engine.Tx) error {
		got, err := tx.Trunk(w.account.ID, trunk.ID, engine.Exclusive)
		if err != nil || got.Host != "sip.example.com" {
			t.Errorf("trunk in transaction: %+v, %v", got, err)
		}
		if _, err := tx.Number(w.account.ID, number.ID, engine.Exclusive); err != nil {
			return err
		}
		return errors.Join(tx.SaveTrunk(trunk), tx.SaveNumber(number))
	})
	same(t, "trunks", must[[]account.Trunk](t)(store.Trunks(t.Context(), w.account.ID)), []account.Trunk{trunk})
	same(t, "trunks of all", must[[]account.Trunk](t)(store.Trunks(t.Context(), "")), []account.Trunk{trunk})
	same(t, "one trunk", must[account.Trunk](t)(store.ReadTrunk(t.Context(), w.account.ID, trunk.ID)), trunk)
	for now, want := range map[time.Time]time.Time{Noon: trunk.Until, trunk.Until: {}} {
		if until, err := store.TrunkWait(t.Context(), w.account.ID, now); err != nil || !until.Equal(want) {
			t.Errorf("waits of trunks after %s: %s, %v", now, until, err)
		}
	}
	same(t, "numbers", must[[]account.Number](t)(store.Numbers(t.Context(), w.account.ID)), []account.Number{number})
	for what, fn := range map[string]func(tx engine.Tx) error{
		"PhoneNumberId": func(tx engine.Tx) error { _, err := tx.Number(noID, number.ID, engine.Shared); return err },
		"TrunkId":       func(tx engine.Tx) error { _, err := tx.Trunk(noID, trunk.ID, engine.Shared); return err },
	} {
		missing(t, store.Update(t.Context(), fn), what)
	}
	missing(t, store.Update(t.Context(), func(tx engine.Tx) error { return tx.DeleteTrunk(noID, trunk.ID) }), "TrunkId")
	missing(t, store.Update(t.Context(), func(tx engine.Tx) error { return tx.DeleteNumber(noID, number.ID) }), "PhoneNumberId")
	w.update(t, func(tx engine.Tx) error {
		return errors.Join(tx.DeleteNumber(w.account.ID, number.ID), tx.DeleteTrunk(w.account.ID, trunk.ID))
	})
	if left := must[[]account.Number](t)(store.Numbers(t.Context(), w.account.ID)); len(left) != 0 {
		t.Errorf("numbers after delete: %v", left)
	}
}

func testSuppressions(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	entries := []string{"+41", "+14155550101", "+3"}
	w.update(t, func(tx engine.Tx) error {
		for n, entry := range entries {
			added, err := tx.AddSuppression(account.Suppression{ID: w.id(), Account: w.account.ID, Entry: entry, Source: "api", Created: Noon.Add(time.Duration(n) * time.Second)})
			if err != nil || !added {
				t.Errorf("add %s: %v, %v", entry, added, err)
			}
		}
		added, err := tx.AddSuppression(account.Suppression{ID: w.id(), Account: w.account.ID, Entry: "+41", Source: "optOut", Created: Noon})
		if err != nil || added {
			t.Errorf("add again: %v, %v", added, err)
		}
		return nil
	})
	for number, want := range map[phone.Number]bool{
		"+14155550101": true, "+14155550102": false, "+41446681800": true, "+393331234567": true, "+4012345": false, "+141555501012345": true,
	} {
		got := must[bool](t)(store.IsSuppressed(t.Context(), w.account.ID, number))
		if got != want {
			t.Errorf("suppressed %s: %v, want %v", number, got, want)
		}
		w.update(t, func(tx engine.Tx) error {
			if inside, err := tx.Suppressed(w.account.ID, number); err != nil || inside != want {
				t.Errorf("suppressed in transaction %s: %v, %v", number, inside, err)
			}
			return nil
		})
	}
	if must[bool](t)(store.IsSuppressed(t.Context(), noID, "+14155550101")) {
		t.Error("an entry holds in another account")
	}
	count, rows, err := store.Suppressions(t.Context(), w.account.ID, engine.Page{Limit: 2}, "", "")
	if err != nil || count != 3 || len(rows) != 2 || rows[0].Entry != "+3" || rows[0].Source != "api" {
		t.Errorf("search: %d %v %v", count, rows, err)
	}
	count, rows, err = store.Suppressions(t.Context(), w.account.ID, engine.Page{Limit: 9, Sort: "PhoneNumber", Ascending: true}, "(415) 555", "")
	if err != nil || count != 1 || rows[0].Entry != "+14155550101" {
		t.Errorf("search by text: %d %v %v", count, rows, err)
	}
	if _, _, err := store.Suppressions(t.Context(), w.account.ID, engine.Page{Limit: 2, Sort: "nonsense"}, "", ""); !fault.Is(err, fault.Invalid) {
		t.Errorf("unknown column: %v", err)
	}
	w.update(t, func(tx engine.Tx) error {
		for entry, there := range map[string]bool{"+41": true, "+999": false} {
			if removed, err := tx.RemoveSuppression(w.account.ID, entry); err != nil || removed != there {
				t.Errorf("remove %s: %v, %v", entry, removed, err)
			}
		}
		return nil
	})
	if must[bool](t)(store.IsSuppressed(t.Context(), w.account.ID, "+41446681800")) {
		t.Error("a removed entry holds")
	}
}

func testPearls(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	same(t, "pearl", must[campaign.Pearl](t)(store.ReadPearl(t.Context(), w.account.ID, w.pearl.ID)), w.pearl)
	_, err := store.ReadPearl(t.Context(), noID, w.pearl.ID)
	missing(t, err, "PearlId")
	missing(t, store.Update(t.Context(), func(tx engine.Tx) error { _, err := tx.Pearl(w.account.ID, noID, engine.Exclusive); return err }), "PearlId")

	changed := w.pearl
	changed.Name, changed.Version, changed.Published, changed.Activity = "New name", 2, 7, campaign.Paused
	changed.Spent = 1_000_000 // not written
	outbound := *w.pearl.Outbound
	outbound.TotalAgents = 9
	changed.Outbound = &outbound
	w.update(t, func(tx engine.Tx) error { return tx.SavePearl(changed) })
	if err := store.Update(t.Context(), func(tx engine.Tx) error { return tx.SavePearl(changed) }); !errors.Is(err, engine.ErrStale) {
		t.Errorf("save of a version that exists: %v", err)
	}
	w.update(t, func(tx engine.Tx) error {
		return errors.Join(tx.AddSpent(w.pearl.ID, 5), tx.ForgetMemory(w.pearl.ID, nil))
	})
	number := phone.Number("+14155550101")
	w.update(t, func(tx engine.Tx) error { return tx.ForgetMemory(w.pearl.ID, &number) })
	changed.Spent = 12
	same(t, "changed pearl", must[campaign.Pearl](t)(store.ReadPearl(t.Context(), w.account.ID, w.pearl.ID)), changed)

	// A reader's changes are its own.
	mine := must[campaign.Pearl](t)(store.ReadPearl(t.Context(), w.account.ID, w.pearl.ID))
	mine.Outbound.TotalAgents = 77
	same(t, "pearl after a reader changed its copy", must[campaign.Pearl](t)(store.ReadPearl(t.Context(), w.account.ID, w.pearl.ID)), changed)

	// A change that was rolled back leaves nothing, in memory neither.
	boom := errors.New("boom")
	err = store.Update(t.Context(), func(tx engine.Tx) error {
		undone := changed
		undone.Version, undone.Definition.CompanyName = 3, "Undone"
		if err := tx.SavePearl(undone); err != nil {
			return err
		}
		if read, err := tx.Pearl(w.account.ID, w.pearl.ID, engine.Shared); err != nil || read.Definition.CompanyName != "Undone" {
			t.Errorf("own change in transaction: %+v, %v", read.Definition, err)
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Errorf("got %v, want the function's error", err)
	}
	same(t, "pearl after a rolled back change", must[campaign.Pearl](t)(store.ReadPearl(t.Context(), w.account.ID, w.pearl.ID)), changed)

	archived, inbound := w.newPearl(w.account.ID), w.newPearl(w.account.ID)
	archived.Archived = true
	inbound.Type, inbound.Outbound, inbound.Inbound = campaign.InboundPearl, nil, &campaign.InboundSettings{WaitingSentence: "Please wait."}
	running := w.newPearl(w.account.ID)
	running.Outbound.PhoneNumberID = w.id()
	archived.Outbound.PhoneNumberID = running.Outbound.PhoneNumberID
	w.update(t, func(tx engine.Tx) error {
		return errors.Join(tx.InsertPearl(archived), tx.InsertPearl(inbound), tx.InsertPearl(running))
	})
	same(t, "pearls of the account", must[[]campaign.Pearl](t)(store.Pearls(t.Context(), w.account.ID)), []campaign.Pearl{changed, inbound, running})
	same(t, "running pearls", must[[]campaign.Pearl](t)(store.RunningPearls(t.Context())), []campaign.Pearl{running})
	w.update(t, func(tx engine.Tx) error {
		on, err := tx.RunningOn(w.account.ID, running.Outbound.PhoneNumberID)
		same(t, "running on the number", on, []campaign.Pearl{running})
		if others, err := tx.RunningOn(noID, running.Outbound.PhoneNumberID); err != nil || len(others) > 0 {
			t.Errorf("running on the number in another account: %v, %v", others, err)
		}
		return err
	})
}

// leadIDs are the ids of leads.
func leadIDs(leads []lead.Lead) []id.ID {
	ids := make([]id.ID, len(leads))
	for n, l := range leads {
		ids[n] = l.ID
	}
	return ids
}
