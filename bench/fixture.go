package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/hours"
	"nacre/internal/id"
	"nacre/internal/store"
	"nacre/internal/webhook"
)

// folder is a data folder and an engine over it, as a server has them.
type folder struct {
	dir     string
	store   *store.Store
	engine  *engine.Engine
	actor   engine.Actor
	sandbox id.ID // the account's number on the sandbox carrier
}

// openFolder opens or makes a data folder in which the default account exists.
func openFolder(ctx context.Context, dir string) (*folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	opened, err := store.Open(ctx, dir, "", store.Options{})
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	f := &folder{dir: dir, store: opened}
	ids, err := newIDs()
	if err != nil {
		return nil, err
	}
	f.engine = engine.New(engine.Config{
		Store: opened, Renderer: webhook.Renderer{}, IDs: ids, Now: time.Now, Log: slog.New(slog.DiscardHandler), Node: "bench",
	})
	owner, err := f.engine.DefaultAccount(ctx)
	if err != nil {
		return nil, fmt.Errorf("make account: %w", err)
	}
	f.actor = engine.Actor{Account: owner.ID, By: "bench"}
	numbers, err := opened.Numbers(ctx, owner.ID)
	if err != nil || len(numbers) == 0 {
		return nil, fmt.Errorf("read numbers of the account (%d): %w", len(numbers), err)
	}
	f.sandbox = numbers[0].ID
	return f, nil
}

func newIDs() (*id.Source, error) {
	ids, err := id.NewSource(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make ids: %w", err)
	}
	return ids, nil
}

// newPearl makes a campaign that is open at all hours and whose lead webhooks are written, but never sent: its address was
// refused for good (410) before. Sending is another row's business.
func (f *folder) newPearl(ctx context.Context, name string, number id.ID, agents int) (id.ID, error) {
	outbound := campaign.DefaultOutbound()
	outbound.PhoneNumberID, outbound.TotalAgents = number, agents
	for day := range 7 {
		outbound.CallingHours = append(outbound.CallingHours, hours.Window{Day: day, Start: "00:00", End: "24:00"})
	}
	pearlID, err := f.engine.CreatePearl(ctx, f.actor, campaign.Pearl{
		Type: campaign.OutboundPearl, Name: name, Outbound: &outbound,
		Definition: campaign.Definition{
			TimeZone: "Eastern Standard Time", CompanyDescription: "A company.", OpeningSentence: "Hello {firstName}, this is Nora about your plan.",
			SuccessDescription: "The person agrees.",
		},
		Variables: []campaign.Variable{
			{ID: "plan", Name: "plan", Group: campaign.PreCall},
			{ID: "agrees", Name: "agreement", Group: campaign.InCall, Type: "boolean", Description: "Would you like to renew your plan for another year?"},
			{ID: "people", Name: "number of people", Group: campaign.InCall, Type: "int", Description: "For how many people is the plan?"},
		},
		Webhooks: campaign.Webhooks{LeadURL: "https://hooks.example.com/leads", Version: 2, LeadDisabled: true},
	}, nil)
	if err != nil {
		return "", fmt.Errorf("create campaign: %w", err)
	}
	return pearlID, nil
}

// zones are those of the sample leads; "" is the campaign's.
var zones = [...]string{"", "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "Europe/Rome", "Europe/London", "Asia/Kolkata"}

// newLeads makes sample leads from the from-th on.
func newLeads(from, count int) []engine.NewLead {
	leads := make([]engine.NewLead, count)
	for n := range leads {
		at := from + n
		leads[n] = engine.NewLead{
			Phone: fictional(at), ExternalID: fmt.Sprintf("crm-%07d", at), Zone: zones[at%len(zones)], CallData: callData(at, 0),
		}
	}
	return leads
}

// callData is a lead's variables in their turn-th form.
func callData(n, turn int) []byte {
	raw, err := json.Marshal(map[string]any{
		"firstName": fmt.Sprintf("Ada %d", n), "lastName": "Example", "email": fmt.Sprintf("ada.%d@example.com", n), "plan": "family", "visits": turn,
		"note": "Prefers to be called in the afternoon.",
	})
	if err != nil {
		panic("sample data: " + err.Error())
	}
	return raw
}

// fictional is the n-th number of those kept for fiction, +1 NXX 555 01nn; they repeat after 80,000.
func fictional(n int) string {
	n %= 80_000
	return fmt.Sprintf("+1%03d55501%02d", 200+n/100, n%100)
}

// addLeads adds count sample leads in requests of the largest size and answers their ids.
func (f *folder) addLeads(ctx context.Context, pearlID id.ID, from, count int) ([]id.ID, error) {
	var ids []id.ID
	for count > 0 {
		chunk := min(count, engine.MaxLeads)
		added, err := f.engine.AddLeads(ctx, f.actor, pearlID, newLeads(from, chunk), nil)
		if err != nil {
			return nil, fmt.Errorf("add leads: %w", err)
		}
		ids = append(ids, added...)
		from, count = from+chunk, count-chunk
	}
	return ids, nil
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(target, source); err != nil {
		target.Close()
		return fmt.Errorf("copy database: %w", err)
	}
	return target.Close()
}
