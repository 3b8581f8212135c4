package engine

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"nacre/examples"
	"nacre/internal/account"
	"nacre/internal/campaign"
	"nacre/internal/id"
)

// CreateSandboxCampaign makes the sample campaign on a number of the sandbox carrier, which is made where the account has none
// any more, with its sixty leads; it is paused. Nobody but simulated people is called: it has a number without a trunk.
func (e *Engine) CreateSandboxCampaign(ctx context.Context, actor Actor) (pearlID id.ID, err error) {
	pearl, leads, err := sandboxCampaign()
	if err != nil {
		return "", err
	}
	if pearl.Outbound.PhoneNumberID, err = e.sandboxNumber(ctx, actor); err != nil {
		return "", err
	}
	if pearlID, err = e.CreatePearl(ctx, actor, pearl, nil); err != nil {
		return "", fmt.Errorf("create the sandbox campaign: %w", err)
	}
	if _, err = e.AddLeads(ctx, actor, pearlID, leads, nil); err != nil {
		return "", fmt.Errorf("add leads to the sandbox campaign: %w", err)
	}
	return pearlID, nil
}

// sandboxNumber is a number of the account that the sandbox carrier carries.
func (e *Engine) sandboxNumber(ctx context.Context, actor Actor) (id.ID, error) {
	numbers, err := e.Store.Numbers(ctx, actor.Account)
	if err != nil {
		return "", fmt.Errorf("list numbers: %w", err)
	}
	n := slices.IndexFunc(numbers, func(number account.Number) bool {
		return number.Trunk.Zero() && number.Active && number.Direction.DialsOut()
	})
	if n >= 0 {
		return numbers[n].ID, nil
	}
	return e.CreateNumber(ctx, actor, account.Number{Number: SandboxNumber, Direction: account.InboundOutbound}, nil)
}

// sandboxCampaign reads the sample campaign and its leads.
func sandboxCampaign() (campaign.Pearl, []NewLead, error) {
	settings := campaign.DefaultOutbound()
	sample := struct {
		Name      string
		Pearl     campaign.Definition
		Variables []campaign.Variable
		Outbound  *campaign.OutboundSettings
	}{Outbound: &settings}
	if err := json.Unmarshal(examples.Campaign, &sample); err != nil {
		return campaign.Pearl{}, nil, fmt.Errorf("read sample campaign: %w", err)
	}
	rows, err := csv.NewReader(strings.NewReader(examples.Leads)).ReadAll()
	if err != nil {
		return campaign.Pearl{}, nil, fmt.Errorf("read sample leads: %w", err)
	}
	leads := make([]NewLead, 0, len(rows)-1)
	for _, row := range rows[1:] {
		data := map[string]string{}
		for n, name := range rows[0][3:] {
			data[name] = row[3+n]
		}
		callData, err := json.Marshal(data)
		if err != nil {
			return campaign.Pearl{}, nil, fmt.Errorf("write sample lead: %w", err)
		}
		leads = append(leads, NewLead{Phone: row[0], ExternalID: row[1], Zone: row[2], CallData: callData})
	}
	pearl := campaign.Pearl{
		Type: campaign.OutboundPearl, Name: sample.Name, Definition: sample.Pearl, Variables: sample.Variables, Outbound: sample.Outbound,
		Webhooks: campaign.Webhooks{Version: 2, Enums: "numbers"},
	}
	pearl.Complete()
	return pearl, leads, nil
}
