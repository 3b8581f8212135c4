package app

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"nacre/client"
)

// webhookCommands work on the deliveries of webhooks, over the API of a running server.
type webhookCommands struct {
	List   webhookList   `cmd:"" help:"List the deliveries of a campaign, the newest first."`
	Replay webhookReplay `cmd:"" help:"Send a delivery again, or all dead ones of a campaign."`
	Test   webhookTest   `cmd:"" help:"Send a sample to a campaign's webhook; exit 1 where it is not taken."`
}

type webhookList struct {
	remote
	Campaign string `arg:"" help:"Campaign by id or name."`
	State    string `help:"Only deliveries in this state: pending, delivered, dead or dropped." enum:",pending,delivered,dead,dropped" default:""`
	Limit    int    `help:"Deliveries at most; 0 is all." default:"100"`
}

// Validate is called by the parser.
func (l *webhookList) Validate() error {
	if l.Limit < 0 {
		return fmt.Errorf("--limit: %d is negative", l.Limit)
	}
	return nil
}

func (l *webhookList) Run(ctx context.Context, s streams) error {
	return l.with(func(c *client.Client) error {
		pearlID, err := l.pearl(ctx, c, l.Campaign)
		if err != nil {
			return err
		}
		rows := [][]string{{"ID", "MADE", "KIND", "STATE", "TRIES", "LAST"}}
		count := 0
		for d, err := range c.Deliveries(ctx, pearlID, client.DeliverySearch{State: client.DeliveryState(l.State)}) {
			if err != nil {
				return err
			}
			if l.JSON {
				if err := printJSON(s.Out, d); err != nil {
					return err
				}
			}
			last := "–"
			if n := len(d.Tries); n > 0 {
				last = outcome(d.Tries[n-1])
			}
			rows = append(rows, []string{d.ID, d.CreatedAt.Local().Format(time.DateTime), d.Kind, string(d.State), strconv.Itoa(len(d.Tries)), last})
			if count++; count == l.Limit {
				break
			}
		}
		if !l.JSON {
			aligned(s.Out, rows)
		}
		return nil
	})
}

// outcome says what came of a try.
func outcome(t client.Try) string {
	switch {
	case t.Error != nil && *t.Error != "":
		return *t.Error
	case t.Status != nil:
		return strconv.Itoa(*t.Status)
	}
	return "–"
}

type webhookReplay struct {
	remote
	Campaign string `help:"Send all dead deliveries of this campaign again, by id or name."`
	Delivery string `arg:"" optional:"" help:"Id of the delivery."`
}

// Validate is called by the parser.
func (r *webhookReplay) Validate() error {
	if (r.Campaign == "") == (r.Delivery == "") {
		return fmt.Errorf("name a delivery, or --campaign for all dead ones")
	}
	return nil
}

func (r *webhookReplay) Run(ctx context.Context, s streams) error {
	return r.with(func(c *client.Client) error {
		count := 1
		if r.Delivery != "" {
			if err := c.ReplayDelivery(ctx, r.Delivery); err != nil {
				return err
			}
		} else {
			pearlID, err := r.pearl(ctx, c, r.Campaign)
			if err != nil {
				return err
			}
			if count, err = c.ReplayDead(ctx, pearlID, nil, nil); err != nil {
				return err
			}
		}
		return r.show(s, map[string]int{"count": count}, func(w io.Writer) { fmt.Fprintln(w, count, "sent again") })
	})
}

type webhookTest struct {
	namedCampaign
	Kind string `help:"What the sample tells of: lead or call; without it call, or lead where that is the only webhook." enum:",lead,call" default:""`
}

// sent is the kind of the sample, and where it goes; "" where there is no such webhook, which the server says.
func (t *webhookTest) sent(settings client.WebhookSettings) (kind, address string) {
	to := map[string]*string{"call": settings.CallURL, "lead": settings.LeadURL}
	if kind = t.Kind; kind == "" {
		if kind = "call"; settings.CallURL == nil && settings.LeadURL != nil {
			kind = "lead"
		}
	}
	if to[kind] != nil {
		address = *to[kind]
	}
	return kind, address
}

func (t *webhookTest) Run(ctx context.Context, s streams) error {
	return t.with(func(c *client.Client) error {
		pearlID, err := t.pearl(ctx, c, t.Campaign)
		if err != nil {
			return err
		}
		settings, err := c.Webhooks(ctx, pearlID)
		if err != nil {
			return err
		}
		kind, address := t.sent(settings)
		try, err := c.TestWebhook(ctx, pearlID, kind)
		if err != nil {
			return err
		}
		told := struct {
			Kind string `json:"kind"`
			URL  string `json:"url"`
			client.Try
		}{kind, address, try}
		if err := t.show(s, told, func(w io.Writer) {
			fmt.Fprintf(w, "sent a sample of the kind %s to %s: %s after %d ms\n", kind, address, outcome(try), try.LatencyMS)
			if try.Answer != nil && *try.Answer != "" {
				fmt.Fprintln(w, *try.Answer)
			}
		}); err != nil {
			return err
		}
		if try.Status == nil || *try.Status < 200 || *try.Status > 299 {
			return exitError{exitFailed, nil}
		}
		return nil
	})
}
