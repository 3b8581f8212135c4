package rehearsal

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"nacre/internal/call"
)

// Result is what came of a conversation, as the call and its lead would have it.
type Result struct {
	Outcome    call.Outcome  `json:"outcome"`
	Answerer   call.Answerer `json:"answerer"`
	EndedBy    By            `json:"endedBy"`
	Success    bool          `json:"success"`
	Collected  []call.Value  `json:"collected"`
	Tags       []string      `json:"tags"`
	CallBack   *time.Time    `json:"callBack"` // promised, in the zone of the person; nil = none
	OptOut     bool          `json:"optOut"`
	Summary    string        `json:"summary"`
	Broke      string        `json:"broke,omitempty"` // why the agent broke
	Seconds    float64       `json:"seconds"`
	Transcript []call.Line   `json:"transcript"`
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

// ValidKeys reports whether a text is keys of a telephone.
func ValidKeys(text string) bool {
	return text != "" && strings.Trim(text, "0123456789*#") == ""
}
