package rehearsal

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"nacre/internal/call"
	"nacre/internal/insight"
	"nacre/internal/scenario"
)

// Result is what came of a conversation, as the call and its lead would have it.
type Result struct {
	Outcome     call.Outcome  `json:"outcome"`
	Answerer    call.Answerer `json:"answerer"`
	EndedBy     scenario.By   `json:"endedBy"`
	Success     bool          `json:"success"`
	Collected   []call.Value  `json:"collected"`
	Tags        []string      `json:"tags"`
	CallBack    *time.Time    `json:"callBack"` // promised, in the zone of the person; nil = none
	OptOut      bool          `json:"optOut"`
	Transferred bool          `json:"transferred"` // to somebody else, in place of the agent
	Summary     string        `json:"summary"`
	Broke       string        `json:"broke,omitempty"` // why the agent broke
	Seconds     float64       `json:"seconds"`
	Transcript  []call.Line   `json:"transcript"`
}

// ResultOf is what came of a talk by a script, which was over a while after the answer.
func ResultOf(script call.Script, talk call.Talk, by scenario.By, after time.Duration) Result {
	j := insight.Judge(script, talk, insight.FullTranscript)
	r := Result{
		Outcome: j.Outcome, Answerer: talk.Answerer, EndedBy: by, Success: j.Outcome == call.Success, Collected: append([]call.Value{}, talk.Collected...),
		Tags: j.Tags, OptOut: talk.OptOut, Transferred: talk.Transferred, Summary: j.Summary, Broke: talk.Broke, Seconds: after.Seconds(), Transcript: j.Transcript,
	}
	if talk.Callback != nil { // as the end of a call makes it
		at := script.Answered.Add(after + talk.Callback.After).Truncate(time.Minute)
		if script.Zone != nil {
			at = at.In(script.Zone)
		}
		r.CallBack = &at
	}
	return r
}

// Write writes the result for people, without the transcript.
func (r Result) Write(out io.Writer) {
	fmt.Fprintf(out, "outcome     %s (ended by the %s after %.0f s)\n", r.Outcome, r.EndedBy, r.Seconds)
	for _, value := range r.Collected {
		fmt.Fprintf(out, "collected   %s = %s\n", value.ID, asJSON(value.Value))
	}
	if len(r.Tags) > 0 {
		fmt.Fprintf(out, "tags        %s\n", strings.Join(r.Tags, ", "))
	}
	if r.CallBack != nil {
		fmt.Fprintf(out, "call-back   %s\n", r.CallBack.Format("Mon 2006-01-02 15:04 MST"))
	}
	if r.Transferred {
		fmt.Fprintln(out, "transfer    to somebody else")
	}
	if r.OptOut {
		fmt.Fprintln(out, "opt-out     never to be called again")
	}
	fmt.Fprintf(out, "summary     %s\n", r.Summary)
}

// WriteTranscript writes who said what, and when.
func (r Result) WriteTranscript(out io.Writer, indent string) {
	for _, line := range r.Transcript {
		who := "person"
		if line.Role == call.Pearl {
			who = "agent"
		}
		fmt.Fprintf(out, "%s%6.1f  %-6s  %s\n", indent, line.Start, who, line.Content)
	}
}

// asJSON writes a collected value, or one that was expected.
func asJSON(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}
