package dialer_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/hours"
	"nacre/internal/id"
	"nacre/internal/lead"
)

// nodePearl asks an API before the dial; what follows its failure is the end of the call, or the opening.
func (w *world) nodePearl(afterFailure string) id.ID {
	w.t.Helper()
	outbound := campaign.DefaultOutbound()
	outbound.PhoneNumberID, outbound.TotalAgents = w.number, 10
	for day := range 7 {
		outbound.CallingHours = append(outbound.CallingHours, hours.Window{Day: day, Start: "00:00", End: "24:00"})
	}
	success, failure := 1, 2
	pearlID, err := w.e.CreatePearl(w.ctx, w.actor, campaign.Pearl{
		Type: campaign.OutboundPearl, Name: "nodes", Outbound: &outbound,
		Definition: campaign.Definition{TimeZone: "UTC", CompanyDescription: "x", Nodes: []campaign.Node{
			{NodeID: "pre", Name: "look up", NodeType: campaign.NodePreCallAPI, APISettings: &campaign.API{
				Name: "crm", Method: 1, EndpointURL: "https://crm.example/{phoneNumber}", OutputBody: []campaign.APIOutput{{Key: "plan", VariableID: "plan"}},
			}, Transitions: []campaign.Transition{{Name: "ok", ToNodeID: "open", APIResult: &success}, {Name: "no", ToNodeID: afterFailure, APIResult: &failure}}},
			{NodeID: "open", Name: "open", NodeType: campaign.NodeOpeningSentence, Script: "Hello, it is about your {plan} plan."},
			{NodeID: "end", Name: "end", NodeType: campaign.NodeEndCall, Script: "Goodbye from us."},
		}},
		Variables: []campaign.Variable{{ID: "plan", Name: "plan", Group: campaign.PreCall}},
	}, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	w.setActive(pearlID, true)
	return pearlID
}

func (w *world) leadOf(pearlID, leadID id.ID) lead.Lead {
	w.t.Helper()
	l, err := w.store.ReadLead(w.ctx, w.account, pearlID, leadID)
	if err != nil {
		w.t.Fatal(err)
	}
	return l
}

// A request before the dial is made once, after the call's record and before its INVITE; what it brings is in the opening sentence.
// Others do not wait for it. Where it fails the Pearl decides whether the call is dialled, and an attempt was made either way.
func TestRequestsBeforeTheDial(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, false, func(t *testing.T, w *world) {
		var mu sync.Mutex
		asked := map[string]int{}
		openings := map[string]string{}
		w.d.Act = func(ctx context.Context, action call.Action, to string, known map[string]any) (call.Done, error) {
			mu.Lock()
			asked[to]++
			mu.Unlock()
			if action.Request == nil || known["phoneNumber"] != to {
				t.Errorf("%+v with %v", action, known)
			}
			switch to {
			case number(0):
				return call.Done{Values: []call.Value{{ID: "plan", Value: "gold"}}}, nil
			case number(3):
				<-ctx.Done() // it hangs
				return call.Done{}, ctx.Err()
			}
			return call.Done{}, errors.New("the API answered 500")
		}
		w.agent.prepare = func(_ context.Context, script call.Script) {
			mu.Lock()
			defer mu.Unlock()
			if to, _ := script.Known["phoneNumber"].(string); to != "" {
				openings[to] = script.Opening + "|" + script.Closing
			}
		}
		dials, ends := w.nodePearl("open"), w.nodePearl("end")
		for n := range 5 {
			w.carrier.set(number(n), plan{talks: time.Second})
		}
		hung := w.addTo(dials, number(3))
		w.addTo(dials, number(0))
		w.addTo(dials, number(1))
		refused := w.addTo(ends, number(2))
		w.addTo(w.pearl, number(4))
		w.d.Start()
		w.after(3 * time.Second)
		called := map[string]bool{}
		for _, i := range w.carrier.all() {
			called[i.To] = true
		}
		if !called[number(0)] || !called[number(1)] || !called[number(4)] || called[number(2)] || called[number(3)] {
			t.Errorf("called %v while one request hangs", called)
		}
		if openings[number(0)] != "Hello, it is about your gold plan.|Goodbye from us." || openings[number(1)] != "Hello.|Goodbye from us." {
			t.Errorf("%q", openings)
		}
		if l := w.leadOf(ends, refused); l.Attempts != 1 || int(l.Status) != 10 {
			t.Errorf("not dialled: %+v", l)
		}
		w.after(20 * time.Second)
		if l := w.leadOf(dials, hung); !l.Status.Final() || asked[number(3)] != 1 || asked[number(0)] != 1 {
			t.Errorf("a request that hung: status %d, asked %v", l.Status, asked)
		}
	})
}

// A stop while the request is under way: no INVITE leaves.
func TestStopDuringARequestBeforeTheDial(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, false, func(t *testing.T, w *world) {
		w.d.Act = func(ctx context.Context, _ call.Action, _ string, _ map[string]any) (call.Done, error) {
			<-ctx.Done()
			return call.Done{}, ctx.Err()
		}
		pearlID := w.nodePearl("end")
		leadID := w.addTo(pearlID, number(0))
		w.d.Start()
		w.after(2 * time.Second)
		if _, err := w.e.UpdateLead(w.ctx, w.actor, pearlID, leadID, engine.LeadUpdate{Status: ptr(130)}); err != nil {
			t.Fatal(err)
		}
		w.after(2 * time.Second)
		_, last, err := w.store.LeadCalls(w.ctx, leadID)
		if err != nil || last == nil || last.Status != call.Canceled || len(w.carrier.all()) != 0 {
			t.Errorf("%+v, %v, %d INVITEs", last, err, len(w.carrier.all()))
		}
	})
}
