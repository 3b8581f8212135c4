package insight

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nacre/internal/call"
)

func TestOutcomeAndSummary(t *testing.T) {
	t.Parallel()
	goal := call.Script{SuccessDefined: true, Questions: []call.Question{{ID: "a"}, {ID: "b"}}}
	none := call.Script{}
	key := []call.Line{{Role: call.Pearl, Content: "Hello."}, {Role: call.Client, Content: "[pressed 1]"}}
	for _, c := range []struct {
		name   string
		script call.Script
		talk   call.Talk
		want   call.Outcome
		says   string
	}{
		{"agreed", goal, call.Talk{Answerer: call.Human, Success: true, Transcript: key,
			Collected: []call.Value{{ID: "a", Value: true}, {ID: "b"}}}, call.Success,
			"A person answered. The goal was reached. Answers to 1 of 2 questions."},
		{"declined", goal, call.Talk{Answerer: call.Human, Transcript: key, Collected: []call.Value{{ID: "a", Value: false}}}, call.NotSuccess,
			"A person answered. The goal was not reached. Answers to 1 of 2 questions."},
		{"no definition", none, call.Talk{Answerer: call.Human, Success: true, Transcript: key}, call.Answered, "A person answered."},
		{"silent", goal, call.Talk{Answerer: call.UnknownAnswerer}, call.NotSuccess, "The call was answered, but nobody responded. The goal was not reached."},
		{"call-back", goal, call.Talk{Answerer: call.Human, Transcript: key, Callback: &call.Callback{After: time.Hour}}, call.NotSuccess,
			"A person answered. The goal was not reached. A call-back in 1 hour was promised."},
		{"call-back in minutes", goal, call.Talk{Answerer: call.Human, Transcript: key, Callback: &call.Callback{After: 29*time.Minute + 45*time.Second}}, call.NotSuccess,
			"A person answered. The goal was not reached. A call-back in 30 minutes was promised."},
		{"call-back tomorrow", goal, call.Talk{Answerer: call.Human, Transcript: key, Callback: &call.Callback{After: 23*time.Hour + 44*time.Minute}}, call.NotSuccess,
			"A person answered. The goal was not reached. A call-back in 24 hours was promised."},
		{"call-back in days", goal, call.Talk{Answerer: call.Human, Transcript: key, Callback: &call.Callback{After: 11*24*time.Hour + 7*time.Hour}}, call.NotSuccess,
			"A person answered. The goal was not reached. A call-back in 11 days was promised."},
		{"opted out after agreeing", goal, call.Talk{Answerer: call.Human, Success: true, OptOut: true, Transcript: key}, call.NotSuccess,
			"A person answered. The goal was not reached. They asked never to be called again."},
		{"opted out in doubt", goal, call.Talk{Answerer: call.Human, Success: true, OptOut: true, Tags: []string{call.TagOptOutInDoubt}, Notes: []string{"Perhaps they asked."}, Transcript: key}, call.NotSuccess,
			"A person answered. The goal was not reached. Perhaps they asked."},
		{"notes", goal, call.Talk{Answerer: call.Human, Transcript: key, Notes: []string{"The caretaker answered.", "Ring after six."}}, call.NotSuccess,
			"A person answered. The goal was not reached. The caretaker answered. Ring after six."},
		{"message left", goal, call.Talk{Answerer: call.MachineAnswerer, VoicemailLeft: true}, call.Voicemail,
			"An answering machine picked up, and the message was left."},
		{"no message", goal, call.Talk{Answerer: call.MachineAnswerer}, call.Machine, "An answering machine picked up; no message was left."},
		{"not in service", goal, call.Talk{Answerer: call.Announcement, NotInService: true, Notes: []string{"An announcement said that the number is not in service."}}, call.NotAllocated,
			"No person answered. An announcement said that the number is not in service."},
		{"the network is at fault", goal, call.Talk{Answerer: call.Announcement, Notes: []string{"Tones of the network said that the call did not reach the number."}}, call.Machine,
			"No person answered. Tones of the network said that the call did not reach the number."},
		{"a menu", goal, call.Talk{Answerer: call.Menu, Notes: []string{"A telephone menu answered."}}, call.Machine,
			"No person answered. A telephone menu answered."},
		{"voice failed on a machine", goal, call.Talk{Answerer: call.MachineAnswerer, Broke: "no speech"}, call.Machine,
			"An answering machine picked up; no message was left."},
		{"voice failed", goal, call.Talk{Answerer: call.Human, Broke: "no speech", Success: true}, call.Broke,
			"The call was answered, but the agent failed and could not go on."},
		{"screened", goal, call.Talk{Answerer: call.Screening, Transcript: []call.Line{{Role: call.Client, Content: "(speech)"}}}, call.NotSuccess,
			"A call-screening assistant answered. The goal was not reached."},
	} {
		got := Judge(c.script, c.talk, FullTranscript)
		if got.Outcome != c.want || got.Summary != c.says {
			t.Errorf("%s: %s, %q; want %s, %q", c.name, got.Outcome, got.Summary, c.want, c.says)
		}
		if got.Sentiment != 0 || got.Tags == nil || len(got.Tags) != len(c.talk.Tags) || len(got.Transcript) != len(c.talk.Transcript) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestTagsOfTheTalk(t *testing.T) {
	t.Parallel()
	got := Judge(call.Script{}, call.Talk{Tags: []string{"wrong number"}}, FullTranscript)
	if diff := cmp.Diff([]string{"wrong number"}, got.Tags); diff != "" {
		t.Error(diff)
	}
}

// TestSpoken: while a call is up no more is told of it than is stored, and nothing of a number that comes in parts.
func TestSpoken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		option      int
		words, want string
	}{
		{FullTranscript, "My card is 4111 1111.", "My card is 4111 1111."},
		{SensitiveInfoRemoved, "My card is 4111 1111, mail ann@mail.example.org.", "My card is xxxx, mail [e-mail]."},
		{SensitiveInfoRemoved, "41", "xxxx"},
		{SensitiveInfoRemoved, "Yes, please.", "Yes, please."},
		{NoTranscript, "Yes, please.", ""},
		{0, "Yes, please.", ""},
	} {
		if got := Spoken(c.words, c.option); got != c.want {
			t.Errorf("option %d, %q: %q, want %q", c.option, c.words, got, c.want)
		}
	}
}

func TestTranscriptOptions(t *testing.T) {
	t.Parallel()
	lines := []call.Line{
		{Role: call.Client, Content: "[pressed 94103#]", Start: 1, End: 2},
		{Role: call.Client, Content: "my card is 4111 1111-1111 1111, mail ann.b+c@mail.example.org."},
		{Role: call.Pearl, Content: "Press 1 for yes, 2 for no. Room 101 at 9.30?"},
		{Role: call.Client, Content: "[pressed 1]"},
	}
	whole := Judge(call.Script{}, call.Talk{Transcript: lines}, FullTranscript).Transcript
	if diff := cmp.Diff(lines, whole); diff != "" {
		t.Error(diff)
	}
	var texts []string
	for _, line := range Judge(call.Script{}, call.Talk{Transcript: lines}, SensitiveInfoRemoved).Transcript {
		texts = append(texts, line.Content)
	}
	want := []string{"[pressed xxxx#]", "my card is xxxx, mail [e-mail].", "Press 1 for yes, 2 for no. Room 101 at 9.30?", "[pressed 1]"}
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(lines[0].Content, "94103") {
		t.Error("the transcript given was changed")
	}
	for _, option := range []int{NoTranscript, 0, 9} {
		if got := Judge(call.Script{}, call.Talk{Transcript: lines}, option).Transcript; got == nil || len(got) != 0 {
			t.Errorf("option %d: %v", option, got)
		}
	}
}
