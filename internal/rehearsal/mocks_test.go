package rehearsal

import (
	"context"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/scenario"
)

const mocked = `
scenarios:
  - name: a
    actions:
      look up: [fails, {answers: {order: {state: shipped, pieces: 3}}}]
      transfer_1: {fails: nobody answers}
    turns: [{say: "yes"}]
    expect: {said: [shipped], neverSaid: [lost]}
`

// lookUp is a script that asks an API until it answers, and says what that brought.
func lookUp() call.Script {
	request := &call.Request{Method: "GET", URL: "https://a.example/", Outputs: []call.Output{{Key: "order.state", Variable: "state"}, {Key: "order.pieces", Variable: "pieces", Type: call.Int}}}
	return call.Script{
		Opening: "Hello, this is Anna. Shall I look your order up?", Answered: time.Date(2026, 11, 26, 15, 15, 0, 0, time.UTC),
		Questions: []call.Question{{ID: "pieces", Name: "pieces", Type: call.Int}},
		Actions:   []call.Action{{Kind: call.ActRequest, Name: "look up", Request: request}, {Kind: call.ActTransfer, Name: "transfer_1", Number: "+12125550123"}},
		Nodes: []call.Node{
			{Name: "opening", Say: "Hello, this is Anna. Shall I look your order up?", Ways: []call.Way{{Name: "Yes", To: 1}, {Name: "No", To: 3}}},
			{Name: "look up", Action: 1, Ways: []call.Way{{Name: "ok", To: 2, After: call.ActionDone}, {Name: "bad", To: 1, After: call.ActionFailed}}},
			{Name: "told", Say: "It is {state}, {pieces} pieces."},
			{Name: "end", Say: "Goodbye.", Ends: true},
		},
	}
}

// What an API answers in a scenario becomes variables, as in a call.
func TestMockedAnswer(t *testing.T) {
	t.Parallel()
	f, err := scenario.Parse([]byte(mocked))
	if err != nil {
		t.Fatal(err)
	}
	v := Run(t.Context(), f.Scenarios[0], Config{Script: lookUp()})
	if len(v.Faults) > 0 || len(v.Result.Collected) != 1 || v.Result.Collected[0].Value != int64(3) {
		t.Errorf("%q, %+v", v.Faults, v.Result)
	}
	m := NewMocks(f.Scenarios[0], lookUp().Actions)
	if err := m.MayTransfer(context.Background(), "+12125550123"); err == nil || err.Error() != "nobody answers" {
		t.Errorf("%v", err)
	}
	brought, err := NewMocks(f.Scenarios[0], nil).Before([]call.Step{{Action: lookUp().Actions[0], OnSuccess: call.Dial, OnFailure: call.DoNotDial}})
	if err == nil {
		t.Errorf("dialled with %v", brought)
	}
}

// A persona hears what an API answered, too.
func TestPersonaWithMockedAnswer(t *testing.T) {
	t.Parallel()
	f, err := scenario.Parse([]byte("scenarios: [{name: a, persona: You want your order., actions: {look up: {answers: {order: {state: lost}}}}, expect: {said: [It is lost]}}]"))
	if err != nil {
		t.Fatal(err)
	}
	v := Run(t.Context(), f.Scenarios[0], Config{Script: lookUp(), Model: &actor{lines: []string{"yes", "[silence]"}}})
	if len(v.Faults) > 0 {
		t.Errorf("%q, %+v", v.Faults, v.Result)
	}
}
