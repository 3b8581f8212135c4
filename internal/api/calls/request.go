package calls

import (
	"fmt"
	"time"

	"nacre/internal/api/body"
	"nacre/internal/api/route"
	"nacre/internal/api/wire"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/phone"
)

// Made is the body of make call (contract 3.5).
type Made struct {
	To       string      `json:"to" api:"required,maxlen=64" doc:"in any common spelling"`
	CallData body.Object `json:"callData" doc:"variable id → value"`
}

// CheckWith completes the list of faults by what the campaign's region makes of the number.
func (in *Made) CheckWith(pearl campaign.Pearl, faults *fault.List) {
	if in.To == "" || pearl.Outbound == nil {
		return
	}
	if _, err := phone.Parse(in.To, pearl.Home()); err != nil {
		faults.Add("To", "%s", err)
	}
}

// Receipt answers make call.
type Receipt struct {
	ID            id.ID  `json:"id" doc:"of the call request, never of a call"`
	From          string `json:"from"`
	To            string `json:"to"`
	QueuePosition int    `json:"queuePosition" schema:"min=0" doc:"requests before this one, 0 = next"`
}

// Make files a call request.
func (h *Handlers) Make(r *route.Request, in Made) (Receipt, error) {
	answer := func(made engine.Receipt) Receipt {
		return Receipt{ID: made.ID, From: made.From, To: made.To, QueuePosition: made.QueuePosition}
	}
	remember := route.Remember(r, func(made engine.Receipt) any { return answer(made) })
	made, err := h.Engine.MakeCall(r.Context(), r.Actor, r.Pearl.ID, in.To, in.CallData, remember)
	return answer(made), err
}

// Request is a call request.
type Request struct {
	ID         id.ID                `json:"id"`
	Status     engine.RequestStatus `json:"status"`
	OutboundID id.ID                `json:"outboundId"`
	Created    wire.Time            `json:"created"`
	Errors     []string             `json:"errors" doc:"why it ended at 100; empty otherwise"`
	CallID     *string              `json:"callId" doc:"set from the moment the call begins"`
}

func requestOf(found engine.Request) Request {
	return Request{
		ID: found.ID, Status: found.Status, OutboundID: found.Pearl, Created: wire.Time(found.Created),
		Errors: wire.List(found.Errors), CallID: wire.Text(string(found.Call)),
	}
}

// GetRequest answers a call request.
func (h *Handlers) GetRequest(r *route.Request, _ route.None) (Request, error) {
	requestID, err := r.ID("callRequestId")
	if err != nil {
		return Request{}, err
	}
	found, err := h.Queries.ReadRequest(r.Context(), r.Actor.Account, requestID)
	if fault.Is(err, fault.NotFound) {
		return Request{}, fault.Missing("CallRequestId")
	}
	if err != nil {
		return Request{}, fmt.Errorf("read call request: %w", err)
	}
	return requestOf(found), nil
}

// CancelRequest withdraws a call request that still waits.
func (h *Handlers) CancelRequest(r *route.Request, _ route.None) (bool, error) {
	requestID, err := r.ID("callRequestId")
	if err != nil {
		return false, err
	}
	err = h.Engine.CancelRequest(r.Context(), r.Actor, requestID)
	return err == nil, err
}

// RequestSearch is the body of a search of call requests.
type RequestSearch struct {
	wire.Table
	FromDate body.Optional[time.Time] `json:"fromDate" doc:"inclusive, over created"`
	ToDate   body.Optional[time.Time] `json:"toDate" doc:"inclusive"`
}

// TableRules are what the table of call requests allows.
func (RequestSearch) TableRules() (most int, columns []string) {
	return maxPage, []string{"created", "status", "id"}
}

// Check judges the range and the page.
func (in *RequestSearch) Check(faults *fault.List) {
	Range{FromDate: in.FromDate.Value, ToDate: in.ToDate.Value}.check(faults)
	most, columns := in.TableRules()
	in.CheckTable(faults, most, columns)
}

// FindRequests searches the call requests of a campaign.
func (h *Handlers) FindRequests(r *route.Request, in RequestSearch) (wire.Page[Request], error) {
	count, found, err := h.Queries.SearchRequests(r.Context(), r.Actor.Account, r.Pearl.ID, in.FromDate.Value, in.ToDate.Value, in.Page(in.TableRules()))
	if err != nil {
		return wire.Page[Request]{}, fmt.Errorf("search call requests: %w", err)
	}
	rows := make([]Request, len(found))
	for n, one := range found {
		rows[n] = requestOf(one)
	}
	return wire.Page[Request]{Count: count, Results: rows}, nil
}
