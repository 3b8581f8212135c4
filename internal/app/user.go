package app

import (
	"context"
	"fmt"
	"time"

	"nacre/internal/account"
	"nacre/internal/config"
	"nacre/internal/engine"
	"nacre/internal/fault"
)

type userCommands struct {
	Add    userAdd    `cmd:"" help:"Make somebody a person of an account."`
	List   userList   `cmd:"" help:"List the people of an account."`
	Role   userRole   `cmd:"" help:"Give a person another role."`
	Code   userCode   `cmd:"" help:"Make a code by which a person sets a new password."`
	Remove userRemove `cmd:"" help:"Take a person out of an account."`
}

// userTarget is the user that a command is about.
type userTarget struct {
	config.Database
	Email   string `help:"E-mail address of the person." required:""`
	Account string `help:"Account by name; the first account without it."`
}

type userAdd struct {
	userTarget
	Role string `help:"owner, admin, operator or viewer; without it the first person is the owner, others are viewers." default:"" enum:"owner,admin,operator,viewer,"`
}

func (c *userAdd) Run(ctx context.Context, s streams) error {
	role, _ := account.ParseRole(c.Role)
	return withAccount(ctx, c.Database, c.Account, func(e *engine.Engine, actor engine.Actor) error {
		made, code, err := e.InviteUser(ctx, actor, c.Email, role)
		if err != nil {
			return err
		}
		printUser(s, made)
		printCode(s, code, made.CodeExpires)
		return nil
	})
}

type userList struct {
	config.Database
	Account string `help:"Account by name; the first account without it."`
}

func (c *userList) Run(ctx context.Context, s streams) error {
	return withAccount(ctx, c.Database, c.Account, func(e *engine.Engine, actor engine.Actor) error {
		people, err := e.Store.People(ctx, actor.Account)
		if err != nil {
			return err
		}
		for _, u := range people {
			printUser(s, u)
		}
		return nil
	})
}

type userRole struct {
	userTarget
	Role string `help:"owner, admin, operator or viewer." required:"" enum:"owner,admin,operator,viewer"`
}

func (c *userRole) Run(ctx context.Context, s streams) error {
	role, _ := account.ParseRole(c.Role)
	return c.change(ctx, func(e *engine.Engine, actor engine.Actor, person account.User) error {
		return e.UpdateUserRole(ctx, actor, person.ID, role)
	})
}

type userCode struct{ userTarget }

func (c *userCode) Run(ctx context.Context, s streams) error {
	return c.change(ctx, func(e *engine.Engine, actor engine.Actor, person account.User) error {
		code, expires, err := e.RenewCode(ctx, actor, person.ID)
		if err != nil {
			return err
		}
		printCode(s, code, expires)
		return nil
	})
}

type userRemove struct{ userTarget }

func (c *userRemove) Run(ctx context.Context, s streams) error {
	return c.change(ctx, func(e *engine.Engine, actor engine.Actor, person account.User) error {
		return e.RemoveUser(ctx, actor, person.ID)
	})
}

// change changes a user, who must exist.
func (c *userTarget) change(ctx context.Context, fn func(*engine.Engine, engine.Actor, account.User) error) error {
	err := withAccount(ctx, c.Database, c.Account, func(e *engine.Engine, actor engine.Actor) error {
		person, err := e.PersonOf(ctx, actor.Account, c.Email)
		if err != nil {
			return err
		}
		return fn(e, actor, person)
	})
	if fault.Is(err, fault.NotFound) {
		return fmt.Errorf("the account has no person %s", c.Email)
	}
	return err
}

func printCode(s streams, code string, expires time.Time) {
	fmt.Fprintf(s.Out, "code to set a password, until %s: %s\n", expires.Format(time.RFC3339), code)
}

func printUser(s streams, u account.User) {
	fmt.Fprintf(s.Out, "%s\t%s\t%s\tsince %s\n", u.ID, u.Role, u.Email, u.Created.Format(time.RFC3339))
}

// withAccount is withEngine for an account that must exist; without a name, the first one.
func withAccount(ctx context.Context, settings config.Database, name string, fn func(*engine.Engine, engine.Actor) error) error {
	return withEngine(ctx, settings, func(e *engine.Engine) error {
		owner, err := existing(ctx, e, name)
		if err != nil {
			return err
		}
		return fn(e, engine.Actor{Account: owner.ID, By: "command line"})
	})
}
