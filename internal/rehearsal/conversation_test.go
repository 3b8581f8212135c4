package rehearsal

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/scenario"
	"nacre/internal/turn"
)

func script(t *testing.T) call.Script {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	return call.Script{
		AgentName: "Anna", Opening: "Hello Ada, this is Anna of Example Corporation.", SuccessDefined: true, Zone: zone, VoiceMail: "Please call Example Corporation back.",
		Answered: time.Date(2026, time.November, 26, 10, 15, 0, 0, zone), Timeout: 10 * time.Minute,
		Questions: []call.Question{
			{ID: "renews", Name: "renewal", Type: call.Boolean, Ask: "Would you like to renew?"},
			{ID: "bunches", Name: "bunches", Type: call.Int, Ask: "How many bunches a week?"},
		},
		Brief: call.Brief{Company: "Example Corporation"},
	}
}

// talk conducts a conversation, which the agent ends, and returns what came of it and what the agent said.
func talk(t *testing.T, config Config, person func(*Conversation)) (Result, string) {
	t.Helper()
	var said []string
	config.Said = func(words string) { said = append(said, words) }
	c := Begin(t.Context(), config)
	defer c.Close()
	person(c)
	c.End()
	return c.Result(), strings.Join(said, " | ")
}

func value(r Result, id string) any {
	for _, v := range r.Collected {
		if v.ID == id {
			return v.Value
		}
	}
	return "not collected"
}

func TestAnswersInWords(t *testing.T) {
	t.Parallel()
	r, said := talk(t, Config{Script: script(t)}, func(c *Conversation) {
		c.Hello("Hello?")
		c.Say("yes please")
		c.Say("five")
	})
	if r.Outcome != call.Success || r.EndedBy != scenario.ByAgent || r.Answerer != call.Human || value(r, "renews") != true || value(r, "bunches") != int64(5) {
		t.Errorf("%+v", r)
	}
	if !strings.HasPrefix(said, "Hello Ada") || !strings.HasSuffix(said, "Goodbye.") || len(r.Transcript) < 6 {
		t.Errorf("%q, %+v", said, r.Transcript)
	}
}

func TestAnswersByKeysAlone(t *testing.T) {
	t.Parallel()
	r, said := talk(t, Config{Script: script(t), Deaf: true}, func(c *Conversation) {
		c.Say("yes please")
		c.Keys("1")
		c.Keys("12#")
	})
	if value(r, "renews") != true || value(r, "bunches") != int64(12) || !strings.Contains(said, "I only understand the keys") {
		t.Errorf("%+v, %q", r, said)
	}
}

func TestSilencesUntilTheAgentHangsUp(t *testing.T) {
	t.Parallel()
	r, _ := talk(t, Config{Script: script(t)}, func(c *Conversation) {
		silences := 0
		for c.Silence() {
			silences++
		}
		if silences < 2 || c.Say("hello?") || c.Keys("1") || c.HangUp() {
			t.Errorf("%d silences, and the call goes on after its end", silences)
		}
	})
	if r.Outcome != call.NotSuccess || r.EndedBy != scenario.ByAgent {
		t.Errorf("%+v", r)
	}
}

// What interrupts the agent is answered, and what nobody heard is not in the transcript.
func TestInterrupting(t *testing.T) {
	t.Parallel()
	r, said := talk(t, Config{Script: script(t)}, func(c *Conversation) {
		c.Interrupt("who is this")
		c.Listen()
		c.HangUp()
	})
	if !strings.Contains(said, "My name is Anna.") || r.EndedBy != scenario.ByPerson {
		t.Errorf("%q, %+v", said, r)
	}
	if opening := r.Transcript[0]; opening.Role != call.Pearl || strings.Contains(opening.Content, "Would you like to renew?") {
		t.Errorf("heard: %+v", opening)
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()
	r, _ := talk(t, Config{Script: script(t)}, func(c *Conversation) { c.Say("never call me again") })
	if !r.OptOut || r.Success || r.EndedBy != scenario.ByAgent {
		t.Errorf("%+v", r)
	}
	r, _ = talk(t, Config{Script: script(t)}, func(c *Conversation) {
		c.Say("call me back tomorrow at five")
		c.Say("yes")
	})
	if r.CallBack == nil || r.CallBack.Format("2006-01-02T15:04 MST") != "2026-11-27T17:00 EST" {
		t.Errorf("%v", r.CallBack)
	}
	r, _ = talk(t, Config{Script: script(t)}, func(c *Conversation) { c.Say("you have the wrong number") })
	if !slices.Contains(r.Tags, "wrong number") {
		t.Errorf("%q", r.Tags)
	}
}

func TestAnAnsweringMachine(t *testing.T) {
	t.Parallel()
	r, said := talk(t, Config{Script: script(t)}, func(c *Conversation) {
		c.Hello("You have reached the Smiths. We cannot come to the phone now. Please leave a message after the tone.")
		c.Beep(time.Second)
	})
	if r.Outcome != call.Voicemail || said != "Please call Example Corporation back." {
		t.Errorf("%+v, %q", r, said)
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	short := script(t)
	short.Timeout = time.Minute
	r, _ := talk(t, Config{Script: short}, func(c *Conversation) {
		for c.Say("hold on please") {
			continue
		}
	})
	if r.EndedBy != scenario.ByTimeout || r.Seconds < 60 || r.Seconds > 61 {
		t.Errorf("%+v", r)
	}
}

// scripted is a brain of functions, one a turn.
type scripted []func(in turn.Input, t turn.Turn) (turn.Reply, error)

func (s *scripted) Answer(_ context.Context, in turn.Input, t turn.Turn) (turn.Reply, error) {
	if len(*s) == 0 {
		return turn.Reply{}, errors.New("no more")
	}
	next := (*s)[0]
	*s = (*s)[1:]
	return next(in, t)
}

// Brains converse, use tools, and are replaced by the rules when they fail.
func TestBrains(t *testing.T) {
	t.Parallel()
	brain := &scripted{
		func(in turn.Input, t turn.Turn) (turn.Reply, error) {
			if err := t.Say("Certainly, " + in.Words + "."); err != nil {
				return turn.Reply{}, err
			}
			_, failed, err := t.Use(turn.Tool{Kind: turn.ToolCollect, Value: call.Value{ID: "renews", Value: true}})
			if failed {
				err = errors.New("refused")
			}
			return turn.Reply{Parts: []string{"Anything else?"}}, err
		},
	}
	r, said := talk(t, Config{Script: script(t), Brains: func(call.Script) []turn.Brain { return []turn.Brain{brain} }}, func(c *Conversation) {
		c.Say("blue roses")
		c.Say("and tulips")
		c.Say("seven")
	})
	said = strings.ReplaceAll(said, " | ", " ") // whether the reply was whole when it began is a matter of a moment
	if !strings.Contains(said, "Certainly, blue roses. Anything else? ") || !strings.Contains(said, "How many bunches a week?") || value(r, "renews") != true || value(r, "bunches") != int64(7) {
		t.Errorf("%q, %+v", said, r)
	}
}

// TestSources: what was heard of an answer has its sources in the transcript; what was not, and what is not said, has none.
func TestSources(t *testing.T) {
	t.Parallel()
	var history []call.Line
	brain := &scripted{
		func(in turn.Input, t turn.Turn) (turn.Reply, error) {
			return turn.Reply{}, errors.Join(t.Say("Certainly."), t.Cite("Delivery: three days"), t.Say("It takes three days."), t.Cite("Delivery: three days"), t.Say("Three, I say."))
		},
		func(in turn.Input, t turn.Turn) (turn.Reply, error) {
			return turn.Reply{}, errors.Join(t.Cite("Returns"), t.Say("You can return it for thirty days, which is a long time, and nobody asks you for a reason at all."), t.Cite("Refunds"), t.Say("And you are paid."))
		},
		func(in turn.Input, t turn.Turn) (turn.Reply, error) {
			history = in.Transcript
			return turn.Reply{Parts: []string{"As you like."}, End: true}, nil
		},
	}
	r, _ := talk(t, Config{Script: script(t), Brains: func(call.Script) []turn.Brain { return []turn.Brain{brain} }}, func(c *Conversation) {
		c.Say("how long does it take")
		c.Say("and can I return it")
		c.Interrupt("never mind, leave it")
	})
	sources := func(lines []call.Line) (found []string) {
		for _, l := range lines {
			if len(l.Sources) > 0 {
				found = append(found, string([]rune(l.Content)[:10])+" < "+strings.Join(l.Sources, ", "))
			}
		}
		return found
	}
	want := []string{"Certainly. < Delivery: three days", "You can re < Returns"}
	if got := sources(r.Transcript); !slices.Equal(got, want) {
		t.Errorf("%q, want %q: %+v", got, want, r.Transcript)
	}
	for _, l := range history { // nor does the brain take for heard what was not
		if strings.Contains(l.Content, "nobody asks") || strings.Contains(l.Content, "paid") {
			t.Errorf("in the history: %q", l.Content)
		}
	}
}
