package store

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/datakey"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/store/storetest"
)

const (
	sealedAccount = id.ID("665f1f77bcf86cd799439001")
	sealedPearlID = id.ID("665f1f77bcf86cd799439002")
	sealedTrunkID = id.ID("665f1f77bcf86cd799439003")
)

func TestSecretsAreEncryptedInSQLite(t *testing.T) {
	t.Parallel()
	testSealed(t, t.TempDir(), "")
}

func TestSecretsAreEncryptedInPostgres(t *testing.T) {
	t.Parallel()
	testSealed(t, "", storetest.StartCluster(t).NewDatabase(t))
}

// TestANewDatabaseHasNothingToSeal: nothing was stored otherwise before.
func TestANewDatabaseHasNothingToSeal(t *testing.T) {
	t.Parallel()
	source := datakey.Source{Path: filepath.Join(t.TempDir(), datakey.FileName)}
	s, err := Open(t.Context(), t.TempDir(), "", Options{Keys: func(bool) (*datakey.Ring, error) { return source.LoadOrMake() }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if rows, err := s.SealAll(t.Context()); err != nil || rows != 0 {
		t.Errorf("%d rows, %v", rows, err)
	}
}

// testSealed: what was stored plainly is encrypted, everything is read as it was written, keys can be changed, and a database
// is not opened with another key or none.
func testSealed(t *testing.T, folder, url string) {
	source := datakey.Source{Path: filepath.Join(t.TempDir(), datakey.FileName)}
	open := func(find func(bool) (*datakey.Ring, error)) (*Store, error) {
		return Open(t.Context(), folder, url, Options{Keys: find, Connections: 4})
	}
	mustOpen := func(find func(bool) (*datakey.Ring, error)) *Store {
		t.Helper()
		s, err := open(find)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	fixed := func(ring *datakey.Ring, err error) func(bool) (*datakey.Ring, error) {
		return func(bool) (*datakey.Ring, error) { return ring, err }
	}
	closed := func(s *Store) {
		t.Helper()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}

	s := mustOpen(nil)
	writeSecrets(t, s)
	links := secretOf(t, s)
	if n := strings.Count(stored(t, s), "s3cret-"); n != 7 {
		t.Fatalf("%d of 7 secrets are stored without a key", n)
	}
	closed(s)

	s = mustOpen(func(sealed bool) (*datakey.Ring, error) {
		if sealed {
			t.Error("a database without a key is said to have one")
		}
		return source.LoadOrMake()
	})
	if rows, err := s.SealAll(t.Context()); err != nil || rows != 5 { // a Pearl, its draft, a trunk, a secret, the check
		t.Errorf("sealed %d rows, %v", rows, err)
	}
	if rows, err := s.SealAll(t.Context()); err != nil || rows != 0 {
		t.Errorf("sealed %d rows again, %v", rows, err)
	}
	if text := stored(t, s); strings.Contains(text, "s3cret-") || strings.Contains(text, string(links)) {
		t.Errorf("a secret is readable: %s", text)
	}
	readSecrets(t, s, links)
	writeSecretsAgain(t, s)
	if text := stored(t, s); strings.Contains(text, "s3cret-") {
		t.Errorf("a secret written since is readable: %s", text)
	}
	readSecrets(t, s, links)
	closed(s)

	refused := errors.New("no key")
	if _, err := open(func(sealed bool) (*datakey.Ring, error) {
		if !sealed {
			t.Error("a database with a key is said to have none")
		}
		return nil, refused
	}); !errors.Is(err, refused) {
		t.Errorf("without a key: %v", err)
	}
	old, err := source.Load()
	if err != nil {
		t.Fatal(err)
	}
	var missing *datakey.MissingKeyError
	strange := datakey.Source{Path: filepath.Join(t.TempDir(), datakey.FileName)}
	if _, err := open(fixed(strange.LoadOrMake())); !errors.As(err, &missing) || missing.ID != old.Current() {
		t.Errorf("with another key: %v", err)
	}

	s = mustOpen(fixed(source.Add()))
	readSecrets(t, s, links)
	if rows, err := s.SealAll(t.Context()); err != nil || rows == 0 {
		t.Errorf("sealed %d rows with a new key, %v", rows, err)
	}
	if text := stored(t, s); strings.Contains(text, old.Current()) {
		t.Errorf("something is still sealed with the old key: %s", text)
	}
	closed(s)
	s = mustOpen(fixed(source.Retire()))
	readSecrets(t, s, links)
	closed(s)
}

func writeSecrets(t *testing.T, s *Store) {
	t.Helper()
	outbound := campaign.DefaultOutbound()
	pearl := campaign.Pearl{
		ID: sealedPearlID, Account: sealedAccount, Type: campaign.OutboundPearl, Name: "Reminders", Activity: campaign.Paused, Created: storetest.Noon, Version: 1,
		Definition: campaign.Definition{
			SMTPSettings: &campaign.SMTP{SenderPassword: "s3cret-1"},
			APISettings:  []campaign.API{{EndpointURL: "https://example.com", Headers: map[string]string{"X-Api-Key": "s3cret-2"}}},
		},
		Outbound: &outbound,
		Webhooks: campaign.Webhooks{CallURL: "https://example.com", Credential: "s3cret-3", Secret: "s3cret-4", OldSecret: "s3cret-5"},
	}
	trunk := account.Trunk{Account: sealedAccount, Name: "Carrier", Created: storetest.Noon, Trunk: call.Trunk{ID: sealedTrunkID, Host: "sip.example.com", Password: "s3cret-6"}}
	err := s.Update(t.Context(), func(tx engine.Tx) error {
		return errors.Join(tx.InsertAccount(account.Account{ID: sealedAccount, Name: "Example", Created: storetest.Noon}), tx.InsertPearl(pearl), tx.InsertTrunk(trunk),
			tx.SavePearlDraft(engine.PearlDraft{Pearl: sealedPearlID, Account: sealedAccount, Content: campaign.Pearl{Definition: campaign.Definition{SMTPSettings: &campaign.SMTP{SenderPassword: "s3cret-7"}}}}))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func writeSecretsAgain(t *testing.T, s *Store) {
	t.Helper()
	err := s.Update(t.Context(), func(tx engine.Tx) error {
		pearl, err := tx.Pearl(sealedAccount, sealedPearlID, engine.Exclusive)
		if err != nil {
			return err
		}
		pearl.Version++
		trunk, err := tx.Trunk(sealedAccount, sealedTrunkID, engine.Exclusive)
		if err != nil {
			return err
		}
		trunk.Until = storetest.Noon.Add(time.Minute)
		return errors.Join(tx.SavePearl(pearl), tx.SaveTrunk(trunk))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// readSecrets holds what is read against what writeSecrets wrote.
func readSecrets(t *testing.T, s *Store, links []byte) {
	t.Helper()
	pearl, err := s.ReadPearl(t.Context(), sealedAccount, sealedPearlID)
	if err != nil {
		t.Fatal(err)
	}
	trunks, err := s.Trunks(t.Context(), sealedAccount)
	if err != nil || len(trunks) != 1 {
		t.Fatalf("%d trunks, %v", len(trunks), err)
	}
	draft, err := s.ReadPearlDraft(t.Context(), sealedAccount, sealedPearlID)
	if err != nil {
		t.Fatal(err)
	}
	d, w := pearl.Definition, pearl.Webhooks
	got := []string{d.SMTPSettings.SenderPassword, d.APISettings[0].Headers["X-Api-Key"], w.Credential, w.Secret, w.OldSecret, trunks[0].Password, draft.Content.Definition.SMTPSettings.SenderPassword}
	if text := strings.Join(got, " "); text != "s3cret-1 s3cret-2 s3cret-3 s3cret-4 s3cret-5 s3cret-6 s3cret-7" {
		t.Errorf("read %s", text)
	}
	if again := secretOf(t, s); string(again) != string(links) {
		t.Error("the key of recording links has changed")
	}
}

func secretOf(t *testing.T, s *Store) []byte {
	t.Helper()
	content, err := s.Secret(t.Context(), "recording links")
	if err != nil || len(content) != 32 {
		t.Fatalf("secret of %d bytes, %v", len(content), err)
	}
	return content
}

// stored is everything in the columns that hold secrets.
func stored(t *testing.T, s *Store) string {
	t.Helper()
	var all strings.Builder
	err := s.backend.read(t.Context(), func(q session) error {
		for _, text := range []string{"SELECT settings FROM pearl", "SELECT webhooks FROM pearl", "SELECT settings FROM trunk", "SELECT content FROM pearl_draft"} {
			found, err := list(q, scanText[string], text)
			if err != nil {
				return err
			}
			all.WriteString(strings.Join(found, "\n") + "\n")
		}
		contents, err := list(q, func(r row) (raw []byte, err error) { return raw, r.Scan(&raw) }, "SELECT content FROM secret WHERE name <> 'sealed with'")
		for _, content := range contents {
			all.Write(append(content, '\n'))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
