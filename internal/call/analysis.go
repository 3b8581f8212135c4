package call

import "time"

// Analysis is what a language model makes of a call that is over, and how far it is. The zero value: there is none.
type Analysis struct {
	State AnalysisState `json:"state"`
	Tries int           `json:"tries"`           // times that models were asked, or were to be
	Error string        `json:"error,omitempty"` // of the last try that failed; nothing of what was said
	At    time.Time     `json:"at,omitzero"`     // when it was done or given up
}

// AnalysisState is how far an Analysis is.
type AnalysisState string

const (
	NoAnalysis      AnalysisState = ""
	AnalysisPending AnalysisState = "pending"
	AnalysisDone    AnalysisState = "done"
	AnalysisFailed  AnalysisState = "failed" // given up
)

// AnalysisTask is what a model is asked about a call besides its transcript, as the Pearl was when the call began.
type AnalysisTask struct {
	Agent     string     `json:"agent,omitempty"`
	Company   string     `json:"company,omitempty"`
	Questions []Question `json:"questions,omitempty"` // whose values are not known
	Tags      []Fact     `json:"tags,omitempty"`      // that may be set, with what they mean
	Success   string     `json:"success,omitempty"`   // when the goal is reached; "" = not asked, because it is known or there is none
	Facts     string     `json:"facts,omitempty"`     // sentences that end the summary, whatever the model writes
	Language  string     `json:"language,omitempty"`  // BCP 47
	ModelType int        `json:"modelType,omitempty"` // contract 2.4
}

// Findings are what a model found in a call. They are validated against their AnalysisTask.
type Findings struct {
	Summary   string
	Tags      []string
	Sentiment int // 1–5, 0 not judged
	Values    []Value
	Success   bool
}
