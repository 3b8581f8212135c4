package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"nacre/internal/account"
	"nacre/internal/credential"
	"nacre/internal/fault"
	"nacre/internal/id"
)

// Audit events of people (contract 8).
const (
	auditInviteUser     = 70
	auditUpdateUserRole = 73
	auditRemoveUser     = 75
)

// people are those of an account within a transaction that holds the account, so that two changes cannot each leave the
// other one's owner. An account that has people has an owner among them.
type people []account.User

func (e *Engine) people(tx AccountTx, actor Actor) (people, error) {
	if _, err := tx.Account(actor.Account, Exclusive); err != nil {
		return nil, fmt.Errorf("read account: %w", err)
	}
	found, err := tx.Users(actor.Account)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return found, nil
}

// find returns where the person of the address stands, -1 where nobody has it.
func (p people) find(email string) int {
	return slices.IndexFunc(p, func(u account.User) bool { return u.Email == email })
}

func (p people) byID(userID id.ID) int {
	return slices.IndexFunc(p, func(u account.User) bool { return u.ID == userID })
}

// keepOwner refuses what leaves people without an owner.
func (p people) keepOwner() error {
	if len(p) > 0 && !slices.ContainsFunc(p, func(u account.User) bool { return u.Role == account.Owner }) {
		return fault.Refused("The account would have people and no owner: make somebody else its owner first.")
	}
	return nil
}

func userData(u account.User) map[string]any {
	return map[string]any{"id": u.ID, "email": u.Email, "roleId": int(u.Role), "roleName": u.Role.String()}
}

func judgeEmail(email string) (string, error) {
	normal, err := account.NormalizeEmail(email)
	if err != nil {
		return "", fault.Bad("Email", "%s", err)
	}
	return normal, nil
}

// InviteUser makes somebody a person of the account, and returns the code by which the person joins. Without a role (0) the first
// becomes its owner, others look.
func (e *Engine) InviteUser(ctx context.Context, actor Actor, email string, role account.Role) (account.User, string, error) {
	email, err := judgeEmail(email)
	if err != nil {
		return account.User{}, "", err
	}
	now := e.clock()
	code, hash := credential.Code()
	made := account.User{ID: e.IDs.New(now), Account: actor.Account, Email: email, Created: now, Code: hash, CodeExpires: now.Add(codeLasts)}
	err = e.update(ctx, func(tx Tx, _ *Signals) error {
		known, err := e.people(tx, actor)
		if err != nil {
			return err
		}
		if known.find(email) >= 0 {
			return fault.Bad("Email", "%s is a person of the account already.", email)
		}
		made.Role = role
		if role == 0 {
			made.Role = account.Viewer
			if len(known) == 0 {
				made.Role = account.Owner
			}
		}
		if err := append(known, made).keepOwner(); err != nil {
			return err
		}
		if err := tx.InsertUser(made); err != nil {
			return fmt.Errorf("insert user: %w", err)
		}
		return e.audit(tx, actor, auditInviteUser, now, map[string]any{"after": userData(made)})
	})
	if err != nil {
		return account.User{}, "", err
	}
	return made, code, nil
}

// RenewCode gives a person a new code: for who has not joined in time, or has lost password or telephone.
func (e *Engine) RenewCode(ctx context.Context, actor Actor, userID id.ID) (code string, expires time.Time, err error) {
	code, hash := credential.Code()
	err = e.changePerson(ctx, actor, userID, func(tx Tx, u *account.User, now time.Time) error {
		u.Code, u.CodeExpires = hash, now.Add(codeLasts)
		expires = u.CodeExpires
		return e.audit(tx, actor, auditInviteUser, now, map[string]any{"after": userData(*u)})
	})
	return code, expires, err
}

// PersonOf finds a person of the account by e-mail address.
func (e *Engine) PersonOf(ctx context.Context, accountID id.ID, email string) (account.User, error) {
	email, err := judgeEmail(email)
	if err != nil {
		return account.User{}, err
	}
	found, err := e.Store.People(ctx, accountID)
	if err != nil {
		return account.User{}, err
	}
	n := people(found).find(email)
	if n < 0 {
		return account.User{}, fault.Missing("Email")
	}
	return found[n], nil
}

// changeUser runs fn on the people of the account, of whom the n-th has the id.
func (e *Engine) changeUser(ctx context.Context, actor Actor, userID id.ID, fn func(tx Tx, known people, n int) error) error {
	return e.update(ctx, func(tx Tx, _ *Signals) error {
		known, err := e.people(tx, actor)
		if err != nil {
			return err
		}
		n := known.byID(userID)
		if n < 0 {
			return fault.Missing("UserId")
		}
		return fn(tx, known, n)
	})
}

// UpdateUserRole gives a person another role.
func (e *Engine) UpdateUserRole(ctx context.Context, actor Actor, userID id.ID, role account.Role) error {
	return e.changeUser(ctx, actor, userID, func(tx Tx, known people, n int) error {
		before := known[n]
		if before.Role == role {
			return nil
		}
		known[n].Role = role
		if err := known.keepOwner(); err != nil {
			return err
		}
		if err := tx.SaveUser(known[n]); err != nil {
			return fmt.Errorf("save user: %w", err)
		}
		return e.audit(tx, actor, auditUpdateUserRole, e.clock(), map[string]any{"before": userData(before), "after": userData(known[n])})
	})
}

// RemoveUser takes a person out of the account.
func (e *Engine) RemoveUser(ctx context.Context, actor Actor, userID id.ID) error {
	return e.changeUser(ctx, actor, userID, func(tx Tx, known people, n int) error {
		removed := known[n]
		if err := slices.Delete(slices.Clone(known), n, n+1).keepOwner(); err != nil {
			return err
		}
		if err := tx.DeleteUser(actor.Account, removed.ID); err != nil {
			return err
		}
		return e.audit(tx, actor, auditRemoveUser, e.clock(), map[string]any{"before": userData(removed)})
	})
}
