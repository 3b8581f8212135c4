package call

import (
	"bytes"
	"encoding/json"
	"fmt"
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

// ActTask is an action that is done after a call, as the Pearl was when the call began.
type ActTask struct {
	Action    Action
	Trigger   string          // when it is to be done, in words; "" = always
	Known     json.RawMessage // the values of variables, an object
	ModelType int             // contract 2.4
}

// Values are the variables at the end of the talk, with what has been collected since.
func (t ActTask) Values(collected []Value) (map[string]any, error) {
	values := map[string]any{}
	if len(t.Known) > 0 {
		decoder := json.NewDecoder(bytes.NewReader(t.Known))
		decoder.UseNumber() // numbers keep their digits
		if err := decoder.Decode(&values); err != nil {
			return nil, fmt.Errorf("read variables: %w", err)
		}
	}
	for _, v := range collected {
		if v.Value != nil {
			values[v.ID] = v.Value
		}
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
