package wire

import (
	"time"

	"nacre/internal/call"
	"nacre/internal/id"
)

// LastCall is the newest call of a lead (contract 1.2).
type LastCall struct {
	ID            id.ID         `json:"id"`
	StartTime     Time          `json:"startTime"`
	PearlID       id.ID         `json:"pearlId"`
	Status        call.Status   `json:"status"`
	From          string        `json:"from"`
	Name          *string       `json:"name"`
	CollectedData LastCollected `json:"collectedData"`
	Summary       *string       `json:"summary"`
	Duration      int           `json:"duration" schema:"min=0" doc:"seconds from answer to end, rounded up"`
	Recording     *string       `json:"recording" doc:"signed link"`
	Tags          []string      `json:"tags"`
}

// LastCollected is what a lead's newest call brought.
type LastCollected struct {
	Transcript     []call.Line  `json:"transcript"`
	CollectedInfos []call.Value `json:"collectedInfos"`
}

// RecordingLink makes a link to the recording of a call.
type RecordingLink func(callID id.ID) (link string, expires time.Time)

// NewLastCall renders a call; nil stays nil.
func NewLastCall(c *call.Call, link RecordingLink) *LastCall {
	if c == nil {
		return nil
	}
	return &LastCall{
		ID: c.ID, StartTime: Time(c.Start), PearlID: c.Pearl, Status: c.Status, From: c.From, Name: Text(c.Name),
		CollectedData: LastCollected{Transcript: List(c.Transcript), CollectedInfos: List(c.Collected)},
		Summary:       Text(c.Summary), Duration: c.Duration(), Recording: Recording(*c, link), Tags: List(c.Tags),
	}
}

// Recording is a fresh link to the recording of a finished call, null where there is none (contract 3.6).
func Recording(c call.Call, link RecordingLink) *string {
	if c.Recording == "" || c.Finished.IsZero() {
		return nil
	}
	made, _ := link(c.ID)
	return &made
}
