package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"nacre/internal/call"
	"nacre/internal/scenario"
)

// Mocks does actions as a scenario says that they end (call.Desk). It is used by one conversation.
type Mocks struct {
	say     map[string]scenario.Mocks
	actions []call.Action
	done    map[string]int
}

// NewMocks returns the Mocks of a scenario for the actions of a script.
func NewMocks(s scenario.Scenario, actions []call.Action) *Mocks {
	return &Mocks{say: s.Actions, actions: actions, done: map[string]int{}}
}

// OptOut writes nothing (call.Desk).
func (m *Mocks) OptOut(context.Context) error { return nil }

// Said has nobody to tell (call.Desk).
func (m *Mocks) Said(call.Role, string) {}

// MayTransfer refuses a transfer that fails (call.Desk).
func (m *Mocks) MayTransfer(ctx context.Context, number string) error {
	n := slices.IndexFunc(m.actions, func(a call.Action) bool { return a.Kind == call.ActTransfer && a.Number == number })
	if n < 0 {
		return nil
	}
	_, err := m.Act(ctx, m.actions[n], nil)
	return err
}

// Act does an action (call.Desk). What an API answers becomes variables as in a call.
func (m *Mocks) Act(_ context.Context, action call.Action, _ []call.Value) (call.Done, error) {
	mock := m.say[action.Name].Of(m.done[action.Name])
	m.done[action.Name]++
	switch {
	case mock.Fails && mock.Why != "":
		return call.Done{}, errors.New(mock.Why)
	case mock.Fails:
		return call.Done{}, errors.New("it failed")
	case action.Request != nil && mock.Body != nil:
		return action.Request.Answered(mock.Body), nil
	default:
		return call.Done{Text: "done"}, nil
	}
}

// Before makes the requests before the dial, and returns the variables that they bring. The error is that of a request after
// which the Pearl does not dial.
func (m *Mocks) Before(steps []call.Step) (brought []call.Value, err error) {
	brought, dial := call.MakeBefore(steps, func(action call.Action, _ []call.Value) (call.Done, error) {
		done, failed := m.Act(context.Background(), action, nil)
		err = failed
		return done, failed
	})
	if !dial {
		return nil, fmt.Errorf("the Pearl is not dialled, because a request before the dial ends it: %w", err)
	}
	return brought, nil
}
