package insight

import (
	"slices"
	"strings"

	"nacre/internal/call"
)

// Contents of lines that are no words: speech that was not understood, and keys (package turn).
const (
	unheard = "(speech)"
	pressed = "[pressed "
)

// Task returns what a model is to find in an answered call, nil where it could find nothing: nobody has said anything that was
// understood, or no transcript is kept. What was judged, collected or refused in the talk is not asked again, and values are read
// out of whole transcripts only.
func Task(script call.Script, talk call.Talk, j Judgement, transcriptOptions int) *call.AnalysisTask {
	understood := slices.ContainsFunc(j.Transcript, func(l call.Line) bool {
		return l.Role == call.Client && l.Content != unheard && !strings.HasPrefix(l.Content, pressed)
	})
	conversed := j.Outcome == call.Success || j.Outcome == call.NotSuccess || j.Outcome == call.Answered
	if !understood || !conversed {
		return nil
	}
	task := &call.AnalysisTask{
		Agent: script.AgentName, Company: script.Brief.Company, Tags: script.Brief.Tags, Facts: strings.Join(facts(talk), " "),
		Language: script.Language, ModelType: script.Brief.ModelType,
	}
	if j.Outcome == call.NotSuccess && !talk.Judged && !talk.OptOut && talk.Callback == nil && !declined(script, talk) {
		task.Success = script.Brief.Success
	}
	if transcriptOptions != FullTranscript {
		return task
	}
	for _, q := range script.Questions {
		if !slices.ContainsFunc(talk.Collected, func(v call.Value) bool { return v.ID == q.ID && v.Value != nil }) {
			task.Questions = append(task.Questions, q)
		}
	}
	return task
}

// declined reports whether the question that decides success was answered by no.
func declined(script call.Script, talk call.Talk) bool {
	n := slices.IndexFunc(script.Questions, func(q call.Question) bool { return q.Type == call.Boolean })
	return n >= 0 && slices.ContainsFunc(talk.Collected, func(v call.Value) bool { return v.ID == script.Questions[n].ID && v.Value == false })
}
