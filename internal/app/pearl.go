package app

import (
	"context"
	"fmt"

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
	Pearl   string `arg:"" help:"Id of the Pearl."`
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
	pearlID, ok := id.Parse(c.Pearl)
	if !ok {
		return fmt.Errorf("%q is no id (24 hex digits)", c.Pearl)
	}
	return withEngine(ctx, c.Database, func(e *engine.Engine) error {
		owner, err := existing(ctx, e, c.Account)
		if err != nil {
			return err
		}
		return e.SetStatus(ctx, engine.Actor{Account: owner.ID, By: "command line"}, pearlID, campaign.Activity(c.Status))
	})
}
