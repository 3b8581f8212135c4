package app

import (
	"context"
	"fmt"
	"io"
	"math"

	"nacre/internal/account"
	"nacre/internal/config"
	"nacre/internal/engine"
)

// accountCommands are the operator's settings of an account, which the API only shows (contract 5).
type accountCommands struct {
	List accountList `cmd:"" help:"List the accounts: id, name, agents, balance, status."`
	Set  accountSet  `cmd:"" help:"Change what an account may do; a running server heeds it within half a minute."`
}

type accountList struct{ config.Database }

func (c *accountList) Run(ctx context.Context, s streams) error {
	return withEngine(ctx, c.Database, func(e *engine.Engine) error {
		accounts, err := e.Store.Accounts(ctx)
		for _, a := range accounts {
			writeAccount(s.Out, a)
		}
		return err
	})
}

func writeAccount(out io.Writer, a account.Account) {
	fmt.Fprintf(out, "%s\t%s\tagents %d\tbalance %.2f\tstatus %d\n", a.ID, a.Name, a.TotalAgents, float64(a.Credit)/100, a.Standing)
}

type accountSet struct {
	config.Database
	Account string   `help:"Account by name; the first account without it."`
	Agents  *int     `help:"Calls it may hold at once."`
	Credit  *float64 `help:"Amount added to its balance; a negative one is taken off."`
	Status  *int     `help:"1 full access, 2 limited access, 3 no credits, 4 suspended, 5 debt reached; 3, 4 and 5 stop its calling."`
}

// Most that account set takes: far beyond use, and safe to compute with.
const (
	maxAgents = 1_000_000
	maxCredit = 1_000_000_000_000
)

// Validate is called by the parser.
func (c *accountSet) Validate() error {
	if err := c.Database.Validate(); err != nil {
		return err
	}
	switch {
	case c.Agents == nil && c.Credit == nil && c.Status == nil:
		return fmt.Errorf("nothing to set: name --agents, --credit or --status")
	case c.Agents != nil && *c.Agents < 0:
		return fmt.Errorf("--agents: %d is less than 0", *c.Agents)
	case c.Agents != nil && *c.Agents > maxAgents:
		return fmt.Errorf("--agents: %d is more than %d", *c.Agents, maxAgents)
	case c.Credit != nil && !(math.Abs(*c.Credit) <= maxCredit): // NaN too
		return fmt.Errorf("--credit: %v is not an amount of at most %d", *c.Credit, maxCredit)
	case c.Status != nil && (*c.Status < int(account.FullAccess) || *c.Status > int(account.DebtReached)):
		return fmt.Errorf("--status: %d is not between 1 and 5", *c.Status)
	}
	return nil
}

func (c *accountSet) Run(ctx context.Context, s streams) error {
	return withEngine(ctx, c.Database, func(e *engine.Engine) error {
		owner, err := existing(ctx, e, c.Account)
		if err != nil {
			return err
		}
		stored, err := e.UpdateAccount(ctx, engine.Actor{Account: owner.ID, By: "command line"}, func(a *account.Account) error {
			if c.Agents != nil {
				a.TotalAgents = *c.Agents
			}
			if c.Credit != nil {
				a.Credit += int64(math.Round(*c.Credit * 100))
			}
			if c.Status != nil {
				a.Standing = account.Standing(*c.Status)
			}
			return nil
		})
		if err != nil {
			return err
		}
		writeAccount(s.Out, stored)
		return nil
	})
}
