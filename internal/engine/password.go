package engine

import (
	"bytes"
	"context"
	"crypto/subtle"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"nacre/internal/account"
	"nacre/internal/credential"
	"nacre/internal/fault"
	"nacre/internal/id"
)

// Audit events of how people sign in (contract 8).
const (
	auditJoin      = 71
	auditTwoFactor = 81
	auditPassword  = 1007
)

// PersonPrefix is how actors that are people begin in history and audit; what follows is the person's id.
const PersonPrefix = "person:"

// PersonActor is on whose behalf a person changes something.
func PersonActor(u account.User, trace string) Actor {
	return Actor{Account: u.Account, By: PersonPrefix + string(u.ID), Name: u.Email, Trace: trace}
}

// codeLasts is how long a code of an invitation or for a new password works.
const codeLasts = 7 * 24 * time.Hour

// errSignIn does not say what is wrong, so that nobody learns who has an account here.
func errSignIn() error {
	return &fault.Error{Kind: fault.Unauthenticated, Detail: "The e-mail address, the password or the code is wrong."}
}

// SignIn finds the person of an e-mail address and a password, and of a code where the person has an authenticator app. address
// is where the attempt comes from. Wrong ones are fault.Unauthenticated, too many fault.TooMany.
func (e *Engine) SignIn(ctx context.Context, email, password, code, address string) (account.User, error) {
	email, malformed := account.NormalizeEmail(email)
	var namesakes []account.User
	if malformed == nil {
		var err error
		if namesakes, err = e.Store.PeopleByEmail(ctx, email); err != nil {
			return account.User{}, err
		}
	}
	familiar := slices.ContainsFunc(namesakes, func(u account.User) bool { return u.SignedInFrom != "" && u.SignedInFrom == address })
	takeBack, err := e.attempts.begin(attemptsToSignIn(email, address, familiar), e.clock())
	if err != nil {
		return account.User{}, err
	}
	found, err := e.whosePassword(ctx, namesakes, password)
	switch {
	case err != nil:
		takeBack()
		return account.User{}, err
	case found == nil:
		for _, u := range namesakes {
			e.KeyRefused(u.Account, address)
		}
		return account.User{}, errSignIn()
	case found.TwoFactor.Confirmed && code == "":
		takeBack()
		return account.User{}, fault.Bad("Code", "The code of the authenticator app is needed.")
	}
	signedIn, err := e.enter(ctx, *found, code, address)
	if err != nil {
		if fault.Is(err, fault.Unauthenticated) {
			e.KeyRefused(found.Account, address)
			return account.User{}, err
		}
		takeBack()
		return account.User{}, err
	}
	takeBack()
	return signedIn, nil
}

// whosePassword is the first of the namesakes who has the password, nil where nobody has. It takes as long where there is nobody.
func (e *Engine) whosePassword(ctx context.Context, namesakes []account.User, password string) (*account.User, error) {
	looked := false
	for n, u := range namesakes {
		if !u.Joined() {
			continue
		}
		looked = true
		same, err := e.passwords.Match(ctx, password, u.Password)
		if err != nil {
			return nil, err
		}
		if same {
			return &namesakes[n], nil
		}
	}
	if !looked {
		_, err := e.passwords.Match(ctx, password, "")
		return nil, err
	}
	return nil, nil
}

// enter takes the code, once, and notes the sign-in.
func (e *Engine) enter(ctx context.Context, found account.User, code, address string) (account.User, error) {
	actor := PersonActor(found, "")
	err := e.changePerson(ctx, actor, found.ID, func(tx Tx, u *account.User, now time.Time) error {
		if u.Password != found.Password {
			return errSignIn()
		}
		if err := takeStep(u, code, now); err != nil {
			return err
		}
		u.SignedInFrom = address
		found = *u
		return e.audit(tx, actor, auditSignIn, now, map[string]any{"address": address, "count": 1})
	})
	return found, err
}

// takeStep judges the code of an authenticator app, and takes it so that it is taken only once.
func takeStep(u *account.User, code string, now time.Time) error {
	if !u.TwoFactor.Confirmed {
		return nil
	}
	step, err := credential.TwoFactorStep(u.TwoFactor.Secret, code, now)
	if err != nil {
		return err
	}
	if step <= u.TwoFactor.Used {
		return errSignIn()
	}
	u.TwoFactor.Used = step
	return nil
}

// changePerson runs fn on a person of the account and saves what it changes.
func (e *Engine) changePerson(ctx context.Context, actor Actor, userID id.ID, fn func(tx Tx, u *account.User, now time.Time) error) error {
	return e.update(ctx, func(tx Tx, _ *Signals) error {
		known, err := e.people(tx, actor)
		if err != nil {
			return err
		}
		n := known.byID(userID)
		if n < 0 {
			return fault.Missing("UserId")
		}
		u := known[n]
		if err := fn(tx, &u, e.clock()); err != nil {
			return err
		}
		return tx.SaveUser(u)
	})
}

// judgedHash judges a password that is to be set, and hashes it.
func (e *Engine) judgedHash(ctx context.Context, member, password string) (string, error) {
	if why := credential.JudgePassword(password); why != "" {
		return "", fault.Bad(member, "%s", why)
	}
	return e.passwords.Hash(ctx, password)
}

// Join sets the password of the person who has the code, and signs the person in. Sessions that there were end, and so does
// two-factor authentication: who lost a telephone gets in again by a code.
func (e *Engine) Join(ctx context.Context, code, password, address string) (account.User, error) {
	takeBack, err := e.attempts.begin(attemptsWithCodes(address), e.clock())
	if err != nil {
		return account.User{}, err
	}
	hash := credential.HashCode(code)
	found, err := e.Store.PeopleByCode(ctx, hash)
	if err != nil {
		takeBack()
		return account.User{}, err
	}
	if len(found) != 1 || !found[0].CodeExpires.After(e.clock()) {
		return account.User{}, fault.Bad("Code", "The code is wrong, or was used, or has expired: ask for another one.")
	}
	takeBack()
	stored, err := e.judgedHash(ctx, "Password", password)
	if err != nil {
		return account.User{}, err
	}
	joined := found[0]
	actor := PersonActor(joined, "")
	err = e.changePerson(ctx, actor, joined.ID, func(tx Tx, u *account.User, now time.Time) error {
		if !bytes.Equal(u.Code, hash) {
			return fault.Bad("Code", "The code was used.")
		}
		event := auditJoin
		if u.Joined() {
			event = auditPassword
		}
		u.Password, u.Code, u.CodeExpires, u.TwoFactor = stored, nil, time.Time{}, account.TwoFactor{}
		u.Sessions++
		u.SignedInFrom = address
		joined = *u
		return e.audit(tx, actor, event, now, map[string]any{"address": address, "after": userData(*u)})
	})
	return joined, err
}

// SetPassword exchanges a person's password; sessions that there are end. session names the one in which it is asked for.
func (e *Engine) SetPassword(ctx context.Context, person account.User, password, next, session, trace string) (account.User, error) {
	if err := e.prove(ctx, person, "Password", password, session); err != nil {
		return person, err
	}
	stored, err := e.judgedHash(ctx, "NewPassword", next)
	if err != nil {
		return person, err
	}
	actor := PersonActor(person, trace)
	changed := person
	err = e.changePerson(ctx, actor, person.ID, func(tx Tx, u *account.User, now time.Time) error {
		u.Password = stored
		u.Sessions++
		changed = *u
		return e.audit(tx, actor, auditPassword, now, map[string]any{"after": userData(*u)})
	})
	return changed, err
}

// prove has a person who is signed in say the password again.
func (e *Engine) prove(ctx context.Context, person account.User, member, password, session string) error {
	takeBack, err := e.attempts.begin(attemptsOfSession(session), e.clock())
	if err != nil {
		return err
	}
	same, err := e.passwords.Match(ctx, password, person.Password)
	if err != nil || same {
		takeBack()
	}
	if err == nil && !same {
		err = fault.Bad(member, "The password is wrong.")
	}
	return err
}

// SignOutEverywhere ends all sessions of a person.
func (e *Engine) SignOutEverywhere(ctx context.Context, actor Actor, userID id.ID) error {
	return e.changePerson(ctx, actor, userID, func(_ Tx, u *account.User, _ time.Time) error {
		u.Sessions++
		return nil
	})
}

// firstStart is the code by which the first owner of an installation is made. It is known to this process alone, and to who
// reads what it prints.
type firstStart struct {
	mu   sync.Mutex
	code string // "" = nobody may
}

// OpenFirstStart returns the code by which the first owner is made; "" where somebody can sign in already.
func (e *Engine) OpenFirstStart(ctx context.Context) (code string, err error) {
	joined, err := e.Store.AnybodyJoined(ctx)
	if err != nil || joined {
		return "", err
	}
	e.firstStart.mu.Lock()
	defer e.firstStart.mu.Unlock()
	if e.firstStart.code == "" {
		e.firstStart.code, _ = credential.Code()
	}
	return e.firstStart.code, nil
}

// FirstStartOpen reports whether nobody can sign in yet.
func (e *Engine) FirstStartOpen(ctx context.Context) (bool, error) {
	joined, err := e.Store.AnybodyJoined(ctx)
	return !joined, err
}

// FirstStart makes the first owner, in the first account, which gets the company's name.
func (e *Engine) FirstStart(ctx context.Context, code, email, password, company, address string) (account.User, error) {
	takeBack, err := e.attempts.begin(attemptsWithCodes(address), e.clock())
	if err != nil {
		return account.User{}, err
	}
	e.firstStart.mu.Lock() // one after another: the second finds that it was done
	defer e.firstStart.mu.Unlock()
	switch joined, err := e.Store.AnybodyJoined(ctx); {
	case err != nil:
		takeBack()
		return account.User{}, err
	case joined:
		takeBack()
		return account.User{}, fault.Refused("This server has an owner already: sign in.")
	case e.firstStart.code == "" || subtle.ConstantTimeCompare(credential.HashCode(e.firstStart.code), credential.HashCode(code)) != 1:
		return account.User{}, fault.Bad("Code", "The code is not the one that nacre serve has printed since its last start.")
	}
	takeBack()
	var faults fault.List
	if _, err := account.NormalizeEmail(email); err != nil {
		faults.Add("Email", "%s", err)
	}
	if why := credential.JudgePassword(password); why != "" {
		faults.Add("Password", "%s", why)
	}
	company = strings.TrimSpace(company)
	if company == "" {
		faults.Add("Company", "The name of the company is missing.")
	}
	if err := faults.Err(); err != nil {
		return account.User{}, err
	}
	made, err := e.makeOwner(ctx, email, password, company, address)
	if err == nil {
		e.firstStart.code = ""
	}
	return made, err
}

func (e *Engine) makeOwner(ctx context.Context, email, password, company, address string) (made account.User, err error) {
	email, err = account.NormalizeEmail(email)
	if err != nil {
		return made, err
	}
	stored, err := e.passwords.Hash(ctx, password)
	if err != nil {
		return made, err
	}
	owner, err := e.DefaultAccount(ctx)
	if err != nil {
		return made, err
	}
	now := e.clock()
	err = e.update(ctx, func(tx Tx, s *Signals) error {
		known, err := e.people(tx, Actor{Account: owner.ID})
		if err != nil {
			return err
		}
		made = account.User{ID: e.IDs.New(now), Account: owner.ID, Email: email, Created: now}
		n := known.find(email)
		if n >= 0 {
			made = known[n]
		}
		made.Role, made.Password, made.Code, made.CodeExpires, made.SignedInFrom = account.Owner, stored, nil, time.Time{}, address
		if n >= 0 {
			err = tx.SaveUser(made)
		} else {
			err = tx.InsertUser(made)
		}
		if err != nil {
			return fmt.Errorf("make owner: %w", err)
		}
		before, err := tx.Account(owner.ID, Exclusive)
		if err != nil {
			return err
		}
		after := before
		after.Name = company
		if err := tx.SaveAccount(after); err != nil {
			return fmt.Errorf("name account: %w", err)
		}
		actor := PersonActor(made, "")
		if err := e.audit(tx, actor, auditJoin, now, map[string]any{"address": address, "after": userData(made)}); err != nil {
			return err
		}
		return e.audit(tx, actor, auditAccount, now, map[string]any{"before": auditAccountOf(before), "after": auditAccountOf(after)})
	})
	return made, err
}
