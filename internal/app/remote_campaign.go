package app

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"nacre/client"
)

// campaignCommands work on campaigns, over the API of a running server.
type campaignCommands struct {
	List   campaignList   `cmd:"" help:"List the campaigns of the account."`
	Create campaignCreate `cmd:"" help:"Create a Pearl from a file with the body of POST /v2/Pearl; prints its id."`
	Run    campaignRun    `cmd:"" help:"Run a campaign: its leads are called."`
	Pause  campaignPause  `cmd:"" help:"Pause a campaign: no call begins; those that talk go on."`
	Watch  campaignWatch  `cmd:"" help:"Show how far a campaign is until every lead is done."`
}

type campaignList struct{ remote }

func (l *campaignList) Run(ctx context.Context, s streams) error {
	return l.with(func(c *client.Client) error {
		pearls, err := c.Pearls(ctx)
		if err != nil {
			return err
		}
		rows := [][]string{{"ID", "NAME", "TYPE", "STATUS", "CREATED"}}
		for _, p := range pearls {
			if l.JSON {
				if err := printJSON(s.Out, p); err != nil {
					return err
				}
			}
			kind := "outbound"
			if p.Type == client.Inbound {
				kind = "inbound"
			}
			rows = append(rows, []string{p.ID, p.Name, kind, p.Status.String(), p.Created.Local().Format(time.DateTime)})
		}
		if !l.JSON {
			aligned(s.Out, rows)
		}
		return nil
	})
}

type campaignCreate struct {
	remote
	File string `arg:"" help:"File in YAML or JSON; - is standard input."`
}

func (c *campaignCreate) Run(ctx context.Context, s streams) error {
	read := func() ([]byte, error) { return os.ReadFile(c.File) }
	if c.File == "-" {
		read = func() ([]byte, error) { return io.ReadAll(s.In) }
	}
	raw, err := read()
	if err != nil {
		return exitError{exitUsage, fmt.Errorf("read the Pearl: %w", err)}
	}
	body, err := yamlAsJSON(raw)
	if err != nil {
		return exitError{exitUsage, fmt.Errorf("%s is neither YAML nor JSON: %w", c.File, err)}
	}
	return c.with(func(api *client.Client) error {
		pearlID, err := api.CreatePearl(ctx, body)
		if err != nil {
			return err
		}
		warnings, err := api.Warnings(ctx, pearlID)
		if err != nil {
			return fmt.Errorf("%s was created, but what it warns of is not known: %w", pearlID, err)
		}
		for _, w := range warnings {
			fmt.Fprintf(s.Err, "nacre: %s: %s\n", w.Member, w.Text)
		}
		return c.show(s, map[string]string{"id": pearlID}, func(w io.Writer) { fmt.Fprintln(w, pearlID) })
	})
}

// namedCampaign is a campaign as people name it.
type namedCampaign struct {
	remote
	Campaign string `arg:"" help:"Campaign by id or name."`
}

func (n namedCampaign) set(ctx context.Context, s streams, running bool) error {
	return n.with(func(c *client.Client) error {
		pearlID, err := n.pearl(ctx, c, n.Campaign)
		if err != nil {
			return err
		}
		now, err := c.SetRunning(ctx, pearlID, running)
		if err != nil {
			return err
		}
		return n.show(s, map[string]any{"id": pearlID, "status": now}, func(w io.Writer) { fmt.Fprintln(w, now) })
	})
}

type campaignRun struct{ namedCampaign }

func (r *campaignRun) Run(ctx context.Context, s streams) error { return r.set(ctx, s, true) }

type campaignPause struct{ namedCampaign }

func (p *campaignPause) Run(ctx context.Context, s streams) error { return p.set(ctx, s, false) }

type campaignWatch struct {
	namedCampaign
	Every time.Duration `help:"How often the server is asked." default:"1s"`
	Once  bool          `help:"Show it once and end."`
}

// Validate is called by the parser.
func (w *campaignWatch) Validate() error {
	if w.Every < 100*time.Millisecond {
		return fmt.Errorf("--every: %s is less than 100ms", w.Every)
	}
	return nil
}

// Run shows figures as they change. It ends when no lead is left to call; on a terminal in one line that changes.
func (w *campaignWatch) Run(ctx context.Context, s streams) error {
	return w.with(func(c *client.Client) error {
		pearlID, err := w.pearl(ctx, c, w.Campaign)
		if err != nil {
			return err
		}
		before := ""
		for {
			p, err := c.GetPearl(ctx, pearlID)
			if err != nil {
				return err
			}
			if line := watched(p); line != before {
				before = line
				switch {
				case w.JSON:
					if err := printJSON(s.Out, p); err != nil {
						return err
					}
				case onTerminal(s.Out):
					fmt.Fprintf(s.Out, "\r\x1b[K%s", fit(line))
				default:
					fmt.Fprintln(s.Out, line)
				}
			}
			if w.Once || p.Leads == nil || p.LeadsCompleted != nil && *p.LeadsCompleted >= *p.Leads && p.CallsNow == 0 {
				break
			}
			if err := pause(ctx, w.Every); err != nil {
				break // by the person who watches
			}
		}
		if !w.JSON && onTerminal(s.Out) {
			fmt.Fprintln(s.Out)
		}
		return nil
	})
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// watched is a campaign's state in one line.
func watched(p *client.Pearl) string {
	number := func(n *int) string {
		if n == nil {
			return "–"
		}
		return strconv.Itoa(*n)
	}
	return fmt.Sprintf("%s: %s of %s leads done, %s success, %d calls now, %s waiting, %d calls today",
		p.Status, number(p.LeadsCompleted), number(p.Leads), number(p.LeadsSuccess), p.CallsNow, number(p.OnQueue), p.CallsToday)
}
