package storetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/phone"
)

// Noon is the instant that samples are made at.
var Noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// world makes samples with ids of its own, so that tests may share a database.
type world struct {
	ids     *id.Source
	number  atomic.Int64
	store   engine.Store
	account account.Account
	pearl   campaign.Pearl
}

var worlds atomic.Int64

// newWorld stores an account and a campaign.
func newWorld(t *testing.T, store engine.Store) *world {
	t.Helper()
	seed := fmt.Sprintf("%08d", worlds.Add(1))
	ids, err := id.NewSource(bytes.NewReader([]byte(seed)))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{ids: ids, store: store}
	days := 30
	w.account = account.Account{
		ID: w.id(), Name: "Example & Söhne", TotalAgents: 100, Credit: -5, Standing: account.FullAccess, CountryCodes: []string{"1", "39"},
		RetentionDays: &days, Created: Noon,
	}
	w.pearl = w.newPearl(w.account.ID)
	w.update(t, func(tx engine.Tx) error {
		if err := tx.InsertAccount(w.account); err != nil {
			return err
		}
		return tx.InsertPearl(w.pearl)
	})
	return w
}

func (w *world) id() id.ID { return w.ids.New(Noon) }

// phone returns a number kept for fiction, another one each time.
func (w *world) phone() phone.Number {
	n := w.number.Add(1)
	return phone.Number(fmt.Sprintf("+1%03d55501%02d", 200+n/100, n%100))
}

func (w *world) newPearl(accountID id.ID) campaign.Pearl {
	outbound := campaign.DefaultOutbound()
	outbound.RetryPolicy = lead.RetryPolicy{call.BusyOutcome: {Delays: []int{900, 3600}}}
	return campaign.Pearl{
		ID: w.id(), Account: accountID, Type: campaign.OutboundPearl, Name: "Reminders", Activity: campaign.Running, Created: Noon, Version: 1,
		Definition: campaign.Definition{CompanyDescription: "a company", Agents: []campaign.Agent{{Name: "Ada"}}},
		Variables:  []campaign.Variable{{ID: "agrees", Name: "Agrees", Group: campaign.InCall, Type: call.Boolean}},
		Outbound:   &outbound,
		Webhooks:   campaign.Webhooks{CallURL: "https://example.com/c?token=a%2Bb", LeadURL: "https://example.com/l", Secret: "whsec_x", OldSecretUntil: Noon},
		Spent:      7,
	}
}

func (w *world) newLead() lead.Lead {
	return lead.Lead{
		ID: w.id(), Account: w.account.ID, Campaign: w.pearl.ID, Phone: w.phone(), Status: lead.New, Created: Noon, Version: 1, Due: Noon, Key: w.id(),
		CallData: json.RawMessage(`{"name":"Zoë  O’Neil","n":1.10,"big":12345678901234567890}`),
	}
}

func (w *world) addLeads(t *testing.T, leads ...lead.Lead) {
	t.Helper()
	w.update(t, func(tx engine.Tx) error { return tx.InsertLeads(leads) })
}

func (w *world) newCall(l lead.Lead) call.Call {
	return call.Call{
		ID: w.id(), Account: w.account.ID, Pearl: w.pearl.ID, Version: 3, Lead: l.ID, Node: "node-1", Trace: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		From: "+14155550100", To: string(l.Phone), Name: "Zoë O’Neil", Start: Noon, Status: call.InProgress, Conversation: int(lead.OnCall), CallData: l.CallData,
		Key: l.Key,
	}
}

// update runs a transaction that must succeed.
func (w *world) update(t *testing.T, fn func(tx engine.Tx) error) {
	t.Helper()
	if err := w.store.Update(t.Context(), fn); err != nil {
		t.Fatalf("update: %v", err)
	}
}
