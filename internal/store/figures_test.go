package store_test

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/store"
)

// TestFigures: leads by status, and what is to be delivered.
func TestFigures(t *testing.T) {
	t.Parallel()
	s, err := store.OpenSQLite(filepath.Join(t.TempDir(), store.FileName), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	made := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	if f, err := s.Figures(t.Context()); err != nil || len(f.Leads) != 0 || f.Pending != 0 || !f.Waiting.IsZero() {
		t.Errorf("of an empty database: %+v, %v", f, err)
	}
	const accountID, pearlID = id.ID("650000000000000000000001"), id.ID("650000000000000000000002")
	err = s.Update(t.Context(), func(tx engine.Tx) error {
		var leads []lead.Lead
		for n, status := range []lead.Status{lead.New, lead.New, lead.Completed} {
			leads = append(leads, lead.Lead{
				ID: id.ID("65000000000000000000001" + string(rune('0'+n))), Account: accountID, Campaign: pearlID, Phone: "+14155550101",
				Status: status, Created: made, Version: 1, CallData: json.RawMessage("{}"),
			})
		}
		if err := tx.InsertLeads(leads); err != nil {
			return err
		}
		for n, state := range []engine.DeliveryState{engine.DeliveryPending, engine.DeliveryPending, engine.DeliveryDelivered} {
			if err := tx.AddDeliveries(engine.Delivery{
				ID: id.ID("65000000000000000000002" + string(rune('0'+n))), Account: accountID, Pearl: pearlID, Kind: engine.LeadDelivery, State: state,
				Body: []byte("{}"), Created: made.Add(time.Duration(1-n) * time.Minute), NextTry: made,
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	f, err := s.Figures(t.Context())
	if err != nil || f.Leads[int(lead.New)] != 2 || f.Leads[int(lead.Completed)] != 1 || f.Pending != 2 || !f.Waiting.Equal(made) {
		t.Errorf("%+v, %v", f, err)
	}
}
