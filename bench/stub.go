package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"nacre/internal/account"
	"nacre/internal/api"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/store"
	"nacre/internal/webhook"
)

// stub serves the API over a store that keeps nothing: what the routes cost by themselves. It knows one key and
// one campaign, which is in a file as JSON.
func stub(key, pearlFile string) error {
	ids, err := newIDs()
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(pearlFile)
	if err != nil {
		return err
	}
	nothing := &nothing{}
	if err := json.Unmarshal(raw, &nothing.pearl); err != nil {
		return err
	}
	accountText, secret, _ := strings.Cut(key, ":")
	nothing.key = account.Key{ID: id.ID(accountText), Account: id.ID(accountText), Scope: account.ScopeFull, Hash: engine.HashSecret(secret)}
	nothing.lead = lead.Lead{
		Account: nothing.key.Account, Campaign: nothing.pearl.ID, Phone: "+14155550101", ExternalID: "crm-0000001", Zone: "America/Chicago", ZoneKey: "America/Chicago",
		CallData: callData(1, 1), Status: lead.New, Created: time.Now(), Due: time.Now(), Version: 1,
	}
	return serveAPI(nothing, ids)
}

// single serves the API over the data of a folder with a commit for each update.
func single(dir string) error {
	ids, err := newIDs()
	if err != nil {
		return err
	}
	opened, err := store.Open(context.Background(), dir, "", store.Options{Group: 1})
	if err != nil {
		return err
	}
	return serveAPI(opened, ids)
}

// serveAPI says where it listens and serves until the process is ended.
func serveAPI(s engine.Store, ids *id.Source) error {
	log := slog.New(slog.DiscardHandler)
	e := engine.New(engine.Config{Store: s, Renderer: webhook.Renderer{}, IDs: ids, Now: time.Now, Log: log, Node: "bench"})
	handler, err := api.New(context.Background(), api.Config{Engine: e, Queries: s, Log: log, Now: time.Now})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("listening on http://" + listener.Addr().String())
	return http.Serve(listener, handler)
}

// nothing answers what updating and reading one lead asks for, from memory, and forgets what is written.
type nothing struct {
	engine.Store
	key   account.Key
	pearl campaign.Pearl
	lead  lead.Lead
}

func (n *nothing) Key(context.Context, id.ID, []byte) (account.Key, error) { return n.key, nil }
func (n *nothing) TouchKey(context.Context, id.ID, time.Time) error        { return nil }
func (n *nothing) Secret(context.Context, string) ([]byte, error)          { return make([]byte, 32), nil }
func (n *nothing) ReadPearl(context.Context, id.ID, id.ID) (campaign.Pearl, error) {
	return n.pearl, nil
}
func (n *nothing) ReadLeadRecord(_ context.Context, _, _, leadID id.ID) (engine.LeadRecord, error) {
	return engine.LeadRecord{Lead: n.read(leadID), Pearl: n.pearl}, nil
}
func (n *nothing) Update(_ context.Context, fn func(engine.Tx) error) error {
	return fn(nothingTx{of: n})
}

func (n *nothing) read(leadID id.ID) lead.Lead {
	l := n.lead
	l.ID = leadID
	return l
}

type nothingTx struct {
	engine.Tx
	of *nothing
}

func (t nothingTx) Pearl(id.ID, id.ID, engine.Lock) (campaign.Pearl, error) { return t.of.pearl, nil }
func (t nothingTx) Lead(_, _, leadID id.ID) (lead.Lead, error)              { return t.of.read(leadID), nil }
func (t nothingTx) LeadCallIDs(id.ID) ([]id.ID, error)                      { return nil, nil }
func (t nothingTx) SaveLead(_, _ lead.Lead) error                           { return nil }
func (t nothingTx) AddHistory(...engine.History) error                      { return nil }
func (t nothingTx) AddDeliveries(...engine.Delivery) error                  { return nil }
