package call

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"time"
)

// Act is an action that a call has had done, in the talk or after it.
type Act struct {
	Number int        `json:"number,omitempty"` // of those after the call, from 1; 0 = in the talk
	Name   string     `json:"name"`
	Kind   ActionKind `json:"kind"`
	State  ActState   `json:"state"`
	Tries  int        `json:"tries,omitempty"`
	Error  string     `json:"error,omitempty"` // of the last try that failed, or why it was not needed
	At     time.Time  `json:"at,omitzero"`     // when that was known, of those after the call
}

// ActState is what became of an Act.
type ActState string

const (
	NoAct       ActState = ""
	ActPending  ActState = "pending"
	ActDone     ActState = "done"
	ActGivenUp  ActState = "failed"
	ActUnneeded ActState = "unneeded" // its trigger did not apply, or nobody could judge it
)

// After is an action that is done after a call, and what follows it.
type After struct {
	Action
	Next []Next
	Led  bool // another one leads to it: it waits for that
}

// Next is an action that follows another one.
type Next struct {
	Number int    // among those after the call
	After  Result // of the other one; AnyResult: whatever came of it, or if it was not needed
}

// follows reports whether it follows an action of this state.
func (n Next) follows(state ActState) bool {
	switch n.After {
	case ActionDone:
		return state == ActDone
	case ActionFailed:
		return state == ActGivenUp
	default:
		return true
	}
}

// ActTask is an action that is done after a call, as the Pearl was when the call began.
type ActTask struct {
	Action    Action
	Trigger   string          // when it is to be done, in words; "" = always
	Known     json.RawMessage // the values of variables, an object
	ModelType int             // contract 2.4
	Next      []Next          `json:",omitempty"` // by the numbers of Acts
	Led       bool            `json:",omitempty"` // it waits until another one leads to it
	Brought   json.RawMessage `json:",omitempty"` // by those that led to it, an object
}

// Follows are the numbers of what follows the task in a state.
func (t ActTask) Follows(state ActState) (numbers []int) {
	for _, next := range t.Next {
		if next.follows(state) {
			numbers = append(numbers, next.Number)
		}
	}
	return numbers
}

// Values are the variables at the end of the talk, with what has been collected since, and what other actions have brought.
func (t ActTask) Values(collected []Value) (map[string]any, error) {
	values, err := object(t.Known)
	if err != nil {
		return nil, err
	}
	for _, v := range collected {
		if v.Value != nil {
			values[v.ID] = v.Value
		}
	}
	brought, err := object(t.Brought)
	maps.Copy(values, brought)
	return values, err
}

// LedBy is the task once another one, that has brought values, leads to it.
func (t ActTask) LedBy(other ActTask, values []Value) (ActTask, error) {
	brought, err := object(other.Brought)
	if err != nil {
		return t, err
	}
	for _, v := range values {
		brought[v.ID] = v.Value
	}
	t.Led = false
	if t.Brought, err = json.Marshal(brought); err != nil {
		return t, fmt.Errorf("write variables: %w", err)
	}
	return t, nil
}

func object(raw json.RawMessage) (map[string]any, error) {
	values := map[string]any{}
	if len(raw) == 0 {
		return values, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber() // numbers keep their digits
	if err := decoder.Decode(&values); err != nil {
		return nil, fmt.Errorf("read variables: %w", err)
	}
	return values, nil
}

// Sent counts what a call has sent of a kind.
func Sent(acts []Act, kind ActionKind) (n int) {
	for _, a := range acts {
		if a.Kind == kind && a.State == ActDone {
			n++
		}
	}
	return n
}
