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
	for _, action := range script.After {
		if talk.OptOut && action.Message != nil && len(action.Message.To) == 0 {
			continue
		}
		tasks = append(tasks, call.ActTask{Action: action, Trigger: action.When, Known: raw, ModelType: script.Brief.ModelType})
	}
	return tasks, nil
}
