package insight

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nacre/internal/call"
)

// TestTask: what is known of a call is not asked again, and nothing is asked where nothing can be found.
func TestTask(t *testing.T) {
	t.Parallel()
	script := call.Script{
		AgentName: "Anna", SuccessDefined: true, Language: "en-US",
		Questions: []call.Question{{ID: "a", Type: call.Boolean}, {ID: "b", Type: call.Int}, {ID: "c", Type: call.String}},
		Brief:     call.Brief{Company: "Example", Success: "They agree.", Tags: []call.Fact{{Name: "hot"}}, ModelType: 7},
	}
	words := []call.Line{{Role: call.Pearl, Content: "Hello."}, {Role: call.Client, Content: "Well, yes."}}
	whole := &call.AnalysisTask{Agent: "Anna", Company: "Example", Questions: script.Questions, Tags: script.Brief.Tags, Success: "They agree.", Language: "en-US", ModelType: 7}
	without := func(change func(*call.AnalysisTask)) *call.AnalysisTask {
		copied := *whole
		change(&copied)
		return &copied
	}
	unjudged := func(t *call.AnalysisTask) { t.Success = "" }
	for _, c := range []struct {
		name   string
		talk   call.Talk
		option int
		want   *call.AnalysisTask
	}{
		{"all is open", call.Talk{Answerer: call.Human, Transcript: words}, FullTranscript, whole},
		{"some is known", call.Talk{Answerer: call.Human, Transcript: words, Collected: []call.Value{{ID: "a", Value: true}, {ID: "b"}, {ID: "c", Value: "x"}}}, FullTranscript,
			without(func(t *call.AnalysisTask) { t.Questions = script.Questions[1:2] })},
		{"judged in the talk", call.Talk{Answerer: call.Human, Transcript: words, Judged: true}, FullTranscript, without(unjudged)},
		{"a success", call.Talk{Answerer: call.Human, Transcript: words, Success: true}, FullTranscript, without(unjudged)},
		{"a no", call.Talk{Answerer: call.Human, Transcript: words, Collected: []call.Value{{ID: "a", Value: false}}}, FullTranscript,
			without(func(t *call.AnalysisTask) { t.Success, t.Questions = "", script.Questions[1:] })},
		{"promised", call.Talk{Answerer: call.Human, Transcript: words, Callback: &call.Callback{After: time.Hour}, Notes: []string{"They left a message: hi."}}, FullTranscript,
			without(func(t *call.AnalysisTask) {
				t.Success, t.Facts = "", "A call-back in 1 hour was promised. They left a message: hi."
			})},
		{"opted out", call.Talk{Answerer: call.Human, Transcript: words, OptOut: true}, FullTranscript,
			without(func(t *call.AnalysisTask) { t.Success, t.Facts = "", "They asked never to be called again." })},
		{"sensitive", call.Talk{Answerer: call.Human, Transcript: words}, SensitiveInfoRemoved, without(func(t *call.AnalysisTask) { t.Questions = nil })},
		{"no transcript", call.Talk{Answerer: call.Human, Transcript: words}, NoTranscript, nil},
		{"nobody spoke", call.Talk{Transcript: words[:1]}, FullTranscript, nil},
		{"not understood", call.Talk{Answerer: call.Human, Transcript: []call.Line{{Role: call.Client, Content: "(speech)"}, {Role: call.Client, Content: "[pressed 1]"}}}, FullTranscript, nil},
		{"a machine", call.Talk{Answerer: call.MachineAnswerer, Transcript: words}, FullTranscript, nil},
		{"broke", call.Talk{Answerer: call.Human, Transcript: words, Broke: "no voice"}, FullTranscript, nil},
	} {
		if diff := cmp.Diff(c.want, Task(script, c.talk, Judge(script, c.talk, c.option), c.option)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}
