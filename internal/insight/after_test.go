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
		After: []call.Action{to(), to("a@b.example"), {Kind: call.ActRequest, Name: "tell", Request: &call.Request{}}},
	}
	talk := call.Talk{Learned: []call.Value{{ID: "state", Value: "open"}}, Collected: []call.Value{{ID: "mood", Value: "good"}, {ID: "state"}}}
	tasks, err := After(script, talk)
	if err != nil || len(tasks) != 3 || tasks[0].Trigger != "They agree." || tasks[2].Trigger != "" || tasks[0].ModelType != 7 {
		t.Fatalf("%+v, %v", tasks, err)
	}
	if got := string(tasks[0].Known); got != `{"mood":"good","order":12345678901234567890,"state":"open"}` {
		t.Error(got)
	}
	talk.OptOut = true
	if tasks, _ = After(script, talk); len(tasks) != 2 || len(tasks[0].Action.Message.To) != 1 {
		t.Errorf("after an opt-out: %+v", tasks)
	}
}
