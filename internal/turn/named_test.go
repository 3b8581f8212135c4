package turn

import (
	"strings"
	"testing"
)

// What a person may ask for at any time, in the words that the documents name, and what comes of it in a whole conversation:
// the values are what the record of the conversation must have (see TestScenarios).
func TestNamedRequests(t *testing.T) {
	t.Parallel()
	const head = `agent Anna
company Example Corporation
about Example Corporation sells solar panels.
success
question boolean Would you like an offer?
question int How many rooms do you have?
ears
listens
say 0.4 Hello?
hear
`
	for _, c := range []struct {
		name, does string
		has        []string
		hasNot     []string
	}{
		{"who is this", "say 1 Who is this?", []string{"My name is Anna. I am the automated assistant of Example Corporation. Would you like an offer?"}, nil},
		{"why do you call", "say 1 Why do you call?", []string{"Example Corporation", "Example Corporation sells solar panels. Would you like an offer?"}, nil},
		{"are you a robot", "say 1 Are you a robot?", []string{"I am an automated assistant, not a person"}, nil},
		{"say that again", "say 1 Say that again.\nhear\nsay 0.4 Yes.\nhear\nsay 0.4 Two.", []string{"collected v1 = true", "collected v2 = 2"}, []string{"did not understand"}},
		{"hold on", "say 1 Hold on.\nhear\nwait 30\nsay 0.4 Hello?\nhear\nsay 0.4 No.", []string{"Of course, take your time.", "collected v1 = false"}, []string{"Are you still there"}},
		{"wrong number", "say 1 You have the wrong number.", []string{"I am sorry to have disturbed you. Goodbye.", `tags ["wrong number"]`, "hang up"}, []string{"success", "collected"}},
		{"wrong number after a yes", "say 0.4 Yes.\nhear\nsay 1 Wrong number.", []string{`tags ["wrong number"]`, "hang up"}, []string{"success", "collected"}},
		{"I want a person", "say 1 I want to talk to a person.\nhear\nsay 1 Tomorrow at ten.\nhear\nsay 0.4 Yes.", []string{`"wants a person"`, "call back in", "hang up"}, []string{"success"}},
		{"call me back", "say 1 Call me back tomorrow at five.\nhear\nsay 0.4 Yes.", []string{"You will be called again tomorrow, Wednesday, at 5 PM.", "call back in 25h59m", "hang up"}, nil},
		{"never call me again", "say 1 Never call me again.", []string{"opt out", "You will not be called again.", "opted out", "hang up"}, []string{"success"}},
		{"a correction", "say 0.4 Yes.\nhear\nsay 0.8 Four. No, I meant five.", []string{"collected v2 = 5"}, nil},
		{"a correction of the answer before", "say 0.4 Yes.\nhear\nsay 1 No, I meant no.", []string{"collected v1 = false"}, []string{"success"}},
		{"I don't know", "say 0.4 Yes.\nhear\nsay 0.8 I don't know.", []string{"collected v2 = <nil>", "hang up"}, []string{"did not understand"}},
		{"unsure", "say 0.4 Yes.\nhear\nsay 1 Four or five.\nhear\nsay 0.4 Yes.", []string{"Did you say"}, nil},
		{"not understood", "say 1 Bananas.\nhear\nsay 1 Apples.\nhear\nkeys 2", []string{"I did not understand. A simple yes or no will do.", "I still did not understand.", "Press 1 for yes, 2 for no.", "collected v1 = false"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := runScenario(t, head+c.does)
			for _, want := range c.has {
				if !strings.Contains(got, want) {
					t.Errorf("no %q", want)
				}
			}
			for _, bad := range c.hasNot {
				if strings.Contains(got, bad) {
					t.Errorf("there is %q", bad)
				}
			}
			if t.Failed() {
				t.Log(got)
			}
		})
	}
}

// An e-mail address is spelled, repeated, and kept as it is written.
func TestNamedEmail(t *testing.T) {
	t.Parallel()
	got := runScenario(t, `question string What is your e-mail address?
ears
listens
say 0.4 Hello?
hear
say 5 J as in John, o, h, n at example dot com.
hear
say 0.5 Yes.`)
	if !strings.Contains(got, "Did you say john at example dot com?") || !strings.Contains(got, `collected v1 = "john@example.com"`) {
		t.Error(got)
	}
}

// Never call again is effective before the hang-up in twelve languages, on a call in English.
func TestNeverAgainInTwelveLanguages(t *testing.T) {
	t.Parallel()
	for language, words := range map[string]string{
		"en": "Never call me again.", "es": "No me llame más.", "fr": "Ne m'appelez plus jamais.", "de": "Rufen Sie mich nie wieder an.", "he": "אל תתקשרו אליי יותר.",
		"it": "Non mi chiami più.", "pt": "Não me ligue mais.", "nl": "Bel me nooit meer.", "pl": "Proszę więcej do mnie nie dzwonić.", "ru": "Больше мне не звоните.",
		"ar": "لا تتصل بي مرة أخرى", "zh": "不要再给我打电话了",
	} {
		got := runScenario(t, "success\nquestion boolean Would you like an offer?\nears\nlistens\nsay 0.4 Hello?\nhear\nsay 2 "+words)
		asked, done, over := strings.Index(got, "opt out\n"), strings.Index(got, "opted out\n"), strings.Index(got, "hang up")
		if asked < 0 || done < asked || over < done || strings.Contains(got, "success") {
			t.Errorf("%s: %s", language, got)
		}
	}
}
