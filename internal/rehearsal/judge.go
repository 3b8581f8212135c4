package rehearsal

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"nacre/internal/call"
	"nacre/internal/scenario"
)

// Verdict is what came of a scenario.
type Verdict struct {
	Scenario string
	Faults   []string // none: it went as expected
	Result   Result
	Took     time.Duration // by the clock
}

// Run has the person of a scenario, of which a variant was chosen, talk with the agent, and judges what came of it.
func Run(ctx context.Context, s scenario.Scenario, config Config) Verdict {
	began := time.Now()
	config.Deaf = config.Deaf || s.ByKeys
	config.Desk = NewMocks(s, config.Script.Actions)
	c := Begin(ctx, config)
	defer c.Close()
	if s.Persona != "" {
		err := c.improvise(ctx, s)
		c.End()
		v := Judge(s, config.Script, c.Result(), 0, time.Since(began))
		if err != nil {
			v.Faults = append(v.Faults, err.Error())
		}
		return v
	}
	undone := 0
	for n, act := range s.Turns {
		if !c.perform(act) {
			undone = n + 1
			break
		}
	}
	for n := 0; len(s.Then) > 0 && c.Listen(); n++ {
		c.perform(s.Then[min(n, len(s.Then)-1)])
	}
	c.End()
	return Judge(s, config.Script, c.Result(), undone, time.Since(began))
}

// perform has the person do something, and reports whether the call was not over before.
func (c *Conversation) perform(act scenario.Act) bool {
	if act.Keys != "" && (c.config.Deaf || act.Keypad) {
		return c.Keys(act.Keys)
	}
	switch act.Do {
	case scenario.DoHello:
		return c.Hello(act.Text())
	case scenario.DoSay:
		return c.Say(act.Text())
	case scenario.DoAnd:
		return c.And(act.Text())
	case scenario.DoInterrupt:
		return c.Interrupt(act.Text())
	case scenario.DoKeys:
		return c.Keys(act.Text())
	case scenario.DoPressed:
		return c.Pressed(act.Text())
	case scenario.DoSilence:
		return c.Silence()
	case scenario.DoWait:
		return c.Wait(act.For)
	case scenario.DoBeep:
		return c.Beep(act.For)
	case scenario.DoLeave:
		return c.Leave()
	default:
		return c.HangUp()
	}
}

// Judge judges what came of a scenario. undone is the number of the turn, from 1, before which the call was over; 0 = all were
// done.
func Judge(s scenario.Scenario, script call.Script, r Result, undone int, took time.Duration) Verdict {
	v := Verdict{Scenario: s.Name, Result: r, Took: took}
	for id := range sorted(s.Expect.Collected) {
		if !slices.ContainsFunc(script.Questions, func(q call.Question) bool { return q.ID == id }) {
			v.Faults = append(v.Faults, fmt.Sprintf("the Pearl has no variable %s that is collected", id))
		}
	}
	if undone > 0 {
		v.Faults = append(v.Faults, fmt.Sprintf("the call was over before turn %d (%s)", undone, s.Turns[undone-1]))
	}
	v.Faults = append(v.Faults, judge(s.Expect, r)...)
	return v
}

// judge returns what is other than expected.
func judge(e scenario.Expect, r Result) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if r.Broke != "" && e.Outcome != call.Broke {
		fault("the agent broke: %s", r.Broke)
	}
	if e.Outcome != "" && r.Outcome != e.Outcome {
		fault("outcome is %s, expected %s", r.Outcome, e.Outcome)
	}
	if e.Answerer != "" && r.Answerer != e.Answerer {
		fault("answerer is %s, expected %s", r.Answerer, e.Answerer)
	}
	if e.EndedBy != "" && r.EndedBy != e.EndedBy {
		fault("ended by the %s, expected %s", r.EndedBy, e.EndedBy)
	}
	if e.OptOut != nil && r.OptOut != *e.OptOut {
		fault("optOut is %t, expected %t", r.OptOut, *e.OptOut)
	}
	if e.Transferred != nil && r.Transferred != *e.Transferred {
		fault("transferred is %t, expected %t", r.Transferred, *e.Transferred)
	}
	for id, want := range sorted(e.Collected) {
		n := slices.IndexFunc(r.Collected, func(v call.Value) bool { return v.ID == id })
		switch {
		case n < 0 && want.ShortTag() != "!!null":
			fault("%s is not collected, expected %s", id, want.Value)
		case n >= 0 && !equal(want, r.Collected[n].Value):
			fault("%s is %s, expected %s", id, asJSON(r.Collected[n].Value), want.Value)
		}
	}
	var b strings.Builder
	for _, line := range r.Transcript {
		if line.Role == call.Pearl {
			b.WriteString(line.Content + " ")
		}
	}
	said := scenario.Folded(b.String())
	for _, text := range e.Said {
		if !strings.Contains(said, scenario.Folded(text)) {
			fault("the agent did not say %q", text)
		}
	}
	for _, text := range e.NeverSaid {
		if strings.Contains(said, scenario.Folded(text)) {
			fault("the agent said %q", text)
		}
	}
	if e.Tags != nil {
		got, want := slices.Sorted(slices.Values(r.Tags)), slices.Sorted(slices.Values(*e.Tags))
		if !slices.Equal(got, want) {
			fault("tags are %q, expected %q", got, want)
		}
	}
	if e.CallBack != nil {
		faults = append(faults, judgeCallBack(*e.CallBack, r.CallBack)...)
	}
	return faults
}

// callBackSlack is how much a call-back may differ: its time counts from when it was promised.
const callBackSlack = 5 * time.Minute

func judgeCallBack(want string, got *time.Time) []string {
	switch {
	case got == nil && want == scenario.NoCallBack, got != nil && want == scenario.AnyCallBack:
		return nil
	case got == nil:
		return []string{fmt.Sprintf("no call-back was promised, expected %s", want)}
	case want != scenario.NoCallBack:
		at, err := time.ParseInLocation(scenario.LocalTime, want, got.Location())
		if err == nil && got.Sub(at).Abs() <= callBackSlack {
			return nil
		}
	}
	return []string{fmt.Sprintf("a call-back was promised for %s, expected %s", got.Format(scenario.LocalTime), want)}
}

// equal reports whether a collected value is what a file says.
func equal(want yaml.Node, got any) bool {
	switch v := got.(type) {
	case nil:
		return want.ShortTag() == "!!null"
	case bool:
		var b bool
		return want.ShortTag() == "!!bool" && want.Decode(&b) == nil && b == v
	case string:
		return want.ShortTag() != "!!null" && want.Value == v
	case int64:
		return sameNumber(want.Value, float64(v))
	case float64:
		return sameNumber(want.Value, v)
	default:
		return false
	}
}

func sameNumber(text string, number float64) bool {
	want, err := strconv.ParseFloat(text, 64)
	return err == nil && want == number
}
