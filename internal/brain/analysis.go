package brain

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"nacre/internal/call"
	"nacre/internal/provider"
)

//go:embed analysis.txt
var analysisText string

var analysisTemplate = template.Must(template.New("analysis").Parse(analysisText))

const (
	transcriptLimit = 60_000 // characters; the middle of a longer one is left out
	summaryLimit    = 1_000  // characters
)

// Analyse has a model report on a call that is over: the first of the order whose answer is a report. What it reports is held to
// the task: tags of its list, values of its questions and of their types; all else is left out. The error says why there is no
// report, with nothing of what was said.
func Analyse(ctx context.Context, config Config, task call.AnalysisTask, transcript []call.Line) (found call.Findings, err error) {
	messages, err := analysisMessages(task, transcript)
	if err != nil {
		return found, err
	}
	err = config.Models.Try(ctx, func(model Named) (used bool, err error) {
		answer, err := model.Stream(ctx, messages, nil, func(string) {})
		if config.Used != nil && answer.Usage != (Usage{}) {
			config.Used(ctx, model.Name, answer.Usage)
		}
		if err != nil {
			return false, err
		}
		if found, err = findings(answer.Text, task); err != nil {
			return false, &provider.Error{Provider: model.Name, Kind: provider.Broken, Detail: err.Error()}
		}
		return true, nil
	})
	if err != nil {
		return call.Findings{}, fmt.Errorf("analyse call: %w", err)
	}
	return found, nil
}

func analysisMessages(task call.AnalysisTask, transcript []call.Line) ([]Message, error) {
	flatten := func(facts []call.Fact) (all []call.Fact) {
		for _, f := range facts {
			all = append(all, call.Fact{Name: f.Name, Text: line(f.Text)})
		}
		return all
	}
	task.Agent, task.Company, task.Language = line(task.Agent), line(task.Company), line(task.Language)
	task.Tags, task.Success, task.Facts = flatten(task.Tags), flat(task.Success, textLimit), flat(task.Facts, textLimit)
	task.Questions = slices.Clone(task.Questions)
	for n := range task.Questions {
		q := &task.Questions[n]
		q.Name, q.Hint = line(q.Name), flat(q.Hint, textLimit)
	}
	var out strings.Builder
	if err := analysisTemplate.Execute(&out, task); err != nil {
		return nil, fmt.Errorf("write prompt of an analysis: %w", err)
	}
	return []Message{{Role: System, Content: strings.TrimSpace(out.String())}, {Role: User, Content: written(transcript)}}, nil
}

// written is a transcript as a model reads it: a line each, quoted, so that nothing that was said looks like another line.
func written(transcript []call.Line) string {
	lines, length := make([]string, len(transcript)), 0
	for n, l := range transcript {
		who := "person"
		if l.Role == call.Pearl {
			who = "agent"
		}
		lines[n] = who + ": " + strconv.Quote(printable(l.Content))
		if l.Role != call.Pearl && l.Content == speechMark {
			lines[n] = who + ": (something that was not understood)"
		}
		length += len([]rune(lines[n])) + 1
	}
	if length <= transcriptLimit {
		return strings.Join(lines, "\n")
	}
	text := []rune(strings.Join(lines, "\n"))
	return string(text[:transcriptLimit/2]) + "\n(…)\n" + string(text[len(text)-transcriptLimit/2:])
}

var errNoReport = errors.New("the answer is no report")

// report is what a model answers.
type report struct {
	Summary   *string        `json:"summary"`
	Sentiment *json.Number   `json:"sentiment"`
	Tags      []string       `json:"tags"`
	Values    map[string]any `json:"values"`
	Success   *bool          `json:"success"`
}

// findings reads a report and holds it to its task.
func findings(text string, task call.AnalysisTask) (f call.Findings, err error) {
	if _, after, thought := strings.Cut(text, "</think>"); thought {
		text = after
	}
	begin, end := strings.Index(text, "{"), strings.LastIndex(text, "}") // models put it between words and fences
	if begin < 0 || end < begin {
		return f, errNoReport
	}
	var r report
	decoder := json.NewDecoder(bytes.NewReader([]byte(text[begin : end+1])))
	decoder.UseNumber()
	if decoder.Decode(&r) != nil || decoder.More() {
		return f, errNoReport
	}
	switch {
	case r.Summary == nil || flat(*r.Summary, summaryLimit) == "":
		return f, errors.New("the report has no summary")
	case r.Sentiment == nil || len(*r.Sentiment) != 1 || *r.Sentiment < "0" || *r.Sentiment > "5":
		return f, errors.New("the report has no sentiment from 1 to 5")
	case task.Success != "" && r.Success == nil:
		return f, errors.New("the report does not say whether the goal was reached")
	}
	f.Summary = strings.TrimSpace(flat(*r.Summary, summaryLimit) + " " + task.Facts)
	f.Sentiment = int((*r.Sentiment)[0] - '0')
	f.Success = task.Success != "" && *r.Success
	for _, tag := range task.Tags { // in the order of the Pearl
		if slices.Contains(r.Tags, tag.Name) {
			f.Tags = append(f.Tags, tag.Name)
		}
	}
	for _, q := range task.Questions {
		value, told := r.Values[q.ID]
		if !told || value == nil {
			continue
		}
		if value, err := typed(q.Type, value); err == nil {
			f.Values = append(f.Values, call.Value{ID: q.ID, Name: q.Name, Value: value})
		}
	}
	return f, nil
}
