package store

import (
	"context"
	"errors"
	"fmt"

	"nacre/internal/account"
	"nacre/internal/campaign"
	"nacre/internal/datakey"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/secret"
)

// Secrets are encrypted one by one where they stand among settings (ADR 24), each bound to its row. What was stored before
// there was a key is read as it is until SealAll has come by.

// keyCheck is the row of table secret by which a database knows its key: a sealed word, whose key's id can be read.
const keyCheck = "data key"

// unlock finds the ring of the database, or says why the key at hand is none of it.
func (s *Store) unlock(ctx context.Context, find func(sealed bool) (*datakey.Ring, error)) error {
	var check []byte
	err := s.backend.read(ctx, func(q session) (err error) {
		check, err = findSecret(q, keyCheck)
		return err
	})
	if err != nil && !errors.Is(err, errNoRow) {
		return fmt.Errorf("read data key check: %w", err)
	}
	known := err == nil
	ring, err := find(known)
	if err != nil {
		return err
	}
	s.keys = ring
	if ring == nil {
		return nil
	}
	if !known {
		return s.markKey(ctx, false)
	}
	_, err = ring.Open(keyCheck, string(check))
	return err
}

// markKey notes the current key: at the beginning, where nobody has yet, or again when everything is sealed with it.
func (s *Store) markKey(ctx context.Context, again bool) error {
	var check []byte
	err := s.backend.update(ctx, func(q session) (err error) {
		text := addSecret
		if again {
			text = saveSecret
		}
		if _, err := q.exec(text, keyCheck, []byte(s.keys.Seal(keyCheck, "nacre"))); err != nil {
			return err
		}
		check, err = findSecret(q, keyCheck)
		return err
	})
	if err != nil {
		return fmt.Errorf("note data key: %w", err)
	}
	_, err = s.keys.Open(keyCheck, string(check)) // another process may have been first
	return err
}

// UseKeys exchanges the keys before SealAll, for the process that holds the node's lock and does nothing else.
func (s *Store) UseKeys(ring *datakey.Ring) { s.keys = ring }

// sealedWith is the row of table secret that says with which key everything is sealed.
const sealedWith = "sealed with"

// SealAll encrypts with the current key whatever is stored otherwise, plainly or under an older key, and returns how many rows
// it wrote; of a new database none count. It is for the process that holds the node's lock. Interrupted, it begins again at the next start.
func (s *Store) SealAll(ctx context.Context) (rows int, err error) {
	if s.keys == nil {
		return 0, nil
	}
	var done []byte
	var pearls, drafts, trunks, people, secrets, followed []string
	err = s.backend.read(ctx, func(q session) (err error) {
		if done, err = findSecret(q, sealedWith); err != nil && !errors.Is(err, errNoRow) || string(done) == s.keys.Current() {
			return err
		}
		for text, into := range map[string]*[]string{"SELECT id FROM pearl": &pearls, "SELECT pearl_id FROM pearl_draft": &drafts, "SELECT id FROM trunk": &trunks, "SELECT id FROM person WHERE two_factor <> ''": &people, "SELECT name FROM secret": &secrets, "SELECT DISTINCT call_id FROM follow_up": &followed} {
			if *into, err = list(q, scanText[string], text); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("seal secrets: %w", err)
	}
	if string(done) == s.keys.Current() {
		return 0, nil
	}
	fresh := len(done) == 0 && len(pearls)+len(trunks)+len(people) == 0 // what the store has made for itself is nobody's news
	each := func(names []string, seal func(t *tx, name string) error) {
		for _, name := range names {
			if err == nil {
				err = s.backend.update(ctx, func(q session) error { return seal(s.newTx(q), name) })
				rows++
			}
		}
	}
	each(pearls, (*tx).sealPearl)
	each(drafts, (*tx).sealDraft)
	each(trunks, (*tx).sealTrunk)
	each(people, (*tx).sealPerson)
	each(secrets, (*tx).sealSecret)
	each(followed, (*tx).sealFollowUps)
	if err == nil {
		err = s.markKey(ctx, true)
	}
	if err == nil {
		err = s.backend.update(ctx, func(q session) error {
			return q.queue(nil, saveSecret, sealedWith, []byte(s.keys.Current()))
		})
	}
	if err != nil {
		return rows, fmt.Errorf("seal secrets: %w", err)
	}
	if fresh {
		return 0, nil
	}
	return rows, nil
}

func (t *tx) sealPearl(pearlID string) error {
	accountID, err := one(t, scanText[id.ID], "SELECT account_id FROM pearl WHERE id = ?1", pearlID)
	if errors.Is(err, errNoRow) {
		return nil // deleted meanwhile
	}
	if err != nil {
		return err
	}
	p, err := t.Pearl(accountID, id.ID(pearlID), engine.Exclusive)
	if err != nil {
		return err
	}
	t.forgetPearls()
	values, err := t.pearlValues(p)
	if err != nil {
		return err
	}
	c := pearlTable.set(values, func(column string) bool { return column == "revision" || column == "settings" || column == "webhooks" })
	text, args := c.update("pearl", "id = ?1", pearlID)
	return t.queue(nil, text, args...)
}

func (t *tx) sealTrunk(trunkID string) error {
	trunk, err := one(t, t.scanTrunk, lockText("SELECT "+trunkColumns+" FROM trunk WHERE id = ?1 ", engine.Exclusive), trunkID)
	if errors.Is(err, errNoRow) {
		return nil
	}
	if err != nil {
		return err
	}
	return t.SaveTrunk(trunk)
}

func (t *tx) sealPerson(userID string) error {
	u, err := one(t, t.scanUser, lockText("SELECT "+userColumns+" FROM person WHERE id = ?1 ", engine.Exclusive), userID)
	if errors.Is(err, errNoRow) {
		return nil
	}
	if err != nil {
		return err
	}
	return t.SaveUser(u)
}

func (t *tx) sealSecret(name string) error {
	if name == keyCheck || name == sealedWith {
		return nil
	}
	content, err := findSecret(t, name)
	if err != nil {
		return err
	}
	opened, err := t.keys.Open("secret "+name, string(content))
	if err != nil {
		return err
	}
	return t.queue(nil, saveSecret, name, []byte(t.keys.Seal("secret "+name, opened)))
}

func findSecret(q session, name string) ([]byte, error) {
	return one(q, func(r row) (raw []byte, err error) { return raw, r.Scan(&raw) }, "SELECT content FROM secret WHERE name = ?1", name)
}

// sealPearl returns a Pearl, or the content of one, as it is stored.
func sealPearl(keys *datakey.Ring, place string, p campaign.Pearl) campaign.Pearl {
	if keys == nil {
		return p
	}
	p = p.Clone()
	sealAll(keys, place, p.Secrets())
	return p
}

func sealTrunk(keys *datakey.Ring, t account.Trunk) account.Trunk {
	sealAll(keys, "trunk "+string(t.ID), t.Secrets())
	return t
}

func sealAll(keys *datakey.Ring, place string, held []secret.Held) {
	for _, h := range held {
		h.Set(keys.Seal(place, h.Value))
	}
}

// openAll decrypts settings where they stand.
func openAll(keys *datakey.Ring, place string, held []secret.Held) error {
	for _, h := range held {
		opened, err := keys.Open(place, h.Value)
		if err != nil {
			return err
		}
		h.Set(opened)
	}
	return nil
}
