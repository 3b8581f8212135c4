package webhook

import (
	"fmt"
	"time"
	"unicode/utf16"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/zone"
)

const (
	// maxBody is what a body stays under, in characters (contract 6.2).
	maxBody = 1_000_000
	// maxLine is how much of one line of a transcript that has to be cut is kept. Written as JSON a character may take six.
	maxLine = 50_000
)

// tooLong reports whether a body is over the limit. Bytes are never fewer than characters, and quickly known.
func tooLong(body []byte) bool { return len(body) >= maxBody && characters(body) >= maxBody }

// characters counts in units of UTF-16, as most receivers do: never fewer than there are code points.
func characters(text []byte) int {
	n := 0
	for _, r := range string(text) {
		n += utf16.RuneLen(r)
	}
	return n
}

// onCall is the conversation status of a call in progress (contract 3.2).
const onCall = 40

// Renderer makes the bodies of deliveries. It implements engine.Renderer.
type Renderer struct {
	// Link returns a signed link to the recording of a call (contract 3.6), "" when there can be none.
	Link func(callID id.ID, now time.Time) string
}

var _ engine.Renderer = Renderer{}

func start(hooks campaign.Webhooks) object {
	return object{pascal: hooks.Version == 1, names: hooks.Enums == "names"}
}

// LeadBody is the body of a lead delivery (contract 6.2); calls are the ids of all calls to the lead, oldest first.
// Errors only where stored JSON is not JSON.
func (r Renderer) LeadBody(l lead.Lead, pearl campaign.Pearl, calls []id.ID, now time.Time) ([]byte, error) {
	body, err := leadBody(l, pearl, calls, now)
	if err == nil && tooLong(body) {
		// Only collected values have no limit of their own. A change of status is announced without them rather than not at all.
		l.Collected = nil
		body, err = leadBody(l, pearl, calls, now)
	}
	if err != nil {
		return nil, fmt.Errorf("render lead webhook %s: %w", l.ID, err)
	}
	return body, nil
}

func leadBody(l lead.Lead, pearl campaign.Pearl, calls []id.ID, now time.Time) ([]byte, error) {
	o := start(pearl.Webhooks)
	o.buf = make([]byte, 0, 512+len(l.CallData)+len(l.Collected))
	o.value("id", l.ID)
	o.value("pearlId", l.Campaign)
	o.textOrNull("externalId", l.ExternalID)
	o.value("phoneNumber", l.Phone)
	o.value("timeZone", offset(l, pearl, now))
	o.enum("status", int(l.Status), leadStatusName)
	o.instant("created", l.Created)
	if len(calls) == 0 {
		o.raw("callsId", []byte("[]"))
	} else {
		o.value("callsId", calls)
	}
	o.data("callData", l.CallData)
	o.data("collectedData", l.Collected)
	return o.close()
}

// offset is the UTC offset now in the lead's zone, else in the campaign's, else in UTC.
func offset(l lead.Lead, pearl campaign.Pearl, now time.Time) string {
	for _, name := range []string{l.Zone, l.ZoneKey, pearl.LeadZone()} {
		if z, ok := zone.Parse(name); ok {
			return zone.Offset(z.Location(), now)
		}
	}
	return zone.Offset(time.UTC, now)
}

// CallBody is the body of a call delivery: the start while the call is in progress, else the end, or the analysis where that is
// done (contract 6.1, 6.2).
// l is nil for made calls and deleted leads. Errors only where stored JSON is not JSON.
func (r Renderer) CallBody(c call.Call, pearl campaign.Pearl, l *lead.Lead, now time.Time) ([]byte, error) {
	if c.Status == call.InProgress {
		c.Conversation, c.Transcript, c.Collected, c.Tags = onCall, nil, nil, nil
		c.Summary, c.Sentiment, c.Transferred, c.Recording, c.Ended, c.Answerer = "", 0, false, "", time.Time{}, ""
	}
	lines, err := transcript(c.Transcript, pearl.Webhooks)
	if err != nil {
		return nil, fmt.Errorf("render call webhook %s: %w", c.ID, err)
	}
	body, err := r.callBody(c, lines, false, pearl, l, now)
	if err == nil && tooLong(body) {
		for n := range lines {
			if len(lines[n]) > maxLine {
				line := c.Transcript[n]
				line.Content = withoutMiddleText(line.Content)
				if shorter, err := transcript([]call.Line{line}, pearl.Webhooks); err == nil {
					lines[n] = shorter[0]
				}
			}
		}
		rest, _ := r.callBody(c, nil, true, pearl, l, now)
		if tooLong(rest) {
			// Nothing but the call's own texts can be this long; the API still has them.
			c.Summary, c.Collected = "", nil
			rest, _ = r.callBody(c, nil, true, pearl, l, now)
		}
		body, err = r.callBody(c, withoutMiddle(lines, maxBody-1-characters(rest)), true, pearl, l, now)
	}
	if err != nil {
		return nil, fmt.Errorf("render call webhook %s: %w", c.ID, err)
	}
	return body, nil
}

func (r Renderer) callBody(c call.Call, lines [][]byte, truncated bool, pearl campaign.Pearl, l *lead.Lead, now time.Time) ([]byte, error) {
	hooks := pearl.Webhooks
	recording := ""
	if c.Recording != "" && r.Link != nil {
		recording = r.Link(c.ID, now)
	}
	collected := make([][]byte, 0, len(c.Collected))
	for _, v := range c.Collected {
		item := start(hooks)
		item.value("id", v.ID)
		item.value("name", v.Name)
		item.value("value", v.Value)
		text, err := item.close()
		if err != nil {
			return nil, fmt.Errorf("collected %s: %w", v.ID, err)
		}
		collected = append(collected, text)
	}
	tags := c.Tags
	if tags == nil {
		tags = []string{}
	}
	o := start(hooks)
	o.value("id", c.ID)
	o.value("pearlId", c.Pearl)
	o.value("relatedId", c.Pearl)
	o.textOrNull("leadId", string(c.Lead))
	o.instant("startTime", c.Start)
	o.enum("conversationStatus", c.Conversation, leadStatusName)
	o.enum("status", int(c.Status), callStatusName)
	o.value("from", c.From)
	o.value("to", c.To)
	o.textOrNull("name", c.Name)
	o.integer("duration", c.Duration())
	o.textOrNull("recording", recording)
	o.list("transcript", lines)
	o.textOrNull("summary", c.Summary)
	o.list("collectedInfo", collected)
	o.value("tags", tags)
	o.value("isCallTransferred", c.Transferred)
	o.enum("overallSentiment", c.Sentiment, sentimentName)
	if hooks.Extras {
		externalID := ""
		if l != nil {
			externalID = l.ExternalID
		}
		o.textOrNull("externalId", externalID)
		o.data("callData", c.CallData)
		o.textOrNull("answerer", string(c.Answerer))
	}
	if c.Analysis.State == call.AnalysisDone {
		o.value("analysis", true)
	}
	if truncated {
		o.value("transcriptTruncated", true)
	}
	return o.close()
}

// transcript renders every line by itself, so that a cut knows what each costs.
func transcript(lines []call.Line, hooks campaign.Webhooks) ([][]byte, error) {
	rendered := make([][]byte, 0, len(lines))
	for _, line := range lines {
		o := start(hooks)
		o.enum("role", int(line.Role), roleName)
		o.value("content", line.Content)
		o.value("startTime", line.Start)
		o.value("endTime", line.End)
		text, err := o.close()
		if err != nil {
			return nil, fmt.Errorf("transcript: %w", err)
		}
		rendered = append(rendered, text)
	}
	return rendered, nil
}

// withoutMiddle keeps as many first and last lines as fit into budget characters, about half of them each.
func withoutMiddle(lines [][]byte, budget int) [][]byte {
	head, tail := 0, len(lines)
	used := 0
	fits := func(line []byte, within int) bool {
		cost := characters(line) + 1
		if used+cost > within {
			return false
		}
		used += cost
		return true
	}
	for head < tail && fits(lines[head], budget/2) {
		head++
	}
	for head < tail && fits(lines[tail-1], budget) {
		tail--
	}
	kept := append(make([][]byte, 0, head+len(lines)-tail), lines[:head]...)
	return append(kept, lines[tail:]...)
}

// withoutMiddleText keeps the beginning and the end of a line that is too long by itself.
func withoutMiddleText(text string) string {
	all := []rune(text)
	if len(all) <= maxLine {
		return text
	}
	return string(all[:maxLine/2]) + " … " + string(all[len(all)-maxLine/2:])
}
