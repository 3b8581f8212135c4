package store

import (
	"context"
	"errors"

	"nacre/internal/engine"
	"nacre/internal/id"
)

const versionColumns = "pearl_id, number, account_id, at, made_by, made_by_name, bytes"

var (
	versionTable = newTable("pearl_version", versionColumns+", content")
	draftTable   = newTable("pearl_draft", "pearl_id, account_id, based_on, at, made_by, made_by_name, content")
)

func readVersion(r row, more ...any) (v engine.PearlVersion, err error) {
	var at int64
	err = r.Scan(append([]any{(*string)(&v.Pearl), &v.Number, (*string)(&v.Account), &at, &v.By, &v.ByName, &v.Bytes}, more...)...)
	v.At = instant(at)
	return v, err
}

func scanVersionRow(r row) (engine.PearlVersion, error) { return readVersion(r) }

func scanVersion(r row) (engine.PearlVersion, error) {
	var content string
	v, err := readVersion(r, &content)
	if err != nil {
		return v, err
	}
	return v, decode(content, &v.Content)
}

func listVersions(q session, where string, args ...any) ([]engine.PearlVersion, error) {
	return list(q, scanVersionRow, "SELECT "+versionColumns+" FROM pearl_version WHERE "+where+" ORDER BY number DESC", args...)
}

// PearlVersions implements engine.Tx.
func (t *tx) PearlVersions(pearlID id.ID) ([]engine.PearlVersion, error) {
	return listVersions(t, "pearl_id = ?1", pearlID)
}

// ReadPearlVersions implements engine.Queries.
func (s *Store) ReadPearlVersions(ctx context.Context, accountID, pearlID id.ID) (found []engine.PearlVersion, err error) {
	err = s.backend.read(ctx, func(q session) error {
		found, err = listVersions(q, "pearl_id = ?1 AND account_id = ?2", pearlID, accountID)
		return err
	})
	return found, wrap("list versions of pearl", err)
}

var selectVersion = "SELECT " + versionTable.list() + " FROM pearl_version WHERE pearl_id = ?1 AND number = ?2 AND account_id = ?3"

// PearlVersion implements engine.Tx.
func (t *tx) PearlVersion(accountID, pearlID id.ID, number int64) (engine.PearlVersion, error) {
	v, err := one(t, scanVersion, selectVersion, pearlID, number, accountID)
	return v, missing(err, "Version")
}

// ReadPearlVersion implements engine.Queries.
func (s *Store) ReadPearlVersion(ctx context.Context, accountID, pearlID id.ID, number int64) (found engine.PearlVersion, err error) {
	err = s.backend.read(ctx, func(q session) error {
		found, err = s.newTx(q).PearlVersion(accountID, pearlID, number)
		return err
	})
	return found, wrap("read version of pearl", err)
}

// AddPearlVersion implements engine.Tx. Its content has no secrets, so that nothing of it is sealed.
func (t *tx) AddPearlVersion(v engine.PearlVersion) error {
	content, err := encode(v.Content)
	if err != nil {
		return err
	}
	return t.queue(nil, versionTable.insertion(1), v.Pearl, v.Number, v.Account, millis(v.At), v.By, v.ByName, int64(len(content)), content)
}

// DropPearlVersions implements engine.Tx.
func (t *tx) DropPearlVersions(pearlID id.ID, below int64) error {
	return t.queue(nil, "DELETE FROM pearl_version WHERE pearl_id = ?1 AND number < ?2", pearlID, below)
}

// draftPlace is what the secrets of a draft are sealed to.
func draftPlace(pearlID id.ID) string { return "draft " + string(pearlID) }

func (t *tx) scanDraft(r row) (d engine.PearlDraft, err error) {
	var at int64
	var content string
	if err := r.Scan((*string)(&d.Pearl), (*string)(&d.Account), &d.BasedOn, &at, &d.By, &d.ByName, &content); err != nil {
		return d, err
	}
	d.At = instant(at)
	if err := decode(content, &d.Content); err != nil {
		return d, err
	}
	return d, openAll(t.keys, draftPlace(d.Pearl), d.Content.Secrets())
}

// PearlDraft implements engine.Tx.
func (t *tx) PearlDraft(accountID, pearlID id.ID) (engine.PearlDraft, error) {
	d, err := one(t, t.scanDraft, "SELECT "+draftTable.list()+" FROM pearl_draft WHERE pearl_id = ?1 AND account_id = ?2 {for update}", pearlID, accountID)
	return d, missing(err, "Draft")
}

// ReadPearlDraft implements engine.Queries.
func (s *Store) ReadPearlDraft(ctx context.Context, accountID, pearlID id.ID) (found engine.PearlDraft, err error) {
	err = s.backend.read(ctx, func(q session) error {
		t := s.newTx(q)
		found, err = one(t, t.scanDraft, "SELECT "+draftTable.list()+" FROM pearl_draft WHERE pearl_id = ?1 AND account_id = ?2", pearlID, accountID)
		return missing(err, "Draft")
	})
	return found, wrap("read draft of pearl", err)
}

// SavePearlDraft implements engine.Tx.
func (t *tx) SavePearlDraft(d engine.PearlDraft) error {
	content, err := encode(sealPearl(t.keys, draftPlace(d.Pearl), d.Content))
	if err != nil {
		return err
	}
	return t.queue(nil, draftTable.replacing(1), d.Pearl, d.Account, d.BasedOn, millis(d.At), d.By, d.ByName, content)
}

// DeletePearlDraft implements engine.Tx.
func (t *tx) DeletePearlDraft(pearlID id.ID) error {
	return t.queue(nil, "DELETE FROM pearl_draft WHERE pearl_id = ?1", pearlID)
}

func (t *tx) sealDraft(pearlID string) error {
	d, err := one(t, t.scanDraft, "SELECT "+draftTable.list()+" FROM pearl_draft WHERE pearl_id = ?1 {for update}", pearlID)
	if errors.Is(err, errNoRow) {
		return nil // discarded meanwhile
	}
	if err != nil {
		return err
	}
	return t.SavePearlDraft(d)
}
