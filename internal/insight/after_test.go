package insight

import (
	"encoding/json"
	"testing"

	"nacre/internal/call"
)

func TestAfter(t *testing.T) {
	t.Parallel()
	to := func(addresses ...string) call.Action {
		return call.Action{Kind: call.ActEmail, Name: "mail", When: "They agree.", Message: &call.Message{To: addresses}}
	}
	script := call.Script{
		Known: map[string]any{"order": json.Number("12345678901234567890"), "mood": "bad"}, Brief: call.Brief{ModelType: 7},
		After: []call.After{
			{Action: to()}, {Action: to("a@b.example")},
			{Action: call.Action{Kind: call.ActRequest, Name: "tell", Request: &call.Request{}}, Next: []call.Next{{Number: 3, After: call.ActionDone}}},
			{Action: call.Action{Kind: call.ActRequest, Name: "then", Request: &call.Request{}}, Led: true},
		},
	}
	talk := call.Talk{Learned: []call.Value{{ID: "state", Value: "open"}}, Collected: []call.Value{{ID: "mood", Value: "good"}, {ID: "state"}}}
	tasks, err := After(script, talk)
	if err != nil || len(tasks) != 4 || tasks[0].Trigger != "They agree." || tasks[2].Trigger != "" || tasks[0].ModelType != 7 {
		t.Fatalf("%+v, %v", tasks, err)
	}
	if got := string(tasks[0].Known); got != `{"mood":"good","order":12345678901234567890,"state":"open"}` {
		t.Error(got)
	}
	if next := tasks[2].Next; len(next) != 1 || next[0] != (call.Next{Number: 4, After: call.ActionDone}) || tasks[2].Led || !tasks[3].Led {
		t.Errorf("what follows: %+v, %+v", tasks[2], tasks[3])
	}
	talk.OptOut = true
	if tasks, _ = After(script, talk); len(tasks) != 3 || tasks[1].Next[0].Number != 3 || len(tasks[0].Action.Message.To) != 1 {
		t.Errorf("after an opt-out: %+v", tasks)
	}
}
