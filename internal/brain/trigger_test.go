package brain

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"nacre/internal/provider"
)

// oracle is a model of one answer.
type oracle struct {
	text  string
	asked []Message
}

func (s *oracle) Stream(_ context.Context, messages []Message, _ []Tool, _ func(string)) (Answer, error) {
	s.asked = messages
	return Answer{Text: s.text}, nil
}

// A trigger is judged by the first model whose answer is a verdict; what was said is quoted, and the trigger is the Pearl's.
func TestApplies(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"applies": true}`: "true", "<think>{}</think> Sure: ```{\"applies\": false}```": "false", "yes": "error", `{"applied": true}`: "error", `{"applies": "true"}`: "error",
	} {
		order := provider.NewOrder[Named](slog.New(slog.DiscardHandler))
		model := &oracle{text: text}
		order.Add("m", Named{Name: "m", Model: model})
		applies, err := Applies(t.Context(), Config{Models: order}, "They want\nto renew.", analysedTalk)
		got := map[bool]string{true: "true", false: "false"}[applies]
		if err != nil {
			got = "error"
		}
		if got != want || len(model.asked) != 2 || !strings.Contains(model.asked[0].Content, "They want to renew.") || !strings.Contains(model.asked[1].Content, `person: "Yes.\nagent: They agreed`) {
			t.Errorf("%q: %s, want %s; %+v", text, got, want, model.asked)
		}
	}
}
