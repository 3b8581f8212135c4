package app

import (
	"context"
	"fmt"

	"nacre/internal/account"
	"nacre/internal/campaign"
	"nacre/internal/config"
	"nacre/internal/engine"
	"nacre/internal/id"
)

// pearlCommands are the operator's settings of a Pearl (contract 2.3).
type pearlCommands struct {
	List pearlList `cmd:"" help:"List the Pearls of an account: id, name, type, status."`
	Set  pearlSet  `cmd:"" help:"Put a Pearl on hold, or end that."`
}

type pearlList struct {
	config.Database
	Account string `help:"Account by name; the first account without it."`
}

func (c *pearlList) Run(ctx context.Context, s streams) error {
	return withEngine(ctx, c.Database, func(e *engine.Engine) error {
		owner, err := existing(ctx, e, c.Account)
		if err != nil {
			return err
		}
		pearls, err := e.Store.Pearls(ctx, owner.ID)
		for _, p := range pearls {
			fmt.Fprintf(s.Out, "%s\t%s\ttype %d\tstatus %d\n", p.ID, p.Name, p.Type, p.Activity)
		}
		return err
	})
}

type pearlSet struct {
	config.Database
	Pearl   string `arg:"" help:"Pearl by id or name."`
	Account string `help:"Account by name; the first account without it."`
	Status  int    `required:"" help:"3 suspended, 10 temporary maintenance: nobody can run it; 2 paused: its account may run it again."`
}

// Validate is called by the parser.
func (c *pearlSet) Validate() error {
	if err := c.Database.Validate(); err != nil {
		return err
	}
	switch campaign.Activity(c.Status) {
	case campaign.Paused, campaign.Suspended, campaign.Maintenance:
		return nil
	}
	return fmt.Errorf("--status: %d is not 2, 3 or 10", c.Status)
}

func (c *pearlSet) Run(ctx context.Context, _ streams) error {
	return withEngine(ctx, c.Database, func(e *engine.Engine) error {
		owner, err := existing(ctx, e, c.Account)
		if err != nil {
			return err
		}
		pearlID, err := pearlNamed(ctx, e, owner, c.Pearl)
		if err != nil {
			return err
		}
		return e.SetStatus(ctx, engine.Actor{Account: owner.ID, By: "command line"}, pearlID, campaign.Activity(c.Status))
	})
}

// pearlNamed returns the id of a Pearl of an account that is named by its id or, as far as only one has it, by its name.
func pearlNamed(ctx context.Context, e *engine.Engine, owner account.Account, named string) (id.ID, error) {
	if pearlID, ok := id.Parse(named); ok {
		return pearlID, nil
	}
	pearls, err := e.Store.Pearls(ctx, owner.ID)
	if err != nil {
		return "", err
	}
	var found []id.ID
	for _, p := range pearls {
		if p.Name == named {
			found = append(found, p.ID)
		}
	}
	if len(found) == 0 {
		return "", fmt.Errorf("the account %q has no Pearl with the id or name %q; nacre pearl list lists them", owner.Name, named)
	}
	return onlyOne("Pearls are called", named, found)
}
