// Package call defines a call, its outcome, and the interfaces by which it is placed (Dialer), carried (Leg) and held
// (Party, Agent). It does not know SIP, codecs, databases or the conversation itself.
package call

import (
	"encoding/json"
	"slices"
	"time"

	"nacre/internal/id"
)

// Status is the state of a call on the wire (contract 8.3).
type Status int

const (
	InProgress Status = 3
	Completed  Status = 4 // answered
	Busy       Status = 5 // busy or rejected
	Failed     Status = 6 // could not be set up, or lost
	NoAnswer   Status = 7 // rang out
	Canceled   Status = 8 // cancelled by us before the answer; final
)

// Cancel is why a ringing call was cancelled. Once written to a call it is never removed.
type Cancel string

const (
	NotCancelled  Cancel = ""
	ByStop        Cancel = "stop"     // the lead was set to 100, 110 or 130
	ByNumber      Cancel = "number"   // the lead's number changed; the attempt does not count
	BySuppression Cancel = "suppress" // the number was blacklisted
	ByDeletion    Cancel = "delete"   // the lead was deleted
	ByPerson      Cancel = "person"   // hung up by a person of the account, or a pause with hangUp; the attempt counts
	ByShutdown    Cancel = "shutdown" // this process is stopping; the attempt does not count
)

// Role is who spoke a line of the transcript (contract 8.8).
type Role int

const (
	Pearl        Role = 2
	Client       Role = 3
	PlatformUser Role = 4
)

// Line is one utterance. Start and End are seconds from the answer, Start ≤ End. Sources are the passages of what the Pearl knows
// that it is taken from: their beginnings.
type Line struct {
	Role    Role    `json:"role"`
	Content string  `json:"content"`
	Start   float64 `json:"startTime"`
	End     float64 `json:"endTime"`

	Sources []string `json:"sources,omitempty" doc:"beginnings of the passages of knowledgeBase that the agent's words were taken from; absent without any"`
}

// Value is one collected value: a string, a JSON number, a boolean, nil or a list.
type Value struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Value any    `json:"value"`
}

// Call is one attempt to one number.
type Call struct {
	ID       id.ID
	Account  id.ID
	Pearl    id.ID
	Version  int64 // of the Pearl's settings that it was begun with (campaign.Pearl.Published); 0 = not known
	Lead     id.ID // zero for a made call; kept when the lead is deleted
	Request  id.ID // the call request of a made call, else zero
	Node     string
	Trunk    id.ID // zero: the sandbox carrier
	Trace    string
	From, To string
	Name     string // callData.name, else first and last name, else ""

	Start        time.Time // begun, before the INVITE
	Answered     time.Time // the 200 was committed; zero while ringing
	Ended        time.Time // over on the wire; agent and number are free from here on
	Finished     time.Time // final: everything below is in place
	Cancel       Cancel
	HangUp       bool // a person asked to end the answered conversation
	Status       Status
	Outcome      Outcome // "" while in progress
	Conversation int     // contract 8.2

	CallData         json.RawMessage // snapshot taken when the call began
	Answerer         Answerer        // who picked up; "" = nobody, or not known yet
	Evidence         []Evidence      // of that, in the order of time
	Transcript       []Line
	Collected        []Value
	Tags             []string
	Summary          string // "" = none
	Sentiment        int    // 1–5, 0 not judged
	Transferred      bool
	TurnLatencyMS    []int        // end of the person's turn → first packet of our answer, one after another
	CallbackPromised bool         // a call-back was promised (analytics: needFollowUp)
	Recording        string       // file name within the recordings folder, "" = none
	RecordingBytes   int64        // of that file
	Charges          []Charge     // what it took of outside services
	Messages         []SIPMessage // of SIP
	Analysis         Analysis     // what a model makes of it
	Acts             []Act        // that it had done, in the talk and after it
	Cost             int64        // in hundredths of the account's currency unit
	Sequence         int64        // nacre-sequence of a made call
	Key              id.ID        // the API key that had it made (lead.Lead.Key), on whose account it goes; zero: none
}

// Live reports whether the call still holds its agent and its number.
func (c Call) Live() bool { return c.Ended.IsZero() }

// Ringing reports whether the call has neither been answered nor ended.
func (c Call) Ringing() bool { return c.Live() && c.Answered.IsZero() }

// MedianLatency is the median of the call's latencies, in milliseconds, the lower one of an even number; false where nothing was answered.
func (c Call) MedianLatency() (ms int, ok bool) {
	if len(c.TurnLatencyMS) == 0 {
		return 0, false
	}
	sorted := slices.Sorted(slices.Values(c.TurnLatencyMS))
	return sorted[(len(sorted)-1)/2], true
}

// Duration is whole seconds from answer to end, rounded up: at least 1 when answered, 0 otherwise
// and while the call is in progress.
func (c Call) Duration() int {
	if c.Answered.IsZero() || c.Ended.IsZero() || c.Status == InProgress {
		return 0
	}
	ms := c.Ended.Sub(c.Answered).Milliseconds()
	return max(1, int((ms+999)/1000))
}
