package insight

import (
	"encoding/json"
	"fmt"
	"maps"

	"nacre/internal/call"
)

// After returns what is done after an answered call, with what the variables were at its end. Who asked never to be called again
// is written to no more.
func After(script call.Script, talk call.Talk) (tasks []call.ActTask, err error) {
	if len(script.After) == 0 {
		return nil, nil
	}
	known := maps.Clone(script.Known)
	if known == nil {
		known = map[string]any{}
	}
	for _, values := range [][]call.Value{talk.Learned, talk.Collected} {
		for _, v := range values {
			if v.Value != nil {
				known[v.ID] = v.Value
			}
		}
	}
	raw, err := json.Marshal(known)
	if err != nil {
		return nil, fmt.Errorf("write variables for what is done after a call: %w", err)
	}
	numbers := make([]int, len(script.After)) // of the tasks, from 1; 0 = left out
	for n, after := range script.After {
		if talk.OptOut && after.Message != nil && len(after.Message.To) == 0 {
			continue
		}
		tasks = append(tasks, call.ActTask{Action: after.Action, Trigger: after.When, Known: raw, ModelType: script.Brief.ModelType, Led: after.Led})
		numbers[n] = len(tasks)
	}
	for n, after := range script.After {
		for _, next := range after.Next {
			if from, to := numbers[n], numbers[next.Number]; from > 0 && to > 0 {
				tasks[from-1].Next = append(tasks[from-1].Next, call.Next{Number: to, After: next.After})
			}
		}
	}
	return tasks, nil
}
