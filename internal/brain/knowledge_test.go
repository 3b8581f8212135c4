package brain

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nacre/internal/call"
	"nacre/internal/turn"
)

// longKnowledge is far more than a prompt takes.
func longKnowledge() string {
	var text strings.Builder
	for n := range 600 {
		fmt.Fprintf(&text, "# Rose %d\nThe rose of number %d grows to %d centimetres and blossoms red.\n\n", n, n, 20+n)
	}
	text.WriteString("# Lieferung\nWir liefern auch nach Österreich, der Versand dorthin kostet acht Euro.\n\n# Refunds\nWilted flowers are refunded within two weeks, to the card that paid for them.\n")
	return text.String()
}

// TestPassagesOfATurn: of long knowledge a turn has what fits its words, and the record of the call has where the answer comes from.
func TestPassagesOfATurn(t *testing.T) {
	t.Parallel()
	s := script(t)
	s.Brief.Knowledge = longKnowledge()
	for _, c := range []struct {
		name, words, answer string
		before              []call.Line
		has                 string
		source              string
	}{
		{"asked", "my flowers are wilted, do I get a refund?", "Wilted flowers are refunded within two weeks.", nil, "Refunds: Wilted flowers are refunded", "Refunds: Wilted flowers are refunded within two weeks, to the card that paid for them."},
		{"in another language", "Was kostet der Versand nach Oesterreich oder Österreich?", "Der Versand nach Österreich kostet acht Euro.", nil, "Lieferung: Wir liefern auch nach Österreich", "Lieferung: Wir liefern auch nach Österreich, der Versand dorthin kostet acht Euro."},
		{"said before", "to which one?", "They go to the card that paid for the flowers.", []call.Line{{Role: call.Client, Content: "What about a refund?"}, {Role: call.Pearl, Content: "Wilted flowers are refunded."}}, "Refunds: Wilted", ""},
		{"small talk", "xyzzy", "Hm.", nil, "fits their last words\nNothing.", ""},
	} {
		model := &scripted{answers: []func(context.Context, func(string)) (Answer, error){says(c.answer)}}
		b, f := newBrain(t, s, model), &floor{}
		if _, err := b.Answer(t.Context(), turn.Input{Kind: turn.InputWords, Words: c.words, Transcript: append(slices.Clone(c.before), call.Line{Role: call.Client, Content: c.words})}, f); err != nil {
			t.Fatal(err)
		}
		prompt := model.asked[0][0].Content
		if !strings.HasPrefix(prompt, b.system.Content) || !strings.Contains(prompt[len(b.system.Content):], c.has) || len(prompt) > len(b.system.Content)+3*passagesLimit {
			t.Errorf("%s: the prompt ends with %q", c.name, prompt[len(b.system.Content):])
		}
		if got := strings.Join(f.cited, "|"); got != c.source && c.source != "" || strings.Contains(b.system.Content, "centimetres") {
			t.Errorf("%s: source %q, want %q", c.name, got, c.source)
		}
		if c.name == "small talk" && f.cited != nil {
			t.Errorf("small talk comes from %q", f.cited)
		}
	}
}

// TestSourceOfShortKnowledge: what fits the prompt is told whole, once, and is the source of answers as well.
func TestSourceOfShortKnowledge(t *testing.T) {
	t.Parallel()
	s := script(t)
	s.Brief.Knowledge = "# Delivery\nOrders are delivered within three working days.\n\n# Returns\nGoods can be sent back within thirty days."
	model := &scripted{answers: []func(context.Context, func(string)) (Answer, error){says("Goods can be sent back within thirty days. Shall I send you the form?")}}
	b, f := newBrain(t, s, model), &floor{}
	if _, err := b.Answer(t.Context(), turn.Input{Kind: turn.InputWords, Words: "Can I give it back?"}, f); err != nil {
		t.Fatal(err)
	}
	if model.asked[0][0].Content != b.system.Content || !strings.Contains(b.system.Content, "Orders are delivered") {
		t.Errorf("%s", model.asked[0][0].Content)
	}
	if diff := cmp.Diff([]string{"Returns: Goods can be sent back within thirty days."}, f.cited); diff != "" {
		t.Error(diff)
	}
}
