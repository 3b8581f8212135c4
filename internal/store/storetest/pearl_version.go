package storetest

import (
	"errors"
	"testing"
	"time"

	"nacre/internal/engine"
	"nacre/internal/id"
)

// testPearlVersions: versions and the draft of a Pearl are read as they were written, by their own account alone; the oldest go.
func testPearlVersions(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	other := w.newPearl(w.account.ID)
	w.update(t, func(tx engine.Tx) error { return tx.InsertPearl(other) })
	version := func(pearlID id.ID, number int64) engine.PearlVersion {
		content := w.pearl.Content()
		content.Name = "Zoë’s version"
		v := engine.PearlVersion{Pearl: pearlID, Account: w.account.ID, Number: number, At: Noon.Add(time.Duration(number) * time.Minute), By: "person:x", ByName: "ada@example.com", Content: content}
		w.update(t, func(tx engine.Tx) error { return tx.AddPearlVersion(v) })
		return v
	}
	first, second, third := version(w.pearl.ID, 1), version(w.pearl.ID, 2), version(w.pearl.ID, 10)
	version(other.ID, 1)
	rows := func(found []engine.PearlVersion) (numbers []int64) {
		for _, v := range found {
			if v.Bytes < 100 || v.Content.Name != "" || v.ByName != "ada@example.com" {
				t.Errorf("row of version %d: %+v", v.Number, v)
			}
			numbers = append(numbers, v.Number)
		}
		return numbers
	}
	same(t, "versions", rows(must[[]engine.PearlVersion](t)(store.ReadPearlVersions(t.Context(), w.account.ID, w.pearl.ID))), []int64{10, 2, 1})
	same(t, "versions for another account", rows(must[[]engine.PearlVersion](t)(store.ReadPearlVersions(t.Context(), noID, w.pearl.ID))), []int64(nil))
	read := func(accountID id.ID, number int64) (engine.PearlVersion, error) {
		v, err := store.ReadPearlVersion(t.Context(), accountID, w.pearl.ID, number)
		v.Bytes = 0
		return v, err
	}
	same(t, "version 2", must[engine.PearlVersion](t)(read(w.account.ID, 2)), second)
	_, err := read(w.account.ID, 3)
	missing(t, err, "Version")
	_, err = read(noID, 2)
	missing(t, err, "Version")
	w.update(t, func(tx engine.Tx) error {
		same(t, "versions in a transaction", rows(must[[]engine.PearlVersion](t)(tx.PearlVersions(w.pearl.ID))), []int64{10, 2, 1})
		v, err := tx.PearlVersion(w.account.ID, w.pearl.ID, 1)
		v.Bytes = 0
		same(t, "version 1 in a transaction", v, first)
		return errors.Join(err, tx.DropPearlVersions(w.pearl.ID, 10))
	})
	same(t, "the last version", must[engine.PearlVersion](t)(read(w.account.ID, 10)), third)
	same(t, "what is left", rows(must[[]engine.PearlVersion](t)(store.ReadPearlVersions(t.Context(), w.account.ID, w.pearl.ID))), []int64{10})
	same(t, "versions of the other Pearl", rows(must[[]engine.PearlVersion](t)(store.ReadPearlVersions(t.Context(), w.account.ID, other.ID))), []int64{1})

	_, err = store.ReadPearlDraft(t.Context(), w.account.ID, w.pearl.ID)
	missing(t, err, "Draft")
	draft := engine.PearlDraft{Pearl: w.pearl.ID, Account: w.account.ID, BasedOn: 10, At: Noon, By: "key:x", ByName: "crm", Content: w.pearl.Content()}
	w.update(t, func(tx engine.Tx) error { return tx.SavePearlDraft(draft) })
	draft.BasedOn, draft.Content.Name, draft.Content.Webhooks.Credential = 11, "Changed", "s3cret"
	w.update(t, func(tx engine.Tx) error {
		if err := tx.SavePearlDraft(draft); err != nil {
			return err
		}
		read, err := tx.PearlDraft(w.account.ID, w.pearl.ID)
		same(t, "draft in a transaction", read, draft)
		_, foreign := tx.PearlDraft(noID, w.pearl.ID)
		missing(t, foreign, "Draft")
		return err
	})
	same(t, "draft", must[engine.PearlDraft](t)(store.ReadPearlDraft(t.Context(), w.account.ID, w.pearl.ID)), draft)
	_, err = store.ReadPearlDraft(t.Context(), noID, w.pearl.ID)
	missing(t, err, "Draft")
	w.update(t, func(tx engine.Tx) error {
		return errors.Join(tx.DeletePearlDraft(w.pearl.ID), tx.DeletePearlDraft(noID))
	})
	_, err = store.ReadPearlDraft(t.Context(), w.account.ID, w.pearl.ID)
	missing(t, err, "Draft")
}
