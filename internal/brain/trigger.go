package brain

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/template"

	"nacre/internal/call"
	"nacre/internal/provider"
)

//go:embed trigger.txt
var triggerText string

var triggerTemplate = template.Must(template.New("trigger").Parse(triggerText))

var errNoVerdict = errors.New("the answer is no verdict")

// Applies has a model judge whether the trigger of something that is done after a call applies to it: the first of the order
// whose answer is a verdict. The error holds nothing of what was said.
func Applies(ctx context.Context, config Config, trigger string, transcript []call.Line) (applies bool, err error) {
	var out strings.Builder
	if err := triggerTemplate.Execute(&out, flat(trigger, textLimit)); err != nil {
		return false, fmt.Errorf("write prompt of a trigger: %w", err)
	}
	messages := []Message{{Role: System, Content: strings.TrimSpace(out.String())}, {Role: User, Content: written(transcript)}}
	err = config.Models.Try(ctx, func(model Named) (used bool, err error) {
		answer, err := model.Stream(ctx, messages, nil, func(string) {})
		if config.Used != nil && answer.Usage != (Usage{}) {
			config.Used(ctx, model.Name, answer.Usage)
		}
		if err != nil {
			return false, err
		}
		if applies, err = verdict(answer.Text); err != nil {
			return false, &provider.Error{Provider: model.Name, Kind: provider.Broken, Detail: err.Error()}
		}
		return true, nil
	})
	if err != nil {
		return false, fmt.Errorf("judge trigger: %w", err)
	}
	return applies, nil
}

// verdict reads what a model answers.
func verdict(text string) (applies bool, err error) {
	if _, after, thought := strings.Cut(text, "</think>"); thought {
		text = after
	}
	begin, end := strings.Index(text, "{"), strings.LastIndex(text, "}")
	if begin < 0 || end < begin {
		return false, errNoVerdict
	}
	var v struct {
		Applies *bool `json:"applies"`
	}
	if json.Unmarshal([]byte(text[begin:end+1]), &v) != nil || v.Applies == nil {
		return false, errNoVerdict
	}
	return *v.Applies, nil
}
