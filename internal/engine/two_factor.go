package engine

import (
	"context"
	"time"

	"nacre/internal/account"
	"nacre/internal/credential"
	"nacre/internal/fault"
)

// issuer is what authenticator apps show beside the e-mail address.
const issuer = "nacre"

// OfferTwoFactor gives a person a secret for an authenticator app, which is not asked for before it is confirmed. session names the
// one in which it is asked for.
func (e *Engine) OfferTwoFactor(ctx context.Context, person account.User, password, session, trace string) (secret, uri string, err error) {
	if err := e.prove(ctx, person, "Password", password, session); err != nil {
		return "", "", err
	}
	if secret, uri, err = credential.TwoFactorSecret(issuer, person.Email); err != nil {
		return "", "", err
	}
	err = e.changePerson(ctx, PersonActor(person, trace), person.ID, func(_ Tx, u *account.User, _ time.Time) error {
		if u.TwoFactor.Confirmed {
			return fault.Refused("Two-factor authentication is on: turn it off first.")
		}
		u.TwoFactor = account.TwoFactor{Secret: secret}
		return nil
	})
	if err != nil {
		return "", "", err
	}
	return secret, uri, nil
}

// ConfirmTwoFactor turns two-factor authentication on, by a code that the app shows. The person's sessions end.
func (e *Engine) ConfirmTwoFactor(ctx context.Context, person account.User, code, session, trace string) (account.User, error) {
	takeBack, err := e.attempts.begin(attemptsOfSession(session), e.clock())
	if err != nil {
		return person, err
	}
	actor, changed := PersonActor(person, trace), person
	err = e.changePerson(ctx, actor, person.ID, func(tx Tx, u *account.User, now time.Time) error {
		if u.TwoFactor.Confirmed || u.TwoFactor.Secret == "" {
			return fault.Refused("There is no secret to be confirmed: ask for one first.")
		}
		step, err := credential.TwoFactorStep(u.TwoFactor.Secret, code, now)
		if err != nil {
			return err
		}
		if step == 0 {
			return fault.Bad("Code", "The code is not the one that the app shows now.")
		}
		u.TwoFactor.Confirmed, u.TwoFactor.Used = true, step
		u.Sessions++
		changed = *u
		return e.audit(tx, actor, auditTwoFactor, now, map[string]any{"isOn": true})
	})
	if err == nil {
		takeBack()
	}
	return changed, err
}

// EndTwoFactor turns two-factor authentication off.
func (e *Engine) EndTwoFactor(ctx context.Context, person account.User, password, session, trace string) error {
	if err := e.prove(ctx, person, "Password", password, session); err != nil {
		return err
	}
	actor := PersonActor(person, trace)
	return e.changePerson(ctx, actor, person.ID, func(tx Tx, u *account.User, now time.Time) error {
		if u.TwoFactor == (account.TwoFactor{}) {
			return nil
		}
		u.TwoFactor = account.TwoFactor{}
		return e.audit(tx, actor, auditTwoFactor, now, map[string]any{"isOn": false})
	})
}
