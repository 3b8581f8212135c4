package engine

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"time"

	"nacre/internal/account"
	"nacre/internal/campaign"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/phone"
	"nacre/internal/secret"
)

// SandboxNumber is the phone number on the sandbox carrier that every account starts with.
const SandboxNumber = "+12025550100"

// CreateAccount makes an account with its number on the sandbox carrier.
func (e *Engine) CreateAccount(ctx context.Context, name string) (account.Account, error) {
	now := e.clock()
	made := account.Account{ID: e.IDs.New(now), Name: name, TotalAgents: 100, Standing: account.FullAccess, Created: now}
	number := account.Number{
		ID: e.IDs.New(now), Account: made.ID, Number: SandboxNumber, Direction: account.InboundOutbound, Active: true, Created: now,
	}
	err := e.update(ctx, func(tx Tx, s *Signals) error {
		if err := tx.InsertAccount(made); err != nil {
			return fmt.Errorf("insert account: %w", err)
		}
		return tx.InsertNumber(number)
	})
	return made, err
}

// UpdateAccount changes an account's settings.
func (e *Engine) UpdateAccount(ctx context.Context, actor Actor, edit func(*account.Account) error) (account.Account, error) {
	var stored account.Account
	err := e.update(ctx, func(tx Tx, s *Signals) error {
		before, err := tx.Account(actor.Account, Exclusive)
		if err != nil {
			return err
		}
		stored = before
		if err := edit(&stored); err != nil {
			return err
		}
		if err := tx.SaveAccount(stored); err != nil {
			return fmt.Errorf("save account: %w", err)
		}
		s.Callable = true
		s.Retention = !reflect.DeepEqual(before.RetentionDays, stored.RetentionDays)
		return e.audit(tx, actor, auditAccount, e.clock(), map[string]any{"before": auditAccountOf(before), "after": auditAccountOf(stored)})
	})
	return stored, err
}

// secretAlphabet of API keys: letters and digits (contract 0.4).
const secretAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// HashSecret is how the secret of an API key is stored: it is 32 random characters, so no slow hash is needed.
func HashSecret(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// CreateKey makes an API key and returns its text, ACCOUNTID:SECRET, which is shown once and stored nowhere.
func (e *Engine) CreateKey(ctx context.Context, actor Actor, name string, scope account.Scope, expires time.Time) (keyID id.ID, text string, err error) {
	now := e.clock()
	secret := make([]byte, 32)
	for n := range secret {
		pick, err := rand.Int(rand.Reader, big.NewInt(int64(len(secretAlphabet))))
		if err != nil {
			return "", "", fmt.Errorf("make secret: %w", err)
		}
		secret[n] = secretAlphabet[pick.Int64()]
	}
	key := account.Key{ID: e.IDs.New(now), Account: actor.Account, Name: name, Scope: scope, Hash: HashSecret(string(secret)), Created: now, Expires: expires}
	err = e.update(ctx, func(tx Tx, s *Signals) error {
		if err := tx.InsertKey(key); err != nil {
			return fmt.Errorf("insert key: %w", err)
		}
		return e.audit(tx, actor, auditCreateKey, now, map[string]any{"after": auditKeyOf(key)})
	})
	if err != nil {
		return "", "", err
	}
	return key.ID, string(actor.Account) + ":" + string(secret), nil
}

// KeyLease is how long a server may go on with a key after it began to look it up. Who revokes a key waits as long before he
// answers, so that a key is of no use anywhere once its revocation was answered (ADR 16).
const KeyLease = 100 * time.Millisecond

// DeleteKey revokes a key: it is of no use any more when this returns.
func (e *Engine) DeleteKey(ctx context.Context, actor Actor, keyID id.ID) error {
	keys, err := e.Store.Keys(ctx, actor.Account)
	if err != nil {
		return fmt.Errorf("list keys: %w", err)
	}
	before := account.Key{ID: keyID}
	if n := slices.IndexFunc(keys, func(k account.Key) bool { return k.ID == keyID }); n >= 0 {
		before = keys[n] // keys never change
	}
	err = e.update(ctx, func(tx Tx, s *Signals) error {
		if err := tx.DeleteKey(actor.Account, keyID); err != nil {
			return err
		}
		return e.audit(tx, actor, auditDeleteKey, e.clock(), map[string]any{"before": auditKeyOf(before)})
	})
	if err == nil {
		time.Sleep(KeyLease)
	}
	return err
}

// accountHome is how numbers are read that belong to no campaign: in the account's region, next to its own numbers.
func (e *Engine) accountHome(ctx context.Context, accountID id.ID) (phone.Home, error) {
	owner, err := e.Store.ReadAccount(ctx, accountID)
	if err != nil {
		return phone.Home{}, fmt.Errorf("read account: %w", err)
	}
	numbers, err := e.Store.Numbers(ctx, accountID)
	if err != nil {
		return phone.Home{}, fmt.Errorf("list numbers: %w", err)
	}
	return owner.Home(numbers), nil
}

// CreateNumber adds a phone number.
func (e *Engine) CreateNumber(ctx context.Context, actor Actor, number account.Number, remember *Remember[id.ID]) (id.ID, error) {
	now := e.clock()
	number.ID, number.Account, number.Created, number.Active = e.IDs.New(now), actor.Account, now, true
	home, err := e.accountHome(ctx, actor.Account)
	if err != nil {
		return "", err
	}
	if err := e.normalizeCaller(&number, home); err != nil {
		return "", err
	}
	err = e.update(ctx, func(tx Tx, s *Signals) error {
		if err := within(tx, actor.Account, OwnedNumbers, e.Limits.Numbers); err != nil {
			return err
		}
		if err := checkTrunk(tx, number); err != nil {
			return err
		}
		if err := tx.InsertNumber(number); err != nil {
			return fmt.Errorf("insert number: %w", err)
		}
		if err := e.audit(tx, actor, auditNumber, now, map[string]any{"after": auditNumberOf(number)}); err != nil {
			return err
		}
		return rememberAnswer(e, tx, s, remember, number.ID)
	})
	if err != nil {
		return "", err
	}
	return number.ID, nil
}

// normalizeCaller judges a number that a trunk's carrier is to be shown as caller (contract 12.1): a number in E.164, or a
// short one that the operator allowed. The sandbox carrier takes any.
func (e *Engine) normalizeCaller(number *account.Number, home phone.Home) error {
	if number.Trunk.Zero() || slices.Contains(e.ShortCodes, number.Number) {
		return nil
	}
	normal, err := phone.Parse(number.Number, home)
	if err != nil {
		return fault.Bad("Number", "A number on a trunk is one in E.164 form, or a short one that the operator allowed (--short-codes): %s", err)
	}
	number.Number = string(normal)
	return nil
}

func checkTrunk(tx NumberTx, number account.Number) error {
	if number.Trunk.Zero() {
		return nil
	}
	_, err := tx.Trunk(number.Account, number.Trunk, Shared) // it is not deleted meanwhile
	if fault.Is(err, fault.NotFound) {
		return fault.Bad("TrunkId", "The account has no trunk with the id '%s'.", number.Trunk)
	}
	return err
}

// UpdateNumber changes a phone number.
func (e *Engine) UpdateNumber(ctx context.Context, actor Actor, numberID id.ID, edit func(*account.Number) error) error {
	home, err := e.accountHome(ctx, actor.Account)
	if err != nil {
		return err
	}
	return e.update(ctx, func(tx Tx, s *Signals) error {
		before, err := tx.Number(actor.Account, numberID, Exclusive)
		if err != nil {
			return err
		}
		after := before
		if err := edit(&after); err != nil {
			return err
		}
		if after.Number != before.Number || after.Trunk != before.Trunk {
			if err := e.normalizeCaller(&after, home); err != nil {
				return err
			}
		}
		if err := checkTrunk(tx, after); err != nil {
			return err
		}
		if err := tx.SaveNumber(after); err != nil {
			return fmt.Errorf("save number: %w", err)
		}
		s.Callable = true
		return e.audit(tx, actor, auditNumber, e.clock(), map[string]any{"before": auditNumberOf(before), "after": auditNumberOf(after)})
	})
}

// DeleteNumber removes a phone number that no running campaign uses.
func (e *Engine) DeleteNumber(ctx context.Context, actor Actor, numberID id.ID) error {
	return e.update(ctx, func(tx Tx, s *Signals) error {
		before, err := tx.Number(actor.Account, numberID, Exclusive) // nobody runs on it meanwhile
		if err != nil {
			return err
		}
		running, err := tx.RunningOn(actor.Account, numberID)
		if err != nil {
			return fmt.Errorf("list running pearls: %w", err)
		}
		for _, p := range running {
			if p.Type == campaign.OutboundPearl {
				return fault.Refused("The phone number is in use by the running campaign '%s'.", p.Name)
			}
		}
		if err := tx.DeleteNumber(actor.Account, numberID); err != nil {
			return err
		}
		return e.audit(tx, actor, auditNumber, e.clock(), map[string]any{"before": auditNumberOf(before)})
	})
}

// CreateTrunk adds a SIP trunk.
func (e *Engine) CreateTrunk(ctx context.Context, actor Actor, trunk account.Trunk, remember *Remember[id.ID]) (id.ID, error) {
	now := e.clock()
	trunk.ID, trunk.Account, trunk.Created, trunk.State = e.IDs.New(now), actor.Account, now, account.TrunkUnknown
	err := e.update(ctx, func(tx Tx, s *Signals) error {
		if err := within(tx, actor.Account, OwnedTrunks, e.Limits.Trunks); err != nil {
			return err
		}
		if err := tx.InsertTrunk(trunk); err != nil {
			return fmt.Errorf("insert trunk: %w", err)
		}
		s.Callable, s.Trunks = true, true
		if err := e.audit(tx, actor, auditTrunk, now, map[string]any{"after": auditTrunkOf(trunk)}); err != nil {
			return err
		}
		return rememberAnswer(e, tx, s, remember, trunk.ID)
	})
	if err != nil {
		return "", err
	}
	return trunk.ID, nil
}

// UpdateTrunk changes a trunk, which makes its state unknown at once (contract 9.7); calls in the air go on. A password that
// edit does not write stays, but is cleared where the carrier's address changes: its path is returned then.
func (e *Engine) UpdateTrunk(ctx context.Context, actor Actor, trunkID id.ID, edit func(*account.Trunk) error) (cleared []string, err error) {
	err = e.update(ctx, func(tx Tx, s *Signals) error {
		before, err := tx.Trunk(actor.Account, trunkID, Exclusive)
		if err != nil {
			return err
		}
		after := before
		secret.Withhold(after.Secrets())
		var faults fault.List
		if err := edit(&after); err != nil && !faults.Join("", err) {
			return err
		}
		cleared = secret.Settle(after.Secrets(), before.Secrets(), &faults)
		if err := faults.Err(); err != nil {
			return err
		}
		after.State, after.Detail, after.Until = account.TrunkUnknown, "", time.Time{}
		if err := tx.SaveTrunk(after); err != nil {
			return fmt.Errorf("save trunk: %w", err)
		}
		s.Callable, s.Trunks = true, true
		data := map[string]any{"before": auditTrunkOf(before), "after": auditTrunkOf(after)}
		return e.audit(tx, actor, auditTrunk, e.clock(), withCleared(data, cleared))
	})
	return cleared, err
}

// DeleteTrunk removes a trunk that has no numbers.
func (e *Engine) DeleteTrunk(ctx context.Context, actor Actor, trunkID id.ID) error {
	return e.update(ctx, func(tx Tx, s *Signals) error {
		before, err := tx.Trunk(actor.Account, trunkID, Exclusive) // no number comes to it meanwhile
		if err != nil {
			return err
		}
		numbers, err := tx.NumbersOver(actor.Account, trunkID)
		if err != nil {
			return fmt.Errorf("list numbers of trunk: %w", err)
		}
		if len(numbers) > 0 {
			return fault.Refused("The trunk has phone numbers (%s): delete or move them first.", numbers[0].Number)
		}
		if err := tx.DeleteTrunk(actor.Account, trunkID); err != nil {
			return err
		}
		s.Trunks = true
		return e.audit(tx, actor, auditTrunk, e.clock(), map[string]any{"before": auditTrunkOf(before)})
	})
}

// DefaultAccount returns the first account, which is made when there is none.
func (e *Engine) DefaultAccount(ctx context.Context) (account.Account, error) {
	accounts, err := e.Store.Accounts(ctx)
	if err != nil {
		return account.Account{}, fmt.Errorf("list accounts: %w", err)
	}
	if len(accounts) > 0 {
		return accounts[0], nil
	}
	return e.CreateAccount(ctx, "Default")
}

// AccountNamed returns the account of that name, made when new.
func (e *Engine) AccountNamed(ctx context.Context, name string) (account.Account, error) {
	if name == "" {
		return account.Account{}, errors.New("an account needs a name")
	}
	accounts, err := e.Store.Accounts(ctx)
	if err != nil {
		return account.Account{}, fmt.Errorf("list accounts: %w", err)
	}
	for _, known := range accounts {
		if known.Name == name {
			return known, nil
		}
	}
	return e.CreateAccount(ctx, name)
}
