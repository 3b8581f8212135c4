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
)

// Verdict is what came of a scenario.
type Verdict struct {
	Scenario string
	Faults   []string // none: it went as expected
	Result   Result
	Took     time.Duration // by the clock
}

// Run conducts a scenario. config has the script for its person; Deaf is the scenario's.
func (s Scenario) Run(ctx context.Context, config Config) Verdict {
	began := time.Now()
	config.Deaf = s.ByKeys
	c := Begin(ctx, config)
	defer c.Close()
	v := Verdict{Scenario: s.Name}
	for id := range sorted(s.Expect.Collected) {
		if !slices.ContainsFunc(config.Script.Questions, func(q call.Question) bool { return q.ID == id }) {
			v.Faults = append(v.Faults, fmt.Sprintf("the Pearl has no variable %s that is collected", id))
		}
	}
	for n, act := range s.Turns {
		if !act.in(c) {
			v.Faults = append(v.Faults, fmt.Sprintf("the call was over before turn %d (%s)", n+1, act))
			break
		}
	}
	c.End()
	v.Result = c.Result()
	v.Faults = append(v.Faults, s.Expect.judge(v.Result)...)
	v.Took = time.Since(began)
	return v
}

// judge returns what is other than expected.
func (e Expect) judge(r Result) (faults []string) {
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
	said := folded(b.String())
	for _, text := range e.Said {
		if !strings.Contains(said, folded(text)) {
			fault("the agent did not say %q", text)
		}
	}
	for _, text := range e.NeverSaid {
		if strings.Contains(said, folded(text)) {
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
	case got == nil && want == noCallBack, got != nil && want == anyCallBack:
		return nil
	case got == nil:
		return []string{fmt.Sprintf("no call-back was promised, expected %s", want)}
	case want != noCallBack:
		at, err := time.ParseInLocation(localTime, want, got.Location())
		if err == nil && got.Sub(at).Abs() <= callBackSlack {
			return nil
		}
	}
	return []string{fmt.Sprintf("a call-back was promised for %s, expected %s", got.Format(localTime), want)}
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
