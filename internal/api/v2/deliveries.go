package v2

import (
	"encoding/json"
	"fmt"
	"time"

	"nacre/internal/api/body"
	"nacre/internal/api/route"
	"nacre/internal/api/wire"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
)

// deliverySearch is the body of a search of deliveries.
type deliverySearch struct {
	wire.Table
	State  body.Optional[string]    `json:"state" schema:"values=pending|delivered|dead|dropped"`
	LeadID body.Optional[string]    `json:"leadId"`
	CallID body.Optional[string]    `json:"callId"`
	From   body.Optional[time.Time] `json:"from" doc:"inclusive, over createdAt"`
	To     body.Optional[time.Time] `json:"to" doc:"inclusive"`
}

// TableRules are what the table of deliveries allows.
func (deliverySearch) TableRules() (most int, columns []string) {
	return maxTablePage, []string{"createdAt", "nextTryAt", "state", "kind", "id"}
}

// Check judges the range and the page.
func (in *deliverySearch) Check(faults *fault.List) {
	checkOrder(in.From.Value, in.To.Value, faults)
	most, columns := in.TableRules()
	in.CheckTable(faults, most, columns)
}

func checkOrder(from, to time.Time, faults *fault.List) {
	if !from.IsZero() && !to.IsZero() && from.After(to) {
		faults.Add("From", "The value is after to.")
	}
}

// deliveryRow is a delivery in a search.
type deliveryRow struct {
	ID        id.ID                `json:"id"`
	Kind      engine.DeliveryKind  `json:"kind"`
	State     engine.DeliveryState `json:"state"`
	PearlID   id.ID                `json:"pearlId"`
	LeadID    *string              `json:"leadId"`
	CallID    *string              `json:"callId"`
	CreatedAt wire.Time            `json:"createdAt"`
	NextTryAt *wire.Time           `json:"nextTryAt"`
	Tries     []try                `json:"tries"`
}

// delivery is a delivery with its body as it is sent.
type delivery struct {
	deliveryRow
	Body json.RawMessage `json:"body"`
}

func deliveryRowOf(d engine.Delivery) deliveryRow {
	row := deliveryRow{
		ID: d.ID, Kind: d.Kind, State: d.State, PearlID: d.Pearl, LeadID: wire.Text(string(d.Lead)), CallID: wire.Text(string(d.Call)),
		CreatedAt: wire.Time(d.Created), Tries: make([]try, len(d.Tries)),
	}
	if d.State == engine.DeliveryPending {
		row.NextTryAt = wire.At(d.NextTry)
	}
	for n, t := range d.Tries {
		row.Tries[n] = tryOf(t)
	}
	return row
}

// idFilter is an id to filter by; one that cannot name anything matches nothing.
func idFilter(text string) id.ID {
	if text == "" {
		return ""
	}
	if parsed, ok := id.Parse(text); ok {
		return parsed
	}
	return "none"
}

func (h webhookHandlers) search(r *route.Request, in deliverySearch) (wire.Page[deliveryRow], error) {
	filter := engine.DeliveryFilter{
		State: engine.DeliveryState(in.State.Value), Lead: idFilter(in.LeadID.Value), Call: idFilter(in.CallID.Value), From: in.From.Value, To: in.To.Value,
	}
	count, found, err := h.Queries.SearchDeliveries(r.Context(), r.Actor.Account, r.Pearl.ID, filter, in.Page(in.TableRules()))
	if err != nil {
		return wire.Page[deliveryRow]{}, fmt.Errorf("search deliveries: %w", err)
	}
	rows := make([]deliveryRow, len(found))
	for n, d := range found {
		rows[n] = deliveryRowOf(d)
	}
	return wire.Page[deliveryRow]{Count: count, Results: rows}, nil
}

func (h webhookHandlers) read(r *route.Request, _ route.None) (delivery, error) {
	deliveryID, err := r.ID("deliveryId")
	if err != nil {
		return delivery{}, err
	}
	found, err := h.Queries.ReadDelivery(r.Context(), r.Actor.Account, deliveryID)
	if fault.Is(err, fault.NotFound) {
		return delivery{}, fault.Missing("DeliveryId")
	}
	if err != nil {
		return delivery{}, fmt.Errorf("read delivery: %w", err)
	}
	return delivery{deliveryRow: deliveryRowOf(found), Body: wire.Object(found.Body)}, nil
}

func (h webhookHandlers) replay(r *route.Request, _ route.None) (bool, error) {
	deliveryID, err := r.ID("deliveryId")
	if err != nil {
		return false, err
	}
	err = h.Engine.ReplayDelivery(r.Context(), r.Actor, deliveryID)
	return err == nil, err
}

// replayRange is the body of a replay of dead deliveries; absent ends are open.
type replayRange struct {
	From body.Optional[time.Time] `json:"from" doc:"inclusive, over createdAt"`
	To   body.Optional[time.Time] `json:"to" doc:"inclusive"`
}

// Check judges the range.
func (in *replayRange) Check(faults *fault.List) { checkOrder(in.From.Value, in.To.Value, faults) }

// replayed says how many deliveries are sent again.
type replayed struct {
	Count int `json:"count"`
}

func (h webhookHandlers) replayDead(r *route.Request, in replayRange) (replayed, error) {
	count, err := h.Engine.ReplayDead(r.Context(), r.Actor, r.Pearl.ID, in.From.Value, in.To.Value)
	return replayed{Count: count}, err
}
