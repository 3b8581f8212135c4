package app

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"nacre/client"
)

// callCommands work on calls, over the API of a running server.
type callCommands struct {
	Get     callGet     `cmd:"" help:"Show a call with its transcript."`
	List    callList    `cmd:"" help:"List the calls of a campaign, the newest first."`
	Request callRequest `cmd:"" help:"Ask for a call to a number that is no lead; prints the id of the request."`
}

type callGet struct {
	remote
	Call string `arg:"" help:"Id of the call."`
}

func (g *callGet) Run(ctx context.Context, s streams) error {
	return g.with(func(c *client.Client) error {
		call, err := c.GetCall(ctx, g.Call)
		if err != nil {
			return err
		}
		return g.show(s, call, func(w io.Writer) { writeCall(w, call) })
	})
}

func writeCall(w io.Writer, call *client.Call) {
	rows := [][]string{
		{"id", call.ID},
		{"began", call.StartTime.Local().Format(time.DateTime)},
		{"from", call.From},
		{"to", call.To},
		{"name", known(call.Name)},
		{"line", fmt.Sprintf("%s (%d)", call.Status, int(call.Status))},
		{"outcome", fmt.Sprintf("%s (%d)", call.ConversationStatus, int(call.ConversationStatus))},
		{"lasted", (time.Duration(call.Duration) * time.Second).String()},
		{"tags", strings.Join(call.Tags, ", ")},
		{"summary", known(call.Summary)},
		{"recording", known(call.Recording)},
	}
	for _, value := range call.CollectedInfo {
		rows = append(rows, []string{"collected " + value.ID, cell(value.Value)})
	}
	aligned(w, rows)
	who := map[int]string{2: "Pearl", 3: "Person", 4: "Colleague"}
	for _, line := range call.Transcript {
		fmt.Fprintf(w, "%7.1f  %s: %s\n", line.StartTime, who[line.Role], line.Content)
	}
}

type callList struct {
	remote
	Campaign string        `arg:"" help:"Campaign by id or name."`
	Since    time.Duration `help:"Calls that began within this time." default:"24h"`
	Status   []string      `help:"Only calls with these outcomes, by name or number: ${statuses}."`
	Limit    int           `help:"Calls at most; 0 is all." default:"100"`
}

// Validate is called by the parser.
func (l *callList) Validate() error {
	switch {
	case l.Limit < 0:
		return fmt.Errorf("--limit: %d is negative", l.Limit)
	case l.Since <= 0:
		return fmt.Errorf("--since: %s is not positive", l.Since)
	}
	_, err := leadStatuses(l.Status)
	return err
}

func (l *callList) Run(ctx context.Context, s streams) error {
	return l.with(func(c *client.Client) error {
		pearlID, err := l.pearl(ctx, c, l.Campaign)
		if err != nil {
			return err
		}
		now := time.Now()
		search := client.CallSearch{From: now.Add(-l.Since), To: now.Add(time.Minute)}
		if search.ConversationStatuses, err = leadStatuses(l.Status); err != nil {
			return err
		}
		rows := [][]string{{"ID", "BEGAN", "TO", "LINE", "OUTCOME", "LASTED", "TAGS"}}
		count := 0
		for call, err := range c.Calls(ctx, pearlID, search) {
			if err != nil {
				return err
			}
			if l.JSON {
				if err := printJSON(s.Out, call); err != nil {
					return err
				}
			}
			rows = append(rows, []string{
				call.ID, call.StartTime.Local().Format(time.DateTime), call.To, call.Status.String(), call.ConversationStatus.String(),
				(time.Duration(call.Duration) * time.Second).String(), strings.Join(call.Tags, ","),
			})
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

type callRequest struct {
	remote
	Campaign string            `arg:"" help:"Campaign by id or name."`
	Phone    string            `arg:"" help:"Phone number, +14155550101."`
	Data     map[string]string `help:"Variables, name=value; repeat it, or separate them by semicolons." placeholder:"NAME=VALUE"`
}

func (r *callRequest) Run(ctx context.Context, s streams) error {
	return r.with(func(c *client.Client) error {
		pearlID, err := r.pearl(ctx, c, r.Campaign)
		if err != nil {
			return err
		}
		receipt, err := c.RequestCall(ctx, pearlID, r.Phone, leadFields{Data: r.Data}.data())
		if err != nil {
			return err
		}
		return r.show(s, receipt, func(w io.Writer) { fmt.Fprintln(w, receipt.ID) })
	})
}
