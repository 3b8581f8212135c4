package rehearsal

import (
	"context"
	"errors"
	"strings"
	"testing"

	"nacre/internal/brain"
	"nacre/internal/call"
	"nacre/internal/scenario"
	"nacre/internal/turn"
)

// actor is a model that says its lines.
type actor struct {
	lines []string
	err   error
	asked [][]brain.Message
}

func (a *actor) Stream(_ context.Context, messages []brain.Message, _ []brain.Tool, _ func(string)) (brain.Answer, error) {
	a.asked = append(a.asked, messages)
	if len(a.lines) == 0 {
		return brain.Answer{}, a.err
	}
	line := a.lines[0]
	if len(a.lines) > 1 || a.err != nil {
		a.lines = a.lines[1:]
	}
	return brain.Answer{Text: line}, nil
}

func persona(t *testing.T, expect string) scenario.Scenario {
	t.Helper()
	f, err := scenario.Parse([]byte("scenarios: [{name: one, persona: You are in a hurry., expect: {" + expect + "}}]"))
	if err != nil {
		t.Fatal(err)
	}
	return f.Scenarios[0]
}

// A model plays the person: it hears what the agent says, and what it says or does passes as that of any other.
func TestPersona(t *testing.T) {
	t.Parallel()
	model := &actor{lines: []string{"[silence]", `"Um, who is this?"`, "(sighs) Fine. [keys 1]", "Five bunches.", "[hang up]"}}
	v := Run(t.Context(), persona(t, "outcome: success, collected: {renews: true, bunches: 5}, said: [My name is Anna]"), Config{Script: script(t), Model: model})
	if len(v.Faults) > 0 || len(model.asked) != 4 {
		t.Fatalf("%q, asked %d times\n%+v", v.Faults, len(model.asked), v.Result)
	}
	first, last := model.asked[0], model.asked[3]
	if first[0].Role != brain.System || !strings.Contains(first[0].Content, "You are in a hurry.") || !strings.Contains(first[1].Content, "Hello Ada") || first[1].Role != brain.User {
		t.Errorf("%+v", first)
	}
	if n := len(last); last[n-1].Role != brain.User || !strings.Contains(last[n-1].Content, "How many bunches") || last[n-2].Role != brain.Assistant {
		t.Errorf("%+v", last)
	}
}

func TestPersonaHangsUp(t *testing.T) {
	t.Parallel()
	v := Run(t.Context(), persona(t, "endedBy: person, outcome: notSuccess"), Config{Script: script(t), Model: &actor{lines: []string{"[hang up]"}}})
	if len(v.Faults) > 0 {
		t.Errorf("%q", v.Faults)
	}
}

// Where nobody can play the person, or it does not end, the scenario fails and says why.
func TestPersonaFails(t *testing.T) {
	t.Parallel()
	for says, model := range map[string]brain.Model{
		"--providers": nil, "no room": &actor{err: errors.New("no room")}, "said nothing": &actor{lines: []string{" "}},
	} {
		v := Run(t.Context(), persona(t, "optOut: false"), Config{Script: script(t), Model: model})
		if all := strings.Join(v.Faults, "; "); !strings.Contains(all, says) {
			t.Errorf("%q, want %q", all, says)
		}
	}
}

// chatty is a brain that never ends.
type chatty struct{}

func (chatty) Answer(_ context.Context, _ turn.Input, say turn.Turn) (turn.Reply, error) {
	return turn.Reply{}, say.Say("And then?")
}

func TestPersonaComesToNoEnd(t *testing.T) {
	t.Parallel()
	config := Config{Script: script(t), Model: &actor{lines: []string{"Well, I went on."}}, Brains: func(call.Script) []turn.Brain { return []turn.Brain{chatty{}} }}
	v := Run(t.Context(), persona(t, "endedBy: person"), config)
	if len(v.Faults) != 1 || !strings.Contains(v.Faults[0], "has not come to an end") {
		t.Errorf("%q", v.Faults)
	}
}

func TestImprovised(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Yes,\n please.": "say: Yes, please.", "[hang up]": "hang up", "[Hang up] ": "hang up", "[silence]": "silence", "[keys 1 2#]": "keys: 12#",
		"Goodbye. [hang up]": "say: Goodbye.", "[laughs] No.": "say: No.", "[keys x]": "say: [keys x]", `"No."`: "say: No.", "]a[": "say: ]a[",
	} {
		if got := improvised(text).String(); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
